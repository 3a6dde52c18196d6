"""A report within a limit: nothing is cut in the middle, and what is left out is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report in full, and as a line. What `matters` is shortened last."""

    full: str
    row: str
    matters: bool


def shortened(head: str, sections: Sequence[Section], foot: str, limit: int) -> str:
    """`head`, `sections` and `foot` in at most `limit` bytes of UTF-8, which `head` and `foot` alone have to keep to.

    From the end on sections become lines, then lines are left out, and a line says how many. Bytes are never fewer than
    characters, in whichever unit GitHub counts these.
    """
    shown = [section.full for section in sections]
    left = limit - _size(head + foot) - sum(map(_size, shown))
    if left < 0:
        left -= _size(_left_out(len(shown)))
    for matters in (False, True):
        places = [place for place, section in enumerate(sections) if section.matters == matters]
        for shorter in ([section.row for section in sections], [""] * len(sections)):
            for place in reversed(places):
                if left < 0:
                    left += _size(shown[place]) - _size(shorter[place])
                    shown[place] = shorter[place]
    missing = shown.count("")
    return head + "".join(shown) + (_left_out(missing) if missing else "") + foot


def _left_out(count: int) -> str:
    return f"{count} more in the artifact and in the summary of the run.\n\n"


def _size(text: str) -> int:
    return len(text.encode())


def cut(line: str, columns: int) -> str:
    """A line of at most so many columns, which shows where something is left out."""
    return line if len(line) <= columns else f"{line[: columns - 3]}..."
