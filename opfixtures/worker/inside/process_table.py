"""What the system says of processes, and the end of those that are left."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

END_SECONDS = 5.0


def first_line(path: str) -> str:
    """The first line of a file of /proc; nothing where there is no such file: no Linux, an ended process."""
    try:
        with open(path) as stream:
            return stream.readline()
    except OSError:
        return ""


def whole(path: str) -> bytes:
    """All of a file of /proc; nothing where there is no such file."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def parents() -> dict[str, str]:
    """The parent of each process, in the numbers that /proc has: those of the namespace that it was mounted for."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            # "pid (name) state parent ...", and the name may hold anything: line breaks, too.
            fields = whole(f"/proc/{name}/stat").rpartition(b")")[2].split()
            if fields:
                found[name] = fields[1].decode()
    return found


def children() -> set[int]:
    """This process's children, ended ones included. Elsewhere than on Linux a worker has none between two steps."""
    if sys.platform != "linux":
        return set()
    me = os.readlink("/proc/self")
    return {own_number(name) for name, parent in parents().items() if parent == me} - {0}


def below_this(spared: set[int]) -> list[str]:
    """The processes below this one, but the spared children and what is below them; in the numbers of /proc."""
    if sys.platform != "linux":
        return []
    children_of: dict[str, list[str]] = {}
    for name, parent in parents().items():
        children_of.setdefault(parent, []).append(name)
    found = [
        name for name in children_of.get(os.readlink("/proc/self"), []) if own_number(name) not in spared
    ]
    for name in found:
        found += children_of.get(name, [])
    return found


def own_number(name: str) -> int:
    """The number that a process has in the namespace of this one; 0 where it has ended meanwhile.

    A process has one in each namespace from that of /proc down to its own, which may lie deeper.
    """
    depth, numbers = len(numbers_of("self")), numbers_of(name)
    if not depth:
        return int(name)
    return numbers[depth - 1] if len(numbers) >= depth else 0


def numbers_of(name: str) -> list[int]:
    lines = whole(f"/proc/{name}/status").splitlines()
    return next(([int(one) for one in line.split()[1:]] for line in lines if line.startswith(b"NSpid:")), [])


def end_children(spared: set[int]) -> bool:
    """End all children but the spared ones, those included that a module's process left behind; whether they ended.

    Without spared ones nobody has to be seen: the system says when there is no child any more.
    """
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
        left = children() - spared
        if spared and not left:
            return True
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)
    return False
