"""The status of all operators of all projects, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from opfixtures.report.result_text import says_something
from opfixtures.report.screen import DIM, GREEN, PLAIN, QUIET, RED, VERBOSE, Screen, cut, wrapped
from opfixtures.report.status import FixtureStatus, Status
from opfixtures.report.status_facts import HEADINGS, entry_rows, guard_row
from opfixtures.report.status_rows import SHORT_HEADINGS, short_rows
from opfixtures.repository.printable import printable

# One name of any length shall not push every row out of sight.
_WIDEST = 48


def status_text(projects: Mapping[str, Status], screen: Screen = PLAIN) -> str:
    """What each project's status is; of several projects, each below the name of its folder."""
    parts = {folder or ".": _project(status, screen) for folder, status in projects.items()}
    if len(parts) == 1:
        return "".join(parts.values())
    return "\n".join(f"{printable(folder)}:\n{part}" for folder, part in parts.items() if part)


def _project(status: Status, screen: Screen) -> str:
    """A row an operator, or one for each of its entries; orphans and problems below; a line of counts.

    When `screen` is verbose, with all that is known of each, as blocks where the table is too wide; when it is quiet,
    only what lacks something.
    """
    is_verbose = screen.loudness == VERBOSE
    loaders = list(
        dict.fromkeys(
            loader
            for fixture in _fixtures(status)
            for loader, facts in fixture.replays.items()
            if says_something(facts)
        )
    )
    if is_verbose:
        rows = [row for operator in status.operators for row in entry_rows(operator, loaders)]
        rows += [guard_row(guard, loaders) for guard in status.guards]
        headings: Sequence[str] = (*HEADINGS, *loaders, "verdict", "waiver")
        shown = _shown(headings, rows, screen)
    else:
        short = [(row, bad) for row, bad in short_rows(status) if bad or screen.loudness != QUIET]
        rows = [row for row, _ in short]
        room = replace(screen, width=screen.width - 2 * screen.marks)
        shown = _marked(_fitting(rows, room), [bad for _, bad in short], screen)
    rest = [*_breaks(status), *_orphans(status), *_problems(status)]
    if screen.loudness == QUIET:
        rest = [*_problems(status)]
        if not rows and not rest:
            return ""
    lines = [*shown]
    for line in rest:
        lines += wrapped(line[4:], screen.width, "    ") if line.startswith("    ") else [line]
    lines += ["", *wrapped(f"opfixtures: {_summary(status)}", screen.width)]
    lines += wrapped(f"next: {_next(status)}", screen.width)
    return "".join(f"{line}\n" for line in lines).lstrip("\n")


def _fitting(rows: Sequence[Sequence[str]], screen: Screen) -> list[str]:
    """A table of short rows; one that is too wide does without who made the fixtures, and then with shorter names."""
    lines = list(_table([SHORT_HEADINGS, *rows])) if rows else []
    if max(map(len, lines), default=0) > screen.width:
        left_out = SHORT_HEADINGS.index("made by")
        fewer = [
            [cell for place, cell in enumerate(row) if place != left_out] for row in [SHORT_HEADINGS, *rows]
        ]
        lines = list(_table(fewer))
        over = max(map(len, lines)) - screen.width
        if over > 0:
            name = max(len(row[0]) for row in fewer) - over
            lines = list(_table([[cut(row[0], max(name, 8)), *row[1:]] for row in fewer]))
    return lines


def _marked(lines: Iterable[str], wrong: Sequence[bool], screen: Screen) -> Iterator[str]:
    """The lines of a table, those of rows that are wrong or not marked and coloured so."""
    heading, *rows = [*lines] or [""]
    if not heading:
        return
    yield screen.painted(f"  {heading}" if screen.marks else heading, DIM)
    for line, is_wrong in zip(rows, wrong, strict=True):
        mark, colour = ("✗", RED) if is_wrong else ("✓", GREEN)
        head = screen.painted(f"{mark} ", colour) if screen.marks else ""
        yield head + (screen.painted(line, RED) if is_wrong else line)


def _next(status: Status) -> str:
    entries = [entry for operator in status.operators for entry in operator.entries]
    if status.problems:
        return "mend what cannot be read"
    if any(not entry.fixtures for entry in entries):
        return "run `opfixtures new --all` for what has no fixture entry"
    if any(one.archive is None for one in _fixtures(status)):
        return "run `opfixtures generate --all` for what has no fixture"
    if any(one.replayed and one.replayed.failed for one in _fixtures(status)):
        return "run `opfixtures verify` for what is not green"
    if not any(one.replayed for one in _fixtures(status)) and (entries or status.guards):
        return "run `opfixtures verify` to replay the fixtures"
    return "nothing to do"


def _shown(headings: Sequence[str], rows: Sequence[Sequence[str]], screen: Screen) -> Iterator[str]:
    """A table where it fits, else a paragraph for each row, which says of each cell what it is."""
    lines = list(_table([headings, *rows])) if rows else []
    if all(len(line) <= screen.width for line in lines):
        yield from lines
        return
    for row in rows:
        said = [f"{heading} {cell}" for heading, cell in zip(headings[1:], row[1:], strict=True) if cell]
        yield from wrapped(f"{row[0]}: {', '.join(said)}", screen.width, more="    ")


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of the width of what is in them; one that is empty but for its heading is left out."""
    columns = [[printable(cell) for cell in column] for column in zip(*rows, strict=True)]
    padded = [_padded(column) for column in columns if any(column[1:])]
    return ("  ".join(cells).rstrip() for cells in zip(*padded, strict=True))


def _padded(column: Sequence[str]) -> list[str]:
    width = min(max(map(len, column)), _WIDEST)
    return [cell.ljust(width) for cell in column]


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
    orphans = [
        _count(len(things), what)
        for things, what in (
            (status.orphan_modules, "module"),
            (status.orphan_fixtures, "fixture"),
            (status.orphan_upgraders, "upgrader"),
        )
        if things
    ]
    parts = []
    if entries or not status.guards:
        parts.append(_count(len(status.operators), "operator"))
        parts.append(f"{there} of {_count(len(entries), 'entry', 'entries')} with a fixture")
    parts += [_count(len(status.guards), "guard")] if status.guards else []
    parts += [f"{', '.join(orphans)} of no entry"] if orphans else []
    return ", ".join(parts)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
