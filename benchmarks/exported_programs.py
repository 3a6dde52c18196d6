"""Which torch reads the exported programs of which: a table of releases.

    python benchmarks/exported_programs.py [--torch VERSION]... [--write docs/exported-programs.md]

Installs the releases where they are missing: several gigabytes each. Each exports the guards of
`fixtures_src/programs`, as far as it can, and each later one replays them: loads them, runs the recorded inputs, and
compares. A release that cannot be installed is left out, and said.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releases import release, tell

from opfixtures.archives.exported_program import read_exported_program
from opfixtures.archives.model import ArchiveError
from opfixtures.declarations.module_source import excerpt
from opfixtures.declarations.names import fixture_stem
from opfixtures.declarations.registry import read_registry
from opfixtures.errors import RuntimeUnavailable
from opfixtures.runtimes import Runtime
from opfixtures.worker.job import Job
from opfixtures.worker.observations import WorkerError
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.told import exported, row_replayed
from opfixtures.worker.worker_process import run_worker

GUARDS = Path(__file__).parents[1] / "fixtures_src" / "programs"
RELEASES = ("2.1.2", "2.4.1", "2.5.1", "2.7.1", "2.9.1", "2.13.0")
PYTHON = "3.11"
LOADER = "torch.export.load"


@dataclass(frozen=True)
class Made:
    """A program of a release, with its samples as a record has them."""

    operator: str
    key: str
    archive: bytes
    samples: tuple[Any, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Export, replay, print and write; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--torch", action="append", metavar="VERSION", choices=RELEASES, default=None)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page to FILE")
    options = parser.parse_args(argv)
    runtimes, without = had(options.torch or RELEASES)
    made = {version: export(runtime) for version, runtime in runtimes.items()}
    rows = [(version, dict(cells(version, some, runtimes))) for version, some in made.items()]
    page = "\n".join(lines(rows, made, without)) + "\n"
    sys.stdout.write(page)
    if options.write:
        options.write.write_text(head() + page, encoding="utf-8")
    return 0


def had(versions: Sequence[str]) -> tuple[dict[str, Runtime], list[str]]:
    """The releases that can be installed, and the others."""
    found, without = dict[str, Runtime](), list[str]()
    for version in versions:
        try:
            found[version] = release(version, PYTHON, f"torch-{version}")
        except RuntimeUnavailable as error:
            tell(str(error))
            without.append(version)
    return found, without


def export(runtime: Runtime) -> list[Made]:
    """The guards as a release exports them; those that it does not are left out."""
    text = (GUARDS / "modules.py").read_text(encoding="utf-8")
    registry = read_registry("registry.py", (GUARDS / "registry.py").read_bytes())
    rows: list[dict[str, Any]] = [
        {
            "key": f"{fixture_stem(row.module)}.pt2",
            "file": f"{fixture_stem(row.module)}.pt2",
            "operator": row.operator,
            "class": row.module,
            "source": excerpt(text, row.module),
            "bytecode": None,
            "samples": [],
            "tolerances": {},
        }
        for row in registry.rows
    ]
    told = answers(runtime, "generate", rows)
    made = []
    for row in rows:
        seen = exported(told.get(row["key"]))
        if not seen.refusal and read(seen.archive):
            made.append(Made(row["operator"], row["key"], seen.archive, seen.samples))
    tell(f"{runtime.name}: {len(made)} of {len(rows)} exported")
    return made


def read(archive: bytes) -> bool:
    """Whether it is read without torch."""
    try:
        return read_exported_program(archive).program is not None
    except ArchiveError as error:
        tell(str(error))
        return False


def cells(version: str, made: Sequence[Made], runtimes: Mapping[str, Runtime]) -> Iterator[tuple[str, str]]:
    """By release that loads them, what becomes of the programs of another."""
    place = list(runtimes).index(version)
    for later in list(runtimes)[place:]:
        yield later, cell(made, runtimes[later])


def cell(made: Sequence[Made], runtime: Runtime) -> str:
    """How many load, and how many of these compute the same."""
    rows: list[dict[str, Any]] = [
        {
            "key": one.key,
            "loaders": [LOADER],
            "operator": one.operator,
            "upgrader_name": None,
            "tolerances": dict.fromkeys(("float32", "float64"), (1e-05, 1e-06)),
            "samples": list(one.samples),
            "archive": one.archive,
        }
        for one in made
    ]
    told = answers(runtime, "replay", rows)
    seen = [row_replayed(told.get(one.key), (LOADER,)).as_written[LOADER] for one in made]
    loaded = [one for one in seen if one.was_run and not one.failure]
    if made and not loaded:
        return "none loads"
    same = sum(not any(one.differences) for one in loaded)
    return f"{same} of {len(made)}"


def answers(runtime: Runtime, task: str, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What the worker of a release says of some rows."""
    with scratch_folder("opfixtures-programs-") as folder:
        operators = tuple(sorted({row["operator"] for row in rows}))
        try:
            return run_worker(runtime.python, Job(task, None, operators, tuple(rows)), folder).rows
        except WorkerError as error:
            tell(f"{runtime.name}: {error}")
            return {}


def lines(
    rows: Sequence[tuple[str, Mapping[str, str]]], made: Mapping[str, Sequence[Made]], without: Sequence[str]
) -> Iterator[str]:
    """The table: a row for what made the programs, a column for what loaded them."""
    versions = [version for version, _ in rows]
    yield f"| made by | exported | {' | '.join(versions)} |"
    yield f"| --- | ---: |{' ---: |' * len(versions)}"
    for version, found in rows:
        count = len(made[version])
        yield f"| {version} | {count} | {' | '.join(found.get(later, '') for later in versions)} |"
    if without:
        yield ""
        yield f"Left out, because they could not be installed: {', '.join(without)}."


def head() -> str:
    """What stands before the table in docs."""
    return """\
# Which torch reads whose `.pt2`

    python benchmarks/exported_programs.py --write docs/exported-programs.md

Each row is a release that exported the guards in `fixtures_src/programs`, each column one that loaded them: of how
many the outputs are the recorded ones. "none loads": torch refuses all of them, because the major number of their
schema is another.

"""


if __name__ == "__main__":
    sys.exit(main())
