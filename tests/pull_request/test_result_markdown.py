"""The comment's text, rendered by GitHub's own renderer of Markdown."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

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
from opfixtures.report.fixture_markdown import stamp
from opfixtures.report.result_markdown import Publication, Run, result_markdown
from opfixtures.rules.findings import Finding, Severity
from opfixtures.settings.accepted_breaks import Way
from tests.repositories import GitRepository

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
    """The elements of a page with their attributes, where its links lead, and all text that stands outside code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[object] = []
        self.links: list[str] = []
        self.prose = ""
        self._code = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value or "" for name, value in attrs if name == "href"]
            assert [name for name, _ in attrs] == ["href"]
            return
        self.elements.append((tag, tuple(attrs)))
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            self.elements.append(tag)
        self._code -= tag == "code"

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.elements.append(f"<!{decl}>")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.prose += data

    @property
    def frame(self) -> list[object]:
        """All but paragraphs, line breaks and code, of which texts of several lines have more."""
        return [one for one in self.elements if one not in _FREE]

    @property
    def words(self) -> list[str]:
        """What stands outside code, however it is broken into lines."""
        return self.prose.split()


_LANGUAGES = ("text", "sh", "python", "cpp", "yaml", "toml")
_FREE: set[object] = {"p", "br", "pre", "code", ("p", ()), ("br", ()), ("code", ())}
_FREE |= {("pre", (("lang", one),)) for one in _LANGUAGES}


def stays(address: str) -> bool:
    """Whether a browser asks for a page of the repository, as it reads an address."""
    parts = urlsplit(address)
    path = posixpath.normpath(unquote(parts.path).replace("\\", "/"))
    return (parts.scheme, parts.netloc) == ("https", "github.com") and path.startswith("/owner/repo/")


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
    waived = replace(fixture, waived=text, facts=Facts(fact, fact, fact), operator=f"{text} waived")
    finding = Finding("OPF201", Severity.ERROR, text, Place(text, 1, 1), text, text)
    hint = f"add to {text}:\n\n{text}\n\nopfixtures new {text}\n{text}"
    alone = Finding("OPF101", Severity.WARNING, None, Place(text, 1, 1), text, hint)
    return Publication(
        HEAD,
        Result(None, (fixture, waived), (text,), notes=(text,)),
        (finding, alone),
        run=RUN,
        has_patch=True,
        why_not_pushed=text,
    )


def without_places(words: Sequence[str]) -> list[str]:
    """Words, but where something goes: that is prose, or code where no such file or line can be."""
    return [word for word in words if not re.fullmatch(r"Add|to|at|:|,|line|of|\d+:?", word)]


@pytest.mark.parametrize("status", [Status.REFUSED, Status.MISMATCH])
@given(text=st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE)).map("".join) | st.text())
@example(text="".join(HOSTILE))
@example(text="0:0")
@example(text="../../../../octocat")
@example(text="%2e%2e/%2E./%2e%2e/..\\..\\octocat)")
def test_no_text_from_a_repository_is_more_than_code(status: Status, text: str) -> None:
    harmless = rendered(result_markdown(publication("xyz", status), 10**6))
    hostile = rendered(result_markdown(publication(f"x{text}z", status), 10**6))
    bare = rendered(result_markdown(publication(text or "x", status), 10**6))

    for one in (hostile, bare):
        assert one.frame == harmless.frame
        assert without_places(one.words) == without_places(harmless.words)
        assert [address for address in one.links if not stays(address)] == []


@given(text=st.sampled_from(HOSTILE) | st.text())
def test_nor_is_it_where_only_lines_are_left(text: str) -> None:
    limit = 2500
    harmless = rendered(result_markdown(publication("x"), limit))
    hostile = rendered(result_markdown(publication(text), limit))

    assert set(hostile.frame) <= {*harmless.frame, "p", ("p", ())}
    assert "@" not in hostile.prose
    assert all(map(stays, hostile.links))


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

    (command,) = [line for line in markdown.split("\n") if line.startswith("opfixtures generate ")]
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
### ❌ 1 problem to fix: see below what to do; 2 fixtures to commit, both proven: old models keep their results

To take them, run this in your branch, then commit and push:

```sh
cd "$(git rev-parse --show-toplevel)"
new=$(mktemp -d)
gh run download 12 --dir "$new" \\
  --repo owner/repo \\
  --name opfixtures-result
git apply --index "$new/fixtures.patch"
```

<details open>
<summary>❌ <code>aten::stft</code> <b>OPF201, refused</b><br><code>aten::stft has no fixture entry</code></summary>

