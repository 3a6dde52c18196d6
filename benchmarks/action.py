"""What the Action computes before it does anything, and what a whole run takes, next to the imports of torch in it.

    python benchmarks/action.py [--runs N]

The step `install` of action.yml is run as a job runs it, with all that it fetches in uv's cache already: what it
computes, in seconds of a processor, stands beside what a bare `import torch` computes. A whole `opfixtures action` in
mode generate makes a fixture of gelu for a pull request, in releases that are installed, and replays it: it stands
beside the bare imports of these two. Exit status 1 where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml
from corpus import bare_import
from many import MADE_BY, TODAY, gelu_repository
from measure import Command, computed, medians, output_of, report
from tree import git
from verify import PROJECT

STEP, IMPORTED = "the Action's install step, computing", "import torch, computing"
RUN, IMPORTS = "the Action, generate", "its imports of torch"
LIMITS = {STEP: (IMPORTED, 0.6), RUN: (IMPORTS, 3.0)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the Action")
    parser.add_argument("--runs", type=int, default=3, help="default: %(default)s")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = gelu_repository(folder / "repository", 1)
        git(root, "checkout", "--quiet", "--detach")
        seconds = computed(
            {IMPORTED: bare_import(TODAY, root), STEP: install_step(folder, root)}, options.runs
        )
        imports = {f"import torch {torch}": bare_import(torch, root) for torch in (MADE_BY, TODAY)}
        seconds |= medians({**imports, RUN: action(folder, root)}, options.runs)
        seconds[IMPORTS] = sum(seconds[name] for name in imports)
        return int(report(options.runs, seconds, LIMITS))


def install_step(folder: Path, workspace: Path) -> Command:
    """What action.yml runs to install opfixtures, as a runner does: with bash, and in folders of the job."""
    steps = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    (run,) = (step["run"] for step in steps if step.get("id") == "install")
    environment = {
        "OPFIXTURES_PYTHON": sys.executable,
        "MODE": "generate",
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTION_PATH": str(PROJECT),
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_OUTPUT": str(folder / "installed"),
    }
    return Command(("bash", "--noprofile", "--norc", "-c", run), folder, environment=environment)


def action(folder: Path, workspace: Path) -> Command:
    """`opfixtures action` for a pull request whose head is checked out."""
    base, head = (output_of(("git", "rev-parse", name), workspace) for name in ("HEAD~1", "HEAD"))
    repository = {"id": 1}
    event = {
        "action": "opened",
        "pull_request": {
            "number": 7,
            "base": {"sha": base, "ref": "main", "repo": repository},
            "head": {"sha": head, "ref": "topic", "repo": repository, "user": {"login": "octocat"}},
        },
    }
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_REPOSITORY": "octo/library",
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_SERVER_URL": "http://127.0.0.1:9",
        "GITHUB_WORKSPACE": str(workspace),
        "OPFIXTURES_MODE": "generate",
        "OPFIXTURES_REQUIRE_FIXTURES": "false",
        "OPFIXTURES_RESULT": str(folder / "result"),
        "PATH": os.environ.get("PATH", os.defpath),
    }
    return Command((sys.executable, "-I", "-m", "opfixtures", "action"), folder, environment=environment)


if __name__ == "__main__":
    raise SystemExit(main())
