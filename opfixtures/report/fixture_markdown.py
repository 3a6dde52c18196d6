"""One fixture in Markdown: then and now in a line, and all that is known of it in a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opfixtures.proving.result import Answer, Fact, FixtureResult, Made, Status
from opfixtures.report.markdown_text import code_element, code_span, link
from opfixtures.report.publication import Publication
from opfixtures.report.result_text import shared_reasons

if TYPE_CHECKING:
    from opfixtures.archives.model import Archive
    from opfixtures.records.record import Record

_OUTCOMES = {
    Status.VERIFIED: "same results",
    Status.ACCEPTED: "broken, as the settings accept",
    Status.GENERATED: "not replayed yet",
    Status.UNPROVEN: "not proven",
    Status.MISMATCH: "other results",
    Status.FAILED: "could not be replayed",
    Status.REFUSED: "no fixture",
}


def then_and_now(fixture: FixtureResult) -> str:
    """What made the fixture, and what became of it today: for a line of HTML."""
    then = f"then {code_element(fixture.runtime)}" if fixture.runtime else ""
    now = f"now {code_element(fixture.replayed_by)}: " if fixture.replayed_by else "now: "
    return ", ".join(filter(None, [then, f"{now}{_outcome(fixture)}"]))


def _outcome(fixture: FixtureResult) -> str:
    loaders = fixture.facts.loaders.values() if fixture.facts else ()
    if fixture.status is Status.MISMATCH and any(one.loads.value is Answer.NO for one in loaders):
        return "does not load"
    return _OUTCOMES[fixture.status]


def facts_of(fixture: FixtureResult, publication: Publication) -> Iterator[str]:
    """The lines of a list."""
    made = f", {fixture.made}" if fixture.made else ""
    yield f"- fixture: {_path(fixture, publication)}{made}"
    if fixture.waived:
        yield f"- waived: {code_span(fixture.waived)}"
    if fixture.accepted:
        yield f"- accepted: {code_span(fixture.accepted.sentence)}"
    if fixture.pre_change_commit not in (None, publication.result.pre_change_commit):
        yield f"- pre-change commit: {commit_of(fixture.pre_change_commit, publication)}"
    if fixture.fixture and fixture.fixture in publication.evidence:
        yield from _evidence(fixture, *publication.evidence[fixture.fixture])
    elif fixture.runtime:
        yield f"- runtime: {code_span(fixture.runtime)}"
    for alteration in fixture.synthetic:
        yield f"- synthetic: {code_span(alteration)}"
    if fixture.facts is None:
        return
    yield f"- pre-change: {_fact(fixture.facts.pre_change)}"
    yield f"- covers: {_fact(fixture.facts.covers)}"
    if fixture.made is not Made.BY_THIS_RUN:
        yield f"- reproduced: {_fact(fixture.facts.reproduced)}"
    if fixture.replayed_by:
        yield f"- replayed by: {code_span(fixture.replayed_by)}"
    for loader, facts in fixture.facts.loaders.items():
        values = ", ".join(f"{name} {fact.value}" for name, fact in facts.told.items())
        yield f"- {code_span(loader)}: {values}"
        for names, reason in shared_reasons(facts):
            yield f"  - {names}: {code_span(reason)}"
    if not fixture.facts.loaders:
        yield "- not replayed"


def commit_of(commit: str, publication: Publication) -> str:
    """A commit with its page, and whether it is published, as far as somebody looked."""
    found = {
        None: "",
        True: ", which the base branch has",
        False: ", **which the base branch does not have**",
    }
    at = publication.site.commit(commit) if publication.site else None
    return link(code_span(commit[:12]), at) + found[publication.published.get(commit)]


def _path(fixture: FixtureResult, publication: Publication) -> str:
    if fixture.fixture is None:
        return "no fixture entry"
    # What this run made is at no commit yet.
    is_there = fixture.made not in (None, Made.BY_THIS_RUN)
    at = publication.site.line(publication.head, fixture.fixture) if publication.site and is_there else None
    return link(code_span(fixture.fixture), at)


def stamp(archive: Archive) -> str:
    """What an archive says of its versions."""
    if archive.program is not None:
        major, minor = archive.program.schema_version
        return f"exported program, schema {major}.{minor}"
    bytecode = "" if archive.bytecode_version is None else f", bytecode {archive.bytecode_version}"
    return f"version {archive.version}{bytecode}"


def _evidence(fixture: FixtureResult, archive: Archive, record: Record) -> Iterator[str]:
    runtime = f"torch {record.runtime.torch}, Python {record.runtime.python}, {record.runtime.platform}"
    yield f"- made by: {code_span(fixture.runtime or record.runtime.name)} ({code_span(runtime)})"
    yield f"- archive: {stamp(archive)}, {archive.size} bytes"
    yield f"- operators: {code_span(', '.join(sorted(archive.called)))}"
    yield f"- sha256: {code_span(archive.sha256)}"


def _fact(fact: Fact) -> str:
    return f"{fact.value}, {code_span(fact.reason)}" if fact.reason else str(fact.value)
