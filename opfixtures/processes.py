"""Processes in a session of their own: how one ended, and ending it with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress


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
