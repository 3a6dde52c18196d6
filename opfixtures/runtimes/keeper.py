"""Runs a command, and ends all that it started when it has ended or when nobody waits for it any more.

A program of its own, `python -I keeper.py SECONDS REPORT COMMAND...`: standard library only. Its standard input is a
pipe whose other end only the one who waits holds: that closes with any death. The command is asked to end then, and has
SECONDS for it. The keeper ends as the command did. To the descriptor REPORT goes the number of the error where there is
no such command, and nothing else: what is told there could be told by anybody.

On Linux an orphan becomes a child of the keeper, whatever session it is in (PR_SET_CHILD_SUBREAPER). Elsewhere only
the command's own process group is ended.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

# linux/prctl.h
_SET_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36
_ENDINGS = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
# A process that runs as somebody else cannot be ended.
_END_SECONDS = 10.0


def main(arguments: list[str]) -> None:
    """Run the command. Raises nothing that the command causes."""
    seconds, report, *argv = arguments
    os.set_inheritable(int(report), False)
    told = _signals()
    try:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_adopt_orphans()
        )
    except OSError as error:
        os.write(int(report), str(error.errno).encode())
        return
    # It is waited for by its number.
    child.returncode = status = _status(child.pid, told, float(seconds))
    _end_all(child.pid)
    if status < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


def _signals() -> int:
    """A descriptor on which the number of each signal comes that matters here."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *_ENDINGS):
        signal.signal(number, lambda *_: None)
    return told


def _adopt_orphans() -> Callable[[], None] | None:
    """Be the one to whom orphans come. Returns what has a new process end with this one."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def end_with_keeper() -> None:
        prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)

    return end_with_keeper


def _status(pid: int, told: int, seconds: float) -> int:
    """The status of the command, once it has ended, be it that nobody waits for it."""
    until: float | None = None
    while (status := _reaped(pid)) is None:
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            return -signal.SIGKILL
        ready, _, _ = select.select([told] if until else [0, told], [], [], left)
        signals = set(os.read(told, 4096)) if told in ready else set()
        if until is None and (0 in ready or signals & _ENDINGS):
            until = time.monotonic() + seconds
            if seconds:
                _kill(pid, signal.SIGTERM)
    return status


def _reaped(pid: int) -> int | None:
    """Take note of all that has ended; the status of `pid` if that has."""
    found = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == pid:
                found = os.waitstatus_to_exitcode(ended[1])
    return found


def _end_all(pid: int) -> None:
    """Kill what is left of the command; what forks meanwhile too."""
    until = time.monotonic() + _END_SECONDS
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    while time.monotonic() < until:
        for descendant in _descendants():
            _kill(descendant, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.002)
        except ChildProcessError:
            return


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _descendants() -> list[int]:
    """All processes that came of this one (proc_pid_stat(5)); none where the system does not tell."""
    parents = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as stream:
                parents[int(name)] = int(stream.read().rpartition(b") ")[2].split()[1])
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


if __name__ == "__main__":
    main(sys.argv[1:])
