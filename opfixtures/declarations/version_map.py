"""Reads a version map, C++ or a Python literal, as its file name says."""

from __future__ import annotations

from opfixtures.declarations.model import Place, Problem, VersionMap

CPP_SUFFIXES = (".cpp", ".cc", ".cxx", ".h", ".hpp")


def read_version_map(path: str, source: bytes) -> VersionMap:
    """The version map in the file at `path`, UTF-8 with or without a byte order mark.

    What cannot be read is a problem with its place; nothing is imported, compiled or raised.
    """
    source = source.removeprefix(b"\xef\xbb\xbf")
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        lines = source[: error.start].decode().split("\n")
        place = Place(path, len(lines), len(lines[-1]) + 1)
        return VersionMap(path, problems=(Problem(place, "this byte is not UTF-8: save the file as UTF-8"),))
    if path.endswith(".py"):
        from opfixtures.declarations.python_version_map import read_python_version_map

        return read_python_version_map(path, text)
    if path.endswith(CPP_SUFFIXES):
        from opfixtures.declarations.cpp_version_map import read_cpp_version_map

        return read_cpp_version_map(path, text)
    message = (
        f"a version map is not read from such a file: name one that ends in .py, {', '.join(CPP_SUFFIXES)}"
    )
    return VersionMap(path, problems=(Problem(Place(path, 1, 1), message),))
