"""What became of each fixture, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from opfixtures.proving.result import FAILURES, Answer, Fact, FixtureResult, LoaderFacts, Made, Result, Status
from opfixtures.report.next_step import NOTHING
from opfixtures.report.screen import GREEN, PLAIN, QUIET, RED, VERBOSE, YELLOW, Screen, cut, wrapped
from opfixtures.repository.printable import printable

_INDENT = " " * 12
_FACT = _INDENT + "  "
_LEAST_OF_A_NAME = 16
# One name of any length shall not push every row out of sight.
_WIDEST_OPERATOR = 48
UNLIMITED = "this system does not limit what fixture modules write"
_HOW = {Made.BY_THIS_RUN: "made by this run", Made.FOUND: "found", Made.AGAIN: "made again"}
_MARKS = {Status.VERIFIED: ("✓", GREEN), Status.ACCEPTED: ("✓", YELLOW), Status.GENERATED: ("○", YELLOW)}
_NOT_GREEN = ("✗", RED)


def result_text(
    result: Result, notes: Sequence[str] = (), screen: Screen = PLAIN, next_step: str = ""
) -> str:
    """A row a fixture, what is not green first, then accepted breaks; then `notes`, a line of counts, and what to do
    next.

    What is not green has its reason below, and when `screen` is verbose every fixture has its facts. When it is quiet,
    what is green is left out, and where all is green there is no line at all.
    """
    ordered = sorted(
        result.fixtures, key=lambda one: (one.status not in FAILURES, bool(one.waived), not one.accepted)
    )
    if screen.loudness == QUIET:
        ordered = [one for one in ordered if one.failed]
        if not ordered:
            return ""
    together: dict[Hashable, list[FixtureResult]] = {}
    for number, fixture in enumerate(ordered):
        together.setdefault(_cause(fixture, screen) or number, []).append(fixture)
    width = min(max((len(printable(named(one))) for one in ordered), default=0), _WIDEST_OPERATOR)
    table = _Table(screen, width, result.pre_change_commit)
    lines = [line for some in together.values() for line in table.block(some)]
    told = [*notes, *([UNLIMITED] if result.writes_unlimited else [])]
    counts = _summary(result) if result.fixtures else told.pop(0) if told else NOTHING
    lines += [line for note in told for line in wrapped(f"note: {note}", screen.width)]
    lines += wrapped(f"opfixtures: {counts}", screen.width)
    if next_step and next_step != NOTHING:
        lines += wrapped(f"next: {next_step}", screen.width)
    return "".join(f"{line}\n" for line in lines)


def _cause(fixture: FixtureResult, screen: Screen) -> Hashable:
    """What fixtures have in common that are told of together: a side that fails fails for all. None where there is
    more to tell of the fixture."""
    if fixture.waived or fixture.accepted or not fixture.reason:
        return None
    if screen.loudness != VERBOSE:
        return fixture.status, fixture.reason, fixture.pre_change_commit
    if fixture.synthetic:
        return None
    if fixture.status is Status.FAILED:
        return fixture.status, fixture.reason
    return None if fixture.facts else (fixture.status, fixture.reason, fixture.pre_change_commit)


class _Table:
    """Rows about fixtures. `width` is that of the widest operator, `told_once` the commit that all share."""

    def __init__(self, screen: Screen, width: int, told_once: str | None) -> None:
        self._screen = screen
        self._operators = width
        self._told_once = told_once

    def block(self, fixtures: Sequence[FixtureResult]) -> Iterator[str]:
        """Rows of fixtures of which there is one thing to say, and that below."""
        first = fixtures[0]
        for fixture in fixtures:
            yield from self._row(fixture)
        for line in first.reason.splitlines():
            yield from self._below(line)
        if first.pre_change_commit not in (None, self._told_once) and (
            len(fixtures) == 1 or first.status is not Status.FAILED
        ):
            yield from self._below(f"pre-change commit {first.pre_change_commit[:12]}")
        for line in filter(None, (first.waived, first.accepted.sentence if first.accepted else "")):
            yield from self._below(line)
        if self._screen.loudness == VERBOSE and len(fixtures) == 1:
            for alteration in first.synthetic:
                yield from self._below(f"synthetic: {alteration}")
            yield from self._facts(first)

    def _row(self, fixture: FixtureResult) -> Iterator[str]:
        mark, colour = _MARKS.get(fixture.status, _NOT_GREEN)
        if fixture.waived:
            colour = YELLOW
        head = self._screen.painted(f"{mark} " if self._screen.marks else "", colour)
        head += self._screen.painted(f"{fixture.status:<11}", colour)
        used = 12 + 2 * self._screen.marks
        path = printable(fixture.fixture or "no fixture entry")
        name = printable(named(fixture))
        left = self._screen.width - used - self._operators - 2
        if len(path) <= left:
            yield f"{head} {name.ljust(self._operators)}  {path}"
        elif fixture.status in FAILURES or self._screen.loudness == VERBOSE or left < _LEAST_OF_A_NAME:
            # To be copied: whole, in a line of its own.
            yield f"{head} {cut(name, self._screen.width - used)}"
            yield f"{_INDENT}{path}"
        else:
            yield f"{head} {name.ljust(self._operators)}  {cut(path.rpartition('/')[2], left)}"

    def _below(self, text: str, indent: str = _INDENT) -> Iterator[str]:
        return wrapped(text, self._screen.width, indent, more="    ")

    def _facts(self, fixture: FixtureResult) -> Iterator[str]:
        facts, said = fixture.facts, fixture.reason
        if facts is None:
            return
        yield from self._below(f"{_came_by(fixture)}{_fact('pre-change', facts.pre_change, said)}")
        yield from self._below(_fact("covers", facts.covers, said))
        if fixture.made is not Made.BY_THIS_RUN:
            yield from self._below(_fact("reproduced", facts.reproduced, said))
        if fixture.replayed_by:
            yield from self._below(f"replayed by {fixture.replayed_by}")
        for loader, seen in facts.loaders.items():
            if not says_something(seen) and len(facts.loaders) > 1:
                continue
            heads = ", ".join(f"{name} {fact.value}" for name, fact in seen.told.items())
            yield from self._below(f"{loader}: {heads}")
            for names, reason in shared_reasons(seen):
                yield from self._below(f"{names}: {reason}", _FACT)


def named(fixture: FixtureResult) -> str:
    """The operator and the version that it is bumped at; a guard has none."""
    version = fixture.bumped_at_version
    return f"{fixture.operator}, a guard" if version is None else f"{fixture.operator} at {version}"


def _came_by(fixture: FixtureResult) -> str:
    by = f" by {fixture.runtime}" if fixture.runtime else ""
    if fixture.made in (None, Made.BY_THIS_RUN):
        return f"made{by}: " if by else ""
    return f"{fixture.made}, made{by}: " if by and fixture.made is Made.FOUND else f"{fixture.made}{by}: "


def says_something(facts: LoaderFacts) -> bool:
    """Whether a replay with a loader showed more than that it loads what it cannot judge, as lite does of a library."""
    answers = {fact.value for fact in facts.judged.values()} | {facts.sensitive.value}
    return facts.loads.value is not Answer.YES or answers != {Answer.NOT_APPLICABLE}


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


def _summary(result: Result) -> str:
    count = Counter(fixture.status for fixture in result.fixtures)
    waived = sum(bool(fixture.waived) for fixture in result.fixtures)
    parts = [f"{count[status]} {status}" for status in Status if count[status]]
    parts += [f"{waived} of them waived"] if waived else []
    made = Counter(fixture.made for fixture in result.fixtures if fixture.made)
    how = ", ".join(f"{made[one]} {_HOW[one]}" for one in Made if made[one])
    commit = f", pre-change commit {result.pre_change_commit[:12]}" if result.pre_change_commit else ""
    return f"{', '.join(parts)}{f' ({how})' if how else ''}{commit}"
