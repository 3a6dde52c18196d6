"""`mode: all` with what a workflow brings of its own, run by `act`: a library's torch, a build of the change."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from opfixtures.runtimes.torch_folders import torch_folders
from tests.action.act import TOPIC, Server
from tests.action.test_published import in_one_step
from tests.action_fixtures import ONLY_BEFORE, Serves
from tests.github_server import GitHubServer


@pytest.mark.thorough
def test_a_library_is_built_before_and_after_its_change(
    serves: Serves, github: GitHubServer, tmp_path: Path
) -> None:
    """tinyops 1.0 makes the fixtures, tinyops 2.0 replays them, both beside the torch of the input `python`."""
    server = serves("library", str(tmp_path / "cache"))
    server.change("change", "entries")
    payload, head = server.offer(github)
    base = payload["pull_request"]["base"]["sha"]

    done = server.act(
        "pull_request", payload, in_one_step(commit="true", python=sys.executable), github.url, "writes"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert server.results() == {
        "opfixtures-result": {"tinyops::scale": "verified", "tinyops::halve": "verified"}
    }
    (comment,) = github.hub.comments.values()
    assert comment.body.startswith(
        "<!-- opfixtures -->\n### ✅ 2 fixtures committed, both proven: old models"
    )
    assert comment.body.count(f"- made by: `commit {base[:12]} with torch 2.13.0") == 2
    proofs = re.findall(r"- pre-change: yes, `(.*)`", comment.body)
    assert sorted(proofs) == ["commit", "schema, commit"]
    assert comment.body.count("- replayed by: `the work tree with torch 2.13.0") == 2
    assert comment.body.count("- `torch.jit.load`: loads yes, equal yes, applied yes, sensitive yes") == 2
    made = github.hub.git("octo/library", "diff", "--name-only", head, TOPIC).decode().split()
    assert made == [
        f"fixtures/test_versioned_{name}_v3.ptl{ending}"
        for name in ("halve", "scale")
        for ending in ("", ".json")
    ]


@pytest.mark.thorough
def test_exported_programs_are_made_told_and_committed_and_a_renamed_argument_is_a_red_check(
    serves: Serves, github: GitHubServer, tmp_path: Path
) -> None:
    """mylib ships .pt2 alone and has no version map: guards come with one push, another name with the next."""
    server = serves("exported", str(tmp_path / "cache"))
    server.change("guards")
    payload, head = server.offer(github)

    workflow = in_one_step(commit="true", python=sys.executable)
    done = server.act("pull_request", payload, workflow, github.url, "writes")

    assert done.returncode == 0, done.stdout + done.stderr
    (comment,) = github.hub.comments.values()
    assert comment.body.startswith(
        "<!-- opfixtures -->\n### ✅ 2 fixtures committed, both proven: old models"
    )
    facts = "loads yes, equal yes, applied not-applicable, sensitive not-applicable, names yes, defaults yes"
    assert comment.body.count(f"- `torch.export.load`: {facts}\n") == 2
    made = github.hub.git("octo/library", "diff", "--name-only", head, TOPIC).decode().split()
    assert made == [
        f"fixtures/{name}.pt2{ending}"
        for name in ("scale_by", "scale_by_default")
        for ending in ("", ".json")
    ]

    library = server.library
    library.git("switch", "--quiet", "topic")
    library.git("pull", "--quiet", str(github.hub.folder("octo/library")), TOPIC)
    server.add("renamed")
    done = server.act("pull_request", server.offer(github)[0], workflow, github.url, "writes")

    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads(
        (server.folder / "artifacts/opfixtures-result/result.json").read_text(encoding="utf-8")
    )
    assert {row["module"]: row["status"] for row in report["fixtures"]} == {
        "ScaleBy": "mismatch",
        "ScaleByDefault": "verified",
    }
    assert list(github.hub.comments.values()) == [comment]
    assert "argument f of mylib::scale is dropped without a word" in comment.body
    assert "5.0 then, 2.0 now" in comment.body


def test_a_build_of_the_pull_request_replays_what_no_release_of_the_settings_can(
    server: Server, github: GitHubServer, tmp_path: Path
) -> None:
    """The input `post-change-python` is a path from the workspace, where a step before has built torch."""
    server.change("change", "entries")
    server.library.write(".opfixtures.toml", ONLY_BEFORE)
    build = tmp_path / "build"
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(build)), check=True)
    (site,) = build.glob("lib/python*/site-packages")
    (site / "torch.pth").write_text("".join(f"{folder}\n" for folder in torch_folders()), encoding="utf-8")
    workflow = in_one_step(**{"post-change-python": "build/bin/python"})
    step = f"      - run: ln -s '{build}' build\n"
    used = "      - uses: <owner>/opfixtures"
    assert used in workflow

    done = server.act(
        "pull_request",
        server.offer(github)[0],
        workflow.replace(used, step + used),
        github.url,
        "writes",
    )

    # Nobody has committed them yet.
    assert done.returncode == 1, done.stdout + done.stderr
    (comment,) = github.hub.comments.values()
    assert comment.body.startswith(
        "<!-- opfixtures -->\n### 📦 2 fixtures to commit, both proven: old models"
    )
    assert comment.body.count("- made by: `torch 1.11.0` (") == 2
    assert len(re.findall("- replayed by: `torch of /.*/build/bin/python`\n", comment.body)) == 2
    assert comment.body.count("- `torch.jit.load`: loads yes, equal yes, applied yes") == 2
