"""From what was asked for to a plan: the change in the work tree, and the commits that fixtures are made from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from opfixtures.atomic_write import remove_half_written
from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison, commit_of, earlier_settings, snapshot_of
from opfixtures.change.evidence import guards_of_target, is_owned_by_target
from opfixtures.change.map_history import MapHistory, PreChange, read_history
from opfixtures.change.owner import Owner
from opfixtures.change.projects import since_target
from opfixtures.change.read_change import read_change
from opfixtures.change.unpublished import why_nothing_is_published
from opfixtures.commands.common import refuse_problems, refuse_unknown_runtime
from opfixtures.commands.evidence import dropped, lost_here, notes, own_words
from opfixtures.commands.fixture_snapshot import FixtureSnapshot
from opfixtures.commands.nearest import ALIKE, did_you_mean
from opfixtures.commands.replays import touched
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.python_source import decode
from opfixtures.errors import UserError
from opfixtures.making.plan import NAMED_TOO_LATE, Plan, Scope, Standing, runtime_for
from opfixtures.making.planner import make_plan
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, Snapshot, WorkTreeSnapshot
from opfixtures.settings.config import Config


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: `base` is a revision, `operators` are full names; neither means what the change owes.

    `target` is a revision too: the commit that holds what is published, whatever the settings say of it.
    `runtime` names the only runtime to make fixtures with: what others make, or what is settled, is not reported then.
    `post_change_python` is the Python to replay with, instead of what the settings have. `written` are paths that the
    run itself writes.
    """

    base: str | None = None
    target: str | None = None
    operators: tuple[str, ...] = ()
    everything: bool = False
    regenerate: bool = False
    dry_run: bool = False
    runtime: str | None = None
    post_change_python: str | None = None
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """The change of a project, what is to be done for it, and target's commit, None before the first.

    `because` is a path that differs from target and that a replay depends on; None where there is none, and so nothing
    to replay unless somebody asks for it. `unpublished` says why nothing counts as published: target is HEAD then.
    `notes` are sentences on what no row is about, `theirs` are target's settings, None where it has none.
    """

    change: Change
    plan: Plan
    target: str | None
    because: str | None = None
    unpublished: str = ""
    notes: tuple[str, ...] = ()
    theirs: Config | None = None


def planned(objects: GitObjects, wanted: Wanted, tell: Callable[[str], None]) -> list[Planned]:
    """What is to be made and looked at for the change in the work tree: for each project, in the order of the folders.

    Raises:
        UserError: an operator, a runtime or a revision that is not there; what cannot be read.
        GitError: git failed.
    """
    comparisons = since(objects, WorkTreeSnapshot(objects.repository.root), wanted)
    changes = [read_change(objects, compared) for compared in comparisons]
    for change in changes:
        refuse_problems(change)
        # It would count as a difference.
        root = objects.repository.root
        remove_half_written(os.path.join(root, change.config.fixtures), root)
    configs = [change.config for change in changes]
    if wanted.runtime is not None:
        refuse_unknown_runtime(wanted.runtime, configs)
    _refuse_unknown_operators(wanted.operators, changes)
    todos = [
        _planned(objects, compared, change, configs, wanted, tell)
        for compared, change in zip(comparisons, changes, strict=True)
    ]
    return todos if wanted.runtime else [*todos, *_dropped(objects, comparisons, wanted)]


def _dropped(objects: GitObjects, here: Sequence[Comparison], wanted: Wanted) -> Iterator[Planned]:
    """What is lost with the projects that target has and the work tree has not."""
    for one, owners in dropped(objects, here):
        some = [owner for owner in owners if not wanted.operators or owner.operator in wanted.operators]
        plan = Plan(lost=tuple((owner, one.because) for owner in some))
        if some:
            yield Planned(one.change, plan, one.target, one.change.config.first_file)


def since(objects: GitObjects, work_tree: Snapshot, wanted: Wanted) -> list[Comparison]:
    """What is compared, for each project: the work tree with the pre-change commit, and target beside it."""
    published = commit_of(objects.repository, wanted.target) if wanted.target else None
    compared = [
        replace(one, target=None if isinstance(one.before, EmptySnapshot) else one.base)
        for one in since_target(objects, work_tree, published)
    ]
    if wanted.base is None:
        return compared
    base = commit_of(objects.repository, wanted.base)
    return [replace(one, before=objects.commit(base), base=base) for one in compared]


