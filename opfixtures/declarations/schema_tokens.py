"""The words of a function schema, as PyTorch's torch/csrc/jit/frontend/lexer.h splits them.

White space, line ends included, means nothing; there are no comments, hexadecimal numbers or triple quotes.
"""

from __future__ import annotations

import re
from math import isinf

from opfixtures.values import dataclass

_TOKEN = re.compile(
    r"""[ \t\r\n\f\v]*(?:
        (?P<keyword>(?:and|as|assert|break|class|continue|def|del|elif|else|for|global|if|import|in|is|not|or
            |pass|raise|return|while|with|Ellipsis|False|None|NoneType|True)(?![A-Za-z0-9_]))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?j?)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<sign>->|\.\.\.|[()\[\],:.*=?!|-])
      | (?P<end>\Z)
      | (?P<unknown>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "t": "\t", "v": "\v"} | {c: c for c in "\\'\"\n"}
_INT64 = range(-(2**63), 2**63)


class SchemaError(ValueError):
    """`message` is why a text is not a function schema, `offset` (in characters, from 0) where it shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is `name`, `number`, `string`, `end` or `unknown`; that of a sign or a keyword is its text."""

    kind: str
    text: str
    offset: int


def tokens(text: str) -> list[Token]:
    """The tokens of `text`; the last is the end, or the first character that begins none."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        word = match[kind]
        found.append(Token(word if kind in ("keyword", "sign") else kind, word, match.start(kind)))
        if kind == "unknown":
            break
    return found


def string_value(token: Token) -> str:
    """The Python literal of a string. Raises SchemaError for an escape that PyTorch does not know."""

    def unescaped(match: re.Match[str]) -> str:
        escape = match[1]
        if escape.isdigit() and len(escape) == 3 and int(escape, 8) < 256:
            return chr(int(escape, 8))
        if escape not in _ESCAPES:
            raise SchemaError(f"\\{escape} is not an escape", token.offset + 1 + match.start())
        return _ESCAPES[escape]

    return repr(_ESCAPE.sub(unescaped, token.text[1:-1]))


def number_value(token: Token, negative: bool) -> str:
    """The Python literal of a number. Raises SchemaError if 64 bits cannot hold it."""
    text = f"-{token.text}" if negative else token.text
    if text.endswith("j"):
        return repr(complex(text))
    if text.lstrip("-").isdigit():
        # Long digits cost Python quadratic time.
        if len(text) <= 20 and int(text) in _INT64:
            return repr(int(text))
    elif not isinf(value := float(text)):
        return repr(value)
    raise SchemaError("this number does not fit into 64 bits", token.offset)
