"""The reusable workflow with all its jobs, run by `act` beside the stand-in for GitHub."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from tests.action.act import REPOSITORY, TOPIC, Server
from tests.action.test_manifest import blocks, shown
from tests.github_server import GitHubServer

FILES = [
    f"test/jit/fixtures/test_versioned_gelu_{name}v9.ptl{ending}"
    for name in ("out_", "")
    for ending in ("", ".json")
]
TWO_VERIFIED = (
    "<!-- opfixtures -->\n### ✅ 2 fixtures committed, both proven: old models keep their results\n"
)


def that_commits() -> str:
    """The block of docs/workflows.md for branches of the same repository: told and committed to at once."""
    (block,) = [text for text in shown() if "/commit.yml@" in text and text not in blocks()[:3]]
    return block


def jobs(log: str) -> set[str]:
    """The jobs of the reusable workflow that `act` ran: their lines begin with it."""
    return set(re.findall(r"^\[\w+/(?:Commit f|F)ixtures/(\w+)", log, re.MULTILINE))


def push(server: Server, github: GitHubServer) -> dict[str, Any]:
    """Commit to the branch and push it: the payload."""
    payload, _ = server.offer(github)
    return {**payload, "action": "synchronize"}


def committed(server: Server, github: GitHubServer, onto: str) -> str:
    """The branch's commit, which has to add to `onto` what the artifact has."""

    def git(*args: str) -> bytes:
        return github.hub.git("octo/library", *args)

    tip, parent = git("rev-parse", TOPIC, f"{TOPIC}^").decode().split()
    assert parent == onto
    assert git("diff", "--name-only", parent, tip).decode().split() == FILES
    for path in FILES:
        kept = server.folder / "artifacts/opfixtures-result/fixtures" / os.path.basename(path)
        assert git("show", f"{tip}:{path}") == kept.read_bytes()
    return tip


def test_a_pull_request_from_its_first_push_to_its_last(server: Server, github: GitHubServer) -> None:
    """Nothing owed and no comment; a change, its comment and its fixtures; the change taken back."""
    hub, library = github.hub, server.library
    server.change()
    library.write("README.md", "another text\n")

    done = server.act("pull_request", server.offer(github)[0], that_commits(), github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert server.results() == {"opfixtures-plan": {}, "opfixtures-result": {}}
    assert "comment not needed" in done.stdout
    assert jobs(done.stdout) == {"plan", "publish"}
    assert github.writes == []

    library.git("switch", "--quiet", "topic")
    server.add("change", "entries")
    payload = push(server, github)
    done = server.act("pull_request", payload, that_commits(), github.url, "writes")

    # The head that was judged lacks them; the one that the last job pushes has them.
    assert done.returncode == 0, done.stdout + done.stderr
    made = {"aten::gelu": "verified", "aten::gelu.out": "verified"}
    assert server.results() == {
        "opfixtures-plan": {},
        "opfixtures-part-torch-1.11.0": made,
        "opfixtures-result": made,
    }
    assert jobs(done.stdout) == {"plan", "generate", "publish", "commit"}
    (comment,) = hub.comments.values()
    assert comment.body.startswith(TWO_VERIFIED)
    assert comment.body.count("- made by: `torch 1.11.0` (") == 2
    tip = committed(server, github, onto=payload["pull_request"]["head"]["sha"])
    assert f"Committed to this branch with [`{tip[:12]}`](" in comment.body
    assert "press **Approve workflows to run**" in comment.body

    library.git("switch", "--quiet", "topic")
    library.git("pull", "--quiet", str(hub.folder("octo/library")), TOPIC)
    library.git("rm", "--quiet", *FILES)
    library.git("checkout", "--quiet", "main", "--", "test", "torch")
    done = server.act("pull_request", push(server, github), that_commits(), github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "### ✅ Nothing to do" in comment.body
    assert list(hub.comments.values()) == [comment]


@pytest.mark.thorough
def test_a_dispatch_by_number_tells_the_pull_request(server: Server, github: GitHubServer) -> None:
    """A dry run tells nobody; then of one operator alone, and what is made is committed where that is asked for."""
    server.change("change", "entries")
    _, head = server.offer(github)
    inputs = {"pull-request": "7", "operators": "aten::gelu.out", "dry-run": "true"}
    payload = {"ref": "refs/heads/main", "repository": REPOSITORY, "inputs": inputs}

    done = server.act("workflow_dispatch", payload, blocks()[2], github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert server.results() == {"opfixtures-plan": {}}
    assert github.writes == []

    inputs |= {"dry-run": "false", "commit": "true"}
    done = server.act("workflow_dispatch", payload, blocks()[2], github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert server.results()["opfixtures-result"] == {"aten::gelu.out": "verified"}
    (comment,) = github.hub.comments.values()
    assert comment.body.startswith("<!-- opfixtures -->\n### ✅ 1 fixture committed, proven: old models keep")
    assert "<code>aten::gelu.out</code>" in comment.body
    added = github.hub.git("octo/library", "diff", "--name-only", head, TOPIC).decode().split()
    assert added == FILES[:2]
