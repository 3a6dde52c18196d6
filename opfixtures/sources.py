"""The files that a library is built from: what a build is kept by, and what calls for another replay. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

# Neither is compiled or imported by who uses a library.
_DOCS_AND_TESTS = re.compile(r"(.*/)?(docs?|tests?)/.*|[^/]*\.(md|rst)|(LICEN[SC]E|NOTICE)[^/]*")


@dataclass(frozen=True)
class Sources:
    """The files that match one of `globs`; without any, all but docs and tests. `left_out` is a folder that is never
    among them: the fixtures, which come after the build.

    In a glob `*` and `?` stay within a folder, `**` does not (gitglossary, pathspec, `glob`).
    """

    globs: tuple[str, ...] = ()
    left_out: str = ""

    def has(self, path: str) -> bool:
        """Whether the file at `path`, from the repository's root, is one of them."""
        if self.left_out and path.startswith(f"{self.left_out}/"):
            return False
        if self.globs:
            return any(pattern.fullmatch(path) for pattern in self._patterns)
        return not _DOCS_AND_TESTS.fullmatch(path)

    def unmatched(self, paths: Iterable[str]) -> str | None:
        """The first glob that matches none of the paths; None where each does."""
        paths = list(paths)
        for glob, pattern in zip(self.globs, self._patterns, strict=True):
            if not any(map(pattern.fullmatch, paths)):
                return glob
        return None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_translated(glob), re.DOTALL) for glob in self.globs)


def _translated(glob: str) -> str:
    words = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return "".join(words.get(part, re.escape(part)) for part in parts)
