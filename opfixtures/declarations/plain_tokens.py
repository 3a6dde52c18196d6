"""C++ in the plain form that PyTorch's own files have, as tokens: what no two compilers read in two ways.

The other readers of C++ take what may be C++, and refuse what is known to be odd. This one takes what is known to be
plain, and refuses all else: verdicts rest on it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

# Signs that are one operator where they stand together. `/` is none of them: two begin a comment.
_OPERATORS = frozenset("<>:=+-*%&|^!~?.")
# https://eel.is/c++draft/lex.digraph, https://eel.is/c++draft/lex.pptoken (`<::`), https://eel.is/c++draft/diff.cpp14.lex
_DIGRAPH = "%:|<%|%>|:>|<:(?!:[^:>])"
_TRIGRAPH = re.compile(r"\?\?[=/'()!<>-]")
# No prefix and no suffix of a literal: neither a word nor a number may touch a quote.
_TOKEN = re.compile(
    rf"""
    [ \t\n]++
    |(?P<comment>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)
    |(?P<directive>\#[^\n]*+)
    |(?P<raw_string>R"(?P<_>[A-Za-z_]{{0,16}})\([\s\S]*?\)(?P=_)"(?![\w"']))
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*+"(?![\w']))
    |(?P<character>'(?:[^'\\\n]|\\[^\n])*+'(?![\w"']))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*+(?!["']))
    |(?P<number>[0-9][A-Za-z0-9_.]*+(?!["']))
    |(?P<sign>(?!{_DIGRAPH})(?:[\[\](){{}}<>,.;:=+*%&|^!~?-]|/(?![/*])))
    """,
    re.VERBOSE,
)
_KINDS = ("comment", "directive", "raw_string", "string", "character", "word", "number", "sign")
# Where some line ends in both.
_OTHER_END = re.compile(r"\r(?!\n)|(?<!\r)\n")
_PLAIN = re.compile(r"[ -~\t\n]*+")
# A backslash can join lines.
_PLAIN_WITHOUT_BACKSLASH = re.compile(r"[ -\[\]-~\t\n]*+")
_KNOWN_COMMENT = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\\]*+")


class NotPlainError(Exception):
    """What is not in plain form, and where: `offset` characters into a text with `\\n` line breaks."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset


class PlainToken(NamedTuple):
    """`kind` is word, number, string, raw_string, character, directive or sign, which is one character."""

    kind: str
    text: str
    offset: int


def plain_text(source: bytes) -> str:
    """The text of a file, with `\\n` line breaks. Raises NotPlainError where it is none, or its lines do not all end
    alike."""
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        raise NotPlainError(source.count(b"\r\n", 0, error.start), "no UTF-8") from error
    if "\r" in text:
        odd = _OTHER_END.search(text)
        if odd is not None:
            raise NotPlainError(
                odd.start() - text.count("\r\n", 0, odd.start()), "a line that ends in another way"
            )
    return text.replace("\r\n", "\n")


def plain_tokens(text: str, known: Collection[str] | None = ()) -> tuple[PlainToken, ...]:
    """The tokens of a text, without its comments, in linear time. Raises NotPlainError.

    A comment that is not among those `known` is of printable ASCII; None knows all.
    """
    if trigraph := _TRIGRAPH.search(text):
        raise NotPlainError(trigraph.start(), f"a trigraph, {trigraph[0]}")
    return tuple(token for token in _tokens(text, known) if token.kind != "comment")


def comments_of(text: str) -> frozenset[str]:
    """The texts of the comments of a text. Raises NotPlainError."""
    return frozenset(token.text for token in _tokens(text, None) if token.kind == "comment")


def joined(tokens: Iterable[PlainToken]) -> Iterator[str]:
    """The texts of tokens, those together that are one operator: `a-- - b` is not `a - --b`."""
    parts, end = list[str](), -1
    for token in tokens:
        is_part = token.text in _OPERATORS
        if parts and not (is_part and token.offset == end):
            yield "".join(parts)
            parts = []
        if is_part:
            parts.append(token.text)
            end = token.offset + 1
        else:
            yield token.text
    if parts:
        yield "".join(parts)


def _tokens(text: str, known: Collection[str] | None) -> Iterator[PlainToken]:
    at = line = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotPlainError(at, ascii(text[at : at + 10]))
        kind = next((kind for kind in _KINDS if found[kind] is not None), "")
        if kind:
            token = PlainToken(kind, found[0], at)
            _refuse_odd(token, known is None or token.text in known)
            if kind == "directive" and text[line:at].strip(" \t"):
                raise NotPlainError(at, "a directive behind something else")
            yield token
        at = found.end()
        if "\n" in found[0]:
            line = text.rindex("\n", 0, at) + 1


def _refuse_odd(token: PlainToken, is_known: bool) -> None:
    allowed = _PLAIN
    if token.kind == "directive":
        allowed = _PLAIN_WITHOUT_BACKSLASH
        if "/*" in token.text:
            raise NotPlainError(token.offset, "a comment that may go on behind a directive")
    if token.kind == "comment":
        allowed = _KNOWN_COMMENT if is_known else _PLAIN_WITHOUT_BACKSLASH
    found = allowed.match(token.text)
    end = found.end() if found else 0
    if end < len(token.text):
        raise NotPlainError(token.offset + end, ascii(token.text[end]))
