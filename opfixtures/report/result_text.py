"""What became of each fixture, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from opfixtures.proving.result import FAILURES, Answer, Fact, FixtureResult, LoaderFacts, Made, Result, Status
from opfixtures.repository.printable import printable

_INDENT = " " * 12
UNLIMITED = "this system does not limit what fixture modules write"
_HOW = {Made.BY_THIS_RUN: "made by this run", Made.FOUND: "found", Made.AGAIN: "made again"}


def result_text(result: Result, nothing_done: str = "") -> str:
    """A block a fixture, what is not green first, then accepted breaks, and a line of counts, or why nothing was
    done."""
    ordered = sorted(
        result.fixtures, key=lambda one: (one.status not in FAILURES, bool(one.waived), not one.accepted)
    )
    together: dict[Hashable, list[FixtureResult]] = {}
    for number, fixture in enumerate(ordered):
        together.setdefault(_cause(fixture) or number, []).append(fixture)
    blocks = [line for some in together.values() for line in _block(some, result.pre_change_commit)]
    return "".join(f"{line}\n" for line in blocks) + _summary(result, nothing_done)


def _cause(fixture: FixtureResult) -> Hashable:
    """What fixtures have in common that are told of together: a side that fails fails for all. None where there is
    more to tell of the fixture."""
    if fixture.waived or fixture.synthetic or not fixture.reason:
        return None
    if fixture.status is Status.FAILED:
        return fixture.status, fixture.reason
    return None if fixture.facts else (fixture.status, fixture.reason, fixture.pre_change_commit)


def _block(fixtures: Sequence[FixtureResult], told_once: str | None) -> Iterator[str]:
    if len(fixtures) == 1:
        yield from _lines(fixtures[0], told_once)
        return
    for fixture in fixtures:
        yield _title(fixture)
    yield from _reason(fixtures[0])
    if fixtures[0].status is not Status.FAILED:
        yield from _own_commit(fixtures[0], told_once)


def _title(fixture: FixtureResult) -> str:
    what = fixture.fixture or "no fixture entry"
    return printable(f"{fixture.status:<11} {named(fixture)}: {what}")


def named(fixture: FixtureResult) -> str:
    """The operator and the version that it is bumped at; a guard has none."""
    version = fixture.bumped_at_version
    return f"{fixture.operator}, a guard" if version is None else f"{fixture.operator} at {version}"


def _reason(fixture: FixtureResult) -> Iterator[str]:
    for line in fixture.reason.splitlines():
        yield _INDENT + printable(line)


def _own_commit(fixture: FixtureResult, told_once: str | None) -> Iterator[str]:
    if fixture.pre_change_commit not in (None, told_once):
        yield printable(f"{_INDENT}pre-change commit {fixture.pre_change_commit[:12]}")


def _lines(fixture: FixtureResult, told_once: str | None) -> Iterator[str]:
    yield _title(fixture)
    yield from _reason(fixture)
    yield from _own_commit(fixture, told_once)
    if fixture.waived:
        yield printable(f"{_INDENT}{fixture.waived}")
    if fixture.accepted:
        yield printable(f"{_INDENT}{fixture.accepted.sentence}")
    for alteration in fixture.synthetic:
        yield printable(f"{_INDENT}synthetic: {alteration}")
    facts = fixture.facts
    if facts is None:
        return
    yield printable(f"{_INDENT}{_came_by(fixture)}{_fact('pre-change', facts.pre_change, fixture.reason)}")
    yield printable(f"{_INDENT}{_fact('covers', facts.covers, fixture.reason)}")
    if fixture.made is not Made.BY_THIS_RUN:
        yield printable(f"{_INDENT}{_fact('reproduced', facts.reproduced, fixture.reason)}")
    if fixture.replayed_by:
        yield printable(f"{_INDENT}replayed by {fixture.replayed_by}")
    for loader, seen in facts.loaders.items():
        yield from _loader(loader, seen)


def _came_by(fixture: FixtureResult) -> str:
    by = f" by {fixture.runtime}" if fixture.runtime else ""
    if fixture.made in (None, Made.BY_THIS_RUN):
        return f"made{by}: " if by else ""
    return f"{fixture.made}, made{by}: " if by and fixture.made is Made.FOUND else f"{fixture.made}{by}: "


def _loader(loader: str, facts: LoaderFacts) -> Iterator[str]:
    heads = ", ".join(f"{name} {fact.value}" for name, fact in facts.told.items())
    yield printable(f"{_INDENT}{loader}: {heads}")
    for names, reason in shared_reasons(facts):
        yield printable(f"{_INDENT}  {names}: {reason}")


def shared_reasons(facts: LoaderFacts) -> list[tuple[str, str]]:
    """The reasons of what is not simply so, each once: the names of all facts that have it, and the reason."""
    names_of: dict[str, list[str]] = {}
    for name, fact in facts.told.items():
        if fact.reason and fact.value is not Answer.YES:
            names_of.setdefault(fact.reason, []).append(name)
    return [(", ".join(names), reason) for reason, names in names_of.items()]


def _fact(name: str, fact: Fact, said: str) -> str:
    is_said = bool(said) and (said.endswith(fact.reason) or fact.reason.endswith(said))
    return f"{name} {fact.value}" + (f" ({fact.reason})" if fact.reason and not is_said else "")


def _summary(result: Result, nothing_done: str) -> str:
    count = Counter(fixture.status for fixture in result.fixtures)
    waived = sum(bool(fixture.waived) for fixture in result.fixtures)
    parts = [f"{count[status]} {status}" for status in Status if count[status]]
    parts += [f"{waived} of them waived"] if waived else []
    made = Counter(fixture.made for fixture in result.fixtures if fixture.made)
    how = ", ".join(f"{made[one]} {_HOW[one]}" for one in Made if made[one])
    commit = f", pre-change commit {result.pre_change_commit[:12]}" if result.pre_change_commit else ""
    told = f"{', '.join(parts)}{f' ({how})' if how else ''}{commit}"
    nothing_done = "; ".join(filter(None, (nothing_done, UNLIMITED if result.writes_unlimited else "")))
    return f"opfixtures: {'; '.join(filter(None, (told, nothing_done))) or 'nothing to do'}"
