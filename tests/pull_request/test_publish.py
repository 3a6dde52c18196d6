"""A result artifact, published on a pull request: from the command line to what GitHub then has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opfixtures import cli
from opfixtures.pull_request.artifact import parse_artifact
from opfixtures.pull_request.client import Client
from opfixtures.pull_request.dry_run import DryRun
from opfixtures.pull_request.hub import GitHubError
from opfixtures.pull_request.publish import Wanted, publication_of, publish
from opfixtures.pull_request.sticky import MARKER
from opfixtures.report.result_markdown import Run
from tests.github_server import BOT, Fault, GitHub, GitHubServer, Pull, Request, Token, npm_package
from tests.pull_request.conftest import MADE, SETTINGS
from tests.pull_request.test_artifact import HOSTILE_NAMES, zipped
from tests.pull_request.test_sticky import FAULTS
from tests.repositories import Ran

Clients = Callable[..., Client]
Files = dict[str, bytes]
PATHS = sorted(f"test/fixtures/{name}{end}" for name in MADE for end in ("", ".json"))
HEADS = {7: "somebody:patch-1", 8: "owner:change"}
VERDICT = "❌ 1 problem to fix: see below what to do; 2 fixtures to commit, both proven: old models keep their results"


@pytest.fixture
def command(
    server: GitHubServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    """Runs `opfixtures publish` for the pull request 7."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITHUB_API_URL", server.url)
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/repo")
    monkeypatch.setenv("GITHUB_TOKEN", "comments")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))

    def run(files: Files, *arguments: str) -> Ran:
        artifact = tmp_path / "artifact.zip"
        artifact.write_bytes(zipped(files))
        head = server.hub.head(server.hub.pulls[7])
        status = cli.main(["publish", str(artifact), "--head", HEADS[7], "--head-sha", head, *arguments])
        return Ran(status, *capsys.readouterr())

    return run


def published(
    hub: GitHub,
    client: Client,
    files: Files,
    number: int = 8,
    *,
    commit: bool = True,
    dry_run: bool = False,
    **more: Any,
) -> list[str]:
    """What is told when an artifact of a pull request's head is published."""
    artifact = parse_artifact(files)
    head = hub.head(hub.pulls[number])
    told: list[str] = []
    side = DryRun(client, BOT, told.append) if dry_run else client
    wanted = replace(Wanted(HEADS[number], head, BOT, commit), **more)
    publication = publication_of(artifact, wanted.sha, Run("owner/repo", 12, "opfixtures-result"))
    publish(side, wanted, artifact, publication, told.append)
    return told


def test_the_command_comments_on_the_pull_request_of_the_event(
    command: Callable[..., Ran], hub: GitHub, files: Files, tmp_path: Path
) -> None:
    ran = command(files, "--run", "12")

    assert (ran.status, ran.out, ran.err) == (0, "opfixtures: pull request 7: comment written\n", "")
    (comment,) = hub.comments.values()
    assert (comment.number, comment.author) == (7, BOT)
    assert comment.body.startswith(f"{MARKER}\n### {VERDICT}\n")
    assert "gh run download 12 --dir" in comment.body
    assert (tmp_path / "summary.md").read_text() == comment.body.removeprefix(f"{MARKER}\n")


