"""How long `opfixtures verify` takes, next to a Python that only imports torch.

    python benchmarks/verify.py [--runs N] [--command PATH]

Replays this project's own fixtures, which are 28, and 200 in a repository that has each of them several times, on
both loaders in the torch of this Python. Exit status 1 where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from measure import Command, medians, report
from tree import git

from opfixtures.records.record import dump_record, load_record

PROJECT = Path(__file__).resolve().parents[1]
RUNTIME = """
[[tool.opfixtures.runtimes]]
name = "today"
operator-versions = ">=10"
kind = "interpreter"
python = "{python}"
"""
IMPORT, CORPUS, MANY = "python -c 'import torch'", "verify 28", "verify 200"
LIMITS = {CORPUS: (IMPORT, 2.0), MANY: (IMPORT, 5.0)}
FIXTURES = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the replay of committed fixtures")
    parser.add_argument("--runs", type=int, default=5, help="default: %(default)s")
    installed = Path(sys.executable).with_name("opfixtures")
    parser.add_argument("--command", default=str(installed), help="default: the one beside this Python")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        corpus, many = corpus_in(Path(name, "corpus")), corpus_in(Path(name, "many"))
        multiply(many, FIXTURES)
        verify = (options.command, "verify", "--runtime", "today")
        commands = {
            IMPORT: Command((sys.executable, "-W", "ignore", "-c", "import torch"), corpus),
            CORPUS: Command(verify, corpus),
            MANY: Command(verify, many),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


def corpus_in(root: Path) -> Path:
    """A repository with this project's fixtures and what they were made from."""
    for folder in ("fixtures", "fixtures_src"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    settings = (PROJECT / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(settings + RUNTIME.format(python=sys.executable))
    git(root, "init", "--quiet")
    return root


def multiply(root: Path, wanted: int) -> None:
    """Have as many fixtures as wanted: each again under other names, with a module and a row of its own."""
    registry, modules = root / "fixtures_src" / "registry.py", root / "fixtures_src" / "modules.py"
    archives = sorted((root / "fixtures").glob("*.ptl"))
    rows, classes = registry.read_text(), modules.read_text()
    _, first, rest = classes.partition("class ")
    bodies = dict(re.findall(r"(?ms)^class (\w+)(\(.*?)(?=^class |\Z)", first + rest))
    names = dict(re.findall(r"(?m)^    (\w+)\(\): (.*),$", rows))
    for number in range(wanted - len(archives)):
        archive = archives[number % len(archives)]
        stem, _, version = archive.stem.rpartition("_v")
        record = load_record(Path(f"{archive}.json").read_bytes())
        old = record.module.name
        new = re.sub(r"V(\d+)$", rf"Copy{number}V\1", old)
        copy = archive.with_name(f"{stem}_copy{number}_v{version}.ptl")
        shutil.copy(archive, copy)
        record = replace(
            record,
            module=replace(record.module, name=new),
            archive=replace(record.archive, file=copy.name),
        )
        Path(f"{copy}.json").write_bytes(dump_record(record))
        rows = rows.replace("\n}\n", f"\n    {new}(): {names[old]},\n}}\n")
        classes += f"\n\nclass {new}{bodies[old]}"
    registry.write_text(rows)
    modules.write_text(classes)


if __name__ == "__main__":
    raise SystemExit(main())
