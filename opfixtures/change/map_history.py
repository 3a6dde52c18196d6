"""Which commit brought an entry of the version map: its parent is the pre-change commit of an entry that is published.

Only first parents are followed. What a merge brought was brought by the merge: the state before it has nothing
of the branch, where an operator may have changed some commits before its entry came. And that is the commit
which was target when the branch was a change.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.version_map import read_version_map
from opfixtures.errors import GitError, UserError
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import Snapshot
from opfixtures.settings.config import read_config
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, below

# Enough of a commit for its tree and its first parent, with ids of 64 digits.
_HEADERS = 256

_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class PreChange:
    """The pre-change commit of an entry, an object id; None where none is known, for `reason`.

    `produced` is the highest version in the version map there. `brought_by` is the commit that brought the
    entry, None for an entry that the change adds.
    """

    commit: str | None
    produced: int = 0
    brought_by: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """The version map as `commit` left it: its entries by operator and version. `parent` is the first parent."""

    commit: str
    parent: str | None
    entries: Mapping[_Key, MapEntry]


_NO_MAP = Step("", None, {})


@dataclass(frozen=True, slots=True)
class MapHistory:
    """The commits that touched the version map, newest first. `end` says why nothing is known before the last."""

    steps: tuple[Step, ...]
    end: str

    def pre_change(self, entry: MapEntry) -> PreChange:
        """The pre-change commit of an entry that the first step has: of the last time it was brought."""
        key = entry.operator, entry.bumped_at_version
        for newer, older in pairwise(self.steps):
            earlier = _earlier_key(key, newer, older)
            if earlier is None:
                produced = max((version for _, version in older.entries), default=0)
                return PreChange(newer.parent, produced, brought_by=newer.commit)
            key = earlier
        return PreChange(None, reason=self.end)


def _earlier_key(key: _Key, newer: Step, older: Step) -> _Key | None:
    """What `older` has the entry under; None where it lacks it.

    An entry that moved to another version, or to the right operator, is no new one: its operator had changed
    when it came under the old key. Entries of an operator that move together keep their order.
    """
    operator, schema = key[0], newer.entries[key].old_schema

    def akin(step: Step) -> list[_Key]:
        entries = step.entries.items()
        return sorted(one for one, entry in entries if one[0] == operator or entry.old_schema == schema)

    new, old = akin(newer), akin(older)
    if len(new) != len(old):
        # Some came or went: those are not among the ones that have their key still.
        stayed = set(new) & set(old)
        if key in stayed:
            return key
        new, old = ([one for one in keys if one not in stayed] for keys in (new, old))
    return dict(zip(new, old, strict=False)).get(key)


def read_history(objects: GitObjects, tip: str, path: str, folder: str = "") -> MapHistory:
    """The history of the version map from the commit `tip` back.

    The settings in `folder` of each commit say where the map stood then; `path` holds where there are none. A
    clone that lacks some of its history gives what it has: `MapHistory.end` says how to get more. Raises GitError
    if git fails for another reason.
    """
    return _Reader(objects, path, folder).read(tip)


def has_entry(objects: GitObjects, commit: str, path: str, entry: MapEntry, folder: str = "") -> bool:
    """Whether the version map of a commit has the entry.

    The settings in `folder` of that commit say where the map stands; `path` holds where there are none.

    Raises as `Snapshot.read`.
    """
    snapshot = objects.commit(commit)
    place = _configured_path(snapshot, folder) or path
    found = read_version_map(place, snapshot.read(place) or b"").entries
    return any(one.key == entry.key for one in found)


# Settings change more often than the map does.
_read_version_map = lru_cache(maxsize=1)(read_version_map)


class _Reader:
    """Walks back commit by commit. `_path` is where the version map stands in the commits being read."""

    def __init__(self, objects: GitObjects, path: str, folder: str) -> None:
        self._objects = objects
        self._path = path
        self._folder = folder
        self._steps: list[Step] = []
        self._repository = objects.repository

    def read(self, tip: str) -> MapHistory:
        start: str | None = tip
        end = ""
        try:
            self._path = self._path_in(tip, None)
            while start is not None:
                start, end = self._read_while_in_place(start)
        except GitError as error:
            if not self._repository.partial:
                raise
            end = _missing(f"{error}", "git fetch --refetch --no-filter")
        return MapHistory(tuple(self._steps), end)

    def _read_while_in_place(self, start: str) -> tuple[str | None, str]:
        """Read on until the map stood elsewhere: the commit to go on from, or None and why there is none."""
        for commit in self._touching(start):
            parent = self._first_parent(commit)
            self._steps.append(Step(commit, parent, self._entries(commit)))
            if parent is None:
                return None, f"the first commit, {commit[:12]}, has it: there is no commit from before"
            if self._objects.resolve(parent) is None:
                return None, _missing(f"it ends at {commit[:12]}, which has it", "git fetch --unshallow")
            path = self._path_in(parent, commit)
            if path != self._path:
                self._path = path
                return parent, ""
        self._steps.append(_NO_MAP)
        return None, ""

    def _touching(self, start: str) -> list[str]:
        """The commits that changed the map or the settings, newest first."""
        settings = (below(self._folder, name) for name in (OWN_FILE, SHARED_FILE))
        paths = [f":(top,literal){path}" for path in (self._path, *settings)]
        return self._repository.run("rev-list", "--first-parent", start, "--", *paths).decode().split()

    def _first_parent(self, commit: str) -> str | None:
        # The object itself names a parent also where a shallow clone ends.
        found = self._objects.find(commit, _HEADERS)
        if found is None:
            raise self._objects.unreadable(commit, "a commit of this history")
        _, _, second = found.content.partition(b"\n")
        return second[7:].partition(b"\n")[0].decode() if second.startswith(b"parent ") else None

    def _entries(self, commit: str) -> Mapping[_Key, MapEntry]:
        newer = self._steps[-1].entries if self._steps else {}
        try:
            source = self._objects.commit(commit).read(self._path)
        except GitError:
            raise
        except UserError:
            return newer
        if source is None:
            return {}
        found = _read_version_map(self._path, source)
        # One that cannot be read may have every entry: none is believed to be absent.
        if found.problems and self._steps:
            return newer
        return {entry.key: entry for entry in found.entries}

    def _path_in(self, commit: str, child: str | None) -> str:
        """Where the version map stands in a commit: where its settings say, where it stood later, or where
        `child` renamed it from."""
        snapshot = self._objects.commit(commit)
        # Looking for a rename reads two whole trees: that comes last.
        for path in (_configured_path(snapshot, self._folder), self._path):
            if path is not None and snapshot.has(path):
                return path
        return (child and self._renamed_from(commit, child)) or self._path

    def _renamed_from(self, parent: str, commit: str) -> str | None:
        options = ("-r", "-z", "-M", "--diff-filter=R", "--name-status")
        fields = self._repository.run("diff-tree", *options, parent, commit).split(b"\0")
        names = zip(fields[2::3], fields[1::3], strict=False)
        found = dict(names).get(os.fsencode(self._path))
        return os.fsdecode(found) if found else None


def _configured_path(snapshot: Snapshot, folder: str) -> str | None:
    try:
        config = read_config(snapshot, folder)
    except GitError:
        raise
    except UserError:
        return None
    return (config.version_map or None) if config else None


def _missing(why: str, command: str) -> str:
    return f"this clone lacks the history that shows which commit brought it ({why}): `{command}` fetches it"
