"""What the page shows of every operator before somebody opens one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opfixtures.declarations.names import module_version
from opfixtures.proving.result import FAILURES
from opfixtures.report.status import EntryStatus, FixtureStatus
from opfixtures.report.status_html.project import Project

Row = dict[str, Any]


def rows_of(project: Project, runtimes: Sequence[str]) -> Iterator[Row]:
    """A row for each operator of the version map, then one for each guard's operator."""
    for one in project.status.operators:
        entries = [_entry(entry, runtimes) for entry in one.entries]
        yield {
            "operator": one.operator,
            "project": project.folder,
            "entries": entries,
            "waived": bool(one.waivers),
        }
    guards: dict[str, list[Row]] = {}
    for guard in project.status.guards:
        guards.setdefault(guard.operator, []).append(_fixture(guard.fixture, None, runtimes))
    for operator, fixtures in guards.items():
        yield {
            "operator": operator,
            "project": project.folder,
            "guards": fixtures,
            "entries": [],
            "waived": False,
        }


def _entry(entry: EntryStatus, runtimes: Sequence[str]) -> Row:
    return {
        "at": entry.bumped_at_version,
        "first": entry.covers.start,
        "last": entry.covers.stop - 1,
        "upgrader": entry.upgrader_name,
        "isDefined": entry.upgrader_defined is not False,
        "fixtures": [_fixture(one, entry, runtimes) for one in entry.fixtures],
    }


def _fixture(fixture: FixtureStatus, entry: EntryStatus | None, runtimes: Sequence[str]) -> Row:
    version = module_version(fixture.module)
    if entry is not None and (version is None or version not in entry.covers):
        version = entry.covers.stop - 1
    row: Row = {"module": fixture.module, "version": version, "state": state_of(fixture)}
    if runtimes:
        row["loads"] = [
            {loader: str(one.outcome) for loader, one in fixture.loads.get(runtime, {}).items()}
            for runtime in runtimes
        ]
    return row


def state_of(fixture: FixtureStatus) -> str:
    """The verdict of a replay, `waived` where that is put up with; without one what stands there."""
    result = fixture.replayed
    if result is not None:
        return "waived" if result.waived and result.status in FAILURES else str(result.status)
    if fixture.archive is None:
        return "missing"
    if fixture.archive.problem or (fixture.record and fixture.record.problem):
        return "unreadable"
    return "there" if fixture.archive.covered else "uncovered"


def notes_of(project: Project) -> Iterator[Row]:
    """What is no operator's: what belongs to no entry, and what could not be read."""
    status, where = project.status, {"project": project.folder}
    for problem in status.problems:
        yield {**where, "kind": "unread", "place": str(problem.place), "text": problem.message}
    for module in status.orphan_modules:
        operator = f" for {module.operator}" if module.operator is not None else ""
        text = f"module {module.module}{operator}: {module.reason}"
        yield {**where, "kind": "orphan", "place": str(module.place), "text": text}
    for upgrader in status.orphan_upgraders:
        text = f"upgrader {upgrader.name}: no entry names it"
        yield {**where, "kind": "orphan", "place": str(upgrader.place), "text": text}
    for path in status.orphan_fixtures:
        yield {**where, "kind": "orphan", "place": path, "text": "fixture: no fixture entry owns it"}
    for one in status.breaks:
        of = ", ".join((*one.modules, *one.formats))
        text = f"{one.operator}{f' ({of})' if of else ''}: {one.sentence}"
        yield {**where, "kind": "break", "place": "", "text": text}
