"""The files that a library is built from: what a build is kept by, and what calls for another replay. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from opfixtures.settings.config import Config
from opfixtures.settings.fixture_formats import FIXTURE_FORMATS
from opfixtures.settings.globs import glob_parts, matches
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, below

# Neither is compiled or imported by who uses a library; in a package, folders of these names are.
_DOCS_AND_TESTS = re.compile(
    r"(docs?|tests?|\.github/(workflows|ISSUE_TEMPLATE))/.*|[^/]*\.(md|rst)|(LICEN[SC]E|NOTICE)[^/]*"
)
_FIXTURE = re.compile(rf"[^/]+\.({'|'.join(FIXTURE_FORMATS)})(\.json)?")
_MOST_LINKS = 40


@dataclass(frozen=True)
class Sources:
    """The files that match one of `globs`; without any, all but docs and tests at the top of the project.

    `fixtures` are the folders of the fixtures of all projects, which come after the build: these and their records are
    never among them, nor what is `written` here meanwhile. What `always` is one of them is one whatever the globs say:
    a file, or all of a folder; and so is what is in the `package` that a runtime imports.

    With `whole` all others are among them, whatever the globs say.

    `folder` is that of the project, empty for the root. A glob is meant from there, and may lead above it with `..`.
    """

    globs: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    folder: str = ""
    always: frozenset[str] = frozenset()
    package: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    whole: bool = False

    def has(self, path: str) -> bool:
        """Whether the file at `path`, from the repository's root, is one of them."""
        folder, _, name = path.rpartition("/")
        if path in self.written or (folder in self.fixtures and _FIXTURE.fullmatch(name)):
            return False
        if self.whole or self._is_always(path):
            return True
        if self.globs:
            return any(matches(parts, path) for parts in self._parts)
        # A project may itself stand among tests.
        own = path.removeprefix(below(self.folder, ""))
        return not _DOCS_AND_TESTS.fullmatch(own)

    def following(self, links: Mapping[str, str]) -> Sources:
        """The same, with what symbolic links among them lead to, over others too. `links` are all of a tree, each with
        its text."""
        found, known, new = self, set[str](), set(self.always)
        while True:
            ways = {one for path in new for one in _way(path, links)}
            found = replace(found, always=found.always | ways)
            new = {path for path in links if path not in known and found.has(path)}
            if not new:
                break
            known |= new
        return found

    def unmatched(self, paths: Iterable[str]) -> str | None:
        """The first glob that matches none of the paths; None where each does."""
        paths = list(paths)
        for glob, parts in zip(self.globs, self._parts, strict=True):
            if not any(matches(parts, path) for path in paths):
                return glob
        return None

    def _is_always(self, path: str) -> bool:
        # The project's own folder may have the name of the package.
        inner = path.removeprefix(below(self.folder, "")).split("/")
        if not self.package.isdisjoint((*inner[:-1], inner[-1].partition(".")[0])):
            return True
        parts = path.split("/")
        ways = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return any(way in self.always for way in ways)

    @cached_property
    def _parts(self) -> tuple[tuple[str, ...], ...]:
        globs = (posixpath.normpath(below(self.folder, glob)) for glob in self.globs)
        return tuple(map(glob_parts, globs))


def sources_of(
    config: Config,
    projects: Iterable[Config],
    written: Iterable[str] = (),
    published: Config | None = None,
) -> Sources:
    """The files that a build of a project depends on. `projects` are all of the repository, `written` are paths that
    the run itself writes.

    `published` are target's settings: where these have other `sources`, a change may have left out what it builds from,
    and all files count.
    """
    specs = [spec for spec in config.runtimes if spec.kind == "checkout"]
    commands = (argument for spec in specs for command in spec.setup for argument in command)
    named = {posixpath.normpath(below(config.folder, argument)) for argument in commands}
    settings = {below(config.folder, name) for name in (OWN_FILE, SHARED_FILE)}
    return Sources(
        config.sources,
        tuple(one.fixtures for one in projects),
        config.folder,
        # Every folder holds the one that a command names as `.`.
        frozenset(named - {".", config.folder} | settings | set(config.declared)),
        frozenset(spec.module.partition(".")[0] for spec in specs if spec.module),
        frozenset(written),
        whole=published is not None and published.sources != config.sources,
    )


def _way(path: str, links: Mapping[str, str]) -> Iterator[str]:
    """The symbolic links that a path leads through, and where it ends unless that is outside; as path_resolution(7)."""
    done, rest, hops = list[str](), path.split("/")[::-1], 0
    while rest:
        name = rest.pop()
        if name in ("", "."):
            continue
        if name == "..":
            if not done:
                return
            done.pop()
            continue
        done.append(name)
        text = links.get(here := "/".join(done))
        if text is None:
            continue
        yield here
        hops += 1
        if hops == _MOST_LINKS or text.startswith("/"):
            return
        done.pop()
        rest += text.split("/")[::-1]
    yield "/".join(done)
