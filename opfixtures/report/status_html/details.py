"""What the page shows of an operator when somebody opens it: schemas, upgraders, and each fixture with its record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from opfixtures.errors import UserError
from opfixtures.making.alteration import in_words
from opfixtures.proving.loaded import Loaded
from opfixtures.records.record import Record, RecordError, load_record, record_path
from opfixtures.report.html.values import shortened_text, shown_samples, shown_value
from opfixtures.report.status import EntryStatus, FixtureStatus, OperatorStatus
from opfixtures.report.status_html.project import Project

Detail = dict[str, Any]

MOST_OF_ALL_SAMPLES = 24 << 20
"""Characters: a page of more opens slowly, and nobody reads it."""


class Details:
    """The details of all rows of a page, in the order of its rows. Samples are left out where there are too many."""

    def __init__(self) -> None:
        self._left = MOST_OF_ALL_SAMPLES

    def of(self, project: Project) -> Iterator[Detail]:
        """Those of one project."""
        for one in project.status.operators:
            yield self._operator(project, one)
        guards: dict[str, list[FixtureStatus]] = {}
        for guard in project.status.guards:
            guards.setdefault(guard.operator, []).append(guard.fixture)
        for operator, fixtures in guards.items():
            yield {
                "schema": _schema_now(project, operator, fixtures),
                "waivers": [],
                "entries": [],
                "guards": [self._fixture(project, one) for one in fixtures],
            }

    def _operator(self, project: Project, one: OperatorStatus) -> Detail:
        fixtures = [fixture for entry in one.entries for fixture in entry.fixtures]
        return {
            "schema": _schema_now(project, one.operator, fixtures),
            "waivers": [
                f"{', '.join(waiver.codes)} until {waiver.expires}: {waiver.reason}" for waiver in one.waivers
            ],
            "entries": [self._entry(project, one.operator, entry) for entry in one.entries],
        }

    def _entry(self, project: Project, operator: str, entry: EntryStatus) -> Detail:
        declared = project.change.entries.get((operator, entry.bumped_at_version))
        text, place = project.upgraders.get(entry.upgrader_name, ("", ""))
        return {
            "place": str(declared.place) if declared else "",
            "oldSchema": shortened_text(declared.old_schema) if declared else "",
            "upgraderText": shortened_text(text.strip("\n")),
            "upgraderPlace": place,
            "fixtures": [self._fixture(project, fixture) for fixture in entry.fixtures],
        }

    def _fixture(self, project: Project, fixture: FixtureStatus) -> Detail:
        result, record = fixture.replayed, _record(project, fixture)
        told: Detail = {
            "path": fixture.path,
            "isDefined": fixture.module_defined,
            "stamp": fixture.archive.version if fixture.archive else None,
            "problems": [one.problem for one in (fixture.archive, fixture.record) if one and one.problem],
            "committed": fixture.committed.isoformat() if fixture.committed else "",
        }
        if result is not None:
            told["verdict"] = {
                "status": result.status,
                "reason": shortened_text(result.reason),
                "waived": result.waived,
                "accepted": result.accepted.sentence if result.accepted else "",
                "replayedBy": result.replayed_by or "",
                "facts": _facts(fixture),
            }
        told["now"] = {loader: _loaded(one) for loader, one in result.loaded.items()} if result else {}
        told["loads"] = {
            runtime: {loader: _loaded(one) for loader, one in loaders.items()}
            for runtime, loaders in fixture.loads.items()
        }
        if record is not None:
            told["record"] = _told(record)
            told["samples"] = self._samples(record)
            told["allSamples"] = len(record.samples)
        return told

    def _samples(self, record: Record) -> list[Any]:
        shown = shown_samples(record.samples)
        self._left -= len(json.dumps(shown))
        return shown if self._left >= 0 else []


def _schema_now(project: Project, operator: str, fixtures: list[FixtureStatus]) -> str:
    """The operator's schema as the replay saw it, else as the tree declares it; empty where neither is known."""
    seen = (one.replayed.schema_now for one in fixtures if one.replayed)
    return next(filter(None, seen), "") or project.schemas.get(operator, "")


def _record(project: Project, fixture: FixtureStatus) -> Record | None:
    if fixture.record is None or fixture.record.problem:
        return None
    try:
        data = project.read(record_path(fixture.path))
        return None if data is None else load_record(data)
    except (RecordError, UserError):
        return None


def _told(record: Record) -> Detail:
    runtime, proof, archive = record.runtime, record.pre_change, record.archive
    return {
        "runtime": runtime.name,
        "torch": runtime.torch,
        "torchGit": runtime.torch_git,
        "python": runtime.python,
        "platform": runtime.platform,
        "packages": [f"{one.name} {one.version}" for one in runtime.packages],
        "schema": proof.schema,
        "commit": proof.commit or "",
        "provenBy": proof.proven_by,
        "synthetic": in_words(record.synthetic),
        "tolerances": {dtype: list(map(str, pair)) for dtype, pair in record.tolerances.items()},
        "archive": asdict(archive),
        "module": f"{record.module.path}: {record.module.name}",
    }


def _facts(fixture: FixtureStatus) -> list[list[Any]]:
    """Name of a fact, its loader or nothing, its value, its reason."""
    facts = fixture.replayed.facts if fixture.replayed else None
    if facts is None:
        return []
    named = {"pre-change": facts.pre_change, "covers": facts.covers, "reproduced": facts.reproduced}
    rows = [[name, "", one.value, shortened_text(one.reason)] for name, one in named.items()]
    return rows + [
        [name, loader, one.value, shortened_text(one.reason)]
        for loader, seen in facts.loaders.items()
        for name, one in seen.told.items()
    ]


def _loaded(one: Loaded) -> Mapping[str, Any]:
    return {
        "outcome": one.outcome,
        "reason": shortened_text(one.reason),
        "differences": [text and shortened_text(text) for text in one.differences],
        "outputs": [None if output is None else shown_value(output) for output in one.outputs],
    }
