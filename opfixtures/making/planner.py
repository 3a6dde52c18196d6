"""Plans what a run does for each fixture entry that it is about. Pure.

An entry that the change adds is owed a fixture made at the pre-change commit. For an entry which was there
before, that is the parent of the commit which brought it. A release can make a fixture without one. A guard is made by
what target has. Whatever fixture stands is replayed; one that target does not hold has to be reproduced first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from shlex import quote

from opfixtures.change.changes import Change
from opfixtures.change.map_history import PreChange
from opfixtures.change.owner import Owner, candidates, owner_of
from opfixtures.declarations.model import FixtureEntry, MapEntry, is_module
from opfixtures.declarations.module_source import excerpt, renamed, source_sha256
from opfixtures.declarations.names import fixture_stem
from opfixtures.declarations.scripted_source import why_scripted_otherwise
from opfixtures.making.plan import (
    NAME_ONE,
    FoundFixture,
    Plan,
    PlannedFixture,
    Published,
    Scope,
    Standing,
    Unplanned,
    no_runtime,
    runtime_for,
    unread,
)
from opfixtures.records.record import RecordError, load_record, record_path
from opfixtures.repository.printable import printable
from opfixtures.repository.snapshot import UnfitFileError
from opfixtures.settings.runtime_spec import RuntimeSpec


def make_plan(
    change: Change,
    scope: Scope,
    sources: Mapping[str, str],
    standing: Standing,
    *,
    pre_change: str | None,
    published: Callable[[MapEntry], PreChange],
) -> Plan:
    """The plan for what `scope` names.

    `sources` are the texts of the fixture module files by path, `pre_change` is the commit that
    `change.before` is, None before the first. `published` finds that of an entry which was there before.

    Raises as `standing` does.
    """
    planner = _Planner(change, scope, sources, standing, pre_change, published)
    outcomes = [outcome for entry in scope.entries for outcome in planner.of_entry(entry)]
    outcomes += [outcome for row in scope.guards for outcome in planner.of_owner(owner_of(change, row, None))]
    return Plan(
        to_make=tuple(outcome for outcome in outcomes if isinstance(outcome, PlannedFixture)),
        found=tuple(outcome for outcome in outcomes if isinstance(outcome, FoundFixture)),
        unplanned=tuple(outcome for outcome in outcomes if isinstance(outcome, Unplanned)),
    )


class _PlanError(Exception):
    """Why a fixture cannot be planned, as the reason that it is unplanned."""


class _Planner:
    """What is planned for each fixture entry of one change."""

    def __init__(
        self,
        change: Change,
        scope: Scope,
        sources: Mapping[str, str],
        standing: Standing,
        pre_change: str | None,
        published: Callable[[MapEntry], PreChange],
    ) -> None:
        self._change = change
        self._scope = scope
        self._sources = sources
        self._standing = standing
        self._published = published
        self._added = {entry.key for entry in change.added}
        before = change.before.version_map.entries if change.before.version_map else ()
        produced = max((entry.bumped_at_version for entry in before), default=0)
        no_commit = "there is no commit from before the change: commit the old operator first"
        self._before = PreChange(pre_change, produced, reason="" if pre_change else no_commit)
        self._writers: dict[str, list[FixtureEntry]] = defaultdict(list)
        # The arms of an `#if` that say the same are once.
        self._times = Counter(text[:2] for text in {entry.text for entry in change.version_map.entries})
        for row in change.registry.rows:
            self._writers[fixture_stem(row.module)].append(row)

    def of_entry(self, entry: MapEntry) -> Iterator[PlannedFixture | FoundFixture | Unplanned]:
        rows = self._change.matching.rows_of(entry)
        if not rows and self._scope.owes(entry, None):
            shown = f"opfixtures new {quote(printable(entry.operator))}"
            reason = (
                f"it has no matching fixture entry: `{shown}` shows the lines to add, and --apply writes them"
            )
            yield Unplanned(entry, reason)
        for row in rows:
            yield from self.of_owner(owner_of(self._change, row, entry))

    def of_owner(self, owner: Owner) -> Iterator[PlannedFixture | FoundFixture | Unplanned]:
        owes = self._scope.owes(owner.entry, owner.row)
        for one, is_asked in candidates(owner, self._change.config):
            yield from self._of_file(one, owes and is_asked)

    def _of_file(self, owner: Owner, owes: bool) -> Iterator[PlannedFixture | FoundFixture | Unplanned]:
        try:
            data = self._standing.here(owner.path)
            if data is not None or owes:
                self._refuse_a_shared_file(owner)
            if data is not None and not (owes and self._scope.regenerate):
                yield self._found(owner, data)
            elif owes:
                self._refuse_an_entry_that_is_twice(owner)
                yield self._planned(owner)
        except UnfitFileError as error:
            yield unread(owner, error)
        except _PlanError as error:
            yield Unplanned(owner, str(error))

    def _found(self, owner: Owner, data: bytes) -> FoundFixture:
        record = self._standing.here(record_path(owner.path))
        if self._is_of_target(owner, data, record):
            return FoundFixture(owner, data, record)
        try:
            again: PlannedFixture | str = self._planned(owner)
        except _PlanError as error:
            again = str(error)
        return FoundFixture(owner, data, record, brought=True, again=again)

    def _is_of_target(self, owner: Owner, data: bytes, record: bytes | None) -> bool:
        """Whether target holds the same and judged it, under this name or that of a guard: its archive says for good
        what its class was called then. That has to be this class but for its name."""
        read = self._standing.published
        is_own = self._standing.was_judged(owner)
        names = [owner.path] if is_own else list(self._standing.guards(owner))
        is_held = any((read(name), read(record_path(name))) == (data, record) for name in names)
        return is_held and (is_own or self._is_of_module(owner.row, record))

    def _is_of_module(self, row: FixtureEntry, record: bytes | None) -> bool:
        """Whether the record is of the module, which may have had another name."""
        try:
            recorded = load_record(record).module if record else None
            _, source = self._source(row)
        except (RecordError, _PlanError):
            return False
        return (
            recorded is not None
            and source_sha256(renamed(source, row.module, recorded.name)) == recorded.sha256
        )

    def _planned(self, owner: Owner) -> PlannedFixture:
        module_path, source = self._source(owner.row)
        spec = runtime_for(owner, self._change.config)
        if spec is None:
            raise _PlanError(no_runtime(owner))
        commit, doubt = self._commit(owner, spec)
        held = self._held(owner.path)
        is_there = held is not None and self._standing.here(owner.path) == held.data
        text = self._sources[module_path]
        return PlannedFixture(owner, module_path, source, spec, commit, doubt, held, is_there, text)

    def _commit(self, owner: Owner, spec: RuntimeSpec) -> tuple[str | None, str]:
        """The pre-change commit, and why a checkout of it proves nothing, if so."""
        entry = owner.entry
        is_new = entry is None or entry.key in self._added
        before = self._before if entry is None or is_new else self._published(entry)
        doubt = _doubt(entry, before) if entry else ""
        if spec.kind != "checkout":
            # It is built from none, and one that may be from after the change would say too much.
            return (None if doubt else before.commit), ""
        if before.commit is None:
            raise _PlanError(before.reason)
        return before.commit, doubt

    def _held(self, path: str) -> Published | None:
        """What target holds: made again, it has to come out the same."""
        data = self._standing.published(path)
        if data is None:
            return None
        record = self._standing.published(record_path(path))
        if record is None:
            return Published(data)
        try:
            return Published(data, load_record(record), record)
        except RecordError as error:
            raise _PlanError(f"the record that target holds for it cannot be read: {error}") from error

    def _refuse_an_entry_that_is_twice(self, owner: Owner) -> None:
        entry = owner.entry
        if entry and self._times[entry.operator, entry.bumped_at_version] > 1:
            twice = f"{entry.operator} at {entry.bumped_at_version} twice"
            raise _PlanError(f"{self._change.version_map.path} has {twice}: keep one of them")

    def _refuse_a_shared_file(self, owner: Owner) -> None:
        """Nobody can tell whose the file is, be it there or not."""
        writers = self._writers[fixture_stem(owner.row.module)]
        other = next((writer for writer in writers if writer is not owner.row), None)
        if other is not None:
            both = f"{owner.row.module} for {owner.operator} and {other.module} for {other.operator}"
            raise _PlanError(f"{both} would write the same file: give each a class of another name")

    def _source(self, row: FixtureEntry) -> tuple[str, str]:
        """The path of the module's file, and its excerpt for the module."""
        module = self._change.modules.get(row.module)
        if module is None or not is_module(module):
            where = module.place.path if module else ", ".join(self._change.config.fixture_modules)
            what = "is no nn.Module" if module else "is not defined"
            raise _PlanError(f"{row.module} {what} in {where}: `opfixtures explain OPF202` tells more")
        path = module.place.path
        try:
            text = excerpt(self._sources[path], row.module)
            odd = why_scripted_otherwise(text)
        except (KeyError, SyntaxError) as error:
            raise _PlanError(f"{row.module} cannot be taken out of {path}: {error}") from error
        if odd:
            raise _PlanError(f"torch may script other lines of {path} than those of {row.module}: {odd}")
        return path, text


def _doubt(entry: MapEntry, before: PreChange) -> str:
    """Why the operator may have changed before the pre-change commit; empty where the entry came in time."""
    if entry.bumped_at_version > before.produced:
        return ""
    return f"a backfill, version {before.produced} was there already: {NAME_ONE}"
