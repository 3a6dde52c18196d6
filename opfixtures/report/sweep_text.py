"""A sweep for a terminal: what changed, a line each, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.report.screen import USUAL_COLUMNS
from opfixtures.report.shortened import cut
from opfixtures.repository.printable import printable
from opfixtures.sweep.judgement import NO_MODEL, NOT_UNIQUE, REFUSED_INPUT, SAME
from opfixtures.sweep.left_out import counts_by_reason
from opfixtures.sweep.swept import Sweep, Swept

_WIDEST_NAME = 32
_ALSO = {
    SAME: "give the same",
    REFUSED_INPUT: "refuse input that was wrong before",
    NOT_UNIQUE: "give what is not unique by definition",
    NO_MODEL: "have no model",
}


def sweep_text(sweep: Sweep) -> str:
    """Counts, a table of what changed, and how to see more."""
    return "".join(f"{printable(line)}\n" for line in _lines(sweep))


def _lines(sweep: Sweep) -> Iterator[str]:
    changed, count = sweep.changed, len(sweep.operators)
    share = f" ({100 * sweep.with_model / count:.0f} %)" if count else ""
    yield f"{sweep.sides.old} against {sweep.sides.new}:"
    yield f"{_operators(count)}, {sweep.with_model} with a model{share}, {len(sweep.left_out)} left out"
    for why, number in counts_by_reason(sweep.left_out.values()).items():
        yield cut(f"  {number} left out: {why}", USUAL_COLUMNS)
    versioned = sum(one.versioned for one in changed)
    yield f"{len(changed)} changed, {versioned} of them in the version map"
    width = min(max((len(one.operator) for one in changed), default=0), _WIDEST_NAME)
    for one in changed:
        yield from _row(one, width)
    statuses = [one.verdict.status for one in sweep.operators]
    for status, what in _ALSO.items():
        if status in statuses:
            yield f"{statuses.count(status)} {what}"
    yield f"{sweep.seconds[0]:.0f} s, of which the workers computed {sweep.seconds[1]:.0f} s"


def _row(one: Swept, width: int) -> Iterator[str]:
    head = f"  {one.verdict.status:<6}  {one.operator:<{width}}"
    if len(one.operator) > width:
        yield head
        head = " " * (10 + width)
    yield cut(f"{head}  {one.verdict.short}", USUAL_COLUMNS)


def _operators(count: int) -> str:
    return f"{count} operator{'s' * (count != 1)}"
