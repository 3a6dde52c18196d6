"""How long a release takes that is in the cache, next to pip, which installs it from its own.

    python benchmarks/runtime.py [--runs N]

pip puts torch alone into an empty folder, without what it needs, from what it has kept of an earlier download: the
first round, which is not counted, downloads it. opfixtures starts, finds the release in its cache, looks whether all of
its files are there, and has its Python. Exit status 1 where the ratio is above its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, report
from releases import PYTHONS, release

TORCH = "1.9.1"
HERE = str(Path(__file__).resolve().parent)
OBTAIN = f"import sys; sys.path.insert(0, {HERE!r}); from releases import release; release({TORCH!r})"
PIP, CACHED = f"pip install torch=={TORCH}, kept by pip", "a runtime in the cache"
LIMITS = {CACHED: (PIP, 0.02)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure a runtime in the cache")
    parser.add_argument("--runs", type=int, default=1, help="default: %(default)s")
    options = parser.parse_args(argv)
    release(TORCH)
    with tempfile.TemporaryDirectory() as name:
        python = ("--python-version", PYTHONS[TORCH], "--only-binary", ":all:")
        install = ("install", "--quiet", "--no-deps", "--upgrade", "--target", f"{name}/pip", *python)
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", *install, f"torch=={TORCH}")
        commands = {
            PIP: Command(pip, Path(name)),
            CACHED: Command((sys.executable, "-c", OBTAIN), Path(name)),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


if __name__ == "__main__":
    raise SystemExit(main())
