"""How C++ code uses a name: what follows it, what stands in front, and the function around it. Pure.

`passed` are the tokens of a file, but for those of the initialiser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opfixtures.declarations.cpp_cursor import Cursor
from opfixtures.declarations.cpp_tokens import Token

CHANGING = frozenset(
    {
        *("assign", "clear", "emplace", "emplace_back", "emplace_hint", "erase", "extract", "insert"),
        *("insert_or_assign", "insert_range", "merge", "operator", "pop_back", "push_back", "resize", "swap"),
        "try_emplace",
    }
)
# These bring whole maps, whatever they are called.
_WHOLE = frozenset({"insert_range", "merge", "swap"})
_RANGES = frozenset({"begin", "cbegin"})
READING = frozenset(
    {"cbegin", "cend", "contains", "count", "crbegin", "crend", "empty", "end", "first", "rend", "size"}
)
ITERATORS = frozenset({"begin", "data", "equal_range", "find", "lower_bound", "rbegin", "upper_bound"})
_TEXTS = ("string", "raw_string")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_CONTROL = frozenset({"catch", "for", "if", "else", "switch", "while", "do", "try", "namespace"})
# Who nests deeper, or writes longer statements, means to make a reader slow.
_DEEPEST = 40
_FURTHEST = 400
_UPGRADER = re.compile(r'_[0-9]+_[0-9]+"')


class Chain:
    """What follows the name of a map: `["x"]`, `.at("x")`, `->second.push_back({...})`, `= {...}`.

    `words` are those in its brackets and behind a `=`, `last` what its last `.` or `->` names. Where it `compares`, a
    comparison is next.
    """

    def __init__(self, cursor: Cursor) -> None:
        self.changes = self.has_literals = self.is_whole = self.compares = False
        self.words: set[str] = set()
        self.last = ""
        self._cursor = cursor

    def read(self) -> None:
        """Steps over all of it."""
        cursor = self._cursor
        is_whole = True
        while True:
            text = cursor.token.text
            if text in ("[", "("):
                words = self._skip_brackets()
                self.is_whole |= (
                    self.last in ("insert", "assign") and is_whole and not _RANGES.isdisjoint(words)
                )
                is_whole = is_whole and text == "(" and self.last in CHANGING
                self.last = "" if text == "[" else self.last
            elif text == "." or (text == "-" and cursor.advance().text == ">"):
                self.last = cursor.advance().text
                self.changes |= self.last in CHANGING
                self.is_whole |= self.last in _WHOLE and is_whole
                cursor.advance()
            else:
                break
        self._read_operator(text, is_whole and not self.last)

    def _read_operator(self, text: str, is_whole: bool) -> None:
        cursor = self._cursor
        following = cursor.advance().text if text and text in "=!<>+|&^*%" else cursor.token.text
        self.compares = text in ("<", ">") or (text in ("=", "!") and following == "=")
        # A `-` was stepped over while looking for `->`.
        if (text == "=" and following != "=") or (text and text in "+|&^*%-" and following == "="):
            self.changes = True
            self.is_whole |= is_whole
            self._note_literals(";")

    @property
    def reads_value(self) -> bool:
        """Whether it ends in what cannot be changed."""
        return self.last in READING

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
        self.words |= words
        return words


def before_name(passed: Sequence[Token], at: int) -> tuple[int, str]:
    """The place and text of the token in front of the name at `at`, its namespaces left out; -1 for none."""
    at -= 1
    while at > 1 and passed[at].text == ":" and passed[at - 1].text == ":":
        at -= 3 if passed[at - 2].kind == "word" else 2
    return at, passed[at].text if at >= 0 else ""


def head_before(passed: Sequence[Token], at: int) -> list[str]:
    """The statement that the token at `at` stands in, up to that one; without template arguments, which may say
    `const` of something else, and without what a `for` has in front of its last part."""
    head: list[str] = []
    angles = 0
    for index in range(at, max(at - _FURTHEST, -1), -1):
        text = passed[index].text
        if text in (";", "{", "}") and index != at:
            break
        if text == ">" and passed[index - 1].text != "-":
            angles += 1
        elif text == "<" and angles:
            angles -= 1
        elif not angles:
            head.append(text)
    return head[::-1]


def enclosing_function(passed: Sequence[Token], braces: Sequence[int]) -> list[str]:
    """How the function begins that the innermost of these open braces is of: its head; empty outside of all."""
    for brace in reversed(braces[-_DEEPEST:]):
        head = head_before(passed, brace)
        if "(" in head and _CONTROL.isdisjoint(head[:1]):
            return head
    return []


def parameters_of(head: Sequence[str]) -> tuple[str | None, set[str]]:
    """The name of a function, and the names of its parameters; None for a function without a name."""
    if "(" not in head:
        return None, set()
    opening = head.index("(")
    name = head[opening - 1] if opening else ""
    parameters = set()
    last, depth = "", 0
    for text in head[opening + 1 :]:
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0 or (text == "," and not depth):
            parameters.add(last)
            last = ""
        if depth < 0:
            break
        if text.isidentifier():
            last = text
    return (name if name.isidentifier() else None), parameters - {""}


def returns_reference(head: Sequence[str]) -> bool:
    """Whether a function with that head returns what its caller can change."""
    opening = head.index("(") if "(" in head else 0
    returned = list(head[:opening])
    if "-" in head[opening:]:
        returned += head[head.index("-", opening) :]
    return not {"&", "*", "decltype"}.isdisjoint(returned) and "const" not in returned


def is_call(passed: Sequence[Token], at: int) -> bool:
    """Whether the function whose name stands at `at` is called there, and not declared."""
    if at + 1 >= len(passed) or passed[at + 1].text != "(":
        return False
    index, before = before_name(passed, at)
    return index < 0 or not (
        (passed[index].kind == "word" and before not in ("return", "else")) or before in ("*", "&", ">")
    )


def entries_outside(passed: Sequence[Token]) -> Iterator[int]:
    """Where something begins that is written as an entry is: a number and two texts, in braces, or among the arguments
    of a call the second as an upgrader's name; or its fields by name."""
    for at, token in enumerate(passed):
        previous = passed[at - 1].text if at else ""
        if previous not in ("{", "(", ","):
            continue
        if token.text == "." and [one.text for one in passed[at + 1 : at + 3]] == ["bumped_at_version", "="]:
            yield at
        elif token.kind == "number" or (token.kind == "word" and previous == "{"):
            upgrader, behind = _text_behind(passed, at + 1)
            if not upgrader:
                continue
            schema, behind = _text_behind(passed, behind)
            closes = behind < len(passed) and passed[behind].text == "}"
            in_braces = previous == "{" and closes
            if schema and (in_braces or (token.kind == "number" and _UPGRADER.search(upgrader))):
                yield at


def _text_behind(passed: Sequence[Token], at: int) -> tuple[str, int]:
    """The literal behind a `,` at `at`, and where it ends; empty where there is none."""
    if at >= len(passed) or passed[at].text != ",":
        return "", at
    text, at = "", at + 1
    while at < len(passed) and passed[at].kind in _TEXTS:
        text += passed[at].text
        at += 1
    return text, at
