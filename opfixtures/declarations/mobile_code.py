"""What of a file of mobile upgraders an operator depends on, to tell whether two files have the same for it.

The lite interpreter looks for the rows of an operator, each of which names a function by its number: the order of the
functions changes with each that is added, and what counts is the one that a row leads to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opfixtures.declarations.cpp_text import cpp_text
from opfixtures.declarations.cpp_tokens import tokenise
from opfixtures.declarations.place import Problem

_TABLE, _FUNCTIONS = "operatorVersionMapForMobile", "upgrader_function_list"
_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")
# What gen_mobile_upgraders.py writes: `Upgrader({0, 7, "linspace_0_7", 3})`.
_ROW = ("Upgrader", "(", "{", "", ",", "", ",", "", ",", "", "}", ")")

Code = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MobileCode:
    """`of` has what the rows of an operator lead to, `around` is all else."""

    around: Code
    of: Mapping[str, tuple[Code, ...]] = field(default_factory=dict)

    def is_same(self, other: MobileCode, operator: str) -> bool:
        """Whether the two have the same for an operator, as far as it is read."""
        return self.around == other.around and self.of.get(operator) == other.of.get(operator)


def read_mobile_code(path: str, source: bytes) -> MobileCode:
    """The mobile upgraders of a C++ file; whatever the bytes, never an exception."""
    text = cpp_text(path, source)
    if isinstance(text, Problem):
        return MobileCode((repr(source),))
    tokens = [token.text for token in tokenise(text)]
    around, parts = list[str](), dict[str, list[Code]]()
    at = 0
    while at < len(tokens):
        token = tokens[at]
        around.append(token)
        at += 1
        if token in (_TABLE, _FUNCTIONS) and token not in parts and tokens[at : at + 2] == ["(", "{"]:
            end = _end(tokens, at)
            parts[token] = _elements(tokens[at + 2 : end])
            at = end
    functions = parts.get(_FUNCTIONS, [])
    of: dict[str, tuple[Code, ...]] = {}
    for element in parts.get(_TABLE, ()):
        # Of two of one operator the first counts, and neither is believed alone.
        operator = next((one.strip('"') for one in element if one.startswith('"')), "")
        of[operator] = (*of.get(operator, ()), _followed(element, functions))
    return MobileCode(tuple(around), of)


def _end(tokens: Sequence[str], at: int) -> int:
    """Where the bracket at `at` is closed; the end of the tokens where it is not."""
    depth = 0
    for place in range(at, len(tokens)):
        depth += (tokens[place] in _OPENING) - (tokens[place] in _CLOSING)
        if not depth:
            return place
    return len(tokens)


def _elements(tokens: Sequence[str]) -> list[Code]:
    """What commas part outside of all brackets."""
    elements, depth, begin = list[Code](), 0, 0
    for place, token in enumerate(tokens):
        depth += (token in _OPENING) - (token in _CLOSING)
        if token == "," and not depth:
            elements.append(tuple(tokens[begin:place]))
            begin = place + 1
    return [*elements, tuple(tokens[begin:])]


def _followed(element: Code, functions: Sequence[Code]) -> Code:
    """The element of an operator, with the functions in the place of their numbers."""
    code, at = list[str](), 0
    while at < len(element):
        row = element[at : at + len(_ROW)]
        number = row[9] if len(row) == len(_ROW) else ""
        is_row = all(expected in ("", token) for expected, token in zip(_ROW, row, strict=False))
        if is_row and number.isdecimal() and int(number[:9]) < len(functions):
            code += [*row[:9], *functions[int(number[:9])]]
            at += len(_ROW)
        else:
            code.append(element[at])
            at += 1
    return tuple(code)
