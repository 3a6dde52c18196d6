"""What became of each fixture, for a pull request: read on phones too, so lists that open and no tables.

All that comes from the repository stands in code (`markdown_text`).
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opfixtures.proving.result import FAILURES, Fact, FixtureResult, Made, Result, Status
from opfixtures.report.markdown_text import code_block, code_element, code_span
from opfixtures.report.result_text import shared_reasons
from opfixtures.report.shortened import Section, shortened
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity

if TYPE_CHECKING:
    from opfixtures.archives.model import Archive
    from opfixtures.records.record import Record

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 5, Severity.NOTE: 6}
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Where the files are: the artifact `artifact` of the workflow run `id` in `repository`, `owner/name`.

    `server` is the address of GitHub, without a slash at its end.
    """

    repository: str
    id: int
    artifact: str
    server: str = "https://github.com"


@dataclass(frozen=True, slots=True)
class Publication:
    """What is told on a pull request.

    `evidence` is what archive and record say, by the fixture's path; `head` is the id of the commit that the result
    is of, `pushed` of the one that fixtures were committed with, if they were, and `why_not_pushed` why they were not,
    although that was asked for. `run` is None where no run is known; its artifact has a patch if `has_patch`.
    `published` says of pre-change commits whether the base branch has them, as far as somebody looked.
    """

    head: str
    result: Result
    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, tuple[Archive, Record]] = field(default_factory=dict)
    run: Run | None = None
    has_patch: bool = False
    pushed: str | None = None
    why_not_pushed: str = ""
    published: Mapping[str, bool] = field(default_factory=dict)

    @property
    def nothing_owed(self) -> bool:
        """Whether there is nothing to tell of."""
        return not (self.result.fixtures or self.result.planned or self.findings)

    @property
    def news(self) -> list[Finding]:
        """The findings, less those that a fixture is missing where it is told what became of it."""
        told = {fixture.operator for fixture in self.result.fixtures}
        return [one for one in self.findings if not (one.code == "OPF301" and one.operator in told)]

    @property
    def to_commit(self) -> int:
        """How many fixtures this run made that the branch owes, and does not have yet."""
        owing = {
            one.operator for one in self.findings if one.code == "OPF301" and one.severity is Severity.ERROR
        }
        made = [one for one in self.result.fixtures if one.made is Made.BY_THIS_RUN and not one.failed]
        return 0 if self.pushed else sum(one.operator in owing for one in made)


def result_markdown(publication: Publication, limit: int) -> str:
    """The report in at most `limit` bytes of UTF-8: what does not fit is told in a line, or counted."""
    if publication.nothing_owed:
        at = f"At {code_span(publication.head[:12])} no fixture is owed, and none was replayed."
        return f"### opfixtures: nothing owed\n\n{at}\n"
    ranked = [(_ORDER[finding.severity], _finding(finding)) for finding in publication.news]
    ranked += [(1, _not_made(path)) for path in publication.result.planned]
    ranked += [(_rank(one), _fixture(one, publication)) for one in publication.result.fixtures]
    ranked += [(_TOLD, one) for one in _told_to_users(publication.result.fixtures)]
    sections = [section for _, section in sorted(ranked, key=lambda pair: pair[0])]
    return shortened("".join(_head(publication)), sections, "".join(_files(publication)), limit)


def _rank(fixture: FixtureResult) -> int:
    return (2 if fixture.waived else 1) if fixture.status in FAILURES else 4


def _told_to_users(fixtures: Sequence[FixtureResult]) -> Iterator[Section]:
    """The accepted breaks in one list, each once: it is what the notes of a release need."""
    told = dict.fromkeys((one.operator, one.accepted.sentence) for one in fixtures if one.accepted)
    if told:
        lines = "\n".join(f"- {code_span(operator)}: {code_span(sentence)}" for operator, sentence in told)
        yield _section("<b>accepted breaks</b>: what users of old files are told", [lines], failed=True)


def _head(publication: Publication) -> Iterator[str]:
    result = publication.result
    statuses = Counter(fixture.status for fixture in result.fixtures)
    counts = [
        f"{statuses[status]} {status}"
        for status in sorted(Status, key=lambda status: status not in FAILURES)
        if statuses[status]
    ]
    errors = sum(finding.severity is Severity.ERROR for finding in publication.news)
    missing, to_commit = len(result.planned), publication.to_commit
    counts = ([f"{to_commit} to commit"] if to_commit else []) + counts
    counts = ([f"{missing} not seen"] if missing else []) + counts
    counts = ([f"{errors} error{'s' * (errors > 1)}"] if errors else []) + counts
    yield f"### opfixtures: {', '.join(counts) or 'no errors'}\n\n"
    yield f"Result for {code_span(publication.head[:12])}."
    if result.pre_change_commit:
        yield f" Pre-change commit: {_commit(result.pre_change_commit, publication)}."
    if result.writes_unlimited:
        yield " The system that it ran on did not limit what fixture modules write."
    yield "\n\n"


