"""The code around the maps that a C++ file initialises, to tell whether two files differ in more than what these hold.

Nothing is preprocessed, so a file can be written in which what is read is not what is compiled: a second map, another
name by `#define`. Such code stands around the map that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from opfixtures.declarations.cpp_cursor import Cursor
from opfixtures.declarations.cpp_text import cpp_text
from opfixtures.declarations.cpp_tokens import normalise_line_breaks, tokenise, with_operators
from opfixtures.declarations.cpp_two_ways import read_in_two_ways
from opfixtures.declarations.place import Problem

_HOLE = ""


def code_around(path: str, source: bytes, readers: Sequence[Callable[[Cursor], object]]) -> tuple[str, ...]:
    """The tokens of a file outside of its initialisers, and all its directives. Each of the readers walks through it
    with a cursor.

    An initialiser is an empty text. Of what is no text, or means two things, all bytes count.
    """
    text = cpp_text(path, source)
    if isinstance(text, Problem) or read_in_two_ways(normalise_line_breaks(text)):
        return (repr(source),)
    cursors = [Cursor(path, text) for _ in readers]
    for read, cursor in zip(readers, cursors, strict=True):
        read(cursor)
    initialisers = [one for cursor in cursors for one in cursor.initialisers]
    return tuple(_outside(normalise_line_breaks(text), initialisers))


def _outside(text: str, initialisers: Iterable[tuple[int, int]]) -> Iterable[str]:
    holes = iter(sorted(initialisers))
    begin, end = next(holes, (len(text), len(text)))
    for token in with_operators(tokenise(text)):
        while token.offset > end:
            begin, end = next(holes, (len(text), len(text)))
        if token.offset == begin:
            yield _HOLE
        if token.kind == "directive" or not begin <= token.offset <= end:
            yield token.text
