"""How long it takes to make all fixtures of PyTorch's operators, next to the slowest bare `import torch`.

    python benchmarks/corpus.py [--runs N]

`opfixtures generate --all --regenerate` makes this project's 28 fixtures again with their releases, which are installed
first where they are missing, and replays them. Exit status 1 where the ratio is above its limit.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, report
from releases import PYTHONS, release
from tree import git
from verify import corpus_in

SLOWEST, MADE = "slowest 'import torch' of the releases", "corpus made, 28"
LIMITS = {MADE: (SLOWEST, 3.0)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the making of all fixtures")
    parser.add_argument("--runs", type=int, default=3, help="default: %(default)s")
    installed = Path(sys.executable).with_name("opfixtures")
    parser.add_argument("--command", default=str(installed), help="default: the one beside this Python")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        corpus = corpus_in(Path(name, "corpus"))
        # Exported programs are not PyTorch's, and another project.
        shutil.rmtree(corpus / "fixtures_src" / "programs")
        git(corpus, "add", "--all")
        git(corpus, "commit", "--quiet", "--message", "corpus")
        imports = {f"import torch {torch}": bare_import(torch, corpus) for torch in PYTHONS}
        made = Command((options.command, "generate", "--all", "--regenerate"), corpus)
        seconds = medians({**imports, MADE: made}, options.runs)
        seconds[SLOWEST] = max(seconds[name] for name in imports)
        return int(report(options.runs, seconds, LIMITS))


def bare_import(torch: str, folder: Path) -> Command:
    """The import of a release in its own environment, which is made where it is missing."""
    return Command((release(torch).python, "-W", "ignore", "-c", "import torch"), folder)


if __name__ == "__main__":
    raise SystemExit(main())
