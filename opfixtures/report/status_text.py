"""The status of all operators of all projects, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from opfixtures.proving.result import FAILURES, Answer, FixtureResult
from opfixtures.report.status import EntryStatus, FixtureStatus, GuardStatus, OperatorStatus, Status
from opfixtures.repository.printable import printable

_HEADINGS = ("operator", "at", "covers", "upgrader", "fixture entry", "stamped", "made by", "since")
# One name of any length shall not push every row out of sight.
_WIDEST = 48


def status_text(projects: Mapping[str, Status]) -> str:
    """What each project's status is; of several projects, each below the name of its folder."""
    parts = {folder or ".": _project(status) for folder, status in projects.items()}
    if len(parts) == 1:
        return "".join(parts.values())
    return "\n".join(f"{printable(folder)}:\n{part}" for folder, part in parts.items())


def _project(status: Status) -> str:
    """A row an operator, or one for each of its entries; orphans and problems below; a line of counts."""
    loaders = list(dict.fromkeys(loader for fixture in _fixtures(status) for loader in fixture.replays))
    rows = [row for operator in status.operators for row in _rows(operator, loaders)]
    rows += [_guard(guard, loaders) for guard in status.guards]
    lines = [
        *_table([(*_HEADINGS, *loaders, "verdict", "waiver"), *rows] if rows else []),
        *_breaks(status),
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


def _rows(operator: OperatorStatus, loaders: Sequence[str]) -> Iterator[tuple[str, ...]]:
    waiver = "; ".join(f"{', '.join(one.codes)} until {one.expires}" for one in operator.waivers)
    for number, entry in enumerate(operator.entries):
        cells = (_joined(map(cell, entry.fixtures)) for cell in (_module, _stamp, _maker, _since))
        yield (
            operator.operator,
            str(entry.bumped_at_version),
            _covers(entry),
            _upgrader(entry),
            *(cells if entry.fixtures else ("missing", "", "", "")),
            *(_replay(entry, loader) for loader in loaders),
            _verdict(entry),
            waiver if number == 0 else "",
        )


def _guard(guard: GuardStatus, loaders: Sequence[str]) -> tuple[str, ...]:
    fixture, replayed = guard.fixture, guard.fixture.replayed
    equal = (fixture.replays[one].equal.value if one in fixture.replays else "" for one in loaders)
    shown = ("equal" if one is Answer.YES else "differs" if one is Answer.NO else str(one) for one in equal)
    verdict = _told(replayed) if replayed else ""
    own = (_module(fixture), _stamp(fixture), _maker(fixture), _since(fixture))
    return guard.operator, "", "", "guard", *own, *shown, verdict, ""


def _joined(texts: Iterable[str]) -> str:
    """The different ones; of many names the first, and how many more."""
    different = list(dict.fromkeys(text for text in texts if text))
    return ", ".join(different[:1]) + (f" +{len(different) - 1}" if len(different) > 1 else "")


def _replay(entry: EntryStatus, loader: str) -> str:
    """What all fixtures of an entry showed, and whether one of them would notice a missing upgrader."""
    facts = [fixture.replays[loader] for fixture in entry.fixtures if loader in fixture.replays]
    equal = {one.equal.value for one in facts}
    if not facts or Answer.NO in equal or equal != {Answer.YES}:
        return "" if not facts else "differs" if Answer.NO in equal else ", ".join(sorted(equal))
    if any(one.differ for one in facts):
        return "not upgraded"
    sensitive = {one.sensitive.value for one in facts}
    notices = "sensitive" if Answer.YES in sensitive else "insensitive"
    return f"equal, {'identity' if sensitive == {Answer.NOT_APPLICABLE} else notices}"


def _verdict(entry: EntryStatus) -> str:
    """What the replays of all fixtures of an entry come to: what is not green, if there is such."""
    results = [fixture.replayed for fixture in entry.fixtures if fixture.replayed]
    failed = [one for one in results if one.status in FAILURES]
    return _joined(map(_told, failed or results))


def _told(result: FixtureResult) -> str:
    return f"{result.status}{' (waived)' if result.waived else ''}"


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
    if fixture.archive.version is None:
        return "none"
    return f"{fixture.archive.version}" + ("" if fixture.archive.covered else " (not covered)")


def _maker(fixture: FixtureStatus) -> str:
    if fixture.record is None:
        return "" if fixture.archive is None else "no record"
    return fixture.record.runtime or "unreadable"


def _since(fixture: FixtureStatus) -> str:
    return fixture.committed.isoformat() if fixture.committed else ""


def _breaks(status: Status) -> Iterator[str]:
    if status.breaks:
        yield "\naccepted breaks, what users of old files are told:"
    for one in status.breaks:
        of = ", ".join((*one.modules, *one.formats))
        yield printable(f"    {one.operator}{f' ({of})' if of else ''}: {one.sentence}")


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
    for guard in status.guards:
        yield guard.fixture


def _summary(status: Status) -> str:
    entries = [entry for operator in status.operators for entry in operator.entries]
    there = sum(any(one.archive and one.archive.covered for one in entry.fixtures) for entry in entries)
    orphans = (
        (status.orphan_modules, "module"),
        (status.orphan_fixtures, "fixture"),
        (status.orphan_upgraders, "upgrader"),
    )
    counted = ", ".join(_count(len(things), what) for things, what in orphans)
    guards = f", {_count(len(status.guards), 'guard')}" if status.guards else ""
    return (
        f"\nopfixtures: {_count(len(status.operators), 'operator')}, {there} of "
        f"{_count(len(entries), 'entry', 'entries')} with a fixture{guards}; orphans: {counted}"
    )


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
