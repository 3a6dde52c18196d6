"""Processes in a session of their own: how one ended and why, and ending it with all that it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress

# Of gcc and clang, nvcc, and the linker.
_COMPILER = re.compile(
    r"^\S+:\d+(:\d+)?: (fatal )?error: |^\S+\(\d+\): error: |\bld: cannot find |undefined reference to "
)
# Of pip, git and most others; an exception of Python; one of C++ that nobody caught.
_ERROR = re.compile(r"(?i:error|fatal)|(\w+\.)*\w*(Error|Exception): |what\(\): ")
_MOST_TOLD = 500
_CONSEQUENCE = re.compile(
    r"subprocess-exited-with-error|metadata-generation-failed|legacy-install-failure|"
    r"Failed (building|to build)|Could not build|[Cc]ommand '.* (failed|returned) |Error compiling objects"
)


def how_it_ended(status: int) -> str:
    """`exit status 1` or `SIGKILL`, for a status as subprocess has it: negative for a signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def as_exit_status(status: int) -> int:
    """What a shell makes of a status as subprocess has it: of a signal, 128 and its number."""
    return status if status >= 0 else 128 - status


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and what it started, as far as that stayed in its group; returns when it has ended."""
    # macOS answers EPERM for a group whose processes have all ended.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def telling_line(output: str) -> str:
    """The line of a log that says why: what a compiler says first, else the last error, else the last line.

    pip, setuptools, ninja and torch report below it that what they had started failed.
    """
    # Of a line that a hostile build makes long, no more is looked at than is told.
    lines = [line.strip()[:_MOST_TOLD] for line in output.splitlines() if line.strip()]
    compiled = [line for line in lines if _COMPILER.search(line)]
    errors = [line.removeprefix("what():").strip() for line in lines if _ERROR.match(line)]
    causes = [line for line in errors if not _CONSEQUENCE.search(line)]
    return (compiled[:1] or causes[-1:] or errors[-1:] or lines[-1:] or [""])[0]
