"""What a result comes to, in a mark and one sentence that says what to do. It holds no text from a repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from opfixtures.proving.result import FixtureResult, Status
from opfixtures.report.publication import Publication
from opfixtures.rules.findings import Severity

RED, GREEN, TAKE, LOOK = "❌", "✅", "📦", "⚠️"

_WORDS = {
    Status.VERIFIED: "proven",
    Status.ACCEPTED: "accepted as broken",
    Status.GENERATED: "not replayed yet",
}


class Verdict(NamedTuple):
    """A mark, a sentence without a full stop, and whether something is wrong."""

    mark: str
    sentence: str
    is_wrong: bool

    @property
    def line(self) -> str:
        """Both in one line."""
        return f"{self.mark} {self.sentence}"


def verdict(publication: Publication) -> Verdict:
    """What a reader of the pull request has to know first."""
    wrong = list(_wrong(publication))
    offer = _offer(publication)
    if wrong:
        return Verdict(RED, "; ".join([f"{', '.join(wrong)}: see below what to do", *offer]), is_wrong=True)
    if offer:
        return Verdict(GREEN if publication.pushed else TAKE, offer[0], is_wrong=False)
    replayed = _replayed(publication.rows)
    if replayed:
        return Verdict(GREEN, replayed, is_wrong=False)
    to_look_at = [
        _count(number, severity)
        for severity in (Severity.WARNING, Severity.NOTE)
        if (number := sum(one.severity is severity for one in publication.news))
    ]
    if to_look_at:
        return Verdict(LOOK, f"Nothing to fix, {' and '.join(to_look_at)} to read", is_wrong=False)
    return Verdict(GREEN, "Nothing to do: this change needs no fixture", is_wrong=False)


def _wrong(publication: Publication) -> Iterator[str]:
    """What has to be mended, in parts of a sentence. Each operator counts for the worst of it."""
    rows = [row for row in publication.rows if row.failed]
    broken = _operators(row for row in rows if row.status is Status.MISMATCH)
    if broken:
        verb = "breaks" if len(broken) == 1 else "break"
        yield f"{_count(len(broken), 'operator')} {verb} old models"
    errors = [one for one in publication.news if one.severity is Severity.ERROR]
    if errors:
        yield f"{_count(len(errors), 'problem')} to fix"
    told = broken | {one.operator for one in errors}
    for status, what in (
        (Status.REFUSED, "could not be made"),
        (Status.FAILED, "could not be replayed"),
        (Status.UNPROVEN, "not proven"),
    ):
        number = sum(row.status is status and row.operator not in told for row in rows)
        if number:
            verb = ("is " if number == 1 else "are ") if status is Status.UNPROVEN else ""
            yield f"{_count(number, 'fixture')} {verb}{what}"
    if publication.result.planned:
        yield f"{_count(len(publication.result.planned), 'fixture')} not seen, for a job failed"


def _offer(publication: Publication) -> list[str]:
    """What the branch can take, or was given: a sentence, if anything."""
    rows = publication.made if publication.pushed else [row for row in publication.made if not row.failed]
    if not rows:
        return []
    what = f"{_count(len(rows), 'fixture')} {'committed' if publication.pushed else 'to commit'}"
    return [f"{what}, {_proven(rows)}"]


def _proven(rows: Sequence[FixtureResult]) -> str:
    if all(row.status is Status.VERIFIED for row in rows):
        every = {1: "", 2: "both "}.get(len(rows), "all ")
        return f"{every}proven: old models keep their results"
    return _counted(rows)


def _replayed(rows: Sequence[FixtureResult]) -> str:
    verified = sum(row.status is Status.VERIFIED for row in rows)
    others = [row for row in rows if row.status is not Status.VERIFIED]
    parts = [f"{_count(verified, 'fixture')} replayed"] if verified else []
    parts += [_counted(others)] if others else []
    start = "Old models keep their results" if verified else "Nothing to fix"
    return f"{start}: {', '.join(parts)}" if parts else ""


def _counted(rows: Iterable[FixtureResult]) -> str:
    counts = Counter("waived" if row.waived else _WORDS.get(row.status, row.status) for row in rows)
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def _operators(rows: Iterable[FixtureResult]) -> set[str | None]:
    return {row.operator for row in rows}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