**OPF201** (error) at [`registry.py:3`](https://github.com/owner/repo/blob/"""
        f"{HEAD}/registry.py#L3)"
        """

`add this row to the registry:`

```text
    TestVersionedStftV10(): "aten::stft",
```

```text
RuntimeError: it does not script
  return tomorrow(x)
```

Fixture module `TestVersionedStftV10` was run with the old operator, and raised that: correct it, or what its \
`sample_inputs()` gives.

See it on your machine:

```sh
opfixtures generate --operator aten::stft
```

<details>
<summary>all facts</summary>

- bumped at version 11
- fixture: `test/fixtures/test_versioned_stft_v10.ptl`
- runtime: `torch-2.13.0`

</details>

</details>

<details>
<summary>✅ <code>aten::gelu</code> <b>verified</b><br>then <code>torch 1.11.0</code>, now \
<code>torch 2.13.0</code>: same results</summary>

- bumped at version 10
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
        f"opfixtures looked at [`abcdef012345`](https://github.com/owner/repo/commit/{HEAD}); pre-change commit "
        f"[`868686868686`](https://github.com/owner/repo/commit/{'86' * 20}). Archives and records were read again for "
        "this comment; replays are told as the run reported them. "
        "[Log and files of this run](https://github.com/owner/repo/actions/runs/12).\n"
    )


SERVERS = [
    ("https://github.com", "owner/repo"),
    ("https://ghes.example.com", "ghes.example.com/owner/repo"),
    ("https://octo.ghe.com", "octo.ghe.com/owner/repo"),
]


@pytest.mark.parametrize(("server", "repository"), SERVERS)
def test_its_commands_bring_the_files_into_the_branch(
    told: Publication,
    files: dict[str, bytes],
    tmp_path: Path,
    new_repository: Callable[..., GitRepository],
    server: str,
    repository: str,
) -> None:
    """As they stand, from a folder below, with the host for gh where it is not GitHub's own."""
    here = new_repository({"setup.py": "import torch\n" * 20, "docs/fixtures/a": "another's"})
    (tmp_path / "fixtures.patch").write_bytes(files["fixtures.patch"])
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncp {tmp_path}/fixtures.patch "$5"\n')
    gh.chmod(0o755)
    markdown = result_markdown(replace(told, run=replace(RUN, server=server)), 65536)

    block = markdown.partition("```sh\n")[2].partition("```")[0]
    environment = {**here.environment, "PATH": f"{gh.parent}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    subprocess.run(("sh", "-euc", block), cwd=here.root / "docs", check=True, env=environment)

    asked = (tmp_path / "asked").read_text().split()
    assert asked[:4] == ["run", "download", "12", "--dir"]
    assert asked[5:] == ["--repo", repository, "--name", "opfixtures-result"]
    added = here.git("diff", "--cached", "--name-only").split()
    assert added == sorted(f"test/{name}" for name in files if name.startswith("fixtures/"))
    assert f"({server}/owner/repo/commit/{HEAD})" in markdown
    # What a phone shows of a block, at 390 pixels.
    assert server != SERVERS[0][0] or max(map(len, block.split("\n"))) <= 41


def test_a_fixture_that_was_not_replayed_says_why(told: Publication) -> None:
    (gelu, *_) = told.result.fixtures
    assert gelu.facts is not None
    row = replace(
        gelu,
        status=Status.GENERATED,
        reason="not replayed: no runtime has version 11",
        replayed_by=None,
        facts=replace(gelu.facts, loaders={}),
        pre_change_commit="99" * 20,
        synthetic=("bytecode version 7 to 5",),
    )
    markdown = result_markdown(replace(told, result=Result("86" * 20, (row,)), findings=()), 65536)

    assert markdown.startswith("### 📦 1 fixture to commit, 1 not replayed yet\n")
    assert "then <code>torch 1.11.0</code>, now: not replayed yet</summary>" in markdown
    assert "\n`not replayed: no runtime has version 11`\n" in markdown
    assert (
        f"- pre-change commit: [`999999999999`](https://github.com/owner/repo/commit/{'99' * 20})\n"
        in markdown
    )
    assert "- synthetic: `bytecode version 7 to 5`\n" in markdown
    assert markdown.count("- not replayed\n") == 1


def test_what_nobody_looked_at_again_is_said(told: Publication) -> None:
    markdown = result_markdown(told, 65536)
    assert " Archives and records were read again for this comment; replays are told as the run" in markdown
    without = result_markdown(replace(told, evidence={}), 65536)
    assert "read again" not in without
    assert " Replays are told as the run reported them." in without
    assert "reported" not in result_markdown(replace(told, evidence={}, result=Result(None, ())), 65536)


def test_only_what_was_looked_up_is_said_of_a_pre_change_commit(told: Publication) -> None:
    def foot(published: dict[str, bool]) -> str:
        said = result_markdown(replace(told, published=published, run=None), 65536)
        return said.partition("opfixtures looked at ")[2].partition(" Archives")[0]

    told_of = "`abcdef012345`; pre-change commit `868686868686`"
    assert foot({}) == f"{told_of}."
    assert foot({"86" * 20: True}) == f"{told_of}, which the base branch has."
    assert foot({"86" * 20: False}) == f"{told_of}, **which the base branch does not have**."


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


def test_a_refusal_for_want_of_a_fixture_entry_is_told_by_the_finding(told: Publication) -> None:
    bare = replace(told.result.fixtures[2], module=None, fixture=None, reason="no fixture entry matches")
    publication = replace(told, result=replace(told.result, fixtures=(bare,)), has_patch=False)

    markdown = result_markdown(publication, 65536)

    assert markdown.startswith("### ❌ 1 problem to fix: see below what to do\n")
    assert markdown.count("aten::stft</code> <b>OPF201</b>") == 1
    assert "no fixture entry matches" not in markdown
    # Without a finding nobody else says it.
    alone = result_markdown(replace(publication, findings=()), 65536)
    assert alone.startswith("### ❌ 1 fixture could not be made: see below what to do\n")
    assert "no fixture entry matches" in alone


def test_each_operator_is_one_line_that_opens(told: Publication) -> None:
    """With all its findings and fixtures, the worst first."""
    gelu, other, refused = told.result.fixtures
    differs = replace(gelu, status=Status.MISMATCH, reason="torch.jit.load: not equal: sample 1")
    renamed = replace(told.findings[0], code="OPF103", operator="aten::gelu", message="another name")
    findings = (renamed, replace(renamed, code="OPF401", severity=Severity.WARNING, message="it ran out"))
    publication = replace(
        told, result=replace(told.result, fixtures=(gelu, differs, other, refused)), findings=findings
    )

    markdown = result_markdown(publication, 10**6)

    assert markdown.startswith("### ❌ 1 operator breaks old models, 2 problems to fix") is False
    assert markdown.startswith(
        "### ❌ 1 operator breaks old models, 1 problem to fix, 1 fixture could not be made: see below what to do"
    )
    for operator in ("aten::gelu", "aten::linspace.out", "aten::stft"):
        assert (
            markdown.count(f"<summary>❌ <code>{operator}<")
            + markdown.count(f"<summary>✅ <code>{operator}<")
            == 1
        )
    (title,) = [line for line in markdown.split("\n") if "<code>aten::gelu<" in line]
    assert "<b>OPF103, OPF401, mismatch, verified</b><br><code>another name</code>" in title
    body = markdown.partition(title)[2].partition("<summary>✅")[0]
    assert body.count("another name") == 0
    assert "**OPF401** (warning)" in body
    assert ": `it ran out`\n" in body
    assert body.index("**mismatch**, bumped at version 10") < body.index("**verified**, bumped at version 10")


@pytest.mark.parametrize(("loads", "said"), [(Answer.YES, "other results"), (Answer.NO, "does not load")])
def test_then_and_now_stand_in_its_line(told: Publication, loads: Answer, said: str) -> None:
    (gelu, *_) = told.result.fixtures
    assert gelu.facts is not None
    loader = replace(gelu.facts.loaders[JIT], loads=Fact(loads))
    row = replace(gelu, status=Status.MISMATCH, facts=replace(gelu.facts, loaders={JIT: loader}))
    markdown = result_markdown(Publication(HEAD, Result(None, (row, replace(row, fixture="b")))), 65536)
    line = f"then <code>torch 1.11.0</code>, now <code>torch 2.13.0</code>: {said} (1 more fixture)</summary>"
    assert line in markdown


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            {"status": Status.MISMATCH},
            "Correct the upgrader `gelu_0_9`, or the change, so that old models compute",
        ),
        (
            {"status": Status.MISMATCH, "upgrader_name": None},
            "Nothing upgrades this operator: have it do for old",
        ),
        (
            {"status": Status.REFUSED, "reason": "RuntimeError: forward() expected a float"},
            "Fixture module `TestVersionedGeluV9` was run with the old operator, and raised that: correct it, or what "
            "its `sample_inputs()` gives.\n",
        ),
        (
            {
                "status": Status.REFUSED,
                "reason": "mods.py:4: TestVersionedGeluV9, in forward, sample 2: RuntimeError: expected a float",
            },
            "Fixture module `TestVersionedGeluV9` was run with the old operator, and raised that: correct it, or what "
            "its `sample_inputs()` gives.\n",
        ),
        ({"status": Status.FAILED}, "What replays it could not be built or run: the log of the run"),
        (
            {"status": Status.MISMATCH, "reason": "not reproduced: other outputs"},
            "Make it again on your machine:\n\n```sh\nopfixtures generate --regenerate --operator aten::gelu\n```",
        ),
    ],
)
def test_what_to_do_stands_with_what_failed(told: Publication, edit: dict[str, Any], said: str) -> None:
    row = replace(told.result.fixtures[0], **edit)
    markdown = result_markdown(Publication(HEAD, Result(None, (row,))), 65536)
    assert markdown.count(said) == 1
    is_to_accept = said.startswith(("Correct", "Nothing"))
    assert ("If the break is meant, name it as one of `accepted-breaks`" in markdown) is is_to_accept
    assert said not in result_markdown(Publication(HEAD, Result(None, (replace(row, waived="why"),))), 65536)


