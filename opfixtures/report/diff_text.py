"""A diff of files, for people to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from opfixtures.repository.printable import printable


def diff_text(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """A unified diff of the files in `new`, each line harmless for a terminal; line ends are not shown."""
    return "".join(f"{line}\n" for path in new for line in _of_file(path, old[path], new[path]))


def _of_file(path: str, old: bytes, new: bytes) -> Iterator[str]:
    name = printable(path)
    for line in difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}", lineterm=""):
        yield "\t".join(map(printable, line.split("\t")))


def _lines(source: bytes) -> list[str]:
    lines = source.decode("utf-8", "replace").removesuffix("\n").split("\n")
    return [line.removesuffix("\r") for line in lines]
