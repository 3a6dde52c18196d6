"""The tokens of a Python file, with their places in it."""

from __future__ import annotations

import io
from collections.abc import Iterator

from opfixtures.declarations.place import Place
from opfixtures.synthesis.source_text import SourceText
from opfixtures.values import dataclass


@dataclass(frozen=True, slots=True)
class PythonToken:
    """A token as it stands, at a character offset from 0 into the file."""

    text: str
    offset: int
    place: Place


def python_tokens(source: SourceText) -> Iterator[PythonToken]:
    """The tokens of a file that parses, comments, line breaks and indentation left out."""
    # The hook hardly ever asks.
    import tokenize

    # Each line break as one character: columns and lines stay.
    text = source.text.replace("\r\n", "\n").replace("\r", "\n")
    silent = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in silent:
            place, end = (Place(source.path, line, column + 1) for line, column in (token.start, token.end))
            start = source.offset(place)
            yield PythonToken(source.text[start : source.offset(end)], start, place)
