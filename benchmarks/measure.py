"""What the benchmarks share: commands run in turns, and a table of their medians, ratios and limits."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """What is run where, and the exit status it must have. `environment` adds to the one it is run in."""

    arguments: Sequence[str]
    folder: Path
    status: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


def medians(commands: Mapping[str, Command], runs: int) -> dict[str, float]:
    """Seconds that each command takes: the median of `runs`, in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    # The first round fills caches and is not counted.
    for count in range(runs + 1):
        for name, command in commands.items():
            elapsed = _seconds(command)
            if count:
                seconds[name].append(elapsed)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _seconds(command: Command) -> float:
    # pip compiles what it installs; an editable install may be kept from that.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run(
        command.arguments,
        cwd=command.folder,
        env={**environment, **command.environment},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    elapsed = time.perf_counter() - start
    if done.returncode != command.status:
        raise SystemExit(f"{command.arguments} ended with {done.returncode} instead of {command.status}")
    return elapsed


def report(runs: int, seconds: Mapping[str, float], limits: Mapping[str, tuple[str, float]]) -> bool:
    """Print a table; whether a ratio is above its limit.

    `limits` holds what has one: beside which of `seconds` it is seen, and how many times as long it may take.
    """
    print(f"{'median of ' + str(runs):<34} {'ms':>9} {'ratio':>6} {'limit':>6}")
    over = False
    for name, median in seconds.items():
        line = f"{name:<34} {median * 1000:9.1f}"
        if name in limits:
            base, limit = limits[name]
            ratio = median / seconds[base]
            over |= ratio > limit
            line += f" {ratio:6.2f} {limit:6.2f}{'  over' if ratio > limit else ''}"
        print(line)
    return over
