"""What isolation costs: `opfixtures generate` of this project's 28 fixtures, next to the same without it.

    python benchmarks/generate.py [--runs N]

Makes all of them again with their releases, which are installed first where they are missing, and replays them. Exit
status 1 where the ratio is above its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, report
from tree import git
from verify import PROJECT, corpus_in

RUN = """
import sys
sys.path.insert(0, {root!r})
from tests.defences import ISOLATION, main
sys.exit(main({defences}, sys.argv[1:]))
"""
WITHOUT, WITH = "generate 28, not isolated", "generate 28"
LIMITS = {WITH: (WITHOUT, 1.3)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure what isolation costs")
    parser.add_argument("--runs", type=int, default=1, help="default: %(default)s")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        corpus = corpus_in(Path(name, "corpus"))
        git(corpus, "add", "--all")
        git(corpus, "commit", "--quiet", "--message", "corpus")
        commands = {
            WITHOUT: Command(generate("[ISOLATION]"), corpus),
            WITH: Command(generate("[]"), corpus),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


def generate(defences: str) -> tuple[str, ...]:
    """The command line without these defences."""
    code = RUN.format(root=str(PROJECT), defences=defences)
    return (sys.executable, "-c", code, "generate", "--all", "--regenerate")


if __name__ == "__main__":
    raise SystemExit(main())
