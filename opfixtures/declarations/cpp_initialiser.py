"""Reads the braces of a C++ version map: operators, their entries, the fields of an entry.

An entry is read whole, or what was not understood of it is a problem; the others are read all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from opfixtures.declarations.cpp_conditionals import CONDITIONAL
from opfixtures.declarations.cpp_cursor import Cursor
from opfixtures.declarations.cpp_literals import EscapeError, integer_value, string_value
from opfixtures.declarations.cpp_tokens import Token, quoted
from opfixtures.declarations.model import MapEntry, Place

ENTRY_TYPE = "UpgraderEntry"
_ENDS = frozenset({")", "]", ";", ""})
_FIELDS = ("bumped_at_version", "upgrader_name", "old_schema")
_ENTRIES = "the entries of an operator, in braces,"
_ENTRY = f"an entry, {{{', '.join(_FIELDS)}}},"


class UnclosedError(Exception):
    """The initialiser ends before its braces do. The problem is noted already."""


class InitialiserReader:
    """Collects the entries of every initialiser that `cursor` is put on; `end` is where the last one ends.

    A reader of another map from strings overrides `_read_pair` and what that pair is called.
    """

    _pair = "an operator with its entries, in braces,"

    def __init__(self, cursor: Cursor) -> None:
        self.entries: list[MapEntry] = []
        self._cursor = cursor
        self._operator: str | None = None
        self._operator_place: Place | None = None
        self.end: Place | None = None

    def read(self) -> None:
        """Reads from the initialiser's `{` to behind its `}`. Raises UnclosedError where there is none."""
        self._cursor.enter_initialiser()
        opening = self._cursor.token
        self._cursor.advance()
        try:
            self._read_list(opening, self._read_pair, "pair", self._pair)
            self.end = self._cursor.lines.place(self._cursor.token.offset)
        finally:
            self._cursor.leave_initialiser()
        self._cursor.advance()

    def _read_list(
        self,
        opening: Token,
        read_element: Callable[[Token, int], None],
        type_name: str,
        expected: str,
        redundant: bool = True,
    ) -> None:
        """Reads the elements up to the `}` of `opening`, and stays there."""
        cursor = self._cursor
        separated = True
        while (token := cursor.token).text != "}":
            self._refuse_end(opening)
            if token.text == ",":
                if separated and not cursor.after_directive:
                    cursor.refuse_token(expected)
                separated = True
                cursor.advance()
                continue
            if not separated and not cursor.after_directive:
                cursor.refuse_token("`,`")
            separated = False
            if not self._finds_brace(type_name, expected):
                continue
            brace, before = cursor.token, len(cursor.interruptions)
            if cursor.advance().text == "{" and redundant:
                # C++ accepts one more pair of braces around all elements: m({{{...}, {...}}}).
                self._read_list(brace, read_element, type_name, expected, redundant=False)
                cursor.advance()
            else:
                read_element(brace, before)

    def _read_pair(self, opening: Token, before: int) -> None:
        """Reads from behind the `{` of an operator to behind its `}`."""
        cursor = self._cursor
        # `{}` names no operator and has no entries; so an emptied map may look: m({{}}).
        if cursor.token.text != "}":
            self._operator_place = cursor.lines.place(cursor.token.offset)
            self._operator = self._read_string("the name of an operator, a string literal,")
            if self._is_divided(before):
                self._operator = None
            if cursor.token.text == ",":
                cursor.advance()
                self._read_entries()
            elif self._operator is not None:
                cursor.refuse_token("`,` and the entries of the operator")
        self._close_pair(opening, "an operator")

    def _close_pair(self, opening: Token, what: str) -> None:
        """Steps behind the `}` of a pair, over a `,` before it."""
        cursor = self._cursor
        if cursor.token.text == ",":
            cursor.advance()
        if cursor.token.text != "}":
            self._refuse_end(opening)
            cursor.refuse_token(f"the `}}` of {what}")
            self._skip_rest(opening)
        cursor.advance()

    def _read_entries(self) -> None:
        """Reads the entries of an operator; all of them where every arm of an `#if` has its own."""
        cursor = self._cursor
        while True:
            if self._finds_brace("vector", _ENTRIES):
                opening = cursor.token
                cursor.advance()
                self._read_list(opening, self._read_entry, ENTRY_TYPE, _ENTRY)
                cursor.advance()
            if not (cursor.after_directive and cursor.token.text == "{"):
                return

    def _read_entry(self, opening: Token, before: int) -> None:
        """Reads from behind the `{` of an entry to behind its `}`."""
        cursor = self._cursor
        noted, arm = len(cursor.problems), cursor.arm
        fields: list[int | str | None] = []
        while cursor.token.text != "}":
            self._refuse_end(opening)
            if len(fields) == len(_FIELDS):
                cursor.refuse_token("the `}` of an entry")
                self._skip_rest(opening)
                break
            fields.append(self._read_field(len(fields)))
            if cursor.token.text == ",":
                cursor.advance()
        if len(cursor.problems) == noted and not self._is_divided(before):
            match fields:
                case [int(version), str(name), str(schema)]:
                    if self._operator is not None:
                        place = cursor.lines.place(opening.offset)
                        self.entries.append(
                            MapEntry(self._operator, version, name, schema, place, self._operator_place, arm)
                        )
                case _:
                    missing = ", ".join(_FIELDS[len(fields) :])
                    cursor.problem(opening, f"this entry lacks {missing}: add what is missing")
        cursor.advance()

    def _read_field(self, index: int) -> int | str | None:
        """Reads a field, designated or not, up to the `,` or `}` behind it. None: a problem was noted."""
        cursor = self._cursor
        if cursor.token.text == ".":
            if cursor.advance().text != _FIELDS[index] or cursor.advance().text != "=":
                cursor.refuse_value(f"`.{_FIELDS[index]} =`")
                return None
            cursor.advance()
        if index > 0:
            return self._read_string(f"{_FIELDS[index]}, a string literal,")
        token = cursor.token
        version = integer_value(token.text) if token.kind == "number" else None
        # No operator version is below 0: an entry at 0 would cover nothing.
        if not version:
            cursor.refuse_value(f"{_FIELDS[index]}, an integer literal above 0,")
            return None
        cursor.advance()
        return version if self._ends_value() else None

    def _read_string(self, expected: str) -> str | None:
        """Reads adjacent string literals as one, up to the `,` or `}` behind. None: a problem was noted."""
        cursor = self._cursor
        parts: list[str] = []
        while (token := cursor.token).kind in ("string", "raw_string"):
            try:
                parts.append(string_value(token.text))
            except EscapeError as error:
                cursor.problem(token, f"{error}: write the character itself", error.offset)
                cursor.skip_value()
                return None
            cursor.advance()
        if not parts:
            cursor.refuse_value(expected)
            return None
        return "".join(parts) if self._ends_value() else None

    def _ends_value(self) -> bool:
        cursor = self._cursor
        if cursor.token.text in (",", "}"):
            return True
        cursor.refuse_value("`,` or `}`")
        return False

    def _is_divided(self, before: int) -> bool:
        """Whether anything interrupted since there were `before` interruptions."""
        interruptions = self._cursor.interruptions
        if len(interruptions) == before:
            return False
        if (first := interruptions[before]).kind == CONDITIONAL:
            self._cursor.problem(
                first, "an `#if` divides this entry: write the whole entry in each of its arms"
            )
        return True

    def _finds_brace(self, type_name: str, expected: str) -> bool:
        """Steps to `{`, over an explicit type if there is one. Anything else is a problem and skipped."""
        cursor = self._cursor
        begin = cursor.token
        name = cursor.skip_type() if begin.kind == "word" else type_name
        if cursor.token.text == "{":
            if name != type_name:
                cursor.problem(begin, f"{quoted(begin.text)} stands where {expected} was expected")
            return True
        cursor.refuse_value(expected, begin)
        while begin.kind == "number" and cursor.token.text == ",":
            # The fields of an entry without the braces of the entries around it: one problem, not three.
            cursor.advance()
            cursor.skip_value()
        return False

    def _skip_rest(self, opening: Token) -> None:
        """Skips to the `}` of `opening`."""
        cursor = self._cursor
        while cursor.token.text != "}":
            self._refuse_end(opening)
            if cursor.token.text == ",":
                cursor.advance()
            cursor.skip_value()

    def _refuse_end(self, opening: Token) -> None:
        """Raises UnclosedError where a brace list cannot go on."""
        cursor = self._cursor
        if cursor.token.text not in _ENDS:
            return
        if cursor.is_at_end:
            cursor.problem(opening, "this `{` is not closed: close it")
        else:
            cursor.refuse_token("`}`")
        raise UnclosedError
