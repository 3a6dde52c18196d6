"""The version map and the upgraders of a C++ file in the plain form that PyTorch writes them in, and nothing else.

`std::unordered_map<std::string, std::vector<UpgraderEntry>> name({{"aten::f", {{4, "f_0_3", "aten::f() -> int"}}}});`
and `std::unordered_map<std::string, std::string> name({{"f_0_3", R"SCRIPT(...)SCRIPT"}});`, once each: texts without
prefix, suffix and cast, numbers without sign, no brace too many, no directive inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from opfixtures.declarations.plain_tokens import NotPlainError, PlainToken, joined

_STRING = ("std", ":", ":", "string")
_ENTRIES = ("std", ":", ":", "vector", "<", "UpgraderEntry", ">")
_KEY = ("std", ":", ":", "map", "<", *_STRING, ",")
_MAP = re.compile(r"(?:unordered_)?map")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_ALL_IN_ONE_LINE = re.compile(r"[ -~]*")

Entry = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class PlainFile:
    """What is in a file: `entries` of its version map, operator first, and `texts` of upgraders with their names; None
    where it has no such map. `around` are the texts of all other tokens, with an empty one in the place of each map."""

    around: tuple[str, ...]
    entries: tuple[Entry, ...] | None = None
    texts: tuple[tuple[str, str], ...] | None = None


def read_plain(tokens: Sequence[PlainToken]) -> PlainFile:
    """What the tokens of a file say, in linear time. Raises NotPlainError where its maps are not in plain form."""
    around, begin = list[str](), 0
    entries: tuple[Entry, ...] | None = None
    texts: tuple[tuple[str, str], ...] | None = None
    for at, value in _initialisers(tokens):
        values = Values(tokens, at)
        if (texts if value == _STRING else entries) is not None:
            raise NotPlainError(tokens[at].offset, "a second map of that type")
        if value == _STRING:
            texts = tuple(_texts(values))
        else:
            entries = tuple(_entries(values))
        around += [*joined(tokens[begin:at]), ""]
        begin = values.at
    return PlainFile((*around, *joined(tokens[begin:])), entries, texts)


def _initialisers(tokens: Sequence[PlainToken]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Where the braces of the maps begin, and the type of their values."""
    conditions = 0
    for at, token in enumerate(tokens):
        if token.kind == "directive":
            name = token.text[1:].lstrip()
            conditions += name.startswith("if") - name.startswith("endif")
        if token.text != "std":
            continue
        texts = [one.text for one in tokens[at : at + 24]]
        for value in (_STRING, _ENTRIES):
            end = len(_KEY) + len(value)
            is_map = (
                texts[3:4] and _MAP.fullmatch(texts[3]) and (*texts[:3], "map", *texts[4:end]) == _KEY + value
            )
            if not is_map or texts[end : end + 1] != [">"] or not texts[end + 2 :]:
                continue
            brace = end + 2 + (texts[end + 2] in ("(", "="))
            if tokens[at + end + 1].kind == "word" and texts[brace : brace + 1] == ["{"]:
                if conditions:
                    raise NotPlainError(token.offset, "a map under an `#if`")
                yield at + brace, value


def _entries(values: Values) -> Iterator[Entry]:
    seen = set[str]()
    for _ in values.listed():
        values.take("{")
        operator = values.string()
        values.take(",")
        for _ in values.listed():
            values.take("{")
            version = values.number()
            values.take(",")
            name = values.string()
            values.take(",")
            schema = values.string()
            values.take("}")
            yield operator, version, name, schema
            seen.add(operator)
        if operator not in seen:
            values.refuse("an operator without an entry")
        values.take("}")


def _texts(values: Values) -> Iterator[tuple[str, str]]:
    seen = set[str]()
    for _ in values.listed():
        values.take("{")
        name = values.string()
        if name in seen:
            values.refuse("a second text of one name")
        seen.add(name)
        values.take(",")
        yield name, values.text()
        values.take("}")


class Values:
    """Walks through tokens from the one at `at`, and refuses what is not what has to be there. Each raises
    NotPlainError."""

    def __init__(self, tokens: Sequence[PlainToken], at: int) -> None:
        self._tokens = tokens
        self.at = at

    @property
    def next(self) -> PlainToken:
        """The token that is not yet taken."""
        if self.at == len(self._tokens):
            raise NotPlainError(self._tokens[-1].offset, "an end")
        return self._tokens[self.at]

    def refuse(self, what: str = "") -> NoReturn:
        """Refuses the token that is next, or what ends before it."""
        raise NotPlainError(self.next.offset, what or ascii(self.next.text[:20]))

    def take(self, text: str) -> None:
        """Steps over a token of that text."""
        if self.next.text != text:
            self.refuse()
        self.at += 1

    def listed(self, opening: str = "{", closing: str = "}") -> Iterator[None]:
        """Steps over brackets and commas, from in front of the first to behind the last: whoever asks, over the
        elements."""
        self.take(opening)
        while self.next.text != closing:
            yield
            if self.next.text != closing:
                self.take(",")
        self.take(closing)

    def number(self) -> int:
        """The value of a decimal number."""
        token = self.next
        if token.kind != "number" or not _NUMBER.fullmatch(token.text):
            self.refuse()
        self.at += 1
        return int(token.text)

    def string(self) -> str:
        """The value of string literals, joined, on one line."""
        value = self._joined()
        if not _ALL_IN_ONE_LINE.fullmatch(value):
            self.refuse("a text of several lines in front of this")
        return value

    def text(self) -> str:
        """The value of string literals, joined, or of one that is raw."""
        token = self.next
        if token.kind != "raw_string":
            return self._joined()
        self.at += 1
        begin = token.text.index("(")
        value = token.text[begin + 1 : -begin]
        # Compilers join lines before they look for raw strings, and part them again.
        if "\\\n" in value:
            raise NotPlainError(token.offset, "a line that ends in a backslash")
        return value

    def _joined(self) -> str:
        if self.next.kind != "string":
            self.refuse()
        parts = []
        while (token := self.next).kind == "string":
            parts.append(_ESCAPE.sub(partial(_unescaped, token), token.text[1:-1]))
            self.at += 1
        return "".join(parts)


def _unescaped(token: PlainToken, found: re.Match[str]) -> str:
    if found[1] not in _ESCAPES:
        raise NotPlainError(token.offset + 1 + found.start(), ascii(found[0]))
    return _ESCAPES[found[1]]
