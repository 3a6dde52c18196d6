"""Reads one number or one text of an initialiser, in every spelling that means a literal.

`10`, `(10)`, `10ULL`, `UINT64_C(10)`, `static_cast<uint64_t>(10)`, `(int)10`, `uint64_t{10}`; `"a" "b"`, `R"(a)"`,
`"a"s`, `("a")`, `std::string("a")`. What a macro, a constant or a call stands for is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from opfixtures.declarations.cpp_cursor import Cursor
from opfixtures.declarations.cpp_literals import EscapeError, integer_value, string_value
from opfixtures.declarations.cpp_tokens import Token

T = TypeVar("T")

# The macros of <cstdint> for literals, and the types of an integer (its last word).
_INTEGER = re.compile(
    "U?INT(?:8|16|32|64|MAX)_C|char|int|long|short|signed|unsigned|size_t|u?int(?:_fast|_least)?(?:8|16|32|64|max)_t"
)
_TEXT = re.compile("string|string_view")
_SUFFIX = re.compile("s|sv")
_CLOSING = {"(": ")", "{": "}"}
# Who nests deeper means to make a reader slow.
_DEEPEST = 8
# What a byte is read as that is no UTF-8.
_FOREIGN = re.compile("[\udc80-\udcff]")


def read_number(cursor: Cursor, expected: str, least: int) -> int | None:
    """The integer literal that begins here, to behind it. None, and a problem noted: it is none, or below `least`.

    `expected` is what the problem says was expected.
    """

    def literal() -> int | None:
        value = integer_value(cursor.token.text) if cursor.token.kind == "number" else None
        if value is None or value < least:
            return None
        cursor.advance()
        return value

    return _Value(cursor, expected, _INTEGER, literal).read()


def read_text(cursor: Cursor, expected: str) -> str | None:
    """The string literals that begin here, joined, to behind the last. None, and a problem noted: there is none."""

    def literal() -> str | None:
        parts: list[str] = []
        while (token := cursor.token).kind in ("string", "raw_string"):
            if foreign := _FOREIGN.search(token.text):
                raise _RefusedError(token, "this text is not UTF-8: save the file as UTF-8", foreign.start())
            try:
                parts.append(string_value(token.text))
            except EscapeError as error:
                raise _RefusedError(token, f"{error}: write the character itself", error.offset) from error
            suffix = cursor.advance()
            is_adjacent = suffix.offset == token.offset + len(token.text)
            if suffix.kind == "word" and is_adjacent and _SUFFIX.fullmatch(suffix.text):
                cursor.advance()
        return "".join(parts) if parts else None

    return _Value(cursor, expected, _TEXT, literal).read()


class _RefusedError(Exception):
    """A literal that is one and cannot be read, and why, `offset` characters into its token."""

    def __init__(self, token: Token, message: str, offset: int) -> None:
        super().__init__(message)
        self.token = token
        self.offset = offset


class _Value(Generic[T]):
    """A literal, read by `literal`, inside of parentheses, casts to a type that `types` matches, and constructors."""

    def __init__(
        self, cursor: Cursor, expected: str, types: re.Pattern[str], literal: Callable[[], T | None]
    ) -> None:
        self._cursor = cursor
        self._expected = expected
        self._types = types
        self._literal = literal
        self._opened: list[str] = []

    def read(self) -> T | None:
        """The value, to behind it; or a problem is noted and all of it skipped."""
        cursor = self._cursor
        begin = cursor.token
        try:
            while (value := self._literal()) is None and self._enters():
                pass
            while value is not None and self._opened and cursor.token.text == self._opened[-1]:
                self._opened.pop()
                cursor.advance()
        except _RefusedError as error:
            cursor.problem(error.token, str(error), error.offset)
            self._skip()
            return None
        if value is None or self._opened:
            self._skip()
            cursor.refuse_value(self._expected, begin, cursor.token)
            return None
        return value

    def _enters(self) -> bool:
        """Steps over what may stand in front of a literal; whether there was any."""
        cursor = self._cursor
        if len(self._opened) == _DEEPEST:
            return False
        if cursor.token.text == "(":
            return self._opens()
        if cursor.token.kind != "word":
            return False
        if cursor.token.text == "static_cast":
            is_cast = cursor.advance().text == "<"
            types = cursor.skip_template_arguments() if is_cast else frozenset()
            return any(map(self._types.fullmatch, types)) and cursor.token.text == "(" and self._opens()
        if not self._types.fullmatch(cursor.skip_type()):
            return False
        if cursor.token.text == ")" and self._opened[-1:] == [")"]:
            # `(int)4`
            self._opened.pop()
            cursor.advance()
            return True
        return cursor.token.text in _CLOSING and self._opens()

    def _opens(self) -> bool:
        self._opened.append(_CLOSING[self._cursor.token.text])
        self._cursor.advance()
        return True

    def _skip(self) -> None:
        """Steps to the end of the value, out of every bracket that was entered."""
        cursor = self._cursor
        cursor.skip_value()
        while self._opened:
            while cursor.token.text == ",":
                cursor.advance()
                cursor.skip_value()
            if cursor.token.text == self._opened.pop():
                cursor.advance()
                cursor.skip_value()
