"""Where every operator of the version map stands: its upgraders, fixture entries and fixtures. Pure.

A picture for people. What is missing here and must not be is for the rules to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from opfixtures.archives.formats import format_of
from opfixtures.archives.model import ArchiveError
from opfixtures.change.changes import Change
from opfixtures.change.owner import Owner, candidates, owner_of
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Problem
from opfixtures.declarations.upgrader_model import Upgrader
from opfixtures.errors import UserError
from opfixtures.proving.loaded import Loaded
from opfixtures.proving.result import FixtureResult, LoaderFacts
from opfixtures.records.record import RecordError, load_record, record_path
from opfixtures.report.orphans import OrphanModule, orphan_modules
from opfixtures.settings.accepted_breaks import AcceptedBreak
from opfixtures.settings.fixture_formats import FIXTURES
from opfixtures.settings.waivers import Waiver

Loads: TypeAlias = Mapping[str, Mapping[str, Loaded]]
"""What came of a fixture: by the name of a runtime, then by loader."""


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """What a fixture says of itself: the version it is stamped with, None in a `.pt2`, and whether its entry covers
    that. Where it is no readable archive, `problem` says why."""

    version: int | None
    covered: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """The name of the runtime that made the fixture. Where it is no readable record, `problem` says why."""

    runtime: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FixtureStatus:
    """A fixture entry, the path of its fixture, and what stands there; None for what does not.

    `committed` is the day of the commit that the fixture is from, None where there is none. `replayed` is what a replay
    came to, None where nothing was replayed. `loads` has what came of it in other runtimes: by the name of the runtime,
    then by loader, empty where that runtime did not load it.
    """

    module: str
    module_defined: bool
    path: str
    archive: ArchiveStatus | None
    record: RecordStatus | None
    committed: date | None = None
    replayed: FixtureResult | None = None
    loads: Loads = field(default_factory=dict)

    @property
    def replays(self) -> Mapping[str, LoaderFacts]:
        """The facts of a replay by loader, empty where nothing was replayed."""
        return self.replayed.facts.loaders if self.replayed and self.replayed.facts else {}


@dataclass(frozen=True, slots=True)
class EntryStatus:
    """An entry of the version map. `upgrader_defined` is None where upgraders cannot be read without torch."""

    bumped_at_version: int
    covers: range
    upgrader_name: str
    upgrader_defined: bool | None
    fixtures: tuple[FixtureStatus, ...]


@dataclass(frozen=True, slots=True)
class OperatorStatus:
    """An operator of the version map, its entries and its waivers."""

    operator: str
    entries: tuple[EntryStatus, ...]
    waivers: tuple[Waiver, ...]


@dataclass(frozen=True, slots=True)
class GuardStatus:
    """A fixture entry whose operator is not in the version map."""

    operator: str
    fixture: FixtureStatus


@dataclass(frozen=True, slots=True)
class Status:
    """All operators, in the order of the version map; guards; what belongs to none; what could not be read; and
    the accepted breaks of the settings."""

    operators: tuple[OperatorStatus, ...]
    guards: tuple[GuardStatus, ...]
    orphan_modules: tuple[OrphanModule, ...]
    orphan_fixtures: tuple[str, ...]
    orphan_upgraders: tuple[Upgrader, ...]
    problems: tuple[Problem, ...]
    breaks: tuple[AcceptedBreak, ...] = ()

    @property
    def fixtures(self) -> Iterator[FixtureStatus]:
        """Those of all entries and guards, there or not."""
        for operator in self.operators:
            for entry in operator.entries:
                yield from entry.fixtures
        yield from (guard.fixture for guard in self.guards)


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of fixtures: the names of its files, and what reads one by its path, as `Snapshot.read` does.

    `committed` has the days of the commits that its files are from, `replays` what a replay came to, `loads` what came
    of it in other runtimes: all by path.
    """

    names: Collection[str]
    read: Callable[[str], bytes | None]
    committed: Mapping[str, date] = field(default_factory=dict)
    replays: Mapping[str, FixtureResult] = field(default_factory=dict)
    loads: Mapping[str, Loads] = field(default_factory=dict)


