"""Reads a version map, C++ or a Python literal, as its file name says."""

from __future__ import annotations

from opfixtures.declarations.model import VersionMap
from opfixtures.declarations.place import Place, Problem

CPP_SUFFIXES = (".cpp", ".cc", ".cxx", ".h", ".hpp")


def read_version_map(path: str, source: bytes) -> VersionMap:
    """The version map in the file at `path`: C++ in UTF-8, Python in the encoding that it declares.

    What cannot be read is a problem with its place; nothing is imported, compiled or raised.
    """
    if path.endswith(".py"):
        from opfixtures.declarations.python_version_map import read_python_version_map

        return read_python_version_map(path, source)
    if path.endswith(CPP_SUFFIXES):
        from opfixtures.declarations.cpp_text import cpp_text
        from opfixtures.declarations.cpp_version_map import read_cpp_version_map

        text = cpp_text(path, source)
        if isinstance(text, Problem):
            return VersionMap(path, problems=(text,))
        return read_cpp_version_map(path, text)
    message = (
        f"a version map is not read from such a file: name one that ends in .py, {', '.join(CPP_SUFFIXES)}"
    )
    return VersionMap(path, problems=(Problem(Place(path, 1, 1), message),))