def test_a_step_tells_where_the_comment_is(
    command: Callable[..., Ran], files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "output"
    output.touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    assert command(files, "--dry-run").status == 0
    assert output.read_text() == ""
    assert command(files).status == 0
    assert "\nhttps://github.example/owner/repo/pull/7#issuecomment-1\n" in output.read_text()


def test_it_runs_outside_of_a_workflow_too(
    command: Callable[..., Ran], files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")

    assert command(files).status == 0


def test_a_dry_run_writes_nothing(command: Callable[..., Ran], server: GitHubServer, files: Files) -> None:
    ran = command(files, "--dry-run")

    assert ran.status == 0
    assert ran.out.startswith("opfixtures: dry run: would comment on pull request 7: ")
    assert server.writes == []


def _with(name: str, content: bytes) -> Callable[[Files], object]:
    return lambda files: files.update({name: content})


def _edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[Files], object]:
    def change(files: Files) -> None:
        result = json.loads(files["result.json"])
        edit(result)
        files["result.json"] = json.dumps(result).encode()

    return change


HOSTILE = [
    *[_with(name, b"x") for name in HOSTILE_NAMES],
    _with("fixtures/another.ptl", b"x"),
    _with("result.json", b" " * (4 << 20)),
    _with("result.json", b"[" * 100_000),
    _with("result.json", b"\x80\x04."),
    _with(f"fixtures/{MADE[0]}", b"PK\x03\x04"),
    _with(f"fixtures/{MADE[0]}.json", b"{}"),
    _edited(lambda result: result.update(comment="@everybody", number=8)),
    _edited(lambda result: result["fixtures"][0].update(markdown="<script>")),
    _edited(lambda result: result["fixtures"][0].update(fixture=".github/workflows/ci.yml")),
    _edited(lambda result: result["fixtures"].extend(result["fixtures"][:1])),
]


@pytest.mark.parametrize("edit", HOSTILE)
def test_a_hostile_artifact_is_refused_before_anything_is_asked_or_written(
    command: Callable[..., Ran],
    server: GitHubServer,
    files: Files,
    tmp_path: Path,
    edit: Callable[[Files], object],
) -> None:
    edit(files)

    ran = command(files, "--commit")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("opfixtures: error: the artifact is refused: ")
    assert ran.err.count("\n") == 1
    assert server.requests == []
    assert not (tmp_path / "summary.md").exists()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("GITHUB_TOKEN", "", "GITHUB_TOKEN is not set: give it to the step, from `github.token`"),
        ("GITHUB_TOKEN", "wrong", "GitHub refused to list pull requests: 401 Bad credentials"),
        ("GITHUB_REPOSITORY", "repo", "GITHUB_REPOSITORY is not owner/name: run this in a workflow"),
        ("GITHUB_API_URL", "file:///etc", "GITHUB_API_URL is no address: run this in a workflow"),
    ],
)
def test_an_environment_that_is_no_workflows_is_told(
    command: Callable[..., Ran],
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    sentence: str,
) -> None:
    monkeypatch.setenv(name, value)

    ran = command(files)

    assert (ran.status, ran.err) == (2, f"opfixtures: error: {sentence}\n")


def test_in_a_workflow_an_error_is_an_annotation(
    command: Callable[..., Ran], hub: GitHub, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    hub.commit("main", {".opfixtures.toml": None})
    ran = command(files, "--commit", "--require-commit")
    assert (ran.status, ran.out.splitlines()[-1]) == (
        1,
        "::error title=opfixtures::what was made is not committed, and had to be: the comment says why",
    )
    hub.comments.clear()
    monkeypatch.setenv("GITHUB_TOKEN", "reads")
    ran = command(files)
    lacks = "the job needs `permissions: pull-requests: write`"
    assert ran.status == 2
    assert ran.out.startswith("::error title=opfixtures::GitHub refused to ")
    assert ran.out.rstrip().endswith(lacks)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--head", "patch-1"), "--head is 'patch-1': give OWNER:BRANCH, as the event has it"),
        (("--head-sha", "main"), "--head-sha is 'main': give the full id of a commit"),
        (("--artifact", "a b"), "--artifact is 'a b': give letters, digits, '.', '_', '+' and '-'"),
    ],
)
def test_options_that_no_event_gives_are_refused(
    command: Callable[..., Ran], server: GitHubServer, files: Files, arguments: tuple[str, str], sentence: str
) -> None:
    ran = command(files, *arguments)

    assert (ran.status, ran.err, server.requests) == (2, f"opfixtures: error: {sentence}\n", [])


