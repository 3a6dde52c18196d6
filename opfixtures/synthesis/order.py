"""The entries of an operator written in ascending order: their texts change places, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from opfixtures.declarations.model import MapEntry, VersionMap
from opfixtures.declarations.version_map import read_version_map
from opfixtures.errors import UserError
from opfixtures.synthesis.cpp_insertions import CppInsertions
from opfixtures.synthesis.python_insertions import PythonInsertions
from opfixtures.synthesis.source_text import Edit, SourceText

_Span = tuple[int, int]
_BETWEEN = re.compile(r"[\s,]*")


def in_ascending_order(
    version_map: VersionMap, operators: Iterable[str], content: bytes
) -> tuple[bytes, list[str]]:
    """The bytes of a version map, now `content`, with the entries of operators in order, and the operators so ordered.

    None of those where that is for people to do: a version stands there twice, what is said between two entries would
    be said of others, or the entries stand in several lists. Raises UserError where the map would not say the same.
    """
    edits: list[Edit] = []
    done = []
    for operator in operators:
        found = _edits(version_map, operator, content)
        edits += found
        done += [operator] if found else []
    new = SourceText(version_map.path, content).edited(edits)
    read = read_version_map(version_map.path, new)
    if sorted(entry.text for entry in read.entries) != sorted(entry.text for entry in version_map.entries):
        raise UserError(
            f"{version_map.path} would not say the same in another order: nothing is written, sort the entries by hand "
            "(and please report it)"
        )
    return new, done


def _edits(version_map: VersionMap, operator: str, content: bytes) -> list[Edit]:
    entries = [entry for entry in version_map.entries if entry.operator == operator]
    versions = [entry.bumped_at_version for entry in entries]
    is_one = len(set(versions)) == len(versions) and len({entry.arm for entry in entries}) == 1
    if not is_one or sum(name == operator for name, _, _ in version_map.keys) != 1:
        return []
    source = SourceText(version_map.path, content)
    spans = _spans(source, content, entries)
    between = pairwise(spans)
    if not all(_BETWEEN.fullmatch(source.text[end:start]) for (_, end), (start, _) in between):
        return []
    texts = [source.text[start:end] for start, end in spans]
    wanted = [texts[versions.index(version)] for version in sorted(versions)]
    places = zip(spans, texts, wanted, strict=True)
    return [Edit(start, old, new) for (start, _), old, new in places if old != new]


def _spans(source: SourceText, content: bytes, entries: Sequence[MapEntry]) -> list[_Span]:
    """Where each entry begins and ends."""
    if not source.path.endswith(".py"):
        cpp = CppInsertions(source)
        return [cpp.braces_at(entry.place) for entry in entries]
    python = PythonInsertions(source, content)
    return [python.brackets_at(source.offset(entry.place)).span for entry in entries]
