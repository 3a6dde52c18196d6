"""Which tokens count where the source has `#if`.

With what macros the map is compiled, nobody knows here: every arm counts that could be compiled. The arm of
`#if 0` could not, nor could those behind the arm of `#if 1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from opfixtures.declarations.cpp_tokens import TROUBLE, Token, directive_parts
from opfixtures.values import dataclass

CONDITIONAL = "conditional"
BEGIN, OTHER_ARM, FINISH = "begin", "other arm", "finish"
Path = tuple[tuple[int, int], ...]
"""The arms that something stands in, from the outermost on: of the `#if` of that number in the file, the arm of that
number. `()` for what is compiled always."""

# Who nests deeper means to make a reader slow.
_MOST_ARMS = 8
_OPENING = ("if", "ifdef", "ifndef")
_FURTHER = ("elif", "elifdef", "elifndef", "else")
_CONSTANT = re.compile(
    r"(?P<around>[\s(!]*)(?:(?P<word>true|false)|(?P<number>0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU]))[\s)]*"
)


class Arms:
    """The arms that are open where a reader of `live_tokens` stands."""

    def __init__(self) -> None:
        self._open: list[tuple[int, int]] = []
        self._count = 0

    @property
    def path(self) -> Path:
        """These arms, the outermost of many."""
        return tuple(self._open[:_MOST_ARMS])

    def follow(self, conditional: Token) -> None:
        """Note that a CONDITIONAL token was passed."""
        if conditional.text == BEGIN:
            self._count += 1
            self._open.append((self._count, 0))
            return
        number, arm = self._open.pop()
        if conditional.text == OTHER_ARM:
            self._open.append((number, arm + 1))


def exclude_each_other(one: Path, other: Path) -> bool:
    """Whether what stands in one and in the other is never compiled together."""
    for (number, arm), (other_number, other_arm) in zip(one, other, strict=False):
        if number != other_number or arm != other_arm:
            return number == other_number
    return False


class Alternatives:
    """What stands in some arms: to ask whether more is compiled instead of all of it."""

    def __init__(self) -> None:
        # By the arms that lead there the `#if`s that are gone on with; None where something stands.
        self._further: dict[Path, set[int | None]] = {}

    def exclude(self, path: Path) -> bool:
        """Whether what stands in `path` is compiled together with nothing of it, as `exclude_each_other` has it."""
        for depth, (number, _) in enumerate(path):
            further = self._further.get(path[:depth])
            if further != {number}:
                return further is None
        return path not in self._further

    def add(self, path: Path) -> None:
        """Something stands in `path`."""
        for depth, (number, _) in enumerate(path):
            self._further.setdefault(path[:depth], set()).add(number)
        self._further.setdefault(path, set()).add(None)

    def have_with(self, path: Path) -> bool:
        """Whether some of it stands in these arms, or in some of them alone, or in more within them."""
        return path in self._further or any(
            None in self._further.get(path[:depth], ()) for depth in range(len(path))
        )


@dataclass(slots=True, eq=False)
class _Conditional:
    """An `#if` that is still open, at the arm that was reached."""

    offset: int
    enclosed: bool
    live: bool = False
    decided: bool = False
    announced: bool = False
    has_else: bool = False

    def enter(self, certain: bool | None) -> str | None:
        """Goes on to an arm that is compiled certainly, certainly not, or perhaps (None).

        Returns what is to be announced: nothing for an arm that needs no choice.
        """
        self.live = not self.enclosed and not self.decided and certain is not False
        self.decided = self.decided or certain is True
        if not self.live or (certain and not self.announced):
            return None
        first, self.announced = not self.announced, True
        return BEGIN if first else OTHER_ARM


def live_tokens(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens of every arm that could be compiled.

    Where arms exclude each other a CONDITIONAL token stands, its text BEGIN, OTHER_ARM or FINISH. Other
    directives remain. An `#if` that is not balanced is a TROUBLE token.
    """
    conditionals: list[_Conditional] = []
    live = True
    for token in tokens:
        if token.kind != "directive":
            if live:
                yield token
            continue
        name, condition = directive_parts(token)
        announced = None
        if name in _OPENING:
            conditionals.append(_Conditional(token.offset, enclosed=not live))
            announced = conditionals[-1].enter(_certain(name, condition))
        elif name in _FURTHER or name == "endif":
            if not conditionals or (conditionals[-1].has_else and name != "endif"):
                yield Token(TROUBLE, f"this `#{name}` has no `#if`", token.offset)
            elif name == "endif":
                announced = FINISH if conditionals.pop().announced else None
            else:
                conditionals[-1].has_else = name == "else"
                announced = conditionals[-1].enter(_certain(name, condition))
        elif live:
            yield token
        live = not conditionals or conditionals[-1].live
        if announced:
            yield Token(CONDITIONAL, announced, token.offset)
    for conditional in conditionals:
        yield Token(TROUBLE, "this `#if` has no `#endif`", conditional.offset)


def _certain(name: str, condition: str) -> bool | None:
    if name == "else":
        return True
    match = _CONSTANT.fullmatch(condition) if name in ("if", "elif") else None
    if match is None:
        return None
    number = match["number"]
    digits = number and number[2 if number[1:2] in ("x", "X", "b", "B") else 0 :]
    value = bool(digits.strip("0")) if digits else match["word"] == "true"
    return value == (match["around"].count("!") % 2 == 0)