def test_without_github_the_summary_is_there(
    command: Callable[..., Ran], files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("opfixtures.pull_request.connection._SECONDS", 0.5)

    ran = command(files)

    assert ran.status == 2
    assert ran.err.startswith(
        "opfixtures: error: GitHub could not be brought to list pull requests: no answer"
    )
    assert (tmp_path / "summary.md").read_text().startswith(f"### {VERDICT}\n")


def test_the_pull_request_is_found_by_what_githubs_own_event_says(
    command: Callable[..., Ran], hub: GitHub, files: Files
) -> None:
    package = npm_package("@octokit/webhooks-examples@7.6.1", "api.github.com/index.json")
    events = json.loads((package / "api.github.com" / "index.json").read_text(encoding="utf-8"))
    (runs,) = [event["examples"] for event in events if event["name"] == "workflow_run"]
    run = runs[0]["workflow_run"]
    owner, branch = run["head_repository"]["owner"]["login"], run["head_branch"]
    hub.fork(f"{owner}/repo")
    hub.commit(branch, {"map.cpp": b"their change"}, f"{owner}/repo")
    hub.commit(branch, {"map.cpp": b"the same branch elsewhere"}, "somebody/repo")
    hub.pulls[3], hub.pulls[4] = (
        Pull(3, f"{owner}/repo", branch),
        Pull(4, "somebody/repo", branch),
    )

    ran = command(files, "--head", f"{owner}:{branch}", "--head-sha", hub.head(hub.pulls[3]))

    assert ran.out == "opfixtures: pull request 3: comment written\n"
    assert [comment.number for comment in hub.comments.values()] == [3]


@pytest.mark.parametrize("change", ["head", "closed", "deleted"])
def test_a_pull_request_that_moved_on_is_left_alone(
    command: Callable[..., Ran], server: GitHubServer, hub: GitHub, files: Files, change: str
) -> None:
    head = hub.head(hub.pulls[7])
    if change == "head":
        hub.commit("patch-1", {"map.cpp": b"a newer change"}, "somebody/repo")
    elif change == "closed":
        hub.pulls[7].state = "closed"
    else:
        del hub.pulls[7]
        hub.pulls[7] = hub.pulls[8]

    ran = command(files, "--head-sha", head)

    assert ran.status == 0
    assert (
        ran.out
        == f"opfixtures: no open pull request has its head at {head[:12]} of somebody:patch-1: nothing to publish\n"
    )
    assert server.writes == []


def test_two_pull_requests_of_one_head_are_told_both(
    command: Callable[..., Ran], server: GitHubServer, hub: GitHub, files: Files
) -> None:
    hub.pulls[9] = Pull(9, "somebody/repo", "patch-1")
    hub.git("owner/repo", "branch", "release", "main")
    hub.pulls[10] = Pull(10, "somebody/repo", "patch-1", "release")

    ran = command(files)

    assert (ran.status, ran.out.count("comment written")) == (0, 3)
    assert [comment.number for comment in hub.comments.values()] == [7, 9, 10]
    # An event that is about one of them means no other.
    server.requests.clear()
    assert command(files, "--pull-request", "9").out == "opfixtures: pull request 9: comment left as it is\n"
    assert command(files, "--pull-request", "8").out.startswith(
        "opfixtures: no open pull request has its head"
    )


def test_of_a_branch_and_its_backport_each_is_told_its_own_result(
    hub: GitHub, client: Clients, files: Files, result: dict[str, Any]
) -> None:
    """They start from different commits, by which the result says whose it is."""
    release = hub.commit("release", {"map.cpp": b"a release's own"})
    main = hub.git("owner/repo", "rev-parse", "main").decode().strip()
    hub.git("owner/repo", "update-ref", "refs/heads/change", release)
    hub.commit("change", {"map.cpp": b"a change"})
    hub.pulls[9] = Pull(9, "owner/repo", "change", "release")
    for started, told in ((release, {9}), (main, {8}), ("86" * 20, {8, 9}), (None, {8, 9})):
        hub.comments.clear()
        result["pre_change_commit"] = started
        published(hub, client(), {**files, "result.json": json.dumps(result).encode()}, commit=False)
        assert {comment.number for comment in hub.comments.values()} == told


def test_one_commit_does_for_all_pull_requests_of_a_head(hub: GitHub, client: Clients, files: Files) -> None:
    hub.pulls[9] = Pull(9, "owner/repo", "change")
    before = hub.head(hub.pulls[8])
    told = published(hub, client("commits"), files)
    after = hub.head(hub.pulls[8])
    assert hub.git("owner/repo", "rev-parse", f"{after}^").decode().strip() == before
    assert told[1:] == [
        f"pull request 8: fixtures committed with {after[:12]}",
        "pull request 8: comment written",
        "pull request 9: comment written",
    ]
    assert all(f"with [`{after[:12]}`](" in comment.body for comment in hub.comments.values())


def test_one_pull_request_that_cannot_be_told_does_not_keep_the_others_waiting(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files
) -> None:
    hub.pulls[9] = Pull(9, "owner/repo", "change")
    hub.pulls[10] = Pull(10, "owner/repo", "change")
    refusing = ("/issues/8/comments", "/issues/9/comments")
    server.inject = lambda request: (
        Fault(422) if request.method == "POST" and request.path.endswith(refusing) else None
    )
    with pytest.raises(GitHubError, match="comment on pull request 9: 422"):
        published(hub, client(), files, commit=False)
    assert [comment.number for comment in hub.comments.values()] == [10]


@pytest.mark.parametrize("number", [7, 8])
def test_what_was_committed_by_a_run_that_was_killed_then_is_told_by_the_next(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files, number: int
) -> None:
    hub.pulls[7].maintainer_can_modify = True
    head = hub.head(hub.pulls[number])
    published(hub, client("commits"), files, number)
    (comment,) = hub.comments.values()
    told, comment.body = comment.body, f"{MARKER}\n2 fixtures to commit"
    tip = hub.head(hub.pulls[number])
    server.requests.clear()

    again = published(hub, client("commits"), files, number, sha=head)

    assert again == [f"pull request {number}: comment written"]
    dry = published(hub, client("commits"), files, number, sha=head, dry_run=True)
    assert "would edit" not in dry[0]
    assert comment.body == told
    assert hub.head(hub.pulls[number]) == tip
    server.inject = lambda request: Fault(404) if "/git/commits/" in request.path else None
    assert published(hub, client("commits"), files, number, sha=head)[0].startswith("no open pull request")
    server.inject = lambda _: None
    # With one more commit upon it this result tells nothing of the head.
    hub.commit(hub.pulls[number].head_branch, {"map.cpp": b"more"}, hub.pulls[number].head_repository)
    assert published(hub, client("commits"), files, number, sha=head)[0].startswith("no open pull request")
    assert comment.body == told


def test_files_of_a_newer_run_are_named_in_the_place_of_those_of_an_older(
    hub: GitHub, client: Clients, files: Files
) -> None:
    """That one may have been killed before it handed them over."""
    for run, outcome in ((12, "written"), (13, "written"), (13, "left as it is")):
        artifact, head = parse_artifact(files), hub.head(hub.pulls[8])
        told: list[str] = []
        publication = publication_of(artifact, head, Run("owner/repo", run, "opfixtures-result"))
        publish(client(), Wanted(HEADS[8], head, BOT, commit=False), artifact, publication, told.append)
        assert told == [f"pull request 8: comment {outcome}"]
        (comment,) = hub.comments.values()
        assert f"gh run download {run} " in comment.body


@pytest.mark.parametrize(
    ("number", "has_second", "is_failure"), [(7, True, False), (7, False, True), (8, True, True)]
)
def test_a_token_that_may_not_write_is_no_failure_on_a_fork_where_another_workflow_follows(
    hub: GitHub, client: Clients, files: Files, number: int, has_second: bool, is_failure: bool
) -> None:
    if is_failure:
        lacking = (
            "403 Resource not accessible by integration: the job needs `permissions: pull-requests: write`$"
        )
        with pytest.raises(GitHubError, match=lacking):
            published(hub, client("reads"), files, number, has_second=has_second)
    else:
        assert published(hub, client("reads"), files, number, has_second=has_second) == [
            "pull request 7 is from a fork, this token may not write: the second workflow publishes"
        ]


def test_nothing_owed_is_told_only_where_something_was(hub: GitHub, client: Clients, files: Files) -> None:
    nothing = {"result.json": b'{"schema": 3, "pre_change_commit": null, "fixtures": []}'}

    assert published(hub, client(), nothing) == ["pull request 8: comment not needed"]
    published(hub, client(), files, commit=False)
    assert published(hub, client(), nothing) == ["pull request 8: comment written"]

    (comment,) = hub.comments.values()
    assert comment.body.startswith(f"{MARKER}\n### ✅ Nothing to do")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("main", ", which the base branch has."),
        ("change", ", **which the base branch does not have**."),
        ("nowhere", ". Archives"),
    ],
)
def test_github_is_asked_whether_the_pre_change_commit_is_published(
    hub: GitHub, client: Clients, files: Files, result: dict[str, Any], where: str, said: str
) -> None:
    commit = "86" * 20
    if where != "nowhere":
        commit = hub.git("owner/repo", "rev-parse", where).decode().strip()
    for row in result["fixtures"]:
        row["pre_change_commit"] = commit
    result["pre_change_commit"] = commit

    published(hub, client(), {**files, "result.json": json.dumps(result).encode()}, commit=False)

    (comment,) = hub.comments.values()
    assert (
        f"pre-change commit [`{commit[:12]}`](https://github.com/owner/repo/commit/{commit}){said}"
        in comment.body
    )


