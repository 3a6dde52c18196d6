"""Fuzzes the readers one after the other: `python -m tests.fuzz.run SECONDS [READER...]`, which is `make fuzz`.

What coverage finds is kept in build/fuzz/READER and used by the next run; `--keep` adds the smallest of it to the kept
corpus. An input that breaks a promise is kept in build/fuzz, and named at the end, with status 1.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.targets import WORDS, Target, target

BUILD = Path(__file__).parents[2] / "build" / "fuzz"
# Seconds that an input may take, megabytes that all may: what takes longer or more is a broken promise too.
_OPTIONS = ("-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1", "-reload=0", "-verbosity=0")
_EXECUTIONS = re.compile(r"^stat::number_of_executed_units:\s*([0-9]+)$", re.MULTILINE)
# Of each reader, in files and bytes: the kept corpus is for people to carry along.
_MOST_KEPT, _LARGEST_KEPT = 30, 2_000


def main() -> int:
    """Status 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description="Fuzz the readers one after the other.")
    parser.add_argument("seconds", type=int, help="for all together")
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; default: all")
    parser.add_argument("--keep", action="store_true", help="add what coverage found to the kept corpus")
    options = parser.parse_args()
    readers = options.readers or list(READERS)
    counts = {}
    for name in readers:
        counts[name] = fuzzed(target(name), max(1, options.seconds // len(readers)))
        if options.keep:
            keep(target(name))
    broken = [path for name in readers for path in sorted(BUILD.glob(f"{name}-*-*"))]
    print(table(counts))
    for path in broken:
        print(
            f"a promise is broken: {path}: name it, move it to the corpus of its reader, and mend the reader"
        )
    return int(bool(broken))


def fuzzed(one: Target, seconds: int) -> int:
    """The executions of that many seconds."""
    work = BUILD / one.name
    work.mkdir(parents=True, exist_ok=True)
    options = [
        *_OPTIONS,
        f"-max_total_time={seconds}",
        f"-max_len={one.largest}",
        f"-artifact_prefix={work}-",
    ]
    if one.words:
        options.append(f"-dict={WORDS / one.words}.dict")
    command = (sys.executable, "-m", "tests.fuzz.one", one.name, *options, str(work), str(one.corpus))
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        status = subprocess.run(command, stdout=log, stderr=log).returncode
        log.seek(0)
        said = log.read()
    found = _EXECUTIONS.search(said)
    if status or found is None:
        print(said[-6_000:])
    return int(found[1]) if found else 0


def keep(one: Target) -> None:
    """Copy what coverage found to the kept corpus, the small ones, up to its limit."""
    there = len(list(one.corpus.iterdir()))
    found = sorted((BUILD / one.name).iterdir(), key=lambda path: (path.stat().st_size, path.name))
    small = [path for path in found if path.stat().st_size <= _LARGEST_KEPT]
    # Some of each size.
    room = max(0, _MOST_KEPT - there)
    for path in small[:: max(1, len(small) // room)][:room] if room else []:
        (one.corpus / path.name[:12]).write_bytes(path.read_bytes())


def table(counts: dict[str, int]) -> str:
    """Executions by reader, and all together."""
    rows = [*counts.items(), ("all", sum(counts.values()))]
    return "\n".join(f"{name:<12}{count:>12,}" for name, count in rows)


if __name__ == "__main__":
    sys.exit(main())
