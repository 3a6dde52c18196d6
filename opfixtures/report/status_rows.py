"""A short row for each entry and guard: enough to see what is missing, in a terminal of 80 columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from opfixtures.declarations.names import span
from opfixtures.proving.result import FAILURES
from opfixtures.report.screen import cut
from opfixtures.report.status import EntryStatus, FixtureStatus, Status

SHORT_HEADINGS = ("operator", "at", "covers", "fixtures", "made by", "replay")
# With these no row is wider than 80 columns.
_WIDEST = {"operator": 32, "fixtures": 16, "made by": 20, "replay": 18}


def short_rows(status: Status) -> Iterator[tuple[tuple[str, ...], bool]]:
    """A row each, cut to a width, and whether it lacks something or is not green; one for all guards of an operator."""
    for operator in status.operators:
        for entry in operator.entries:
            lacks = _lacks(entry)
            there = str(len(entry.fixtures))
            first = (
                operator.operator,
                str(entry.bumped_at_version),
                span(entry.covers, to="-"),
            )
            yield _row(first, lacks or there, entry.fixtures), bool(lacks) or _is_red(entry.fixtures)
    guards = defaultdict[str, list[FixtureStatus]](list)
    for guard in status.guards:
        guards[guard.operator].append(guard.fixture)
    for name, fixtures in guards.items():
        lacks = _lacking(fixtures)
        row = _row((name, "", "guard"), lacks or str(len(fixtures)), fixtures)
        yield row, bool(lacks) or _is_red(fixtures)


def _row(first: tuple[str, str, str], told: str, fixtures: Sequence[FixtureStatus]) -> tuple[str, ...]:
    operator, version, covers = first
    named = (one.record.runtime for one in fixtures if one.record and one.record.runtime)
    # Of a library the commit or the release is told, and not which torch was beside it.
    makers = dict.fromkeys(name.partition(" with ")[0] for name in named)
    by = f"{len(makers)} runtimes" if len(makers) > 1 else next(iter(makers), "")
    cells = operator, version, covers, told, by, _replay(fixtures)
    return tuple(cut(cell, _WIDEST.get(of, 12)) for of, cell in zip(SHORT_HEADINGS, cells, strict=True))


def _replay(fixtures: Sequence[FixtureStatus]) -> str:
    """What replays came to; of several what is not green, if there is such, and how many."""
    results = [one.replayed for one in fixtures if one.replayed]
    failed = [one for one in results if one.status in FAILURES] or results
    count = Counter(f"{one.status}{' (waived)' if one.waived else ''}" for one in failed)
    return ", ".join(f"{number} {word}" if number > 1 else word for word, number in count.items())


def _is_red(fixtures: Sequence[FixtureStatus]) -> bool:
    return any(one.replayed and one.replayed.failed for one in fixtures)


def _lacks(entry: EntryStatus) -> str:
    if entry.upgrader_defined is False:
        return "no upgrader"
    if not entry.fixtures:
        return "no fixture entry"
    return _lacking(entry.fixtures)


def _lacking(fixtures: Sequence[FixtureStatus]) -> str:
    lacks = [lack for one in fixtures if (lack := _lack_of(one))]
    if not lacks:
        return ""
    of = f" of {len(fixtures)}" if len(fixtures) > 1 else ""
    return f"{len(lacks)}{of} {lacks[0]}" if of else lacks[0]


def _lack_of(fixture: FixtureStatus) -> str:
    if not fixture.module_defined:
        return "no module"
    if fixture.archive is None:
        return "not made"
    if fixture.archive.problem or (fixture.record and fixture.record.problem):
        return "unreadable"
    return "" if fixture.archive.covered else "wrong version"
