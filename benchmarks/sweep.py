"""What old TorchScript models feel of torch 2.13.0: every tensor operator of 1.11.0, swept, and what changed said.

    python benchmarks/sweep.py [--report FILE] [--write docs/sweep.md] [--witnesses]

Sweeps, or reads the report of a sweep (`opfixtures sweep --report FILE`). Each operator that changed has to be in
`CHANGES`, which people wrote after they had looked at it: one that is not there is named, and the exit status is 1.
`--witnesses` runs the witness of each in both releases: the old one has to print something, and the new one something
else, or nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from releases import release
from sweep_changes import CHANGES

from opfixtures.sweep.left_out import counts_by_reason

OLD, NEW = ("1.11.0", "3.8"), ("2.13.0", "3.11")
CHANGED = ("crash", "gone", "load", "raises", "dtype", "shape", "values")
BEGIN, END = "<!-- written by make sweep -->\n", "<!-- end -->\n"
MOST_NAMES = 12


def main(argv: Sequence[str] | None = None) -> int:
    """Sweep or read, print, write; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--report", type=Path, metavar="FILE", help="read this instead of sweeping")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into FILE")
    parser.add_argument("--witnesses", action="store_true", help="run each witness in both releases")
    options = parser.parse_args(argv)
    report = json.loads((options.report or swept()).read_text())
    changed = [one for one in report["operators"] if one["status"] in CHANGED]
    unsaid = [one["operator"] for one in changed if not change_of(one)]
    for operator in unsaid:
        print(f"{operator} is not in CHANGES: look at it")
    table = "".join(page(report, changed))
    if options.write:
        text = options.write.read_text()
        before, _, rest = text.partition(BEGIN)
        options.write.write_text(before + BEGIN + table + END + rest.partition(END)[2])
    else:
        print(table)
    wrong = list(wrong_witnesses(changed)) if options.witnesses else []
    for line in wrong:
        print(line)
    return int(bool(unsaid or wrong))


def swept() -> Path:
    """The report of a sweep that is done now."""
    path = Path(tempfile.mkdtemp(prefix="opfixtures-sweep-")) / "sweep.json"
    sides = [f"--old=torch-{OLD[0]}", f"--new=torch-{NEW[0]}"]
    subprocess.run([sys.executable, "-m", "opfixtures", "sweep", *sides, f"--report={path}"], check=False)
    return path


def change_of(row: Any) -> str:
    """What somebody said of an operator's change; empty where nobody did."""
    name = row["operator"].removeprefix("aten::")
    return next(
        (
            what
            for pattern, statuses, what in CHANGES
            if re.fullmatch(pattern, name) and row["status"] in statuses.split()
        ),
        "",
    )


def page(report: Any, changed: Sequence[Any]) -> Iterator[str]:
    """The counts, and the table: a row for each change, with all operators that have it."""
    rows = report["operators"]
    count = {
        status: sum(one["status"] == status for one in rows) for status in {one["status"] for one in rows}
    }
    modelled = (
        len(rows)
        - count.get("no-model", 0)
        - sum(one["status"] == "gone" and one["witness"] is None for one in rows)
    )
    yield (
        f"{len(rows)} operators of torch {OLD[0]} were swept, {modelled} of them ({100 * modelled / len(rows):.1f} %) "
        f"with a model; {len(report['left_out'])} were left out. {len(changed)} changed, "
        f"{sum(one['versioned'] for one in changed)} of them in the version map of {NEW[0]}. "
        f"{count.get('same', 0)} give the same, {count.get('refused-input', 0)} refuse input that was wrong before, "
        f"{count.get('not-unique', 0)} give what is not unique by definition.\n\n"
    )
    reasons = counts_by_reason(one["reason"] for one in report["left_out"])
    yield "| left out | why |\n| ---: | --- |\n"
    yield "".join(f"| {number} | {why} |\n" for why, number in reasons.items()) + "\n"
    yield "| operators | what changed | for one of them |\n| --- | --- | --- |\n"
    grouped: dict[str, list[Any]] = {}
    for row in changed:
        grouped.setdefault(change_of(row), []).append(row)
    for what, some in sorted(grouped.items(), key=lambda item: CHANGED.index(item[1][0]["status"])):
        names = [f"`{one['operator'].removeprefix('aten::')}`" for one in some]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        yield f"| {', '.join(names[:MOST_NAMES])}{more} | {what} | {some[0]['status']}: {cell(some[0]['detail'])} |\n"
    yield "\n"


def cell(text: str) -> str:
    """A detail, in one cell of a table."""
    line = re.sub(r"^(old models do not load: |sample \d+: |raises: )+", "", text)
    line = line if len(line) <= 120 else f"{line[:117]}..."
    return f"`{line.replace('|', '/').replace('`', chr(39))}`"


def wrong_witnesses(changed: Sequence[Any]) -> Iterator[str]:
    """What is wrong with witnesses: one that fails in the old release, or prints the same in both."""
    pythons = [release(torch, python, told=print).python for torch, python in (OLD, NEW)]
    with_script = [one for one in changed if one["witness"]]
    with ThreadPoolExecutor(2) as pool:
        told_of = pool.map(lambda one: shown(one["witness"], pythons), with_script)
        for row, told in zip(with_script, told_of, strict=True):
            if not told[0]:
                yield f"{row['operator']}: its witness shows nothing in {OLD[0]}"
            elif told[0] == told[1]:
                yield f"{row['operator']}: its witness shows the same in both"


def shown(script: str, pythons: Sequence[str]) -> list[str]:
    """What a witness prints in each release behind the version; nothing where it fails."""
    environment = {"PATH": os.defpath, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "witness.py").write_text(script)
        told = [
            subprocess.run(
                [python, "-W", "ignore", "witness.py"],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            for python in pythons
        ]
    return [one.stdout.partition(" ")[2] if one.returncode == 0 else "" for one in told]


if __name__ == "__main__":
    raise SystemExit(main())
