"""A runtime that can be used: a Python with a torch, and where a library's operators come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """A Python in which a worker can be started.

    `name` is for people and reports. For a checkout, `operator_module` is imported there and has to come from
    one of `homes`, and `commit` is what it was built from (None for a work tree).
    """

    kind: str
    name: str
    python: str
    operator_module: str | None = None
    homes: tuple[str, ...] = ()
    commit: str | None = None
