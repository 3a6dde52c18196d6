"""Fixtures that were refused or differ, as GitHub's annotations on their entries in the version map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.result import FixtureResult
from opfixtures.report.findings_github import annotation
from opfixtures.report.result_text import named
from opfixtures.rules.findings import Severity


def annotated(fixtures: Sequence[FixtureResult], entries: Sequence[MapEntry]) -> Iterator[str]:
    """A workflow command for each failure that has a fixture entry: a check finds those that have none. That of a
    guard stands at the top of its own file."""
    places = {entry.key: entry.place for entry in entries}
    for fixture in fixtures:
        place = places.get((fixture.operator, fixture.bumped_at_version or 0))
        if place is None and fixture.fixture:
            place = Place(fixture.fixture, 1, 1)
        if place and fixture.module and fixture.failed:
            title = f"{fixture.status} {named(fixture)}"
            yield annotation(Severity.ERROR, place, title, fixture.reason or fixture.status)
