"""How long a tree of 15,000 files takes that a change starts from, next to `git worktree add`.

    python benchmarks/checkout.py [--runs N]

The Action looks at a change in a repository of its own, with the files alone that a check reads. A library that is
built needs all of its files: these are written once for each state of its sources, and kept. Both stand beside what git
takes to write a work tree. Exit status 1 where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, output_of, report
from tree import git, repository

ROOT = str(Path(__file__).resolve().parents[1])
BEGIN = f"""\
import os, sys, tempfile
sys.path.insert(0, {ROOT!r})
from opfixtures.repository.git import Repository
user = Repository.discover(os.getcwd(), os.environ)
folder = os.path.join(tempfile.mkdtemp(dir=sys.argv[1]), "tree")
"""
SIDE = f"""{BEGIN}
from opfixtures.pull_request.events import Activity, Task
from opfixtures.pull_request.side_repository import Surroundings, make_side
activity = Activity(Task.GENERATE, base=sys.argv[2], head=sys.argv[3])
make_side(user, activity, Surroundings(lambda base, head: base, "", "", print), folder)
"""
WHOLE = f"""{BEGIN}
from opfixtures.runtimes.side_checkout import check_out
check_out(user, sys.argv[2], folder)
"""
GIT = 'git worktree add --quiet --detach "$(mktemp -d "$1/gitXXXXXX")/tree" "$2"'
WORKTREE, LOOKED_AT, BUILT = "git worktree add, 15,000 files", "the Action's tree", "a tree to build"
LIMITS = {LOOKED_AT: (WORKTREE, 0.1), BUILT: (WORKTREE, 1.2)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure trees of 15,000 files")
    parser.add_argument("--runs", type=int, default=3, help="default: %(default)s")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        root = repository(Path(name, "repository"))
        git(root, "commit", "--quiet", "--message", "second")
        base, head = (output_of(("git", "rev-parse", rev), root) for rev in ("HEAD~1", "HEAD"))
        commands = {
            WORKTREE: Command(("sh", "-c", GIT, "sh", name, base), root),
            LOOKED_AT: Command((sys.executable, "-c", SIDE, name, base, head), root),
            BUILT: Command((sys.executable, "-c", WHOLE, name, base), root),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


if __name__ == "__main__":
    raise SystemExit(main())
