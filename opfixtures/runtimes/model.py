"""A runtime that can be used: a Python with a torch, and where a library's operators come from."""

from __future__ import annotations

from dataclasses import dataclass

from opfixtures.records.record import RecordedPackage


@dataclass(frozen=True, slots=True)
class Runtime:
    """A Python in which a worker can be started.

    `name` is for people and reports. Where there is an `operator_module`, it is imported there and has to come from
    one of `homes`. `commit` is what a checkout was built from (None for a work tree), `packages` are those of a release
    that the settings name.
    """

    kind: str
    name: str
    python: str
    operator_module: str | None = None
    homes: tuple[str, ...] = ()
    commit: str | None = None
    packages: tuple[RecordedPackage, ...] = ()
