"""What of a file of mobile upgraders an operator depends on, to tell whether two files have the same for it.

The lite interpreter looks for the rows of an operator, each of which names a function by its number: the order of the
functions changes with each that is added, and what counts is the one that a row leads to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opfixtures.declarations.cpp_text import cpp_text
from opfixtures.declarations.cpp_tokens import Token, normalise_line_breaks, tokenise, with_operators
from opfixtures.declarations.cpp_two_ways import read_in_two_ways
from opfixtures.declarations.place import Problem

_TABLE, _FUNCTIONS = "operatorVersionMapForMobile", "upgrader_function_list"
_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")
# What gen_mobile_upgraders.py writes, and nothing in its place is understood. A row: `Upgrader({0, 7, "linspace_0_7",
# 3})`; the elements: `{std::string("aten::linspace"), std::vector<Upgrader>({...})}`.
_ROW = ("Upgrader", "(", "{", "", ",", "", ",", "", ",", "", "}", ")")
_ROWS = (
    "{",
    "std",
    ":",
    ":",
    "string",
    "(",
    "",
    ")",
    ",",
    "std",
    ":",
    ":",
    "vector",
    "<",
    "Upgrader",
    ">",
    "(",
    "{",
)
_FUNCTION = ("ByteCodeFunctionWithOperator", "(")
_NAME = 6
_PLAIN_TEXT = re.compile(r'"[^"\\\n]*"')
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")

Code = tuple[str, ...]


class _OtherFormError(Exception):
    """A file of another form than that of the program which writes it."""


@dataclass(frozen=True, slots=True)
class MobileCode:
    """`of` has what the rows of an operator lead to, `around` is all else in the file at `path`."""

    path: str
    around: Code
    of: Mapping[str, tuple[Code, ...]] = field(default_factory=dict)

    def is_same(self, other: MobileCode, operator: str) -> bool:
        """Whether the two have the same for an operator, as far as it is read, at the same place."""
        return (self.path, self.around, self.of.get(operator)) == (
            other.path,
            other.around,
            other.of.get(operator),
        )


def read_mobile_code(path: str, source: bytes) -> MobileCode:
    """The mobile upgraders of a C++ file; whatever the bytes, never an exception, in linear time.

    Of a file that compilers read in two ways, or of another form than what is generated, all bytes count.
    """
    text = cpp_text(path, source)
    try:
        if isinstance(text, Problem):
            raise _OtherFormError
        return _read(path, normalise_line_breaks(text))
    except _OtherFormError:
        return MobileCode(path, (repr(source),))


def _read(path: str, text: str) -> MobileCode:
    tokens = list(with_operators(tokenise(text)))
    if read_in_two_ways(text) or any(map(_begins_directive, tokens, tokens[1:])):
        raise _OtherFormError
    around, parts = list[str](), dict[str, list[list[Token]]]()
    at = 0
    while at < len(tokens):
        token = tokens[at].text
        around.append(token)
        at += 1
        if token in (_TABLE, _FUNCTIONS) and token not in parts and _texts(tokens[at : at + 2]) == ("(", "{"):
            end = _end(tokens, at)
            if _texts(tokens[end - 1 : end + 1]) != ("}", ")"):
                raise _OtherFormError
            parts[token] = _elements(tokens[at + 2 : end - 1])
            at = end
    functions = [_function(element) for element in parts.get(_FUNCTIONS, ()) if element]
    all_of_them = _digest(functions)
    of: dict[str, list[Code]] = {}
    for element in filter(None, parts.get(_TABLE, ())):
        # Of two of one operator the first counts, and neither is believed alone.
        of.setdefault(_operator(element), []).append(_followed(element, functions, all_of_them))
    return MobileCode(path, tuple(around), {operator: tuple(some) for operator, some in of.items()})


def _texts(tokens: Sequence[Token]) -> Code:
    return tuple(token.text for token in tokens)


def _begins_directive(one: Token, other: Token) -> bool:
    """Whether the two are `%:`, which is a `#`."""
    return (one.text, other.text) == ("%", ":") and one.offset + 1 == other.offset


def _digest(texts: Iterable[str]) -> str:
    """One text for many: each of many rows leads to a whole function."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()


def _function(element: Sequence[Token]) -> str:
    """What a function is. One that is no call of its class may be a part of one, where commas are in `<` and `>`."""
    texts = _texts(element)
    if texts[:2] != _FUNCTION or _end(element, 1) != len(element) - 1:
        raise _OtherFormError
    return _digest(texts)


def _operator(element: Sequence[Token]) -> str:
    """The operator that the rows of an element are for."""
    texts = _texts(element[: _NAME + 3])
    if not _is_like(texts, _ROWS[: _NAME + 3]) or not _PLAIN_TEXT.fullmatch(texts[_NAME]):
        raise _OtherFormError
    return texts[_NAME][1:-1]


def _is_like(texts: Sequence[str], form: Sequence[str]) -> bool:
    same_length = len(texts) == len(form)
    return same_length and all(wanted in ("", text) for wanted, text in zip(form, texts, strict=True))


def _end(tokens: Sequence[Token], at: int) -> int:
    """Where the bracket at `at` is closed; the end of the tokens where it is not. No directive may stand before."""
    depth = 0
    for place in range(at, len(tokens)):
        if tokens[place].kind == "directive":
            raise _OtherFormError
        depth += (tokens[place].text in _OPENING) - (tokens[place].text in _CLOSING)
        if not depth:
            return place
    return len(tokens)


def _elements(tokens: Sequence[Token]) -> list[list[Token]]:
    """What commas part outside of all brackets."""
    elements, depth = list[list[Token]]([[]]), 0
    for token in tokens:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if token.text == "," and not depth:
            elements.append([])
        else:
            elements[-1].append(token)
    return elements


def _followed(element: Sequence[Token], functions: Sequence[str], all_of_them: str) -> Code:
    """The element of an operator, with the functions in the place of their numbers. What is not written as rows may
    lead to any function."""
    texts = _texts(element)
    behind = texts[len(_ROWS) :]
    code, at, is_plain = list(texts[: len(_ROWS)]), 0, _is_like(texts[: len(_ROWS)], _ROWS)
    while is_plain and at < len(behind) and behind[at : at + 3] != ("}", ")", "}"):
        row = behind[at : at + len(_ROW)]
        is_plain = _is_like(row, _ROW) and _PLAIN_NUMBER.fullmatch(row[9]) is not None
        if is_plain:
            number = int(row[9])
            code += [*row[:9], functions[number] if number < len(functions) else row[9]]
            at += len(_ROW) + (behind[at + len(_ROW) : at + len(_ROW) + 1] == (",",))
    return tuple(code) if is_plain else (*texts, all_of_them)