def test_fixtures_and_records_are_committed_upon_the_head(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files
) -> None:
    before = hub.head(hub.pulls[8])

    told = published(hub, client("commits"), files)

    after = hub.head(hub.pulls[8])
    assert told == [
        "pull request 8: comment written",
        f"pull request 8: fixtures committed with {after[:12]}",
        "pull request 8: comment written",
    ]
    assert hub.git("owner/repo", "rev-parse", f"{after}^").decode().strip() == before
    changed = hub.git("owner/repo", "diff", "--name-status", before, after).decode()
    assert changed == "".join(f"A\t{path}\n" for path in PATHS)
    for path in PATHS:
        assert hub.git("owner/repo", "show", f"{after}:{path}") == files[path.removeprefix("test/")]
    (comment,) = hub.comments.values()
    assert f"Committed to this branch with [`{after[:12]}`](" in comment.body
    assert (
        published(hub, client("commits"), files)[1]
        == "pull request 8: nothing committed: the branch has them all"
    )
    assert server.writes[-2:] == [
        "POST /repos/owner/repo/git/trees",
        "PATCH /repos/owner/repo/issues/comments/1",
    ]


def test_the_folder_of_any_project_of_the_base_branch_is_written_to(
    hub: GitHub, client: Clients, files: Files
) -> None:
    own = SETTINGS.replace(b"test/fixtures", b"fixtures")
    hub.commit("main", {".opfixtures.toml": None, "test/pyproject.toml": own})
    before = hub.head(hub.pulls[8])
    assert "fixtures committed with" in published(hub, client("commits"), files)[1]
    after = hub.head(hub.pulls[8])
    changed = hub.git("owner/repo", "diff", "--name-status", before, after).decode()
    assert changed == "".join(f"A\t{path}\n" for path in PATHS)


