"""Projects that target has and the work tree has no more: excluded, without settings, or gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.projects import projects
from opfixtures.change.read_change import read_change
from opfixtures.errors import ConfigurationError, UserError
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, Snapshot
from opfixtures.settings.settings_table import settings_in


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A project that target has and the work tree has not, as a change that takes all of it away.

    `target` is target's commit. `because` says why nobody reads its files, empty where they are gone.
    """

    change: Change
    target: str
    because: str


def left_out(objects: GitObjects, here: Sequence[Comparison]) -> Iterator[LeftOut]:
    """What target has beside `here`, the projects of the work tree, each compared with its target.

    Raises GitError, and as `Snapshot.read`.
    """
    known = {one.folder for one in here}
    for target in dict.fromkeys(one.target for one in here if one.target):
        work_tree = here[0].after
        compared = Comparison(objects.commit(target), work_tree, base=target, tip="HEAD", target=target)
        for one in projects(objects, compared):
            if one.folder in known:
                continue
            known.add(one.folder)
            change = None
            # What target itself cannot read was no evidence.
            with suppress(UserError):
                change = read_change(objects, replace(one, after=EmptySnapshot()))
            if change is not None:
                yield LeftOut(change, target, _because(change, work_tree))


def _because(change: Change, work_tree: Snapshot) -> str:
    folder, version_map = change.config.folder, change.target.version_map
    if version_map is None or not work_tree.has(version_map.path):
        return ""
    what = f"the project in {folder}" if folder else "the project at the root"
    if _has_settings(work_tree, folder):
        return f"this change excludes {what}, and nothing replays it: take it out of `exclude`"
    return f"this change takes the settings of {what} away, and nothing replays it: restore [tool.opfixtures]"


def _has_settings(work_tree: Snapshot, folder: str) -> bool:
    try:
        return bool(settings_in(work_tree, folder)[1])
    except ConfigurationError:
        return True
