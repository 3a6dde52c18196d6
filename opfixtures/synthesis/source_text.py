"""The text of a source file, places in it, and edits that leave every other byte as it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, pairwise

from opfixtures.declarations.place import Place
from opfixtures.declarations.python_source import encoding_of
from opfixtures.errors import UserError
from opfixtures.values import dataclass

_UNIT = "    "
_BOM = b"\xef\xbb\xbf"
_PYTHON_LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n|$)")
_CPP_LINE = re.compile("[^\n]*(?:\n|$)")
_INTEGER = re.compile("(?P<prefix>0[xX])?(?P<digits>[0-9a-fA-F]+?)(?P<suffix>[uUlLzZ]*)")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """`new` in place of `old`, which begins `start` characters into the text."""

    start: int
    old: str
    new: str


class SourceText:
    """A C++ or Python file as text, in which the columns of the project's readers count.

    Raises UserError where the text cannot be written back to the very same bytes.
    """

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self._before, self._encoding, self._errors = b"", "utf-8", "surrogateescape"
        if path.endswith(".py"):
            self._encoding, self._errors = encoding_of(source), "strict"
        elif source.startswith(_BOM):
            self._before = _BOM
        self.text = source[len(self._before) :].decode(self._encoding, self._errors)
        if self._encoded(self.text) != source:
            raise UserError(
                f"{path} would not stay the same in its encoding {self._encoding}: save it as UTF-8"
            )
        line = _PYTHON_LINE if path.endswith(".py") else _CPP_LINE
        self._starts = list(accumulate((len(found[0]) for found in line.finditer(self.text)), initial=0))

    def offset(self, place: Place) -> int:
        """How many characters stand before a place in this file."""
        return self._starts[place.line - 1] + place.column - 1

    @property
    def line_break(self) -> str:
        """What ends its first line; a line feed where nothing does."""
        first = _PYTHON_LINE.match(self.text)
        return (first[0][len(first[0].rstrip("\r\n")) :] if first else "") or "\n"

    @property
    def unit(self) -> str:
        """What a line of Python is indented by more than the one that opens a block or a bracket before it: as the
        first one in the file is."""
        # As Python ends them: at no form feed.
        lines = re.split("\r\n|\r|\n", self.text)
        for opening, line in pairwise(lines):
            before, blanks = (one[: len(one) - len(one.lstrip())] for one in (opening, line))
            is_opened = opening.rstrip().endswith((":", "(", "[", "{")) and line.strip()
            if is_opened and blanks != before and blanks.startswith(before):
                return blanks.removeprefix(before)
        return _UNIT

    def start_of_line(self, offset: int) -> int:
        """How many characters stand before the line that a character stands in."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def end_of_line(self, offset: int) -> int:
        """How many characters stand before the break of that line."""
        number = bisect_right(self._starts, offset)
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return offset + len(self.text[offset:end].rstrip("\r\n"))

    def blank_before(self, offset: int) -> str | None:
        """The blanks that a character is indented by; None where something else stands before it in its line."""
        before = self.text[self.start_of_line(offset) : offset]
        return None if before.strip() else before

    def indentation(self, offset: int) -> str:
        """The blanks that the line of a character begins with."""
        line = self.text[self.start_of_line(offset) : self.end_of_line(offset)]
        return line[: len(line) - len(line.lstrip())]

    def edit(self, where: Place, start: int, written: str, old: str, new: str) -> Edit:
        """The edit of `old` into `new` inside a token, `written` like this, that begins at `start`.

        Raises:
            UserError: the text says otherwise there, or does not have `old` exactly once.
        """
        if self.text[start : start + len(written)] != written or written.count(old) != 1:
            raise refusal(where, old)
        return Edit(start + written.index(old), old, new)

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """The bytes of the file with all these edits made. Raises UserError where one does not fit the text."""
        parts, end = [], 0
        for edit in sorted(set(edits)):
            if edit.start < end or not self.text.startswith(edit.old, edit.start):
                raise UserError(f"{self.path} does not say {edit.old} where it was read: edit it by hand")
            parts += [self.text[end : edit.start], edit.new]
            end = edit.start + len(edit.old)
        return self._encoded("".join([*parts, self.text[end:]]))

    def _encoded(self, text: str) -> bytes:
        return self._before + text.encode(self._encoding, self._errors)


def in_units(text: str, unit: str) -> str:
    """Lines that are indented by four blanks, and again by four, indented by units instead."""
    return (
        text
        if unit == _UNIT
        else re.sub("^(?: {4})+", lambda found: len(found[0]) // 4 * unit, text, flags=re.M)
    )


def refusal(where: Place, what: object) -> UserError:
    """The error for a place at which `what` is not written in the plain way."""
    return UserError(
        f"{where}: {what} is not one plain literal or name here: write it as one, or edit it by hand"
    )


def number_like(literal: str, value: int) -> str:
    """`value` written as an integer literal is: 12 like `11`, `0xCL` like `0xBL`."""
    match = _INTEGER.fullmatch(literal)
    if match is None or (not match["prefix"] and not match["digits"].isdecimal()):
        return str(value)
    digits = f"{value:x}" if match["digits"].islower() else f"{value:X}"
    return f"{match['prefix']}{digits}{match['suffix']}" if match["prefix"] else f"{value}{match['suffix']}"
