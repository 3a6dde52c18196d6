"""The end of a worker: how it came, and bringing it about."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import IO

from opfixtures.worker.processes import end_group, how_it_ended, telling_line

END_SECONDS = 10.0


def how_worker_ended(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """How it ended, and what it said last in its log; that it closed its output, where it goes on."""
    try:
        status = how_it_ended(process.wait(timeout=END_SECONDS))
    except subprocess.TimeoutExpired:
        return "it closed its output"
    log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
    said = telling_line(log.read().decode(errors="replace"))
    return f"{status}; it said: {said[:300]}" if said else status


def end_worker(process: subprocess.Popen[bytes]) -> None:
    """End the worker, which ends what its modules left behind, then whatever else is in its group."""
    try:
        process.terminate()
        # A module may have stopped it.
        process.send_signal(signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
    finally:
        end_group(process)
