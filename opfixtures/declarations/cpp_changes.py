"""Finds where C++ code adds to a map, or takes from it, behind the initialiser that is read.

A fork may add its own entries so, to keep merges easy: `operatorVersionMap["npu::x"] = {{11, "x_0_10", "..."}};`. What
is changed by names alone is a function that anybody may call, or nobody, such as PyTorch's test_only_add_entry.
"""

from __future__ import annotations

from opfixtures.declarations.cpp_cursor import Cursor

_CHANGING = frozenset(
    {
        "assign",
        "clear",
        "emplace",
        "emplace_back",
        "emplace_hint",
        "erase",
        "extract",
        "insert",
        "insert_or_assign",
        "insert_range",
        "merge",
        "pop_back",
        "push_back",
        "resize",
        "swap",
        "try_emplace",
    }
)
# These bring whole maps, whatever they are called.
_WHOLE = frozenset({"insert_range", "merge", "swap"})
_RANGES = frozenset({"begin", "cbegin"})
_TEXTS = ("string", "raw_string")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def note_change(cursor: Cursor, before: str) -> None:
    """Steps over the name of a map, on which the cursor stands, and what is done with it.

    A problem is noted where that changes the map by literals, or by another map. `before` is the token before.
    """
    name = cursor.token
    cursor.advance()
    if before == "*" and cursor.token.text == ")":
        cursor.advance()
    chain = _Chain(cursor)
    chain.read()
    if chain.changes and (chain.has_literals or chain.is_whole):
        cursor.problem(
            name, f"{name.text} is changed here, behind its initialiser: write all of its entries there"
        )


class _Chain:
    """What follows the name of a map: `["x"]`, `.at("x")`, `->second.push_back({...})`, `= {...}`."""

    def __init__(self, cursor: Cursor) -> None:
        self.changes = self.has_literals = self.is_whole = False
        self._cursor = cursor

    def read(self) -> None:
        """Steps over all of it."""
        cursor = self._cursor
        is_whole = True
        method = ""
        while True:
            text = cursor.token.text
            if text in ("[", "("):
                words = self._skip_brackets()
                self.is_whole |= method in ("insert", "assign") and is_whole and not _RANGES.isdisjoint(words)
                is_whole = is_whole and text == "(" and method in _CHANGING
            elif text == "." or (text == "-" and cursor.advance().text == ">"):
                method = cursor.advance().text
                self.changes |= method in _CHANGING
                self.is_whole |= method in _WHOLE and is_whole
                cursor.advance()
            else:
                break
        if text == "=" and cursor.advance().text != "=":
            self.changes = True
            self.is_whole |= is_whole and not method
            self._note_literals(";")

    def _skip_brackets(self) -> set[str]:
        """Steps behind the bracket that closes the one here; returns the words between."""
        close = _CLOSING[self._cursor.token.text]
        self._cursor.advance()
        words = self._note_literals(close)
        self._cursor.advance()
        return words

    def _note_literals(self, end: str) -> set[str]:
        """Steps to `end` outside of all brackets begun from here on, and notes literals; returns the words."""
        cursor = self._cursor
        depth = 0
        words = set()
        while not cursor.is_at_end and (depth or cursor.token.text != end):
            token = cursor.token
            if token.text in _CLOSING:
                depth += 1
            elif token.text in _CLOSING.values():
                if not depth:
                    break
                depth -= 1
            elif token.kind == "word":
                words.add(token.text)
            self.has_literals |= token.kind in (*_TEXTS, "number")
            cursor.advance()
        return words
