"""What a pull request is told of its operators: each once, in a line that opens."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from opfixtures.proving.loaded import RAISES
from opfixtures.proving.result import FAILURES, Answer, FixtureResult, LoaderFacts, Status
from opfixtures.report.fixture_markdown import facts_of, then_and_now
from opfixtures.report.hint_parts import hint_parts
from opfixtures.report.markdown_text import code_block, code_element, code_span, link
from opfixtures.report.next_step import module_raised
from opfixtures.report.publication import Publication
from opfixtures.report.shortened import Section
from opfixtures.report.verdict_sentence import GREEN, LOOK, RED
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.settings.accepted_breaks import SHORTEST_ERROR, Way
from opfixtures.settings.accepted_lines import accepted_lines, part_of_error

_SEVERITIES = [*Severity]
_STATUSES = [
    Status.MISMATCH,
    Status.REFUSED,
    Status.FAILED,
    Status.UNPROVEN,
    Status.GENERATED,
    Status.ACCEPTED,
    Status.VERIFIED,
]
# As `verdicts` says of a fixture that the branch brings, and that this run made otherwise.
_NOT_REPRODUCED = "not reproduced: "
# Errors and what failed, what is told to users, what is waived, what is green, and then what may be read.
_FAILED, _TOLD, _WAIVED, _GREEN, _READ = range(5)


@dataclass(slots=True)
class _Operator:
    """What is told together. Without a name it is one finding about no operator."""

    name: str | None
    findings: list[Finding] = field(default_factory=list)
    fixtures: list[FixtureResult] = field(default_factory=list)

    @property
    def rank(self) -> int:
        errors = any(one.severity is Severity.ERROR for one in self.findings)
        if errors or any(one.failed for one in self.fixtures):
            return _FAILED
        if not self.fixtures:
            return _READ
        return _WAIVED if any(one.status in FAILURES for one in self.fixtures) else _GREEN

    @property
    def is_told_by_finding(self) -> bool:
        """Whether the first finding says most of it."""
        is_error = any(one.severity is Severity.ERROR for one in self.findings)
        return is_error or not self.fixtures

    @property
    def mark(self) -> str:
        return {_FAILED: RED, _GREEN: GREEN}.get(self.rank, LOOK)


def operator_rows(publication: Publication) -> list[Section]:
    """What is to be mended first, then accepted breaks, what is waived, what is green, what is only to be read."""
    ranked = [(one.rank, _section(one, publication)) for one in _operators(publication)]
    ranked += [(_FAILED, _not_seen(path)) for path in publication.result.planned]
    ranked += [(_TOLD, one) for one in _told_to_users(publication.result.fixtures)]
    return [section for _, section in sorted(ranked, key=lambda pair: pair[0])]


def _operators(publication: Publication) -> Iterator[_Operator]:
    named: dict[str, _Operator] = {}
    for finding in publication.news:
        if finding.operator is None:
            yield _Operator(None, [finding])
        else:
            named.setdefault(finding.operator, _Operator(finding.operator)).findings.append(finding)
    for fixture in publication.rows:
        named.setdefault(fixture.operator, _Operator(fixture.operator)).fixtures.append(fixture)
    for one in named.values():
        one.findings.sort(key=lambda finding: _SEVERITIES.index(finding.severity))
        one.fixtures.sort(key=lambda fixture: (not fixture.failed, _STATUSES.index(fixture.status)))
        yield one


def _section(operator: _Operator, publication: Publication) -> Section:
    said = operator.findings[0] if operator.is_told_by_finding else None
    blocks = [_finding(one, publication, is_said=one is said) for one in operator.findings]
    blocks += [_fixture(one, publication, alone=len(operator.fixtures) == 1) for one in operator.fixtures]
    is_red = operator.rank == _FAILED
    title = f"{operator.mark} {' '.join(_title(operator))}"
    return section(title, [part for parts in blocks for part in parts], _line(operator), matters=is_red)


def _title(operator: _Operator) -> Iterator[str]:
    if operator.name is not None:
        yield code_element(operator.name)
    codes = dict.fromkeys(one.code for one in operator.findings)
    statuses = dict.fromkeys("waived" if one.waived else str(one.status) for one in operator.fixtures)
    yield f"<b>{', '.join([*codes, *statuses])}</b>"


def _line(operator: _Operator) -> str:
    """What is wrong, or then and now: of several the worst says it best."""
    if operator.is_told_by_finding:
        return code_element(operator.findings[0].message)
    more = len(operator.fixtures) - 1
    others = f" ({more} more fixture{'s' * (more > 1)})" if more else ""
    return f"{then_and_now(operator.fixtures[0])}{others}"


def _finding(finding: Finding, publication: Publication, is_said: bool) -> Iterator[str]:
    """What a finding says, unless the line above has it, where, and how to mend it."""
    site = publication.site
    at = site.line(publication.head, finding.place.path, finding.place.line) if site else None
    place = link(code_span(f"{finding.place.path}:{finding.place.line}"), at)
    message = "" if is_said else f": {code_span(finding.message)}"
    yield f"**{finding.code}** ({finding.severity}) at {place}{message}"
    yield from hint_parts(finding.hint)


def _fixture(fixture: FixtureResult, publication: Publication, alone: bool) -> Iterator[str]:
    if not alone:
        yield f"**{fixture.status}**, {_version(fixture)}"
    if fixture.reason:
        yield code_block(fixture.reason) if "\n" in fixture.reason else code_span(fixture.reason)
    if fixture.failed:
        yield from _advice(fixture)
    # Without a fixture entry there is nothing to see but a finding, which has the lines to add.
    if fixture.failed and fixture.module:
        yield "Make it again on your machine:" if _is_made_again(fixture) else "See it on your machine:"
        yield code_block(_command(fixture), "sh")
    version = [f"- {_version(fixture)}"] if alone else []
    facts = "\n".join([*version, *facts_of(fixture, publication)])
    # What is green stands folded as a whole.
    yield f"<details>\n<summary>all facts</summary>\n\n{facts}\n\n</details>" if fixture.failed else facts


def _advice(fixture: FixtureResult) -> Iterator[str]:
    """What to do, where the reason alone does not say it."""
    if module_raised(fixture):
        yield (
            f"Fixture module {code_span(fixture.module or '')} was run with the old operator, and raised that: correct "
            "it, or what its `sample_inputs()` gives."
        )
    if fixture.status is Status.UNPROVEN and fixture.module:
        yield f"The call and its inputs stand in fixture module {code_span(fixture.module)}."
    if fixture.status is Status.FAILED:
        yield "What replays it could not be built or run: the log of the run has the last lines of what failed."
    if fixture.status is not Status.MISMATCH or fixture.reason.startswith(_NOT_REPRODUCED):
        return
    if fixture.upgrader_name is None:
        yield "Nothing upgrades this operator: have it do for old models what it did, or give it an upgrader."
    else:
        upgrader = code_span(fixture.upgrader_name)
        yield f"Correct the upgrader {upgrader}, or the change, so that old models compute what they did."
    how = _how_it_breaks(fixture)
    if how is None:
        yield "If the break is meant, name it as one of `accepted-breaks` in the settings."
        return
    yield "If the break is meant, name it as one of `accepted-breaks` in the settings, with release and reason:"
    yield code_block(accepted_lines(fixture.operator, *how), "toml")


def _how_it_breaks(fixture: FixtureResult) -> tuple[Way, str] | None:
    """How it fails as settings have it, and the error where it raises one; None where loaders do not agree, where one
    crashes, or where the settings have a break of it that is another."""
    loaders = fixture.facts.loaders.values() if fixture.facts else ()
    ways = {_way(loader) for loader in loaders if loader.differ}
    is_told = fixture.reason.startswith(("fails otherwise", "whether it fails", "nothing breaks"))
    return ways.pop() if len(ways) == 1 and not is_told else None


def _way(loader: LoaderFacts) -> tuple[Way, str] | None:
    if loader.loads.value is Answer.NO:
        return Way.NOT_LOADED, ""
    if loader.equal.value is not Answer.NO:
        return None
    _, raised, error = loader.equal.reason.partition(RAISES)
    return (
        (Way.RAISES, error)
        if raised and len(part_of_error(error)) >= SHORTEST_ERROR
        else (Way.OTHER_RESULTS, "")
    )


def _version(fixture: FixtureResult) -> str:
    version = fixture.bumped_at_version
    return "a guard" if version is None else f"bumped at version {version}"


def _command(fixture: FixtureResult) -> str:
    again = "--regenerate " if _is_made_again(fixture) else ""
    return f"opfixtures generate {again}--operator {shlex.quote(printable(fixture.operator))}"


def _is_made_again(fixture: FixtureResult) -> bool:
    """Whether a mend ends with another fixture: what is there is not made again by itself."""
    return fixture.status is Status.UNPROVEN or fixture.reason.startswith(_NOT_REPRODUCED)


def _not_seen(path: str) -> Section:
    said = ["The job that was to make or replay it left no result: its log says why."]
    return section(f"{RED} {code_element(path)} <b>not seen</b>", said, matters=True)


def _told_to_users(fixtures: Sequence[FixtureResult]) -> Iterator[Section]:
    """The accepted breaks in one list, each once: it is what the notes of a release need."""
    told = dict.fromkeys((one.operator, one.accepted.sentence) for one in fixtures if one.accepted)
    if told:
        lines = "\n".join(f"- {code_span(operator)}: {code_span(sentence)}" for operator, sentence in told)
        yield section(
            f"{LOOK} <b>accepted breaks</b>: what users of old files are told", [lines], matters=True
        )


def section(title: str, parts: Sequence[str], line: str = "", *, matters: bool) -> Section:
    """A line of HTML that opens, and stands open where it matters; `line` stands under it where there is room."""
    body, shown = "\n\n".join(parts), "<br>".join(filter(None, [title, line]))
    return Section(
        full=f"<details{' open' * matters}>\n<summary>{shown}</summary>\n\n{body}\n\n</details>\n\n",
        # A line that starts with a block element is HTML: no Markdown is read in what it holds.
        row=f"<p>{title}</p>\n\n",
        matters=matters,
    )
