"""Which fixtures are missing, and which runtime each needs. Pure.

An entry that the change adds is owed a fixture made at the pre-change commit. For an entry which was there
before, that is the parent of the commit which brought it. A release can make a fixture without one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from opfixtures.changes import Change, is_module
from opfixtures.config import Config, RuntimeSpec
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.names import fixture_stem
from opfixtures.module_source import excerpt
from opfixtures.record import Record, RecordError, load_record, record_path
from opfixtures.result import FixtureResult, Status

_NAME_ONE = "name a commit from before the change, opfixtures generate --base REV"
NAMED_TOO_LATE = f"the entry is there already: {_NAME_ONE}"


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
class Published:
    """A fixture as target holds it. `record` is None where there is none (PyTorch's own fixtures)."""

    data: bytes
    record: Record | None = None
    record_data: bytes = b""


@dataclass(frozen=True, slots=True)
class PlannedFixture:
    """A fixture to make: the module's excerpt, the path to write, the runtime's settings.

    `last_bump` is the operator's last one in the version map. `commit` is the pre-change commit, None where
    none is known: a release needs none. `doubt` says why a checkout of it may not be pre-change, if so. `held` is
    the fixture where target holds it already.
    """

    entry: MapEntry
    covers: range
    last_bump: int
    row: FixtureEntry
    module_path: str
    source: str
    path: str
    spec: RuntimeSpec
    commit: str | None
    doubt: str = ""
    held: Published | None = None

    def result(self, status: Status, reason: str = "") -> FixtureResult:
        """What became of it."""
        result = settled(self.entry, self.row, self.path, status, reason)
        return replace(result, runtime=self.spec.name, pre_change_commit=self.commit)

    def doubted(self, refusal: str) -> str:
        """Why its runtime is not pre-change, with the doubt that was there from the start."""
        return f"{refusal} ({self.doubt})" if self.doubt else refusal


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made, and what is settled already: present, or refused for a reason the plan can see."""

    to_make: tuple[PlannedFixture, ...]
    settled: tuple[FixtureResult, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in the tree and in target: `has` for files of the work tree, `published` for target's."""

    has: Callable[[str], bool]
    published: Callable[[str], bytes | None]


def fixture_path(config: Config, row: FixtureEntry) -> str:
    """Where the fixture of a fixture entry stands, as PyTorch's generate_models.py names it."""
    return f"{config.fixtures}/{fixture_stem(row.module)}.{config.fixture_format}"


def runtime_for(entry: MapEntry, config: Config) -> RuntimeSpec | None:
    """The first runtime in the settings that serves the operator at the version before its bump."""
    version = entry.bumped_at_version - 1
    return next((spec for spec in config.runtimes if spec.serves(entry.operator, version)), None)


def make_plan(
    change: Change,
    entries: Sequence[MapEntry],
    sources: Mapping[str, str],
    standing: Standing,
    *,
    pre_change: str | None,
    published: Callable[[MapEntry], PreChange],
    regenerate: bool,
) -> Plan:
    """The plan for `entries` of the version map after the change.

    `sources` are the texts of the fixture module files by path, `pre_change` is the commit that
    `change.before` is, None before the first. `published` finds that of an entry which was there before.
    """
    planner = _Planner(change, sources, standing, pre_change, published, regenerate)
    outcomes = [outcome for entry in entries for outcome in planner.of_entry(entry)]
    return Plan(
        to_make=tuple(outcome for outcome in outcomes if isinstance(outcome, PlannedFixture)),
        settled=tuple(outcome for outcome in outcomes if isinstance(outcome, FixtureResult)),
    )


class _PlanError(Exception):
    """Why a fixture cannot be planned, as the reason of its result."""


class _Planner:
    """What is planned for each entry of one change."""

    def __init__(
        self,
        change: Change,
        sources: Mapping[str, str],
        standing: Standing,
        pre_change: str | None,
        published: Callable[[MapEntry], PreChange],
        regenerate: bool,
    ) -> None:
        self._change = change
        self._sources = sources
        self._standing = standing
        self._published = published
        self._regenerate = regenerate
        self._added = set(change.added)
        before = change.before.version_map.entries if change.before.version_map else ()
        produced = max((entry.bumped_at_version for entry in before), default=0)
        no_commit = "there is no commit from before the change: commit the old operator first"
        self._before = PreChange(pre_change, produced, reason="" if pre_change else no_commit)
        self._writers: dict[str, list[FixtureEntry]] = defaultdict(list)
        self._times = Counter((one.operator, one.bumped_at_version) for one in change.version_map.entries)
        for row in change.registry.rows:
            self._writers[fixture_path(change.config, row)].append(row)

    def of_entry(self, entry: MapEntry) -> Iterator[PlannedFixture | FixtureResult]:
        rows = self._change.matching.rows_of(entry)
        if not rows:
            reason = "it has no matching fixture entry: `opfixtures check` shows the lines to add"
            yield settled(entry, None, None, Status.REFUSED, reason)
        for row in rows:
            try:
                yield self._of_row(entry, row)
            except _PlanError as error:
                path = fixture_path(self._change.config, row)
                yield settled(entry, row, path, Status.REFUSED, str(error))

    def _of_row(self, entry: MapEntry, row: FixtureEntry) -> PlannedFixture | FixtureResult:
        path = self._own_path(entry, row)
        # After the change the module need not script any more, nor its runtime be known: look here first.
        if self._standing.has(path) and not self._regenerate:
            return settled(entry, row, path, Status.PRESENT, "not overwritten")
        module_path, source = self._source(row)
        spec = runtime_for(entry, self._change.config)
        if spec is None:
            raise _PlanError(f"no runtime is configured for operator version {entry.bumped_at_version - 1}")
        commit, doubt = self._commit(entry, spec)
        return PlannedFixture(
            entry=entry,
            covers=self._change.matching.covers(entry),
            last_bump=self._change.matching.covered(entry.operator).stop,
            row=row,
            module_path=module_path,
            source=source,
            path=path,
            spec=spec,
            commit=commit,
            doubt=doubt,
            held=self._held(path),
        )

    def _commit(self, entry: MapEntry, spec: RuntimeSpec) -> tuple[str | None, str]:
        """The pre-change commit, and why a checkout of it proves nothing, if so."""
        before = self._before if entry in self._added else self._published(entry)
        doubt = _doubt(entry, before)
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

    def _own_path(self, entry: MapEntry, row: FixtureEntry) -> str:
        """The path of the fixture, which nothing else would write."""
        if self._times[entry.operator, entry.bumped_at_version] > 1:
            twice = f"{entry.operator} at {entry.bumped_at_version} twice"
            raise _PlanError(f"{self._change.version_map.path} has {twice}: keep one of them")
        path = fixture_path(self._change.config, row)
        other = next((writer for writer in self._writers[path] if writer is not row), None)
        if other is not None:
            both = f"{row.module} for {row.operator} and {other.module} for {other.operator}"
            raise _PlanError(f"{both} would write the same file: give each a class of another name")
        return path

    def _source(self, row: FixtureEntry) -> tuple[str, str]:
        """The path of the module's file, and its excerpt for the module."""
        module = self._change.modules.get(row.module)
        if module is None or not is_module(module):
            where = module.place.path if module else ", ".join(self._change.config.fixture_modules)
            what = "is no nn.Module" if module else "is not defined"
            raise _PlanError(f"{row.module} {what} in {where}")
        path = module.place.path
        try:
            return path, excerpt(self._sources[path], row.module)
        except (KeyError, SyntaxError) as error:
            raise _PlanError(f"{row.module} cannot be taken out of {path}: {error}") from error


def _doubt(entry: MapEntry, before: PreChange) -> str:
    """Why the operator may have changed before the pre-change commit; empty where the entry came in time."""
    if entry.bumped_at_version > before.produced:
        return ""
    return f"a backfill, version {before.produced} was there already: {_NAME_ONE}"


def settled(
    entry: MapEntry, row: FixtureEntry | None, path: str | None, status: Status, reason: str
) -> FixtureResult:
    """A result without a run."""
    return FixtureResult(
        operator=entry.operator,
        bumped_at_version=entry.bumped_at_version,
        upgrader_name=entry.upgrader_name,
        status=status,
        reason=reason,
        module=row.module if row else None,
        fixture=path,
    )