def test_what_the_branch_says_of_itself_is_told(told: Publication) -> None:
    note = "pyproject.toml has other runtimes than target: both sides are built as this branch says"
    markdown = result_markdown(replace(told, result=replace(told.result, notes=(note, note))), 65536)
    assert f"</b>: read them before you trust the rest</summary>\n\n- `{note}`\n\n</details>" in markdown
    assert "<b>notes</b>" not in result_markdown(told, 65536)


def test_what_a_jobs_own_token_pushed_waits_for_somebody(told: Publication) -> None:
    pushed = replace(told, pushed="cd" * 20, findings=())
    told_of = result_markdown(replace(pushed, by_job_token=True), 65536)
    assert "press **Approve workflows to run** at the end of this page" in told_of
    assert "Approve" not in result_markdown(pushed, 65536)
    assert "Approve" not in result_markdown(replace(told, by_job_token=True), 65536)


def test_what_a_job_was_to_make_and_did_not_is_no_success() -> None:
    lost = Publication(HEAD, Result(None, (), ("test/fixtures/x.ptl",)))
    markdown = result_markdown(lost, 65536)
    assert markdown.startswith("### ❌ 1 fixture not seen, for a job failed: see below what to do\n")
    assert (
        "<details open>\n<summary>❌ <code>test/fixtures/x.ptl</code> <b>not seen</b></summary>" in markdown
    )