def test_the_folder_of_what_is_excluded_is_not_written_to(hub: GitHub, client: Clients, files: Files) -> None:
    own = SETTINGS.replace(b"test/fixtures", b"fixtures")
    excluding = b'[tool.opfixtures]\nexclude = ["test"]\n'
    hub.commit("main", {".opfixtures.toml": excluding, "test/pyproject.toml": own})
    assert published(hub, client("commits"), files)[1].endswith(
        "nothing committed: the base branch has no settings that name a fixtures folder"
    )


def test_what_cannot_be_committed_is_told_once(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files
) -> None:
    hub.commit("main", {".opfixtures.toml": None})
    told = [published(hub, client("commits"), files) for _ in range(2)]
    assert [lines[2] for lines in told] == [
        "pull request 8: comment written",
        "pull request 8: comment left as it is",
    ]
    assert [write.partition(" ")[0] for write in server.writes] == ["POST", "PATCH"]
    (comment,) = hub.comments.values()
    assert "Nothing was committed: `the base branch has no settings" in comment.body


def test_a_dry_run_lists_every_write(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files
) -> None:
    for text in ("old", "double"):
        hub.comment(8, BOT, f"{MARKER}\n{text}")

    told = published(hub, client("commits"), files, dry_run=True)

    head = hub.head(hub.pulls[8])[:12]
    expected = [
        "would delete comment 2 on pull request 8: there are several",
        "would edit the comment on pull request 8: N characters",
        "pull request 8: comment written",
        *[
            f"would add {path} to owner/repo upon {head}: {len(files[path.removeprefix('test/')])} bytes"
            for path in PATHS
        ],
        "would move branch change of owner/repo forward to that commit",
        "pull request 8: fixtures committed with 000000000000",
        "would edit the comment on pull request 8: N characters",
        "pull request 8: comment written",
    ]
    assert [_without_length(line) for line in told] == expected
    assert server.writes == []


