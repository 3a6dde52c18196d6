"""Packages that are pinned to one version, as the settings name them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A name and extras as the core metadata of Python packages has them, and a version such as PEP 440 describes. Each
# becomes an argument: nothing else, no option, URL or path, is a pin.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PIN = re.compile(rf"({_NAME})(?:\[({_NAME}(?:,{_NAME})*)\])?==([0-9][A-Za-z0-9.!+_]*)", re.ASCII)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of a package, with some of its extras. Its text is what an installer takes.

    Name and extras are in their normal form (https://packaging.python.org/en/latest/specifications/name-normalization/).
    """

    name: str
    version: str
    extras: tuple[str, ...] = ()

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"


def read_pin(text: str) -> Pin | None:
    """The pin that `text` is; None where it is none."""
    found = _PIN.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    name, extras, version = found.groups()
    asked = sorted({_normal(extra) for extra in extras.split(",")}) if extras else ()
    return Pin(_normal(name), version.lower(), tuple(asked))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
