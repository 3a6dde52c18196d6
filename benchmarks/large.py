"""How long a check of very large files takes, next to reading and tokenising them.

    python benchmarks/large.py [--runs N] [--command PATH]

A version map of 10,000 entries and a registry of 10,000 rows, each with its module, in PyTorch's shape; an
entry is added to the map. A check reads four files: the map before and after, the registry, the modules. Next
to it stands a Python that reads these from disk and tokenises them: the maps with the check's own tokeniser
of C++, which is one regular expression, the others with `ast.parse`, which is as little as a reader of Python
can do. With 100,000 of each the check may take ten times as long, and a fifth more for noise. Exit status 1
where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, report
from tree import MODULES, REGISTRY, VERSION_MAP, add_entry, repository

TOKENISE = f"""\
import ast, subprocess
from opfixtures.declarations.cpp_tokens import tokenise
before = subprocess.run(["git", "show", "HEAD:{VERSION_MAP}"], capture_output=True, check=True).stdout
for text in before.decode(), open("{VERSION_MAP}").read():
    for token in tokenise(text):
        pass
for path in "{REGISTRY}", "{MODULES}":
    ast.parse(open(path).read())
"""
TOKENISED, CHECKED, TENFOLD = "read and tokenise 10,000", "check 10,000", "check 100,000"
LIMITS = {CHECKED: (TOKENISED, 5.0), TENFOLD: (CHECKED, 12.0)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure a check of very large files")
    parser.add_argument("--runs", type=int, default=3, help="default: %(default)s")
    installed = Path(sys.executable).with_name("opfixtures")
    parser.add_argument("--command", default=str(installed), help="default: the one beside this Python")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        large = repository(Path(folder, "large"), operators=10_000, files=0)
        tenfold = repository(Path(folder, "tenfold"), operators=100_000, files=0)
        for root in (large, tenfold):
            add_entry(root)
        commands = {
            TOKENISED: Command((sys.executable, "-c", TOKENISE), large),
            CHECKED: Command((options.command, "check"), large, status=1),
            TENFOLD: Command((options.command, "check"), tenfold, status=1),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


if __name__ == "__main__":
    raise SystemExit(main())
