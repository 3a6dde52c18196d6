"""Where something stands, and what could not be read there."""

from __future__ import annotations

from opfixtures.values import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a path inside the repository, `/` between parts.

    `line` and `column` count from 1; a column is a character, not a byte.
    """

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, where it stands."""

    place: Place
    message: str
