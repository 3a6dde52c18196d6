"""How long pre-commit takes with the hook on offer, next to pre-commit around `/bin/true`.

    python benchmarks/framework.py [--runs N]

In a repository of PyTorch's size and shape, `pre-commit run` with the hook as pre-commit installs it, from
this project as it is on disk into an environment of its own, and with a local hook that does nothing. Exit
status 1 where the untouched version map's ratio is above its limit; one that is changed is shown beside it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, report
from tree import add_entries, git, repository

PROJECT = Path(__file__).resolve().parents[1]
TRUE, UNTOUCHED, CHANGED = "pre-commit, /bin/true", "pre-commit, untouched map", "pre-commit, changed map"
LIMITS = {UNTOUCHED: (TRUE, 1.3)}
CONFIGURATION = """\
repos:
  - repo: local
    hooks:
      - {{id: nothing, name: nothing, entry: /bin/true, language: system, always_run: true, pass_filenames: false}}
  - repo: {offered}
    rev: measured
    hooks:
      - id: opfixtures-check
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the hook under pre-commit")
    parser.add_argument("--runs", type=int, default=15, help="default: %(default)s")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configuration = folder / "configuration.yaml"
        configuration.write_text(CONFIGURATION.format(offered=offer(folder / "offered")))
        untouched, changed = repository(folder / "untouched"), repository(folder / "changed")
        add_entries(changed)
        run = (sys.executable, "-m", "pre_commit", "run", "--config", str(configuration))
        home = {"PRE_COMMIT_HOME": str(folder / "cache")}
        commands = {
            TRUE: Command((*run, "nothing"), untouched, environment=home),
            UNTOUCHED: Command((*run, "opfixtures-check"), untouched, environment=home),
            CHANGED: Command((*run, "opfixtures-check"), changed, status=1, environment=home),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


def offer(root: Path) -> Path:
    """This project as a repository of its own: pre-commit installs from a revision."""
    shutil.copytree(PROJECT / "opfixtures", root / "opfixtures", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(PROJECT / name, root)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "measured")
    git(root, "tag", "measured")
    return root


if __name__ == "__main__":
    raise SystemExit(main())