def _planned(
    objects: GitObjects,
    compared: Comparison,
    change: Change,
    configs: Sequence[Config],
    wanted: Wanted,
    tell: Callable[[str], None],
) -> Planned:
    """The plan for one project, whose settings are among `configs`."""
    repository, target = objects.repository, compared.target
    unpublished = "" if wanted.target or target is None else why_nothing_is_published(objects, compared)
    because = touched(repository, change.config, configs, target, wanted.written)
    because = because or (change.config.first_file if unpublished else None)
    is_asked_for = wanted.operators or wanted.everything or wanted.regenerate or wanted.post_change_python
    if because is None and not is_asked_for:
        if len(configs) > 1:
            tell(f"{compared.folder or '.'}: nothing that a fixture rests on differs, nothing is replayed")
        return Planned(change, Plan(), target)
    published = snapshot_of(objects, target)
    theirs = earlier_settings(compared, published)
    files = FixtureSnapshot(repository.root)
    names = files.names(change.config.fixtures)
    guards = cache(partial(guards_of_target, change))
    plan = make_plan(
        change,
        _scope(change, wanted),
        _sources(change, compared.after),
        Standing(
            files.read,
            partial(_read_published, published, change),
            lambda owner: not unpublished and is_owned_by_target(change, owner),
            lambda owner: _former_names(guards(), owner) if owner.entry and not unpublished else (),
        ),
        pre_change=None if isinstance(compared.before, EmptySnapshot) else compared.base,
        published=_named_too_late if wanted.base else pre_change_of(objects, compared, change, tell),
    )
    made = {one.path for one in plan.to_make}
    gone = lost_here(change, names, files.read, is_published=not unpublished)
    asked = [one for one in gone if not wanted.operators or one[0].operator in wanted.operators]
    lost = tuple(one for one in asked if one[0].path not in made)
    found = tuple(one for one in plan.found if all(one.owner.path != owner.path for owner, _ in lost))
    plan = replace(plan, lost=lost, found=found)
    # What becomes of those that are to be made has a row.
    standing = names | set(map(os.path.basename, made))
    told = () if wanted.operators or wanted.runtime else notes(change, standing)
    return Planned(
        change,
        _only(plan, wanted.runtime, change.config),
        target,
        because or change.config.first_file,
        unpublished,
        (*told, *own_words(change.config, theirs)),
        theirs,
    )


def _former_names(guards: Mapping[str, Sequence[str]], owner: Owner) -> list[str]:
    """The names that a fixture may have had as a guard's, before its operator got its entry and its class another."""
    ending = owner.path.rpartition(".")[2]
    return [name for name in guards.get(owner.operator, ()) if name.endswith(f".{ending}")]


def _read_published(published: Snapshot, change: Change, path: str) -> bytes | None:
    """What target holds of the file of that name where its own settings have the fixtures: of no other was judged what
    it is."""
    return published.read(change.target.fixtures.path(path.rpartition("/")[2]))


def _only(plan: Plan, runtime: str | None, config: Config) -> Plan:
    """What one runtime makes, and what is found that it would have made."""
    if runtime is None:
        return plan
    to_make = tuple(fixture for fixture in plan.to_make if fixture.spec.name == runtime)
    specs = [(one, runtime_for(one.owner, config)) for one in plan.found]
    return Plan(to_make, tuple(one for one, spec in specs if spec and spec.name == runtime))


def _scope(change: Change, wanted: Wanted) -> Scope:
    """All fixtures are looked at; what is missing is made where the change owes it, or where it was named."""
    entries = {one.key: one for one in reversed(change.version_map.entries)}
    some = [
        one for one in reversed(entries.values()) if not wanted.operators or one.operator in wanted.operators
    ]
    guards = [one for one in change.guards if not wanted.operators or one.operator in wanted.operators]
    owed = {(entry.operator, entry.bumped_at_version, row.module) for entry, row in change.owed}
    added = {entry.key for entry in change.added}
    guards_owed = {(row.operator, row.module) for row in change.owed_guards}

    def owes(entry: MapEntry | None, row: FixtureEntry | None) -> bool:
        if wanted.everything or wanted.operators:
            return True
        if entry is None:
            return row is not None and (row.operator, row.module) in guards_owed
        key = entry.operator, entry.bumped_at_version
        return key in added if row is None else (*key, row.module) in owed

    return Scope(some, owes, guards, wanted.regenerate)


def _refuse_unknown_operators(operators: Sequence[str], changes: Sequence[Change]) -> None:
    entries = {entry.operator for change in changes for entry in change.version_map.entries}
    known = entries | {row.operator for change in changes for row in change.guards}
    missing = sorted(set(operators) - known)
    if missing:
        paths = (path for one in changes for path in (one.version_map.path, one.registry.path) if path)
        meant = did_you_mean(missing[0], known, ALIKE) or ": give a full name from there"
        raise UserError(f"{missing[0]!r} is not in {' or '.join(paths)}{meant}")


def _named_too_late(_: MapEntry) -> PreChange:
    return PreChange(None, reason=NAMED_TOO_LATE)


def pre_change_of(
    objects: GitObjects, compared: Comparison, change: Change, tell: Callable[[str], None]
) -> Callable[[MapEntry], PreChange]:
    """Finds the pre-change commit of an entry that target has; history is read when the first is asked for."""

    @cache
    def history() -> MapHistory:
        published = change.target.version_map
        path = published.path if published else change.version_map.path
        tell(f"reading the history of {path}")
        folder = compared.folder if compared.moved_from is None else compared.moved_from
        return read_history(objects, compared.target or "HEAD", path, folder)

    @cache
    def pre_change(entry: MapEntry) -> PreChange:
        found = history().pre_change(entry)
        what = found.reason
        if found.commit and found.brought_by:
            what = f"brought by {found.brought_by[:12]}, pre-change commit {found.commit[:12]}"
        tell(f"{entry.operator} at {entry.bumped_at_version}: {what}")
        return found

    return pre_change


def _sources(change: Change, work_tree: Snapshot) -> dict[str, str]:
    read = {path: work_tree.read(path) for path in change.config.fixture_modules}
    return {path: decode(source) for path, source in read.items() if source is not None}
