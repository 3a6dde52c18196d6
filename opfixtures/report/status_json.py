"""The status of all operators of all projects, for programs: described by `schemas/status.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from opfixtures.declarations.place import Place
from opfixtures.report.result_json import told_facts
from opfixtures.report.status import EntryStatus, FixtureStatus, Loads, OperatorStatus, Status
from opfixtures.settings.accepted_breaks import AcceptedBreak


def status_json(projects: Mapping[str, Status]) -> str:
    """`{"schema": 3, "projects": [{"folder": "", "operators": [...], ...}]}`, in ASCII; projects are by folder."""
    report = {"schema": 3, "projects": [_project(folder, status) for folder, status in projects.items()]}
    return json.dumps(report, indent=2)


def _project(folder: str, status: Status) -> dict[str, object]:
    modules = [
        {"module": one.module, "operator": one.operator, "reason": one.reason, **_place(one.place)}
        for one in status.orphan_modules
    ]
    upgraders = [{"name": one.name, **_place(one.place)} for one in status.orphan_upgraders]
    return {
        "folder": folder,
        "operators": [_operator(operator) for operator in status.operators],
        "guards": [{"operator": one.operator, "fixture": _fixture(one.fixture)} for one in status.guards],
        "orphans": {"modules": modules, "fixtures": status.orphan_fixtures, "upgraders": upgraders},
        "problems": [{"message": one.message, **_place(one.place)} for one in status.problems],
        "accepted_breaks": [_break(one) for one in status.breaks],
    }


def _break(one: AcceptedBreak) -> dict[str, object]:
    told = asdict(one)
    del told["line"]
    return told


def _operator(one: OperatorStatus) -> dict[str, object]:
    waivers = [
        {"codes": waiver.codes, "reason": waiver.reason, "expires": waiver.expires.isoformat()}
        for waiver in one.waivers
    ]
    return {"operator": one.operator, "entries": [_entry(entry) for entry in one.entries], "waivers": waivers}


def _entry(entry: EntryStatus) -> dict[str, object]:
    return {
        "bumped_at_version": entry.bumped_at_version,
        "covers": {"first": entry.covers.start, "last": entry.covers.stop - 1},
        "upgrader_name": entry.upgrader_name,
        "upgrader_defined": entry.upgrader_defined,
        "fixtures": [_fixture(fixture) for fixture in entry.fixtures],
    }


def _fixture(fixture: FixtureStatus) -> dict[str, object]:
    return {
        "module": fixture.module,
        "module_defined": fixture.module_defined,
        "path": fixture.path,
        "archive": None if fixture.archive is None else asdict(fixture.archive),
        "record": None if fixture.record is None else asdict(fixture.record),
        "committed": fixture.committed.isoformat() if fixture.committed else None,
        "verdict": fixture.replayed.status if fixture.replayed else None,
        "reason": fixture.replayed.reason if fixture.replayed else "",
        "replays": {loader: told_facts(facts) for loader, facts in fixture.replays.items()},
        **_loads(fixture.loads),
    }


def _loads(loads: Loads) -> dict[str, object]:
    """What came of a fixture in other runtimes, where somebody asked for these."""
    told = {
        runtime: {
            loader: {"outcome": one.outcome, "reason": one.reason, "differences": one.differences}
            for loader, one in loaders.items()
        }
        for runtime, loaders in loads.items()
    }
    return {"loads": told} if told else {}


def _place(place: Place) -> dict[str, object]:
    return {"path": place.path, "line": place.line, "column": place.column}
