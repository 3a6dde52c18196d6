"""Globs of paths, as the settings hold them: in one `*` and `?` stay within a folder, `**` does not. Pure.

https://git-scm.com/docs/gitglossary (pathspec, `glob`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WILD = re.compile(r"(\*\*/|\*\*|\*|\?)")


def is_glob(path: str) -> bool:
    """Whether a path has wildcards."""
    return _WILD.search(path) is not None


def glob_parts(glob: str) -> tuple[str, ...]:
    """A glob as `matches` takes it."""
    return tuple(filter(None, _WILD.split(glob)))


def matches(parts: tuple[str, ...], path: str) -> bool:
    """Whether the parts of a glob are all of a path, in time linear in both: a regular expression would try all ways
    to divide the path among its wildcards."""
    # Most paths end with something else.
    if not (path.endswith(parts[-1]) or _WILD.fullmatch(parts[-1])):
        return False
    places = {0}
    for part in parts:
        if not places:
            return False
        if part == "**":
            places = set(range(min(places), len(path) + 1))
        elif part == "**/":
            first = min(places)
            places |= {at for at in range(first + 1, len(path) + 1) if path[at - 1] == "/"}
        elif part == "*":
            places = _to_ends_of_names(places, path)
        elif part == "?":
            places = {at + 1 for at in places if at < len(path) and path[at] != "/"}
        else:
            places = {at + len(part) for at in places if path.startswith(part, at)}
    return len(path) in places


def _to_ends_of_names(places: Iterable[int], path: str) -> set[int]:
    """These places, and all behind each of them up to the next slash."""
    reached = set[int]()
    for at in places:
        while at not in reached:
            reached.add(at)
            if at < len(path) and path[at] != "/":
                at += 1
    return reached