def test_what_has_no_fixture_entry_is_not_to_be_made(told: Publication) -> None:
    row = replace(told.result.fixtures[2], module=None, fixture=None)
    markdown = result_markdown(replace(told, result=Result(None, (row,)), findings=()), 65536)
    assert "- fixture: no fixture entry\n" in markdown
    assert "opfixtures generate" not in markdown


def test_a_reason_of_many_lines_is_cut(told: Publication) -> None:
    row = replace(told.result.fixtures[2], reason="\n".join(f"line {number}" for number in range(1, 100)))

    markdown = result_markdown(replace(told, result=Result(None, (row,))), 65536)

    assert "line 59\nline 60\n...\n```" in markdown
    assert "line 61" not in markdown


def test_files_that_were_pushed_are_not_to_be_fetched(told: Publication) -> None:
    markdown = result_markdown(replace(told, pushed="cd" * 20), 65536)

    assert (
        "\nCommitted to this branch with [`cdcdcdcdcdcd`](https://github.com/owner/repo/commit/cdcd"
        in markdown
    )
    assert "gh run download" not in markdown


def test_without_files_the_log_is_named(told: Publication) -> None:
    markdown = result_markdown(replace(told, has_patch=False), 65536)
    assert "gh run download" not in markdown
    assert markdown.endswith(" [Log and files of this run](https://github.com/owner/repo/actions/runs/12).\n")


def test_of_what_is_not_proven_it_says_where_its_inputs_stand_and_how_to_make_it_again(
    told: Publication,
) -> None:
    """Nobody is told to take it: what is there is not made again by itself, and stays red."""
    (gelu, *_) = told.result.fixtures
    row = replace(gelu, status=Status.UNPROVEN, reason="nothing would notice a missing upgrader")
    markdown = result_markdown(replace(told, result=replace(told.result, fixtures=(row,))), 65536)
    assert "gh run download" not in markdown
    assert (
        f"The call and its inputs stand in fixture module `{gelu.module}`.\n\nMake it again on your machine:\n\n"
        "```sh\nopfixtures generate --regenerate --operator aten::gelu\n```"
    ) in markdown


