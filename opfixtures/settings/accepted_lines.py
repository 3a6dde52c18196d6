"""The lines of settings that accept a break, filled in as far as anybody but its author can. Pure."""

from __future__ import annotations

from itertools import takewhile

from opfixtures.repository.printable import printable
from opfixtures.settings.accepted_breaks import Way
from opfixtures.settings.toml_text import toml_text

_LONGEST_ERROR = 200


def accepted_lines(operator: str, how: Way, error: str = "") -> str:
    """The table of one operator's break: `error` is that which its fixture raises."""
    way = toml_text(how)
    if how is Way.RAISES:
        way = f"{{ raises = {toml_text(part_of_error(error))} }}"
    return (
        f"[tool.opfixtures.accepted-breaks.{toml_text(printable(operator))}]\n"
        f"how = {way}\n"
        'release = "the first release that has it"\n'
        'reason = "why, for whoever has old files"'
    )


def part_of_error(error: str) -> str:
    """What to name of an error: its beginning, up to what nobody can write."""
    return "".join(takewhile(str.isprintable, error.strip()))[:_LONGEST_ERROR].strip()
