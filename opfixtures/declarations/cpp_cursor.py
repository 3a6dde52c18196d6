"""Where a reader of C++ tokens stands: brackets are counted, problems noted, values skipped."""

from __future__ import annotations

from opfixtures.declarations.cpp_conditionals import BEGIN, CONDITIONAL, FINISH, Arms, Path, live_tokens
from opfixtures.declarations.cpp_tokens import (
    END,
    TROUBLE,
    Lines,
    Token,
    directive_parts,
    normalise_line_breaks,
    quoted,
    tokenise,
)
from opfixtures.declarations.cpp_two_ways import read_in_two_ways
from opfixtures.declarations.place import Problem
from opfixtures.values import dataclass

_INTERRUPTIONS = frozenset({CONDITIONAL, TROUBLE, "directive"})
_STEPS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
# Directives that neither bring nor take away what stands in an initialiser.
_HARMLESS = frozenset({"", "define", "undef", "pragma", "line", "error", "warning"})


@dataclass(frozen=True, slots=True)
class Opening:
    """The bracket at `token` that a list, a pair or an entry begins with.

    It ends with `close`, and what is `wrapped` with one parenthesis more: `UpgraderEntry({...})`. `before` counts the
    interruptions so far.
    """

    token: Token
    before: int
    close: str = "}"
    wrapped: bool = False


class UnclosedError(Exception):
    """The initialiser ends before its braces do. The problem is noted already."""


class Cursor:
    """Stands on `token`; at the end of the text on a token of kind END.

    `subject` is what the file is read for, as messages call it.
    `passed` are the tokens outside of initialisers so far, and `directives` those of the file.
    `interruptions` are the directives and troubles passed inside initialisers, `after_directive` says whether
    an arm of an `#if` begins or ends right before `token`. `initialisers` are the offsets of their braces.
    """

    def __init__(self, path: str, text: str, subject: str = "the version map") -> None:
        self._subject = subject
        self.text = normalise_line_breaks(text)
        self._tokens = live_tokens(tokenise(self.text))
        self.lines = Lines(path, self.text)
        odd = read_in_two_ways(self.text)
        self.problems = [] if odd is None else [Problem(self.lines.place(odd[0]), odd[1])]
        self.interruptions: list[Token] = []
        self.passed: list[Token] = []
        self.directives: list[Token] = []
        self.initialisers: list[tuple[int, int]] = []
        self.after_directive = False
        self._in_initialiser = False
        self._depth = 0
        self._arm_depths: list[int] = []
        self._arms = Arms()
        self.token = self._end = Token(END, "", max(len(self.text) - 1, 0))
        self.advance()

    @property
    def is_at_end(self) -> bool:
        return self.token is self._end

    @property
    def arm(self) -> Path:
        """The arms of `#if`s in which `token` stands."""
        return self._arms.path

    def advance(self) -> Token:
        """Steps to the next token and returns it."""
        if self.token.text in _STEPS:
            self._depth += _STEPS[self.token.text]
        self.after_directive = False
        token = next(self._tokens, self._end)
        while token.kind in _INTERRUPTIONS:
            self._interrupt(token)
            token = next(self._tokens, self._end)
        self.token = token
        if not self._in_initialiser:
            self.passed.append(token)
        return token

    def problem(self, token: Token, message: str, offset: int = 0) -> None:
        """Notes a problem at a token, or `offset` characters into it."""
        self.problems.append(Problem(self.lines.place(token.offset + offset), message))

    def refuse_token(self, expected: str) -> None:
        """Notes that the token here is not what was expected."""
        shown = "the end of the file" if self.is_at_end else quoted(self.token.text)
        self.problem(self.token, f"{shown} stands where {expected} was expected")

    def refuse_value(self, expected: str, begin: Token | None = None, end: Token | None = None) -> None:
        """Notes that a value is not what was expected.

        It begins here, or before here at `begin`, and is skipped; unless it was already, up to `end`.
        """
        begin = begin or self.token
        if end is None:
            self.skip_value()
            end = self.token
        source = self.text[begin.offset : end.offset] or begin.text
        self.problem(begin, f"{quoted(source)} stands where {expected} was expected")

    def enter_initialiser(self) -> None:
        """From here to `leave_initialiser` arms of an `#if` must balance and nothing may be included."""
        self._in_initialiser = True
        self._arm_depths.clear()
        self.initialisers.append((self.token.offset, self._end.offset))

    def leave_initialiser(self) -> None:
        if self._arm_depths and self.token.text == "}":
            self.problem(
                self.token, f"the initialiser of {self._subject} ends inside an `#if`: end it outside"
            )
        self._in_initialiser = False
        self.initialisers[-1] = (self.initialisers[-1][0], self.token.offset)
        self.passed.append(self.token)

    def _interrupt(self, token: Token) -> None:
        if token.kind == TROUBLE:
            self.problem(token, token.text)
        if token.kind == CONDITIONAL:
            self.after_directive = True
            self._arms.follow(token)
        if token.kind == "directive":
            self.directives.append(token)
        if not self._in_initialiser:
            return
        if token.kind == CONDITIONAL:
            self._choose_arm(token)
        elif token.kind == "directive":
            name, _ = directive_parts(token)
            if name in _HARMLESS:
                return
            self.problem(
                token, f"what `#{name}` brings into {self._subject} cannot be read: write it out here"
            )
        self.interruptions.append(token)

    def _choose_arm(self, token: Token) -> None:
        if token.text == BEGIN:
            self._arm_depths.append(self._depth)
            return
        if not self._arm_depths:
            self.problem(token, "the `#if` of this directive stands before the initialiser: begin it inside")
            return
        if self._arm_depths[-1] != self._depth:
            self.problem(
                token, "the brackets of this arm of an `#if` do not balance: keep whole entries in each arm"
            )
        if token.text == FINISH:
            self._arm_depths.pop()

    def skip_value(self) -> None:
        """Steps to the `,`, `;` or unmatched closing bracket that ends the value begun here."""
        braces = parentheses = 0
        if self.token.kind == "word":
            self.skip_type()
        while not self.is_at_end:
            text = self.token.text
            if not braces and (text in ("}", ";") or (not parentheses and text in (",", ")", "]"))):
                return
            if text in ("{", "}"):
                braces += _STEPS[text]
            elif not braces and text in _STEPS:
                parentheses = max(parentheses + _STEPS[text], 0)
            self.advance()

    def skip_type(self) -> str:
        """Steps over a type with its qualifiers and template arguments; returns its last word."""
        name = ""
        while self.token.kind == "word" or self.token.text == ":":
            if self.token.kind == "word":
                name = self.token.text
            if self.advance().text == "<":
                self.skip_template_arguments()
        return name

    def skip_template_arguments(self) -> frozenset[str]:
        """Steps from `<` behind the matching `>` and returns the words between.

        Where `<` turns out to be a comparison, it stops before the next bracket or `;`.
        """
        words = set()
        angles = 0
        while not self.is_at_end and self.token.text != ";" and self.token.text not in _STEPS:
            if self.token.kind == "word":
                words.add(self.token.text)
            angles += {"<": 1, ">": -1}.get(self.token.text, 0)
            self.advance()
            if angles == 0:
                break
        return frozenset(words)
