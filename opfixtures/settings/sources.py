"""The files that a library is built from: what a build is kept by, and what calls for another replay. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from opfixtures.settings.settings_scan import below

# Neither is compiled or imported by who uses a library.
_DOCS_AND_TESTS = re.compile(r"(.*/)?(docs?|tests?)/.*|[^/]*\.(md|rst)|(LICEN[SC]E|NOTICE)[^/]*")


@dataclass(frozen=True)
class Sources:
    """The files that match one of `globs`; without any, all but docs and tests. `left_out` are folders that are never
    among them: the fixtures of all projects, which come after the build.

    `folder` is that of the project, empty for the root. A glob is meant from there, and may lead above it with `..`.
    In a glob `*` and `?` stay within a folder, `**` does not (gitglossary, pathspec, `glob`).
    """

    globs: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    folder: str = ""

    def has(self, path: str) -> bool:
        """Whether the file at `path`, from the repository's root, is one of them."""
        if path.startswith(tuple(f"{folder}/" for folder in self.left_out)):
            return False
        if self.globs:
            return any(pattern.fullmatch(path) for pattern in self._patterns)
        # A project may itself stand among tests.
        own = path.removeprefix(below(self.folder, ""))
        return not _DOCS_AND_TESTS.fullmatch(own)

    def unmatched(self, paths: Iterable[str]) -> str | None:
        """The first glob that matches none of the paths; None where each does."""
        paths = list(paths)
        for glob, pattern in zip(self.globs, self._patterns, strict=True):
            if not any(map(pattern.fullmatch, paths)):
                return glob
        return None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        globs = (posixpath.normpath(below(self.folder, glob)) for glob in self.globs)
        return tuple(re.compile(_translated(glob), re.DOTALL) for glob in globs)


def _translated(glob: str) -> str:
    words = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return "".join(words.get(part, re.escape(part)) for part in parts)
