"""Who loads what, for a terminal: a row a fixture, a column a runtime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from os.path import basename

from opfixtures.proving.loaded import Loaded
from opfixtures.report.status import FixtureStatus
from opfixtures.repository.printable import printable

# With two runtimes a row fits 80 columns.
_WIDEST = 44
_NOT_LOADED_THERE = "-"
_OF_SEVERAL = {"does not load": "do not load", "raises": "raise", "crashes": "crash"}


def loads_text(fixtures: Iterable[FixtureStatus], runtimes: Sequence[str]) -> str:
    """The table, and a line of counts for each runtime. A fixture whose loaders do not agree has a row for each."""
    rows = [row for fixture in fixtures for row in _rows(fixture, runtimes)]
    if not rows:
        return "no fixture is there to load\n"
    table = [("fixture", *runtimes), *rows]
    widths = [min(max(map(len, column)), _WIDEST) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(_fitted(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    counts = [_counted(name, [row[place] for row in rows]) for place, name in enumerate(runtimes, 1)]
    return "".join(f"{line}\n" for line in (*lines, "", *counts))


def loader_cells(fixture: FixtureStatus, runtimes: Sequence[str]) -> dict[str, list[Loaded | None]]:
    """For each loader what it showed in each runtime, None where it was not asked; one row named "" where all loaders
    showed the same kind of outcome."""
    loads = [fixture.loads.get(runtime, {}) for runtime in runtimes]
    loaders = list(dict.fromkeys(loader for one in loads for loader in one))
    cells = {loader: [one.get(loader) for one in loads] for loader in loaders}
    if all(len({one.outcome for one in shown.values()}) <= 1 for shown in loads):
        return {"": [next(iter(shown.values()), None) for shown in loads]}
    return cells


def _rows(fixture: FixtureStatus, runtimes: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if fixture.archive is None:
        return
    name = printable(basename(fixture.path))
    for loader, cells in loader_cells(fixture, runtimes).items():
        label = f"{name} ({loader})" if loader else name
        yield label, *(_NOT_LOADED_THERE if one is None else str(one.outcome) for one in cells)


def _fitted(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else f"…{cell[len(cell) - width + 1 :]}"


def _counted(runtime: str, cells: Sequence[str]) -> str:
    return (
        f"{runtime}: {', '.join(f'{count} {_word(cell, count)}' for cell, count in Counter(cells).items())}"
    )


def _word(cell: str, count: int) -> str:
    if cell == _NOT_LOADED_THERE:
        return "not loaded"
    return _OF_SEVERAL.get(cell, cell) if count > 1 else cell
