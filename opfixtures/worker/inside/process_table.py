"""What the system says of processes."""

from __future__ import annotations

import os
import sys


def first_line(path: str) -> str:
    """The first line of a file of /proc; nothing where there is no such file: no Linux, an ended process."""
    try:
        with open(path) as stream:
            return stream.readline()
    except OSError:
        return ""


def children() -> set[int]:
    """The worker's children, ended ones included. Elsewhere than on Linux it has none between two steps."""
    if sys.platform != "linux":
        return set()
    pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
    return {pid for pid in pids if parent_of(pid) == os.getpid()}


def parent_of(pid: int) -> int:
    # "pid (name) state parent ...", and the name may hold anything.
    fields = first_line(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0