def _commit(commit: str, publication: Publication) -> str:
    found = {
        None: "",
        True: ", which the base branch has",
        False: ", **which the base branch does not have**",
    }
    return code_span(commit[:12]) + found[publication.published.get(commit)]


def _finding(finding: Finding) -> Section:
    operator = f" {code_element(finding.operator)}" if finding.operator else ""
    title = f"<b>{finding.severity}</b> {finding.code}{operator}"
    lines = [
        code_span(finding.message),
        f"At {code_span(str(finding.place))}. To mend:",
        code_block(finding.hint),
    ]
    return _section(title, lines, failed=finding.severity is Severity.ERROR)


def _not_made(path: str) -> Section:
    said = ["The job that was to make or replay it left no result: its log says why."]
    return _section(f"<b>not seen</b> {code_element(path)}", said, failed=True)


def _fixture(fixture: FixtureResult, publication: Publication) -> Section:
    version = fixture.bumped_at_version
    where = ", a guard" if version is None else f" at {version}"
    title = f"<b>{fixture.status}</b> {code_element(fixture.operator)}{where}"
    failed = fixture.failed
    parts = [code_block(fixture.reason)] if fixture.reason else []
    parts.append("\n".join(_facts(fixture, publication)))
    # Without a fixture entry there is nothing to see but a finding, which has the lines to add.
    if failed and fixture.module:
        parts.append(f"To see it yourself:\n\n{code_block(_command(fixture), 'sh')}")
    return _section(title, parts, failed=failed)


def _section(title: str, parts: list[str], failed: bool) -> Section:
    body = "\n\n".join(parts)
    return Section(
        full=f"<details{' open' * failed}>\n<summary>{title}</summary>\n\n{body}\n\n</details>\n\n",
        # A line that starts with a block element is HTML: no Markdown is read in what it holds.
        row=f"<p>{title}</p>\n\n",
        matters=failed,
    )


def _facts(fixture: FixtureResult, publication: Publication) -> Iterator[str]:
    made = f", {fixture.made}" if fixture.made else ""
    yield f"- fixture: {code_span(fixture.fixture or 'no fixture entry')}{made}"
    if fixture.waived:
        yield f"- waived: {code_span(fixture.waived)}"
    if fixture.accepted:
        yield f"- accepted: {code_span(fixture.accepted.sentence)}"
    if fixture.pre_change_commit not in (None, publication.result.pre_change_commit):
        yield f"- pre-change commit: {_commit(fixture.pre_change_commit, publication)}"
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


def _stamp(archive: Archive) -> str:
    if archive.program is not None:
        major, minor = archive.program.schema_version
        return f"exported program, schema {major}.{minor}"
    bytecode = "" if archive.bytecode_version is None else f", bytecode {archive.bytecode_version}"
    return f"version {archive.version}{bytecode}"


def _evidence(fixture: FixtureResult, archive: Archive, record: Record) -> Iterator[str]:
    runtime = f"torch {record.runtime.torch}, Python {record.runtime.python}, {record.runtime.platform}"
    yield f"- made by: {code_span(fixture.runtime or record.runtime.name)} ({code_span(runtime)})"
    yield f"- archive: {_stamp(archive)}, {archive.size} bytes"
    yield f"- operators: {code_span(', '.join(sorted(archive.called)))}"
    yield f"- sha256: {code_span(archive.sha256)}"


def _fact(fact: Fact) -> str:
    return f"{fact.value}, {code_span(fact.reason)}" if fact.reason else str(fact.value)


def _command(fixture: FixtureResult) -> str:
    """What shows the failure again on a machine of one's own."""
    return f"opfixtures generate --operator {shlex.quote(printable(fixture.operator))}"


def _files(publication: Publication) -> Iterator[str]:
    if publication.evidence:
        yield "Archives and records were read again before this was written; what was replayed is the run's word.\n\n"
    elif publication.result.fixtures:
        yield "What was replayed is the run's word.\n\n"
    if publication.why_not_pushed:
        yield f"Nothing was committed: {code_span(publication.why_not_pushed)}.\n\n"
    if publication.pushed:
        yield f"**Files:** pushed to the branch with {code_span(publication.pushed[:12])}.\n"
    elif publication.run:
        run = publication.run
        link = f"[this run]({run.server}/{run.repository}/actions/runs/{run.id})"
        if not publication.has_patch:
            yield f"More in the log of {link}.\n"
            return
        yield f"**Files:** in the artifact of {link}. To bring them into your branch:\n\n"
        # Not beside what is there: a library's own folder may be called `fixtures` too.
        lines = (
            "files=$(mktemp -d)",
            f'gh run download {run.id} --repo {run.repository} --name {run.artifact} --dir "$files"',
            'git -C "$(git rev-parse --show-toplevel)" apply --index "$files/fixtures.patch"',
        )
        yield code_block("\n".join(lines), "sh") + "\n"
