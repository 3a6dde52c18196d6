"""README's workflows run by `act` beside the stand-in for GitHub: from a pull request to its comment and its commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.action.conftest import HARDSWISH, HARDSWISH_MODULE, HARDSWISH_ROW
from tests.action.test_manifest import blocks
from tests.action.test_workflows import GELU_OUT, OUT_OF_REACH, REPOSITORY, Server, opened
from tests.action.test_workflows import opfixtures_itself as opfixtures_itself
from tests.action.test_workflows import server as server
from tests.conftest import MODULES, REGISTRY, VERSION_MAP
from tests.github_server import Description, GitHub, GitHubServer, Pull, Token

MAY_WRITE = Token(permissions={"pull_requests": "write", "contents": "write"})
READS = Token(permissions={"pull_requests": "read", "contents": "read"})
FIXTURES = "test/jit/fixtures"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubServer]:
    """GitHub's API; at the end nothing of GitHub's own description of it was broken."""
    hub = GitHub(tmp_path / "github", "octo/library")
    hub.tokens = {"writes": MAY_WRITE, "reads": READS}
    with GitHubServer(hub, Description()).running() as running:
        yield running
    assert running.broken == []


def offer(server: Server, github: GitHubServer, owner: str = "octo") -> tuple[dict[str, Any], str]:
    """Open the branch as pull request 7 from `owner`'s repository: the payload, and the head."""
    base, head = server.open()
    name = f"{owner}/library"
    hub = github.hub
    server.library.git("push", "--quiet", str(hub.folder("octo/library")), f"{base}:refs/heads/main")
    if owner != "octo":
        hub.fork(name)
    server.library.git("push", "--quiet", str(hub.folder(name)), f"{head}:refs/heads/topic")
    hub.pulls[7] = Pull(7, name, "topic")
    payload = opened(base, head)
    repository = {"id": 1 if owner == "octo" else 2}
    payload["pull_request"]["head"] |= {"repo": repository, "user": {"login": owner}}
    return payload, head


def in_one_step(commit: bool = False) -> str:
    """README's first block, for branches of the same repository."""
    more = "mode: all" + ("\n          commit: true" if commit else "")
    return blocks()[0].replace("mode: generate", more)


def test_a_branch_is_told_and_gets_its_fixtures(server: Server, github: GitHubServer) -> None:
    server.change("change", "entries")
    payload, head = offer(server, github)

    done = server.act("pull_request", payload, in_one_step(commit=True), github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"comment-url={OUT_OF_REACH}/octo/library/pull/7#issuecomment-1" in done.stdout
    (comment,) = github.hub.comments.values()
    for name in ("aten::gelu", "aten::gelu.out"):
        assert f"<code>{name}</code>" in comment.body
    assert "torch 1.11.0" in comment.body
    assert "verified" in comment.body
    topic = "refs/heads/topic"
    made = github.hub.git("octo/library", "diff", "--name-only", f"{head}..{topic}").decode().split()
    assert made == [
        f"{FIXTURES}/test_versioned_gelu_{name}v9.ptl{ending}"
        for name in ("out_", "")
        for ending in ("", ".json")
    ]
    for path in made:
        kept = server.folder / "artifacts/opfixtures-result/fixtures" / path.rpartition("/")[2]
        assert github.hub.git("octo/library", "show", f"{topic}:{path}") == kept.read_bytes()


def test_what_no_release_can_replay_is_told_with_the_reason(server: Server, github: GitHubServer) -> None:
    server.change()
    library = server.library
    entry = HARDSWISH.rstrip()[:-1]
    text = library.read(VERSION_MAP)
    library.write(VERSION_MAP, text.replace('-> Tensor"}}}', f'-> Tensor"}}}}}},\n{entry}', 1))
    library.write(MODULES, library.read(MODULES) + HARDSWISH_MODULE)
    library.replace(REGISTRY, "\n}", "\n" + HARDSWISH_ROW)

    done = server.act("pull_request", offer(server, github)[0], in_one_step(), github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    (comment,) = github.hub.comments.values()
    assert "torch 2.13.0" in comment.body
    assert "not replayed: no runtime has version 11" in comment.body


def test_a_fork_is_told_by_the_second_workflow(server: Server, github: GitHubServer) -> None:
    server.change("change", "entries")
    server.library.replace(VERSION_MAP, GELU_OUT, f"{GELU_OUT},\n{HARDSWISH.rstrip()[:-1]}")
    payload, head = offer(server, github, "somebody")

    first = server.act("pull_request", payload, blocks()[0], github.url, "reads")

    assert first.returncode == 1, first.stdout + first.stderr
    assert github.writes == []
    run = {
        "id": 1,
        "event": "pull_request",
        "head_sha": head,
        "head_branch": "topic",
        "head_repository": {"id": 2, "full_name": "somebody/library", "owner": {"login": "somebody"}},
        "pull_requests": [],
        "conclusion": "failure",
    }
    event = {"action": "completed", "workflow_run": run, "repository": REPOSITORY}
    second = server.act("workflow_run", event, blocks()[1], github.url, "writes")

    assert second.returncode == 0, second.stdout + second.stderr
    (comment,) = github.hub.comments.values()
    assert comment.body.startswith("<!-- opfixtures -->\n### opfixtures: 1 error, 1 refused, 2 verified\n")
    assert comment.body.index("aten::hardswish") < comment.body.index("aten::gelu")
