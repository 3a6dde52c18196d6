"""C++ source as tokens, comments and white space gone, every token with its offset.

What the preprocessor does is not done here: a directive is one token. The rules are those of the standard's
chapter on lexical conventions (https://eel.is/c++draft/lex), without digraphs and user-defined literals.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from opfixtures.declarations.place import Place
from opfixtures.values import dataclass

# White space between backslash and line break: accepted by gcc and clang, the rule since C++23 (P2223).
_SPLICE = r"\\[ \t\f\v\r]*+\n"
_ESCAPED = r"\\(?:[ \t\f\v\r]*+\n|[^\n])"
_LINE_COMMENT = rf"/(?:{_SPLICE})*+/[^\\\n]*+(?:\\(?:[ \t\f\v\r]*+\n)?+[^\\\n]*+)*+"
_OPEN_COMMENT = rf"/(?:{_SPLICE})*+\*"
_COMMENT = rf"{_OPEN_COMMENT}[\s\S]*?\*(?:{_SPLICE})*+/"
_OPEN_RAW = r'(?:u8|[uUL])?R"(?P<delimiter{n}>[^()\\\s"]{{0,16}})\('
_RAW = rf'{_OPEN_RAW.format(n="")}[\s\S]*?\)(?P=delimiter)"'
_STRING = rf'(?:u8|[uUL])?"[^"\\\n]*+(?:{_ESCAPED}[^"\\\n]*+)*+"'
_CHARACTER = rf"(?:u8|[uUL])?'[^'\\\n]*+(?:{_ESCAPED}[^'\\\n]*+)*+'"
_WORD = rf"(?:[^\W\d]|\$)[\w$]*+(?:{_SPLICE}[\w$]*+)*+"
_NUMBER = rf"\.?[0-9](?:'?[\w.]|{_SPLICE})*+"
_DIRECTIVE = rf"\#(?:{_SPLICE}|{_COMMENT}|{_LINE_COMMENT}|{_STRING}|{_CHARACTER}|/(?!{_SPLICE}|\*)|[^\n/])*+"

# Something matches at every offset, so the scan is one pass; possessive quantifiers keep each match linear.
_TOKEN = re.compile(
    rf"""\s*+(?:
    (?P<punctuation>[^\s\w"'\#/\\.$])
    |(?P<raw_string>{_RAW})
    |(?P<open_raw_string>{_OPEN_RAW.format(n="_")}[\s\S]*+)
    |(?P<string>{_STRING})
    |(?P<character>{_CHARACTER})
    |(?P<word>{_WORD})
    |(?P<number>{_NUMBER})
    |{_LINE_COMMENT}|{_COMMENT}|{_SPLICE}|\Z
    |(?P<directive>{_DIRECTIVE})
    |(?P<open_comment>{_OPEN_COMMENT}[\s\S]*+)
    |(?P<open_literal>["'][^\n]*+)
    |(?P<other>[\s\S])
    )""",
    re.VERBOSE,
)
_TROUBLES = {
    "open_comment": "a comment begins here and does not end",
    "open_raw_string": "a raw string literal begins here and does not end",
    "open_literal": "a literal begins here and has no closing quote on its line",
}
# Of these are the operators of several characters; `/` is kept for comments.
_OPERATORS = frozenset("+-&|<>=*!^")
TROUBLE = "trouble"
END = "end"


@dataclass(slots=True, eq=False)
class Token:
    """A token as it stands, at a character offset from 0 into the text.

    `kind`: a group of the token pattern (word, number, string, raw_string, character, directive, punctuation,
    other), END, or TROUBLE, whose text then says what is wrong at the offset.
    """

    kind: str
    text: str
    offset: int


def normalise_line_breaks(text: str) -> str:
    """Line breaks as `\\n`: only then do offsets count what `Lines` counts."""
    return text.replace("\r\n", "\n")


def tokenise(text: str) -> Iterator[Token]:
    """The tokens of a text with `\\n` line breaks; whatever the text, never an exception."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind is None:
            continue
        token = match[kind]
        offset = match.end() - len(token)
        if kind in _TROUBLES:
            yield Token(TROUBLE, _TROUBLES[kind], offset)
            continue
        if kind in ("word", "number") and "\\" in token:
            token = re.sub(_SPLICE, "", token)
        yield Token(kind, token, offset)


def with_operators(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens, with those together that stand together and may be one operator: `a-- - b` is not `a - --b`."""
    parts: list[Token] = []
    for token in tokens:
        is_part = token.kind == "punctuation" and token.text in _OPERATORS
        if parts and not (is_part and parts[-1].offset + 1 == token.offset):
            yield _together(parts)
            parts = []
        if is_part:
            parts.append(token)
        else:
            yield token
    if parts:
        yield _together(parts)


def _together(parts: list[Token]) -> Token:
    return Token(parts[0].kind, "".join(one.text for one in parts), parts[0].offset)


def comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments of a text with `\\n` line breaks, each with its offset; whatever the text, never an exception."""
    for match in _TOKEN.finditer(text):
        comment = match[0].lstrip()
        if match.lastgroup is None and comment.startswith("/"):
            yield match.end() - len(comment), comment


def quoted(source: str) -> str:
    """Source text as a message shows it: on one line, and not all of a long one."""
    text = " ".join(source[:200].split())
    return f"`{text if len(text) <= 50 else text[:47] + '...'}`"


class Lines:
    """Turns offsets into a text with `\\n` line breaks into places."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))[:-1]

    def place(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(self._path, line, offset - self._starts[line - 1] + 1)


def directive_words(directive: Token) -> list[str]:
    """The name of a directive, and the words behind it; one empty name for a `#` alone."""
    name, rest = directive_parts(directive)
    return [name, *re.findall(r"[^\W\d][\w$]*", rest)]


def directive_parts(directive: Token) -> tuple[str, str]:
    """Name and rest of a directive, `("if", "0")`, without its comments and splices."""
    text = re.sub(_SPLICE, "", directive.text)
    text = re.sub(rf"{_LINE_COMMENT}|{_COMMENT}", " ", text)
    match = re.match(r"#\s*(\w*)", text)
    return (match[1], text[match.end() :].strip()) if match else ("", "")