def status_of(change: Change, folder: Folder) -> Status:
    """The status of what `change` has after, whatever was before."""
    upgraders = change.after.upgraders()
    entries: dict[str, dict[int, MapEntry]] = defaultdict(dict)
    for entry in change.version_map.entries:
        entries[entry.operator].setdefault(entry.bumped_at_version, entry)
    names = {upgrader.name for upgrader in upgraders.upgraders} if upgraders else None
    waivers: dict[str, list[Waiver]] = defaultdict(list)
    for waiver in change.config.waivers:
        waivers[waiver.key].append(waiver)
    operators = [
        OperatorStatus(
            operator,
            tuple(_entry(change, folder, names, of_operator[bump]) for bump in sorted(of_operator)),
            tuple(waivers.get(operator, ())),
        )
        for operator, of_operator in entries.items()
    ]
    guards = tuple(
        GuardStatus(row.operator, fixture)
        for row in change.guards
        for fixture in _fixtures(change, folder, row, None)
    )
    owned = {fixture.path for one in operators for entry in one.entries for fixture in entry.fixtures}
    owned |= {one.fixture.path for one in guards}
    fixtures = {f"{change.config.fixtures}/{name}" for name in folder.names if name.endswith(FIXTURES)}
    used = {entry.upgrader_name for entry in change.version_map.entries}
    defined = upgraders.upgraders if upgraders else ()
    return Status(
        operators=tuple(operators),
        guards=guards,
        orphan_modules=tuple(orphan_modules(change)),
        orphan_fixtures=tuple(sorted(fixtures - owned)),
        orphan_upgraders=tuple(upgrader for upgrader in defined if upgrader.name not in used),
        problems=(
            *change.version_map.problems,
            *(upgraders.problems if upgraders else ()),
            *change.registry.problems,
            *change.after.modules.problems,
        ),
        breaks=change.config.accepted_breaks,
    )


def _entry(change: Change, folder: Folder, defined: Collection[str] | None, entry: MapEntry) -> EntryStatus:
    """`defined` are the names of the upgraders, None where these cannot be read without torch."""
    covers = change.matching.covers(entry)
    return EntryStatus(
        bumped_at_version=entry.bumped_at_version,
        covers=covers,
        upgrader_name=entry.upgrader_name,
        upgrader_defined=None if defined is None else entry.upgrader_name in defined,
        fixtures=tuple(
            fixture
            for row in change.matching.rows_of(entry)
            for fixture in _fixtures(change, folder, row, entry)
        ),
    )


def _fixtures(
    change: Change, folder: Folder, row: FixtureEntry, entry: MapEntry | None
) -> Iterator[FixtureStatus]:
    """The fixtures of a fixture entry, there or not, and what stands for it in a format that nobody asks for."""
    for owner, is_asked in candidates(owner_of(change, row, entry), change.config):
        if is_asked or owner.path.rpartition("/")[2] in folder.names:
            yield _fixture(change, folder, owner)


def _fixture(change: Change, folder: Folder, owner: Owner) -> FixtureStatus:
    row, path = owner.row, owner.path
    covers = None if owner.is_guard else owner.covers
    return FixtureStatus(
        module=row.module,
        module_defined=row.module in change.modules,
        path=path,
        archive=_archive(folder, path, covers),
        record=_record(folder, record_path(path)),
        committed=folder.committed.get(path) if path.rpartition("/")[2] in folder.names else None,
        replayed=folder.replays.get(path),
        loads=folder.loads.get(path, {}),
    )


def _archive(folder: Folder, path: str, covers: range | None) -> ArchiveStatus | None:
    try:
        data = folder.read(path)
        if data is None:
            return None
        version = format_of(path).read(data).version
    except (ArchiveError, UserError) as error:
        return ArchiveStatus(None, False, str(error))
    return ArchiveStatus(version, covers is None or version is None or version in covers)


def _record(folder: Folder, path: str) -> RecordStatus | None:
    try:
        data = folder.read(path)
        runtime = None if data is None else load_record(data).runtime.name
    except (RecordError, UserError) as error:
        return RecordStatus(None, str(error))
    return None if runtime is None else RecordStatus(runtime)
