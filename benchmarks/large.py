"""How long a check of very large files takes, next to reading and tokenising them.

    python benchmarks/large.py [--runs N] [--command PATH]

A version map of 10,000 entries and a registry of 10,000 rows, each with its module, in PyTorch's shape; an
entry is added to the map. A check reads four files: the map before and after, the registry, the modules. Next
to it stands a Python that reads these from disk and tokenises them: the maps with the check's own tokeniser
of C++, which is one regular expression, the others with `ast.parse`, which is as little as a reader of Python
can do. With 100,000 of each the check may take ten times as long, and a fifth more for noise.

Then a change that brings 2,000 of 10,000 operators whole: entry, row, module, fixture and record. Next to that
check stands a Python that reads the same files from git, before and after, and tokenises them, the new
fixtures with `zipfile` and their records with `json`.

Exit status 1 where a ratio, or the memory of the last check, is above its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from evidence import proven_repository
from measure import Command, medians, report, report_memory
from tree import MODULES, REGISTRY, VERSION_MAP, add_entries, repository

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
TOKENISE_PROVEN = f"""\
import ast, io, json, subprocess, zipfile
from opfixtures.declarations.cpp_tokens import tokenise
names = ["{VERSION_MAP}", "{REGISTRY}", "{MODULES}"]
new = ["git", "diff", "--cached", "--name-only", "--diff-filter=A"]
new = subprocess.run(new, capture_output=True, text=True, check=True).stdout.split()
cat = subprocess.Popen(["git", "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for name in [f"HEAD:{{name}}" for name in names] + [f":{{name}}" for name in names + new]:
    cat.stdin.write(f"{{name}}\\n".encode())
    cat.stdin.flush()
    content = cat.stdout.read(int(cat.stdout.readline().split()[2]) + 1)[:-1]
    if name.endswith(".cpp"):
        for token in tokenise(content.decode()):
            pass
    elif name.endswith(".py"):
        ast.parse(content)
    elif name.endswith(".ptl"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                archive.read(member)
    else:
        json.loads(content)
"""
TOKENISED, CHECKED, TENFOLD = "read and tokenise 10,000", "check 10,000", "check 100,000"
TOKENISED_PROVEN, PROVEN = "read and tokenise 2,000 new", "check 2,000 new of 10,000"
LIMITS = {CHECKED: (TOKENISED, 5.0), TENFOLD: (CHECKED, 12.0), PROVEN: (TOKENISED_PROVEN, 5.0)}
MEGABYTES = {PROVEN: 100}


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
            add_entries(root)
        proven = proven_repository(Path(folder, "proven"), 8_000, 2_000)
        commands = {
            TOKENISED: Command((sys.executable, "-c", TOKENISE), large),
            CHECKED: Command((options.command, "check"), large, status=1),
            TENFOLD: Command((options.command, "check"), tenfold, status=1),
            TOKENISED_PROVEN: Command((sys.executable, "-c", TOKENISE_PROVEN), proven),
            PROVEN: Command((options.command, "check"), proven),
        }
        over = report(options.runs, medians(commands, options.runs), LIMITS)
        return int(report_memory(commands, MEGABYTES) or over)


if __name__ == "__main__":
    raise SystemExit(main())
