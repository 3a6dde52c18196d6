"""C++ source from bytes. Who compiles it looks at no comment, and so nobody asks here what a comment is written in."""

from __future__ import annotations

from opfixtures.declarations.place import Place, Problem

_BOM = b"\xef\xbb\xbf"


def cpp_text(path: str, source: bytes) -> str | Problem:
    """The text of a C++ file, UTF-8 with or without a byte order mark; a problem for UTF-16.

    A byte that is no UTF-8, as in a comment in GBK, is a surrogate (PEP 383): what reads a literal refuses it there.
    """
    if is_utf_16(source):
        return Problem(Place(path, 1, 1), "this file is UTF-16: save it as UTF-8")
    return source.removeprefix(_BOM).decode("utf-8", "surrogateescape")


def is_utf_16(source: bytes) -> bool:
    """Whether a source file is UTF-16, which says it itself, or shows by its first character."""
    return source.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(source) > 1 and source[:2].count(0) == 1)
