"""All rows of docs/performance.md in one run.

    python benchmarks/all.py [--write]

Prints each table as it comes. With --write the ratios are kept in benchmarks/measured.json, with the day, the Python
and the processor, and docs/performance.md shows them. Exit status 1 where a row is above its limit.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import runpy
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import measure

SCRIPTS = (
    "hook",
    "framework",
    "large",
    "verify",
    "corpus",
    "many",
    "generate",
    "checkout",
    "runtime",
    "action",
)
HERE = Path(__file__).resolve().parent
MEASURED = HERE / "measured.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--write", action="store_true", help="keep what was measured, and write it into the docs"
    )
    options = parser.parse_args(argv)
    status = 0
    for script in SCRIPTS:
        print(f"== {script}", flush=True)
        status |= import_module(script).main([])
    if options.write:
        about = {
            "day": datetime.date.today().isoformat(),
            "python": platform.python_version(),
            "processor": processor(),
            "ratios": {name: round(ratio, 2) for name, ratio in measure.RATIOS.items()},
        }
        MEASURED.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        runpy.run_path(str(HERE.parent / "docs" / "pages.py"), run_name="written")["main"]()
    return status


def processor() -> str:
    """What Linux calls the processor, and how many there are."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


if __name__ == "__main__":
    raise SystemExit(main())
