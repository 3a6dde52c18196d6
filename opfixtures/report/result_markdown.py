"""What became of each fixture, for a pull request: read on phones too, so lists that open and no tables.

First what to do, then an operator a line. All that comes from the repository stands in code (`markdown_text`).
"""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.report.fixture_markdown import commit_of
from opfixtures.report.markdown_text import code_block, code_span, link
from opfixtures.report.operator_rows import operator_rows, section
from opfixtures.report.publication import Publication, Run
from opfixtures.report.shortened import Section, shortened
from opfixtures.report.verdict_sentence import LOOK, verdict
from opfixtures.rules.findings import Severity

_ON_YOUR_MACHINE = code_block(
    "pip install 'opfixtures[generate]'\nopfixtures check --from-ref origin/HEAD --to-ref HEAD", "sh"
)

__all__ = ["Publication", "Run", "result_markdown"]


def result_markdown(publication: Publication, limit: int) -> str:
    """The report in at most `limit` bytes of UTF-8: what does not fit is told in a line, or counted."""
    head = f"### {verdict(publication).line}\n\n"
    sections = [*operator_rows(publication), *_notes(publication)]
    return shortened(head + "".join(_to_do(publication)), sections, "".join(_foot(publication)), limit)


def _to_do(publication: Publication) -> Iterator[str]:
    """How what was made gets into the branch, or that it did."""
    if publication.why_not_pushed:
        yield f"Nothing was committed: {code_span(publication.why_not_pushed)}.\n\n"
    if publication.pushed:
        yield f"Committed to this branch with {_commit(publication.pushed, publication)}.\n\n"
        if publication.by_job_token:
            yield (
                "GitHub starts no checks for this commit by itself. To start them, press **Approve workflows to run** "
                "at the end of this page (it takes write access); without such a button, push another commit.\n\n"
            )
    # What is not green is to be made again: who took it would keep what the run was red for.
    elif publication.has_patch and publication.run and publication.to_commit:
        yield "To take them, run this in your branch, then commit and push:\n\n"
        yield f"{code_block(_fetching(publication.run), 'sh')}\n\n"


def _fetching(run: Run) -> str:
    """The commands that apply the patch of an artifact. No line is wider than a phone shows, as far as names allow.

    Not into a folder that is there: a library's own may be called `fixtures` too.
    """
    return "\n".join(
        (
            'cd "$(git rev-parse --show-toplevel)"',
            "new=$(mktemp -d)",
            f'gh run download {run.id} --dir "$new" \\',
            f"  --repo {run.site.with_host} \\",
            f"  --name {run.artifact}",
            'git apply --index "$new/fixtures.patch"',
        )
    )


def _notes(publication: Publication) -> Iterator[Section]:
    """What no row says: what this branch's settings change, what was not looked at."""
    notes = dict.fromkeys(publication.result.notes)
    if notes:
        lines = "\n".join(f"- {code_span(note)}" for note in notes)
        yield section(f"{LOOK} <b>notes</b>: read them before you trust the rest", [lines], matters=True)


def _foot(publication: Publication) -> Iterator[str]:
    result = publication.result
    if any(one.severity is Severity.ERROR for one in publication.findings):
        yield f"To see the findings on your machine, where the change is checked out:\n\n{_ON_YOUR_MACHINE}\n\n"
    yield f"opfixtures looked at {_commit(publication.head, publication)}"
    if result.pre_change_commit:
        yield f"; pre-change commit {commit_of(result.pre_change_commit, publication)}"
    yield "."
    if publication.evidence:
        yield " Archives and records were read again for this comment; replays are told as the run reported them."
    elif result.fixtures:
        yield " Replays are told as the run reported them."
    if result.writes_unlimited:
        yield " The system that it ran on did not limit what fixture modules write."
    if publication.run:
        run = publication.run
        yield f" [Log and files of this run]({run.site.run(run.id)})."
    yield "\n"


def _commit(oid: str, publication: Publication) -> str:
    return link(code_span(oid[:12]), publication.site.commit(oid) if publication.site else None)
