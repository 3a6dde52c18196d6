"""Finds where C++ code may add to a map, or take from it, behind the initialiser that is read.

A fork may add its own entries so, to keep merges easy: `operatorVersionMap["npu::x"] = {{11, "x_0_10", "..."}};`. What
a function changes by its parameters alone, such as PyTorch's test_only_add_entry, is changed only where it is called.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection

from opfixtures.declarations.cpp_cursor import Cursor
from opfixtures.declarations.cpp_tokens import directive_words
from opfixtures.declarations.cpp_use import (
    ITERATORS,
    Chain,
    before_name,
    enclosing_function,
    entries_outside,
    head_before,
    is_call,
    parameters_of,
    returns_reference,
)

# They leave what they are given as it is, but for its order.
_HARMLESS_CALLS = frozenset(
    {
        *(
            "all_of",
            "any_of",
            "as_const",
            "cbegin",
            "cend",
            "count_if",
            "decltype",
            "distance",
            "empty",
            "end",
        ),
        *("find_if", "is_sorted", "none_of", "size", "sizeof", "sort", "stable_sort"),
    }
)
_CASTS = ("const_cast", "reinterpret_cast")
_SILENT = ("include", "error", "warning", "line")
_BEFORE_A_BLOCK = ("", ")", ";", "{", "}", "const", "do", "else", "noexcept", "try")
_FURTHEST = 200


_IS_CHANGED = "is changed here, behind its initialiser: write all of its entries there"


def note_change(cursor: Cursor, before: str) -> None:
    """Steps over the name of a map, on which the cursor stands, and what is done with it.

    A problem is noted where that changes the map by literals, or by another map. `before` is the token before.
    """
    name = cursor.token
    cursor.advance()
    if before == "*" and cursor.token.text == ")":
        cursor.advance()
    chain = Chain(cursor)
    chain.read()
    if chain.changes and (chain.has_literals or chain.is_whole):
        cursor.problem(name, f"{name.text} {_IS_CHANGED}")


class Changes:
    """What is done with maps, noted while `cursor` walks through their file."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._noted: list[tuple[int, int]] = []
        self._aliases: dict[str, int] = {}
        self._changing: set[str] = set()

    def follows(self, name: str, braces: list[int]) -> bool:
        """Whether a name leads to the elements of a map, within these braces."""
        return name in self._aliases and (self._aliases[name] < 0 or self._aliases[name] in braces)

    def note(self, braces: list[int]) -> None:
        """Steps over the name of a map, or of what leads to it, on which the cursor stands, and what is done with it.

        `braces` are the open ones around it, as places in what the cursor has passed.
        """
        cursor = self._cursor
        name, at = cursor.token, len(cursor.passed) - 1
        leads = self.follows(name.text, braces)
        front, before = before_name(cursor.passed, at)
        cursor.advance()
        while cursor.token.text == ")" and (opening := self._parenthesis(front)) >= 0:
            front, before = before_name(cursor.passed, opening)
            cursor.advance()
        if before == "*":
            front, before = before_name(cursor.passed, front)
        chain = Chain(cursor)
        chain.read()
        problem = ""
        if chain.changes:
            if leads or before == "&" or self._is_change(chain, braces):
                problem = _IS_CHANGED
        elif not (chain.reads_value or self._only_reads(front, before, chain, braces)):
            problem = "may be changed through what this makes of it: read it as a constant"
        if problem:
            cursor.problem(name, f"{name.text} {problem}")
            self._noted.append((at, len(cursor.passed)))

    def _parenthesis(self, front: int) -> int:
        """Where the parenthesis stands that is opened in front of a name for no call; -1 for none."""
        passed = self._cursor.passed
        opening = front - 1 if front >= 0 and passed[front].text == "*" else front
        if opening < 0 or passed[opening].text != "(":
            return -1
        is_call = opening and (passed[opening - 1].kind == "word" or passed[opening - 1].text in (">", "]"))
        return -1 if is_call else opening

    def _is_change(self, chain: Chain, braces: list[int]) -> bool:
        """Whether something is changed that no caller names."""
        if chain.has_literals or chain.is_whole:
            return True
        name, parameters = parameters_of(enclosing_function(self._cursor.passed, braces))
        if name is None or parameters.isdisjoint(chain.words):
            return True
        self._changing.add(name)
        return False

    def _only_reads(self, front: int, before: str, chain: Chain, braces: list[int]) -> bool:
        """Whether what stands in front takes no reference to what it could change."""
        passed = self._cursor.passed
        ahead = passed[front - 1].text if front > 0 else ""
        if before == "return":
            return not returns_reference(enclosing_function(passed, braces))
        if before == "=" and ahead not in ("=", "!", "<", ">"):
            return self._binds(head_before(passed, front), chain, braces)
        if before == ":":
            head = head_before(passed, front)
            return "for" in head and self._loops(head[head.index("for") :], braces)
        if before in ("(", ","):
            return chain.compares or self._called(front) in _HARMLESS_CALLS
        if before == "{":
            return ahead in _BEFORE_A_BLOCK
        return before in ("", ";", "}", ")", "=", "!", "<", ">", "+", "-")

    def _binds(self, head: list[str], chain: Chain, braces: list[int]) -> bool:
        """Whether a declaration that begins so copies, or binds a constant. An iterator is followed by its name."""
        if chain.last in ITERATORS:
            return self._follow(head, braces)
        return "const" in head or {"&", "*", "decltype"}.isdisjoint(head)

    def _loops(self, head: list[str], braces: list[int]) -> bool:
        """Whether a loop that begins so copies, or binds a constant. What it could change is followed by its names."""
        return "const" in head or "&" not in head or self._follow(head, braces)

    def _follow(self, head: list[str], braces: list[int]) -> bool:
        """From here on look after what a declaration names: its last word, or those in its last brackets."""
        names = head[head.index("[") :] if "[" in head else head
        words = [word for word in names if word.isidentifier()]
        for word in words if "[" in head else words[-1:]:
            self._aliases[word] = braces[-1] if braces else -1
        return bool(words)

    def _called(self, at: int) -> str:
        """What is called with the argument in front of which the token at `at` stands."""
        passed = self._cursor.passed
        depth = 0
        for index in range(at, max(at - _FURTHEST, 0), -1):
            text = passed[index].text
            if text in (")", "]", "}"):
                depth += 1
            elif text in ("(", "[", "{"):
                if not depth:
                    return passed[index - 1].text if text == "(" else ""
                depth -= 1
        return ""

    def finish(self, names: Collection[str]) -> None:
        """Notes what the whole file shows, in which maps have these names: entries outside of them, calls of what
        changes one, casts, and directives that say the name of one."""
        cursor = self._cursor
        found: dict[int, str] = dict.fromkeys(
            entries_outside(cursor.passed),
            "this looks like an entry, and stands outside of the version map: write it into its initialiser",
        )
        for at, token in enumerate(cursor.passed):
            if token.text in _CASTS and names:
                found[at] = "a cast may let the version map be changed: read it as a constant"
            elif token.text in self._changing and is_call(cursor.passed, at):
                found[at] = f"{token.text} changes the version map: write the entries into its initialiser"
        ends = [end for _, end in self._noted]
        for at, said in found.items():
            nearest = bisect_right(ends, at)
            if nearest == len(ends) or at < self._noted[nearest][0]:
                cursor.problem(cursor.passed[at], said)
        for directive in cursor.directives if names else ():
            first, *words = directive_words(directive)
            name = next((word for word in words if word in names), None)
            if name and first not in _SILENT:
                cursor.problem(directive, f"what is done with {name} here cannot be read: write it out")
