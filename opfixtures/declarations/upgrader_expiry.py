"""Until which day an upgrader is kept, as a comment in front of it says.

PyTorch's test/jit/fixtures_srcs/generate_models.py asks for such a comment, and shows the dates as month, day, year:

    /*
    div_Tensor_0_3 is added for a change of operator div in pr xxxxxxx.
    Create date: 12/02/2021
    Expire date: 06/02/2022
    */
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date

from opfixtures.declarations.cpp_tokens import Lines, comments, normalise_line_breaks
from opfixtures.declarations.upgrader_model import Upgraders

_EXPIRES = re.compile(r"\bexpire date:\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\b", re.IGNORECASE)
_UPGRADER = re.compile(r"\w+_[0-9]+_[0-9]+")


def read_expiries(upgraders: Upgraders, source: bytes) -> dict[str, date]:
    """The last day of each upgrader that has one, by name; of several in one comment the latest.

    A comment is about the upgraders that it names, or about the one behind it where it names none, not even another.
    `source` is the file that `upgraders` was read from; whatever its bytes, nothing is raised.
    """
    text = normalise_line_breaks(source.decode("utf-8-sig", "replace"))
    lines = Lines(upgraders.path, text)
    in_order = [upgrader.name for upgrader in upgraders.upgraders]
    places = [upgrader.place for upgrader in upgraders.upgraders]
    names = set(in_order)
    expiries: dict[str, date] = {}
    for offset, comment in _joined(text):
        days = [day for written in _EXPIRES.findall(comment) if (day := _day(*written))]
        if not days:
            continue
        place = lines.place(offset)
        behind = bisect_right(places, place)
        named = set(re.findall(r"\w+", comment))
        # One that names an upgrader of another file, or of another time, is about none of these.
        unnamed = in_order[behind : behind + 1] if not any(map(_UPGRADER.fullmatch, named)) else []
        about = names & named or unnamed
        expiries.update((name, max(days)) for name in about)
    return expiries


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """The comments with their offsets; `//` lines behind each other are one."""
    start, end, joined = 0, -1, ""
    for offset, comment in comments(text):
        are_lines = joined.startswith("//") and comment.startswith("//")
        if are_lines and not text[end:offset].strip():
            joined += f"\n{comment}"
        else:
            if joined:
                yield start, joined
            start, joined = offset, comment
        end = offset + len(comment)
    if joined:
        yield start, joined


def _day(month: str, day: str, year: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
