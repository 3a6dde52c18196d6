"""The status of all operators, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opfixtures.report.printable import printable
from opfixtures.status import EntryStatus, FixtureStatus, OperatorStatus, Status

_HEADINGS = ("operator", "at", "covers", "upgrader", "fixture entry", "stamped", "made by", "waiver")
# One name of any length shall not push every row out of sight.
_WIDEST = 40


def status_text(status: Status) -> str:
    """A row an entry, or one for each of its fixture entries; orphans and problems below; a line of counts."""
    rows = [row for operator in status.operators for row in _rows(operator)]
    lines = [
        *_table([_HEADINGS, *rows] if rows else []),
        *_orphans(status),
        *_problems(status),
        _summary(status),
    ]
    return "".join(f"{line}\n" for line in lines).lstrip("\n")


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of the width of what is in them; one that is empty but for its heading is left out."""
    columns = [[printable(cell) for cell in column] for column in zip(*rows, strict=True)]
    padded = [_padded(column) for column in columns if any(column[1:])]
    return ("  ".join(cells).rstrip() for cells in zip(*padded, strict=True))


def _padded(column: Sequence[str]) -> list[str]:
    width = min(max(map(len, column)), _WIDEST)
    return [cell.ljust(width) for cell in column]


def _rows(operator: OperatorStatus) -> Iterator[tuple[str, ...]]:
    waiver = "; ".join(f"{', '.join(one.codes)} until {one.expires}" for one in operator.waivers)
    for entry in operator.entries:
        head = (operator.operator, str(entry.bumped_at_version), _covers(entry), _upgrader(entry))
        for fixture in entry.fixtures:
            yield (*head, _module(fixture), _stamp(fixture), _maker(fixture), waiver)
            head, waiver = ("", "", "", ""), ""
        if not entry.fixtures:
            yield (*head, "missing", "", "", waiver)
            waiver = ""


def _covers(entry: EntryStatus) -> str:
    return f"{entry.covers.start}-{entry.covers.stop - 1}"


def _upgrader(entry: EntryStatus) -> str:
    return entry.upgrader_name + (" (undefined)" if entry.upgrader_defined is False else "")


def _module(fixture: FixtureStatus) -> str:
    return fixture.module + ("" if fixture.module_defined else " (undefined)")


def _stamp(fixture: FixtureStatus) -> str:
    if fixture.archive is None:
        return "no fixture"
    if fixture.archive.problem:
        return "unreadable"
    return f"{fixture.archive.version}" + ("" if fixture.archive.covered else " (not covered)")


def _maker(fixture: FixtureStatus) -> str:
    if fixture.record is None:
        return "" if fixture.archive is None else "no record"
    return fixture.record.runtime or "unreadable"


def _orphans(status: Status) -> Iterator[str]:
    if status.orphan_modules or status.orphan_fixtures or status.orphan_upgraders:
        yield "\nbelongs to no entry:"
    for module in status.orphan_modules:
        operator = f" for {module.operator}" if module.operator is not None else ""
        yield printable(f"    {module.place}: module {module.module}{operator}: {module.reason}")
    for upgrader in status.orphan_upgraders:
        yield printable(f"    {upgrader.place}: upgrader {upgrader.name}")
    for path in status.orphan_fixtures:
        yield printable(f"    {path}")


def _problems(status: Status) -> Iterator[str]:
    problems = [f"{problem.place}: {problem.message}" for problem in status.problems]
    for fixture in _fixtures(status):
        if fixture.archive and fixture.archive.problem:
            problems.append(f"{fixture.path}: {fixture.archive.problem}")
        if fixture.record and fixture.record.problem:
            problems.append(f"{fixture.path}.json: {fixture.record.problem}")
    if problems:
        yield "\ncannot be read:"
    yield from (f"    {printable(problem)}" for problem in problems)


def _fixtures(status: Status) -> Iterator[FixtureStatus]:
    for operator in status.operators:
        for entry in operator.entries:
            yield from entry.fixtures


def _summary(status: Status) -> str:
    entries = [entry for operator in status.operators for entry in operator.entries]
    there = sum(any(one.archive and one.archive.covered for one in entry.fixtures) for entry in entries)
    orphans = (
        (status.orphan_modules, "module"),
        (status.orphan_fixtures, "fixture"),
        (status.orphan_upgraders, "upgrader"),
    )
    counted = ", ".join(_count(len(things), what) for things, what in orphans)
    return (
        f"\nopfixtures: {_count(len(status.operators), 'operator')}, {there} of "
        f"{_count(len(entries), 'entry', 'entries')} with a fixture; orphans: {counted}"
    )


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
