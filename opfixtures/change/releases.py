"""Which entries of the version map a release has: those that stand in the map at a tag.

What no release has, no user's model was stamped with. Every tag of the clone counts, not only those that
target reaches: a release is often tagged on a branch of its own, which is never merged back. In a repository of
several projects the settings name a project's own tags: another one's release holds what this one has not released.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opfixtures.errors import UserError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects, GitSnapshot

if TYPE_CHECKING:
    from opfixtures.declarations.model import VersionMap
    from opfixtures.repository.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Releases:
    """The entries that a release has, by operator and bumped_at_version.

    `doubt` says why there may be more, and what to do about it: one sentence without its full stop; empty
    where the tags tell all.
    """

    entries: frozenset[tuple[str, int]] = frozenset()
    doubt: str = ""

    def may_have(self, operator: str, bumped_at_version: int) -> bool:
        """Whether a release has the entry, or none can tell."""
        return bool(self.doubt) or (operator, bumped_at_version) in self.entries


UNKNOWN = Releases(doubt="nobody looked at the tags")


def fetches_no_tags(repository: Repository) -> bool:
    """Whether the clone was told to leave the tags of a remote away."""
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-remotenametagOpt
    return b"--no-tags" in (repository.ask("config", "--get-regexp", r"^remote\..*\.tagopt$") or b"")


def read_releases(
    objects: GitObjects,
    map_of: Callable[[Snapshot], VersionMap | None],
    name: str | None = None,
    published: bool = False,
) -> Releases:
    """What the tags of this clone hold; `map_of` gives the version map of a snapshot, None where it has none.

    `name` is a pattern of the tags that count, as the shell has it; None: all do, and empty: there is no release yet.
    Where target has `published` entries, a clone of another repository without any tag leaves a doubt.
    """
    repository = objects.repository
    if name == "":
        return Releases()
    if repository.shallow:
        return Releases(
            doubt="this clone is shallow: `git fetch --unshallow --tags` brings what releases have"
        )
    how = "--format=%(refname) %(objecttype) %(*objecttype)"
    tags = os.fsdecode(repository.run("for-each-ref", how, "refs/tags")).split("\n")[:-1]
    if fetches_no_tags(repository):
        return Releases(doubt="this clone fetches no tags: `git fetch --tags` brings what releases have")
    if not tags and published and repository.run("remote").strip():
        return Releases(
            doubt="this clone has no tags: `git fetch --tags` brings what releases have; where there is no release "
            "yet, set `release-tags = false` in a change of its own: it counts once target has it"
        )
    entries: set[tuple[str, int]] = set()
    doubt = ""
    for ref, kinds in _counting(tags, name):
        # A tag may be of a tree, or of a file.
        if not {"tree", "blob"}.isdisjoint(kinds):
            continue
        tag = ref.removeprefix("refs/tags/")
        try:
            version_map = map_of(GitSnapshot(objects, f"tag {tag}", objects.resolve(ref) or ref))
        except UserError as error:
            doubt = str(error)
            continue
        if version_map is None:
            continue
        if version_map.problems:
            problem = version_map.problems[0]
            doubt = f"the version map of tag {tag} cannot be read at {problem.place}: {problem.message}"
        entries.update(entry.key for entry in version_map.entries)
    return Releases(frozenset(entries), doubt)


def _counting(tags: Sequence[str], name: str | None) -> Iterator[tuple[str, list[str]]]:
    """The tags of that name, each with what it is of."""
    for ref, *kinds in (line.split(" ") for line in tags):
        if name is not None:
            from fnmatch import fnmatchcase

            if not fnmatchcase(ref.removeprefix("refs/tags/"), name):
                continue
        yield ref, kinds
