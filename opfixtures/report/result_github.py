"""Fixtures that were refused or differ, as GitHub's annotations on their entries in the version map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opfixtures.declarations.model import MapEntry
from opfixtures.findings import Severity
from opfixtures.report.findings_github import annotation
from opfixtures.result import FAILURES, FixtureResult


def annotated(fixtures: Sequence[FixtureResult], entries: Sequence[MapEntry]) -> Iterator[str]:
    """A workflow command for each failure that has a fixture entry: a check finds those that have none."""
    places = {entry.upgrader_name: entry.place for entry in entries}
    for fixture in fixtures:
        place = places.get(fixture.upgrader_name)
        if place and fixture.module and fixture.status in FAILURES and not fixture.waived:
            title = f"{fixture.status} {fixture.operator} at {fixture.bumped_at_version}"
            yield annotation(Severity.ERROR, place, title, fixture.reason or fixture.status)
