"""What became of each fixture, for programs: described by `schemas/result.schema.json`."""

from __future__ import annotations

import json
from dataclasses import asdict

from opfixtures.proving.result import Facts, FixtureResult, Result

SCHEMA = 3


def result_json(result: Result) -> str:
    """`{"schema": 3, "pre_change_commit": ..., "fixtures": [...]}`, in ASCII."""
    rows = [_row(fixture) for fixture in result.fixtures]
    report: dict[str, object] = {
        "schema": SCHEMA,
        "pre_change_commit": result.pre_change_commit,
        "fixtures": rows,
    }
    if result.isolation is not None:
        report["isolation"] = list(result.isolation)
    if result.planned:
        report["planned"] = list(result.planned)
    return json.dumps(report, indent=2)


def _row(fixture: FixtureResult) -> dict[str, object]:
    return {
        "operator": fixture.operator,
        "bumped_at_version": fixture.bumped_at_version,
        "upgrader_name": fixture.upgrader_name,
        "module": fixture.module,
        "fixture": fixture.fixture,
        "made": fixture.made,
        "status": fixture.status,
        "reason": fixture.reason,
        "runtime": fixture.runtime,
        "replayed_by": fixture.replayed_by,
        "pre_change_commit": fixture.pre_change_commit,
        "synthetic": list(fixture.synthetic),
        "waived": fixture.waived,
        "accepted": None if fixture.accepted is None else asdict(fixture.accepted),
        "facts": None if fixture.facts is None else _facts(fixture.facts),
    }


def _facts(facts: Facts) -> dict[str, object]:
    return {
        "pre-change": asdict(facts.pre_change),
        "covers": asdict(facts.covers),
        "reproduced": asdict(facts.reproduced),
        "loaders": {loader: asdict(seen) for loader, seen in facts.loaders.items()},
    }