def test_why_nothing_was_committed_is_said_with_the_way_to_the_files(told: Publication) -> None:
    markdown = result_markdown(replace(told, why_not_pushed="the pull request has moved on"), 65536)
    assert "Nothing was committed: `the pull request has moved on`.\n\nTo take them, run this" in markdown


def test_findings_come_with_what_shows_them_on_a_machine(told: Publication) -> None:
    said = (
        "To see the findings on your machine, where the change is checked out:\n\n```sh\n"
        "pip install 'opfixtures[generate]'\nopfixtures check --from-ref origin/HEAD --to-ref HEAD\n```\n\n"
        "opfixtures looked"
    )
    assert said in result_markdown(told, 65536)
    assert "on your machine, where" not in result_markdown(replace(told, findings=()), 65536)


def test_nothing_to_do_is_told_in_two_lines() -> None:
    markdown = result_markdown(Publication(HEAD, Result(None, ())), 65536)

    assert (
        markdown
        == "### ✅ Nothing to do: this change needs no fixture\n\nopfixtures looked at `abcdef012345`.\n"
    )


def test_failures_come_first_and_warnings_last(told: Publication) -> None:
    warning = replace(told.findings[0], severity=Severity.WARNING, code="OPF401", operator=None)
    waived = replace(
        told.result.fixtures[0],
        operator="aten::silu",
        status=Status.MISMATCH,
        waived="until 2027-01-01: known",
    )
    rows = (*told.result.fixtures, waived)
    publication = replace(
        told, result=replace(told.result, fixtures=rows), findings=(warning, *told.findings)
    )

    summaries = [
        line.removeprefix("<summary>").partition("<br>")[0]
        for line in result_markdown(publication, 10**6).split("\n")
        if line.startswith("<summary>") and "all facts" not in line
    ]

    assert summaries == [
        "❌ <code>aten::stft</code> <b>OPF201, refused</b>",
        "⚠️ <code>aten::silu</code> <b>waived</b>",
        "✅ <code>aten::gelu</code> <b>verified</b>",
        "✅ <code>aten::linspace.out</code> <b>verified</b>",
        "⚠️ <b>OPF401</b>",
    ]


def test_accepted_breaks_are_a_list_before_what_is_verified(told: Publication) -> None:
    def broken(operator: str, reason: str, by_branch: bool) -> FixtureResult:
        accepted = Accepted(Way.OTHER_RESULTS, "", "mylib 2.0", reason, "pyproject.toml", by_branch)
        row = replace(told.result.fixtures[0], operator=operator, status=Status.ACCEPTED, accepted=accepted)
        return replace(row, reason="torch.jit.load: not equal: sample 1")

    scale, norm = broken("mylib::scale", "a `tick`\n::error::", True), broken("mylib::norm", "faster", False)
    rows = (*told.result.fixtures, scale, scale, norm)
    markdown = result_markdown(replace(told, result=replace(told.result, fixtures=rows)), 10**6)

    head, _, behind = markdown.partition(
        "<details open>\n<summary>⚠️ <b>accepted breaks</b>: what users of old files are told</summary>\n\n"
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
    assert "See it on your machine:" in markdown
    opened = [one for one in elements if isinstance(one, tuple) and one[0] == "details"]
    assert elements.count("details") == len(opened)
    rows = sum(f"aten::op{number}_" in markdown for number in range(count))
    assert (f"{count - rows} more in the artifact and in the summary" in markdown) == (rows < count)
    first, last = (f"<summary>✅ <code>aten::op{number}_" for number in (0, 59))
    assert count != 60 or letter == "`" or (first in markdown and last not in markdown)
    assert count < 1000 or len(markdown.encode()) > 65536 - 200


def test_a_report_that_just_fits_is_whole_and_one_that_does_not_is_shorter(told: Publication) -> None:
    whole = result_markdown(told, 10**6)

    assert result_markdown(told, len(whole.encode())) == whole
    for limit in range(len(whole.encode()) - 1, 1300, -97):
        assert len(result_markdown(told, limit).encode()) <= limit


def test_an_exported_program_is_named_by_its_schema() -> None:
    archive = Archive(None, None, frozenset({"aten::exp"}), "", 7, program=Program((8, 20), ()))
    assert stamp(archive) == "exported program, schema 8.20"