def _without_length(line: str) -> str:
    head, _, tail = line.rpartition(": ")
    return f"{head}: N characters" if tail.endswith(" characters") else line


@pytest.mark.sampled(5)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_at_any_write_neither_loses_nor_doubles_anything(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files, fault: Fault
) -> None:
    base = hub.head(hub.pulls[8])
    for position in range(10):
        hub.comments.clear()
        hub.git("owner/repo", "update-ref", "refs/heads/change", base)
        server.requests.clear()
        failed: list[Request] = []

        def once(request: Request, position: int = position, failed: list[Request] = failed) -> Fault | None:
            if request.nth_write == position and not failed:
                failed.append(request)
                return fault
            return None

        server.inject = once
        published(hub, client("commits"), files)

        # POST a comment; four blobs, a tree, a commit, PATCH the branch; PATCH the comment.
        assert bool(failed) == (position < 9)
        head = hub.head(hub.pulls[8])
        assert hub.git("owner/repo", "rev-list", f"{base}..{head}").decode().split() == [head]
        added = hub.git("owner/repo", "diff", "--name-only", base, head).decode().split()
        assert added == PATHS
        (comment,) = hub.comments.values()
        assert f"Committed to this branch with [`{head[:12]}`](" in comment.body


@pytest.mark.parametrize("write", ["git/trees", "git/refs"])
def test_a_head_that_moves_meanwhile_is_not_overwritten(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files, write: str
) -> None:
    moved: list[str] = []

    def move(request: Request) -> None:
        if write in request.path and not moved:
            moved.append(hub.commit("change", {"map.cpp": b"a newer change"}))

    server.inject = move
    told = published(hub, client("commits"), files)

    assert hub.head(hub.pulls[8]) == moved[0]
    assert told[1].endswith("GitHub refused to move change: 422 Update is not a fast forward")


def test_the_head_is_looked_at_again_before_the_first_object(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files
) -> None:
    def move(request: Request) -> None:
        if request.path.endswith("/contents/test/fixtures"):
            hub.commit("change", {"map.cpp": b"a newer change"})

    server.inject = move

    assert (
        published(hub, client("commits"), files)[1]
        == "pull request 8: nothing committed: the pull request has moved on"
    )
    assert server.writes == ["POST /repos/owner/repo/issues/8/comments"]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("edit", "why"),
    [
        # The pull request's own settings say otherwise; those of the base branch hold.
        (
            lambda hub: hub.commit("change", {".opfixtures.toml": SETTINGS.replace(b"test/", b".github/")}),
            None,
        ),
        (
            lambda hub: hub.commit("main", {".opfixtures.toml": SETTINGS.replace(b"test/", b"other/")}),
            "there is no new fixture for other/fixtures",
        ),
        (
            lambda hub: hub.commit("main", {".opfixtures.toml": None}),
            "the base branch has no settings that name a fixtures folder",
        ),
        (
            lambda hub: hub.commit("main", {".opfixtures.toml": None, ".opfixtures.toml/a": b"a folder"}),
            "the base branch has no settings that name a fixtures folder",
        ),
        (lambda hub: hub.commit("main", {"test/fixtures/old.ptl": None}), None),
        (
            lambda hub: hub.commit("main", dict.fromkeys(PATHS, b"x")),
            "there is no new fixture for test/fixtures",
        ),
        (
            lambda hub: hub.commit("main", {f"test/fixtures/{number}.ptl": b"x" for number in range(1000)}),
            "test/fixtures has more files than GitHub lists",
        ),
    ],
)
def test_only_new_fixtures_in_the_base_branchs_folder_are_committed(
    hub: GitHub, client: Clients, files: Files, edit: Callable[[GitHub], object], why: str | None
) -> None:
    edit(hub)
    before = hub.head(hub.pulls[8])

    told = published(hub, client("commits"), files)

    changed = hub.git("owner/repo", "diff", "--name-only", before, hub.head(hub.pulls[8])).decode().split()
    assert changed == ([] if why else PATHS)
    assert why is None or told[1] == f"pull request 8: nothing committed: {why}"


