"""A row of all that is known of an entry or a guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from opfixtures.declarations.names import span
from opfixtures.proving.result import FAILURES, Answer, FixtureResult
from opfixtures.report.status import EntryStatus, FixtureStatus, GuardStatus, OperatorStatus

HEADINGS = ("operator", "at", "covers", "upgrader", "fixture entry", "stamped", "made by", "since")
"""Of the columns before those of the loaders."""


def entry_rows(operator: OperatorStatus, loaders: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """A row for each entry, with a column for each of `loaders`, one for the verdict and one for waivers."""
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


def guard_row(guard: GuardStatus, loaders: Sequence[str]) -> tuple[str, ...]:
    """The same of a guard."""
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
    return span(entry.covers, to="-")


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
