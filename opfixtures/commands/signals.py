"""What a signal does to a command: the first has it tidy up, the second ends it where it stands.

Nothing that was started outlives it either way, and what the second leaves behind the next run removes.
"""

from __future__ import annotations

import os
import signal
import time
from types import FrameType

# `timeout` and others send one to the process, and the same once more to its group.
_SAME_WISH_SECONDS = 0.5
_SAID = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "its terminal is closed"}
_first: tuple[int, float] | None = None


def heed() -> None:
    """From here on SIGINT, SIGTERM and SIGHUP interrupt, each unless it is ignored, as under nohup."""
    for name in _SAID:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def came() -> int | None:
    """The number of the first that came; None where none did."""
    return _first and _first[0]


def what_came(number: int | None) -> tuple[str, int]:
    """How that is called, and the exit status as a shell has it: 128 and the number. SIGINT where there is none."""
    known = signal.Signals(signal.SIGINT if number is None else number)
    return _SAID[known.name], 128 + known


def _interrupt(number: int, _: FrameType | None) -> None:
    global _first
    if _first is None:
        _first = number, time.monotonic()
        raise KeyboardInterrupt
    if time.monotonic() - _first[1] > _SAME_WISH_SECONDS:
        os._exit(what_came(_first[0])[1])
