"""Reads the braces of a C++ version map: operators, their entries, the fields of an entry.

An entry is read whole, or what was not understood of it is a problem; the others are read all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from opfixtures.declarations.cpp_conditionals import CONDITIONAL
from opfixtures.declarations.cpp_cursor import Cursor, Opening, UnclosedError
from opfixtures.declarations.cpp_tokens import quoted
from opfixtures.declarations.cpp_values import read_number, read_text
from opfixtures.declarations.model import MapEntry, MapKey
from opfixtures.declarations.place import Place
from opfixtures.values import replace

ENTRY_TYPE = "UpgraderEntry"
_ENDS = frozenset({"}", ")", "]", ";", ""})
_FIELDS = ("bumped_at_version", "upgrader_name", "old_schema")
_ENTRIES = "the entries of an operator, in braces,"
_ENTRY = f"an entry, {{{', '.join(_FIELDS)}}},"
# How an element may be called in front of its bracket; the first is its type.
_PAIR_NAMES = ("pair", "make_pair")
_VECTOR_NAMES = ("vector", "initializer_list")
_ENTRY_NAMES = (ENTRY_TYPE,)


class InitialiserReader:
    """Collects the entries of every initialiser that `cursor` is put on; `end` is where the last one ends.

    A reader of another map from strings overrides `_read_pair` and what that pair is called.
    """

    _pair = "an operator with its entries, in braces,"

    def __init__(self, cursor: Cursor) -> None:
        self.entries: list[MapEntry] = []
        self.keys: list[MapKey] = []
        self._cursor = cursor
        self._operator: str | None = None
        self._operator_place: Place | None = None
        self.end: Place | None = None

    def read(self) -> None:
        """Reads from the initialiser's `{` to behind its `}`. Raises UnclosedError where there is none."""
        self._cursor.enter_initialiser()
        opening = self._brace()
        try:
            self._read_list(opening, self._read_pair, _PAIR_NAMES, self._pair)
            self.end = self._cursor.lines.place(self._cursor.token.offset)
        finally:
            self._cursor.leave_initialiser()
        self._cursor.advance()

    def _read_list(
        self,
        opening: Opening,
        read_element: Callable[[Opening], None],
        names: tuple[str, ...],
        expected: str,
        redundant: bool = True,
    ) -> None:
        """Reads the elements up to the bracket that closes `opening`, and stays there."""
        cursor = self._cursor
        separated = True
        while (token := cursor.token).text != opening.close:
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
            element = self._open(names, expected)
            if element is None:
                continue
            if cursor.token.text == "{" and redundant and element.close == "}":
                # C++ accepts one more pair of braces around all elements: m({{{...}, {...}}}).
                self._read_list(element, read_element, names, expected, redundant=False)
                self._close(element)
            else:
                read_element(element)

    def _read_pair(self, opening: Opening) -> None:
        """Reads from behind the bracket of an operator to behind the one that closes it."""
        cursor = self._cursor
        # `{}` names no operator and has no entries; so an emptied map may look: m({{}}).
        if cursor.token.text != opening.close:
            place, arm = cursor.lines.place(cursor.token.offset), cursor.arm
            self._operator_place = place
            self._operator = self._read_string("the name of an operator, a string literal,")
            if self._is_divided(opening):
                self._operator = None
            if self._operator is not None:
                self.keys.append((self._operator, place, arm))
            if cursor.token.text == ",":
                cursor.advance()
                self._read_entries()
            elif self._operator is not None:
                cursor.refuse_token("`,` and the entries of the operator")
        self._close_pair(opening, "an operator")

    def _close_pair(self, opening: Opening, what: str) -> None:
        """Steps behind the end of a pair, over a `,` before it."""
        cursor = self._cursor
        if cursor.token.text == ",":
            cursor.advance()
        if cursor.token.text != opening.close:
            self._refuse_end(opening)
            cursor.refuse_token(f"the `{opening.close}` of {what}")
            self._skip_rest(opening)
        self._close(opening)

    def _read_entries(self) -> None:
        """Reads the entries of an operator; all of them where every arm of an `#if` has its own."""
        cursor = self._cursor
        while True:
            opening = self._open(_VECTOR_NAMES, _ENTRIES)
            if opening is not None:
                self._read_list(opening, self._read_entry, _ENTRY_NAMES, _ENTRY)
                self._close(opening)
            if not (cursor.after_directive and cursor.token.text == "{"):
                return

    def _read_entry(self, opening: Opening) -> None:
        """Reads from behind the bracket of an entry to behind the one that closes it."""
        cursor = self._cursor
        noted, arm = len(cursor.problems), cursor.arm
        fields: list[int | str | None] = []
        while cursor.token.text != opening.close:
            self._refuse_end(opening)
            if len(fields) == len(_FIELDS):
                cursor.refuse_token(f"the `{opening.close}` of an entry")
                self._skip_rest(opening)
                break
            fields.append(self._read_field(len(fields)))
            if cursor.token.text == ",":
                cursor.advance()
        if len(cursor.problems) == noted and not self._is_divided(opening):
            match fields:
                case [int(version), str(name), str(schema)]:
                    if self._operator is not None:
                        place = cursor.lines.place(opening.token.offset)
                        self.entries.append(
                            MapEntry(self._operator, version, name, schema, place, self._operator_place, arm)
                        )
                case _:
                    missing = ", ".join(_FIELDS[len(fields) :])
                    cursor.problem(opening.token, f"this entry lacks {missing}: add what is missing")
        self._close(opening)

    def _read_field(self, index: int) -> int | str | None:
        """Reads a field, designated or not, up to the `,` or bracket behind it. None: a problem was noted."""
        cursor = self._cursor
        if cursor.token.text == ".":
            if cursor.advance().text != _FIELDS[index] or cursor.advance().text != "=":
                cursor.refuse_value(f"`.{_FIELDS[index]} =`")
                return None
            cursor.advance()
        if index > 0:
            return self._read_string(f"{_FIELDS[index]}, a string literal,")
        # No operator version is below 0: an entry at 0 would cover nothing.
        version = read_number(cursor, f"{_FIELDS[index]}, an integer literal above 0,", 1)
        return version if version is not None and self._ends_value() else None

    def _read_string(self, expected: str) -> str | None:
        """Reads a text up to the `,` or bracket behind. None: a problem was noted."""
        text = read_text(self._cursor, expected)
        return text if text is not None and self._ends_value() else None

    def _ends_value(self) -> bool:
        cursor = self._cursor
        if cursor.token.text in (",", "}", ")"):
            return True
        cursor.refuse_value("`,` or `}`")
        return False

    def _is_divided(self, opening: Opening) -> bool:
        """Whether anything interrupted since an opening."""
        interruptions = self._cursor.interruptions
        if len(interruptions) == opening.before:
            return False
        if (first := interruptions[opening.before]).kind == CONDITIONAL:
            self._cursor.problem(
                first, "an `#if` divides this entry: write the whole entry in each of its arms"
            )
        return True

    def _open(self, names: tuple[str, ...], expected: str) -> Opening | None:
        """Steps behind the bracket of an element, and over one of its `names` before. Anything else is a problem and
        skipped."""
        cursor = self._cursor
        begin = cursor.token
        name = cursor.skip_type() if begin.kind == "word" else names[0]
        if cursor.token.text == "{":
            if name not in names:
                cursor.problem(begin, f"{quoted(begin.text)} stands where {expected} was expected")
            return self._brace()
        if cursor.token.text == "(" and begin.kind == "word" and name in names:
            return self._parenthesis()
        cursor.refuse_value(expected, begin)
        while begin.kind == "number" and cursor.token.text == ",":
            # The fields of an entry without the braces of the entries around it: one problem, not three.
            cursor.advance()
            cursor.skip_value()
        return None

    def _brace(self, wrapped: bool = False) -> Opening:
        opening = Opening(self._cursor.token, len(self._cursor.interruptions), wrapped=wrapped)
        self._cursor.advance()
        return opening

    def _parenthesis(self) -> Opening:
        opening = Opening(self._cursor.token, len(self._cursor.interruptions), close=")")
        return self._brace(wrapped=True) if self._cursor.advance().text == "{" else opening

    def _close(self, opening: Opening) -> None:
        """Steps behind the bracket that closes `opening`, on which the cursor stands."""
        cursor = self._cursor
        cursor.advance()
        if not opening.wrapped:
            return
        if cursor.token.text != ")":
            cursor.refuse_token("`)`")
            self._skip_rest(replace(opening, close=")"))
        cursor.advance()

    def _skip_rest(self, opening: Opening) -> None:
        """Skips to the end of `opening`."""
        cursor = self._cursor
        while cursor.token.text != opening.close:
            self._refuse_end(opening)
            if cursor.token.text == ",":
                cursor.advance()
            cursor.skip_value()

    def _refuse_end(self, opening: Opening) -> None:
        """Raises UnclosedError where a list cannot go on."""
        cursor = self._cursor
        if cursor.token.text not in _ENDS:
            return
        if cursor.is_at_end:
            cursor.problem(opening.token, f"this `{opening.token.text}` is not closed: close it")
        else:
            cursor.refuse_token(f"`{opening.close}`")
        raise UnclosedError
