"""What old TorchScript models feel of torch 2.13.0: every tensor operator of 1.11.0, swept, and what changed said.

    python benchmarks/sweep.py [--report FILE] [--write docs/sweep.md] [--witnesses]

Sweeps, or reads the report of a sweep (`opfixtures sweep --report FILE`). Each operator that changed has to be in
`CHANGES`, which people wrote after they had looked at it: one that is not there is named, and the exit status is 1.
`--witnesses` runs the witness of each in both releases: the old one has to print something, and the new one something
else, or to fail with what the sweep told.
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
from statistics import median
from typing import Any

from releases import release
from sweep_changes import CHANGES

from opfixtures.sweep.left_out import counts_by_reason

OLD, NEW = ("1.11.0", "3.8"), ("2.13.0", "3.11")
CHANGED = ("crash", "gone", "load", "raises", "dtype", "shape", "values")
FAILS = ("crash", "gone", "load", "raises")
BEGIN, END = "<!-- written by make sweep -->\n", "<!-- end -->\n"
MOST_NAMES = 12
# Lines of a witness that one reads at a glance.
SHORT = 10


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
    wrong = list(wrong_witnesses(changed)) if options.witnesses else []
    table = "".join(page(report, changed))
    if options.write:
        text = options.write.read_text()
        before, _, rest = text.partition(BEGIN)
        options.write.write_text(before + BEGIN + table + END + rest.partition(END)[2])
    else:
        print(table)
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
    yield witness_lines(changed)
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
    line = cut(text)
    line = line if len(line) <= 120 else f"{line[:117]}..."
    return f"`{line.replace('|', '/').replace('`', chr(39))}`"


def cut(detail: str) -> str:
    """A detail without where it was seen."""
    return re.sub(r"^(old models do not load: |sample \d+: |raises: )+", "", detail)


def witness_lines(changed: Sequence[Any]) -> str:
    """How long the witnesses are, without blank lines and the comment on top."""
    scripts = [one["witness"] for one in changed if one["witness"]]
    counts = sorted(sum(bool(line) and line[0] != "#" for line in one.splitlines()) for one in scripts)
    short = sum(one <= SHORT for one in counts)
    return (
        f"The witnesses of these {len(counts)} have {counts[0]} lines at least, {median(counts):g} in the middle and "
        f"{counts[-1]} at most; {short} have {SHORT} or fewer. Blank lines and the comment on top are not counted.\n\n"
    )


def wrong_witnesses(changed: Sequence[Any]) -> Iterator[str]:
    """What is wrong with witnesses: one that fails in the old release, or does not show its change in the new one."""
    pythons = [release(torch, python, told=print).python for torch, python in (OLD, NEW)]
    with_script = [one for one in changed if one["witness"]]
    with ThreadPoolExecutor(2) as pool:
        ran_of = pool.map(lambda one: ran(one["witness"], pythons), with_script)
        for row, (then, now) in zip(with_script, ran_of, strict=True):
            if then.returncode != 0 or not shown(then):
                yield f"{row['operator']}: its witness shows nothing in {OLD[0]}"
            elif row["status"] in FAILS and (
                now.returncode == 0 or error_of(row) not in " ".join(now.stderr.split())
            ):
                yield f"{row['operator']}: its witness does not fail in {NEW[0]} with: {error_of(row)}"
            elif row["status"] not in FAILS and (now.returncode != 0 or shown(now) in ("", shown(then))):
                yield f"{row['operator']}: its witness shows no other result in {NEW[0]}"
    print(f"{len(with_script)} witnesses were run in both releases")


def error_of(row: Any) -> str:
    """What the sweep told of a failure, in one line, without where it was seen and what was cut off."""
    told = cut(row["detail"]).removesuffix("...")
    return "" if row["status"] == "crash" else re.sub(r"^\w+Error: ", "", " ".join(told.split()))


def shown(done: subprocess.CompletedProcess[str]) -> str:
    """What a witness printed behind the version."""
    return done.stdout.partition(" ")[2]


def ran(script: str, pythons: Sequence[str]) -> list[subprocess.CompletedProcess[str]]:
    """A witness, run in each release."""
    environment = {"PATH": os.defpath, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "witness.py").write_text(script)
        return [
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


if __name__ == "__main__":
    raise SystemExit(main())
