"""How much of target's history a change needs: a workflow checks out one commit."""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.change.changes import Change
from opfixtures.pull_request.side_repository import Side, fetch_history
from opfixtures.records.fixture_files import fixture_of, is_record
from opfixtures.records.record import Record
from opfixtures.repository.git_snapshot import GitObjects


def deepen(side: Side, objects: GitObjects, changes: Sequence[Change]) -> None:
    """Fetch the history in which records of the change name a commit: whether it is a part of target has to be seen;
    and that of a published entry which gets another fixture from a build: the commit that brought it is looked for."""
    records = [
        change.after.fixtures.record(fixture_of(name))
        for change in changes
        for name in change.touched_fixtures
        if is_record(name) and name in change.after.fixtures.ids
    ]
    commits = {one.pre_change.commit for one in records if isinstance(one, Record)} - {None, side.base}
    if any(commit and objects.resolve(commit) is None for commit in commits) or any(
        map(needs_history, changes)
    ):
        fetch_history(side)


def needs_history(change: Change) -> bool:
    """Whether a build has to make a fixture again, or for the first time, of an entry that target has."""
    added = {entry.key for entry in change.added}
    judged = filter(None, map(change.owners.entry, change.judged_fixtures))
    keys = {*(entry.key for entry, _ in change.owed), *judged} - added
    specs = [spec for spec in change.config.runtimes if spec.kind == "checkout"]
    return any(spec.serves(operator, bump - 1) for operator, bump in keys for spec in specs)
