"""What became of each fixture, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from opfixtures.report.printable import printable
from opfixtures.result import FAILURES, Answer, Fact, FixtureResult, LoaderFacts, Result, Status

_INDENT = " " * 12


def result_text(result: Result) -> str:
    """A block a fixture, failures first, and a line of counts."""
    ordered = sorted(result.fixtures, key=lambda one: (one.status not in FAILURES, bool(one.waived)))
    blocks = "".join(f"{line}\n" for fixture in ordered for line in _lines(fixture, result.pre_change_commit))
    return blocks + _summary(result)


def _lines(fixture: FixtureResult, told_once: str | None) -> Iterator[str]:
    what = fixture.fixture or "no fixture entry"
    yield printable(f"{fixture.status:<11} {fixture.operator} at {fixture.bumped_at_version}: {what}")
    for line in fixture.reason.splitlines():
        yield _INDENT + printable(line)
    if fixture.pre_change_commit not in (None, told_once):
        yield printable(f"{_INDENT}pre-change commit {fixture.pre_change_commit[:12]}")
    if fixture.waived:
        yield printable(f"{_INDENT}{fixture.waived}")
    for alteration in fixture.synthetic:
        yield printable(f"{_INDENT}synthetic: {alteration}")
    if fixture.facts is None:
        return
    made_by = f"made by {fixture.runtime}: " if fixture.runtime else ""
    yield printable(f"{_INDENT}{made_by}{_fact('pre-change', fixture.facts.pre_change, fixture.reason)}")
    yield printable(f"{_INDENT}{_fact('covers', fixture.facts.covers, fixture.reason)}")
    if fixture.replayed_by:
        yield printable(f"{_INDENT}replayed by {fixture.replayed_by}")
    for loader, facts in fixture.facts.loaders.items():
        yield from _loader(loader, facts)


def _loader(loader: str, facts: LoaderFacts) -> Iterator[str]:
    named = {
        "loads": facts.loads,
        "equal": facts.equal,
        "applied": facts.applied,
        "sensitive": facts.sensitive,
    }
    heads = ", ".join(f"{name} {fact.value}" for name, fact in named.items())
    yield printable(f"{_INDENT}{loader}: {heads}")
    for names, reason in shared_reasons(facts):
        yield printable(f"{_INDENT}  {names}: {reason}")


def shared_reasons(facts: LoaderFacts) -> list[tuple[str, str]]:
    """The reasons of what is not simply so, each once: the names of all facts that have it, and the reason."""
    names_of: dict[str, list[str]] = {}
    for name in ("loads", "equal", "applied", "sensitive"):
        fact: Fact = getattr(facts, name)
        if fact.reason and fact.value is not Answer.YES:
            names_of.setdefault(fact.reason, []).append(name)
    return [(", ".join(names), reason) for reason, names in names_of.items()]


def _fact(name: str, fact: Fact, said: str) -> str:
    return f"{name} {fact.value}" + (f" ({fact.reason})" if fact.reason not in ("", said) else "")


def _summary(result: Result) -> str:
    count = Counter(fixture.status for fixture in result.fixtures)
    waived = sum(bool(fixture.waived) for fixture in result.fixtures)
    parts = [f"{count[status]} {status}" for status in Status if count[status]]
    parts += [f"{waived} of them waived"] if waived else []
    commit = f", pre-change commit {result.pre_change_commit[:12]}" if result.pre_change_commit else ""
    return f"opfixtures: {', '.join(parts) or 'nothing to do'}{commit}"
