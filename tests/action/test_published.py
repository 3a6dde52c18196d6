"""The docs' workflows run by `act` beside the stand-in for GitHub: from a pull request to its comment and commit."""

from __future__ import annotations

import pytest

from tests.action.act import OUT_OF_REACH, REPOSITORY, TOPIC, Server
from tests.action.test_manifest import blocks
from tests.action.test_workflows import GELU_OUT
from tests.action_fixtures import HARDSWISH, HARDSWISH_MODULE, HARDSWISH_ROW
from tests.github_server import GitHubServer
from tests.repositories import MODULES, REGISTRY, VERSION_MAP

FIXTURES = "test/jit/fixtures"


def in_one_step(**inputs: str) -> str:
    """The docs' first block, for branches of the same repository."""
    more = "".join(f"\n          {name}: {value}" for name, value in inputs.items())
    return blocks()[0].replace("mode: generate", f"mode: all{more}")


@pytest.mark.thorough
def test_a_branch_is_told_and_gets_its_fixtures(server: Server, github: GitHubServer) -> None:
    server.change("change", "entries")
    payload, head = server.offer(github)

    done = server.act("pull_request", payload, in_one_step(commit="true"), github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"comment-url={OUT_OF_REACH}/octo/library/pull/7#issuecomment-1" in done.stdout
    (comment,) = github.hub.comments.values()
    for name in ("aten::gelu", "aten::gelu.out"):
        assert f"<code>{name}</code>" in comment.body
    assert "torch 1.11.0" in comment.body
    assert "verified" in comment.body
    made = github.hub.git("octo/library", "diff", "--name-only", f"{head}..{TOPIC}").decode().split()
    assert made == [
        f"{FIXTURES}/test_versioned_gelu_{name}v9.ptl{ending}"
        for name in ("out_", "")
        for ending in ("", ".json")
    ]
    for path in made:
        kept = server.folder / "artifacts/opfixtures-result/fixtures" / path.rpartition("/")[2]
        assert github.hub.git("octo/library", "show", f"{TOPIC}:{path}") == kept.read_bytes()


@pytest.mark.thorough
def test_what_no_release_can_replay_is_told_with_the_reason(server: Server, github: GitHubServer) -> None:
    server.change()
    library = server.library
    entry = HARDSWISH.rstrip()[:-1]
    text = library.read(VERSION_MAP)
    library.write(VERSION_MAP, text.replace('-> Tensor"}}}', f'-> Tensor"}}}}}},\n{entry}', 1))
    library.write(MODULES, library.read(MODULES) + HARDSWISH_MODULE)
    library.replace(REGISTRY, "\n}", "\n" + HARDSWISH_ROW)

    done = server.act("pull_request", server.offer(github)[0], in_one_step(), github.url, "writes")

    # Nobody has committed it yet.
    assert done.returncode == 1, done.stdout + done.stderr
    (comment,) = github.hub.comments.values()
    assert "torch 2.13.0" in comment.body
    assert "not replayed: no runtime has version 11" in comment.body


def test_a_fork_is_told_by_the_second_workflow(server: Server, github: GitHubServer) -> None:
    server.change("change", "entries")
    server.library.replace(VERSION_MAP, GELU_OUT, f"{GELU_OUT},\n{HARDSWISH.rstrip()[:-1]}")
    payload, head = server.offer(github, "somebody")

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
    assert comment.body.startswith(
        "<!-- opfixtures -->\n### ❌ 1 problem to fix: see below what to do; 2 fixtures to commit, both proven"
    )
    assert comment.body.index("aten::hardswish") < comment.body.index("aten::gelu")
