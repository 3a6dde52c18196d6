"""`verify --changed`: the fixtures that what differs from target can have changed, and no others."""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.change.changes import Change
from opfixtures.commands.common import texts_of
from opfixtures.commands.replays import all_touched
from opfixtures.making.plan import FoundFixture
from opfixtures.records.record import record_path
from opfixtures.repository.git import Repository
from opfixtures.settings.config import Config


def changed_alone(
    repository: Repository,
    since: Change | None,
    found: Sequence[FoundFixture],
    projects: Sequence[Config],
    written: Sequence[str],
) -> list[FoundFixture]:
    """Those of `found` whose replay may come to something else than in target. `since` is the project's change since
    target, None where nobody could look: then all may, as they may where a build of the tree differs.

    A module is not looked at: a replay loads the archive, and runs no module.
    """
    commit = since.published_at() if since else None
    if since is None or commit is None:
        return list(found)
    config = since.config
    paths = set(all_touched(repository, config, projects, commit, written))
    files = {path for path in paths if path.startswith(f"{config.fixtures}/")}
    declared = set() if _is_built(config) else set(config.declared)
    if paths - files - declared:
        return list(found)
    return [one for one in found if _is_changed(since, one, files)]


def _is_built(config: Config) -> bool:
    return any(spec.kind == "checkout" or spec.module for spec in config.runtimes)


def _is_changed(since: Change, fixture: FoundFixture, files: set[str]) -> bool:
    owner = fixture.owner
    if {owner.path, record_path(owner.path)} & files:
        return True
    if owner.entry is None:
        return False
    published = since.target.version_map.entries if since.target.version_map else ()
    same = [one for one in published if one.key == owner.entry.key]
    told = [(one.upgrader_name, one.old_schema) for one in same]
    if (owner.entry.upgrader_name, owner.entry.old_schema) not in told:
        return True
    here, there = (texts_of(side.upgraders()) for side in (since.after, since.target))
    return here.get(owner.entry.upgrader_name) != there.get(owner.entry.upgrader_name)
