"""What became of each fixture, for programs: described by `schemas/result.schema.json`."""

from __future__ import annotations

import json
from dataclasses import asdict

from opfixtures.proving.result import Facts, FixtureResult, LoaderFacts, Result

SCHEMA = 3
MOST_TEXT = 20_000
"""How many characters a text of a result may have: names are the branch's, and one must not cost all rows."""


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
    if result.notes:
        report["notes"] = list(result.notes)
    if result.suggestions:
        report["suggestions"] = [asdict(one) for one in result.suggestions]
    return json.dumps(cut(report), indent=2)


def cut(value: object) -> object:
    """A part of a report, with the ends of texts left out that no reader of it takes."""
    if isinstance(value, dict):
        return {name: cut(member) for name, member in value.items()}
    if isinstance(value, list):
        return [cut(member) for member in value]
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f"{value[: MOST_TEXT - 3]}..."
    return value


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
        "loaders": {loader: told_facts(seen) for loader, seen in facts.loaders.items()},
    }


def told_facts(seen: LoaderFacts) -> dict[str, object]:
    """The facts of one loader, as far as it has them."""
    return {name: asdict(fact) for name, fact in seen.told.items()}