@pytest.mark.parametrize("name", ["ma%69n", "main#1", "topic/\u00e9"])
def test_a_branch_named_like_an_address_is_the_one_that_is_moved(
    hub: GitHub, client: Clients, files: Files, name: str
) -> None:
    hub.git("owner/repo", "branch", name, "change")
    hub.pulls[8].head_branch = name
    artifact, before = parse_artifact(files), hub.head(hub.pulls[8])
    main = hub.git("owner/repo", "rev-parse", "main")
    wanted = Wanted(f"owner:{name}", before, BOT, commit=True)

    publish(client("commits"), wanted, artifact, publication_of(artifact, before, None), lambda _: None)

    assert hub.git("owner/repo", "rev-parse", "main") == main
    assert (
        hub.git("owner/repo", "diff", "--name-only", before, f"refs/heads/{name}").decode().split() == PATHS
    )


def test_nothing_is_committed_to_the_default_branch(hub: GitHub, client: Clients, files: Files) -> None:
    hub.git("owner/repo", "branch", "release", "main")
    hub.pulls[8] = Pull(8, "owner/repo", "main", "release")
    artifact, head, told = parse_artifact(files), hub.head(hub.pulls[8]), list[str]()
    wanted = Wanted("owner:main", head, BOT, commit=True)

    publish(client("commits"), wanted, artifact, publication_of(artifact, head, None), told.append)

    why = "main is the default branch, which takes no commit without review"
    assert told[1] == f"pull request 8: nothing committed: {why}"
    assert hub.head(hub.pulls[8]) == head


def test_a_fixture_that_differs_is_not_committed(hub: GitHub, client: Clients, files: Files) -> None:
    before = hub.head(hub.pulls[8])
    _edited(lambda result: result["fixtures"][0].update(status="mismatch"))(files)
    files.pop("fixtures.patch")

    published(hub, client("commits"), files)

    added = hub.git("owner/repo", "diff", "--name-only", before, "change").decode().split()
    assert added == [path for path in PATHS if MADE[0] not in path]


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_BYTES"])
def test_what_is_committed_is_limited(
    hub: GitHub, client: Clients, files: Files, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(f"opfixtures.pull_request.commit.{limit}", 3)

    assert "it is more than " in published(hub, client("commits"), files)[1]
    assert hub.git("owner/repo", "log", "--format=%s", "-1", "change").decode() == "a commit\n"


@pytest.mark.parametrize(
    ("may_modify", "repositories", "why"),
    [
        (False, (), "the fork's branch may not be written to by maintainers"),
        (True, ("owner/repo",), "the branch could not be written to: GitHub refused to keep "),
        (True, (), ""),
    ],
)
def test_a_forks_branch_is_written_to_where_that_is_allowed(
    hub: GitHub, client: Clients, files: Files, may_modify: bool, repositories: tuple[str, ...], why: str
) -> None:
    hub.pulls[7].maintainer_can_modify = may_modify
    token = hub.tokens["commits"]
    hub.tokens["commits"] = Token(token.login, token.permissions, repositories)
    before = hub.head(hub.pulls[7])

    told = published(hub, client("commits"), files, 7)

    (comment,) = hub.comments.values()
    if why:
        assert told[1].startswith(f"pull request 7: nothing committed: {why}")
        assert hub.head(hub.pulls[7]) == before
        assert 'git apply --index "$new/fixtures.patch"' in comment.body
    else:
        assert hub.git("somebody/repo", "diff", "--name-only", before, "patch-1").decode().split() == PATHS
        assert "Committed to this branch" in comment.body


def test_settings_that_github_does_not_show_are_an_error(hub: GitHub, client: Clients, files: Files) -> None:
    hub.commit("main", {".opfixtures.toml": b"#" * (2 << 20)})

    with pytest.raises(GitHubError, match=r"does not show \.opfixtures\.toml at .*: it is larger than 1 MB"):
        published(hub, client("commits"), files)


def test_a_job_without_the_permission_to_commit_fails(hub: GitHub, client: Clients, files: Files) -> None:
    lacking = (
        r"refused to keep test/fixtures/.*: 403 Resource .*: the job needs `permissions: contents: write`$"
    )
    with pytest.raises(GitHubError, match=lacking):
        published(hub, client("comments"), files)
