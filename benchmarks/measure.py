"""What the benchmarks share: commands run in turns, and a table of their medians, ratios and limits."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
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
    return _medians(commands, runs, time.perf_counter)


def computed(commands: Mapping[str, Command], runs: int) -> dict[str, float]:
    """Seconds of a processor that each command takes, with all that it waits for, as `medians` has them."""
    return _medians(commands, runs, _of_children)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _medians(commands: Mapping[str, Command], runs: int, clock: Callable[[], float]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    # The first round fills caches and is not counted.
    for count in range(runs + 1):
        for name, command in commands.items():
            elapsed = _elapsed(command, clock)
            if count:
                seconds[name].append(elapsed)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _elapsed(command: Command, clock: Callable[[], float]) -> float:
    start = clock()
    _run(command, command.arguments, subprocess.DEVNULL)
    return clock() - start


def output_of(arguments: Sequence[str], folder: Path) -> str:
    """What a command prints, which has to end well."""
    return _run(Command(arguments, folder), arguments, subprocess.PIPE).decode().strip()


def _run(command: Command, arguments: Sequence[str], stdout: int) -> bytes:
    # pip compiles what it installs; an editable install may be kept from that.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        arguments,
        cwd=command.folder,
        env={**environment, **command.environment},
        stdout=stdout,
        # What is told as it goes on says nothing here.
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != command.status:
        sys.stderr.buffer.write(done.stderr)
        raise SystemExit(f"{command.arguments} ended with {done.returncode} instead of {command.status}")
    return done.stdout or b""


# Linux counts what a process had before it began to run another program: so a small one starts it.
_PEAK = """\
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def report_memory(commands: Mapping[str, Command], limits: Mapping[str, int]) -> bool:
    """Print the most memory that each command with a limit has at once, in MB; whether one is above its limit."""
    over = False
    for name, limit in limits.items():
        command = commands[name]
        kibibytes = _run(command, (sys.executable, "-c", _PEAK, *command.arguments), subprocess.PIPE)
        megabytes = int(kibibytes) * 1024 / 1e6
        over |= megabytes > limit
        print(f"{name:<34} {megabytes:6.1f} MB, limit {limit}{'  over' if megabytes > limit else ''}")
    return over


RATIOS: dict[str, float] = {}
"""What `report` has said so far: how many times as long as what it is seen beside each took."""


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
            ratio = RATIOS[name] = median / seconds[base]
            over |= ratio > limit
            line += f" {ratio:6.2f} {limit:6.2f}{'  over' if ratio > limit else ''}"
        print(line)
    return over
