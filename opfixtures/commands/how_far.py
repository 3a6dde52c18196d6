"""How far a run is, and how long it will take: from counted parts, from a build's own numbers, or from last time."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress

from opfixtures.repository.printable import printable
from opfixtures.runtimes.step import Step

_BAR = 10
_TAIL_BYTES = 4096
_MOST_CHARACTERS = 200
# As ninja and CMake count: `[12/345]`, `[ 12%]`.
_COUNTED = re.compile(r"\[\s*(\d{1,6})/(\d{1,6})\]|\[\s*(\d{1,3})%\]")


class HowFar:
    """Notes the steps as they come."""

    def __init__(self) -> None:
        self._step = Step("")
        self._began = 0.0
        self._parts: dict[str, tuple[int, int]] = {}

    def note(self, step: Step, now: float) -> None:
        """A step begins now. The parts of a phase are counted together, from its first one on."""
        if not step.phase or step.phase != self._step.phase:
            self._began, self._parts = now, {}
        if step.total:
            self._parts[step.of] = step.done, step.total
        self._step = step

    def shown(self, now: float, said: str = "") -> str:
        """A bar with the time that is left, and a blank; empty where nobody can tell. `said` is what a build says."""
        share, count = self._share(now, said)
        if share is None:
            return ""
        passed = now - self._began
        left = passed / share - passed if share else self._step.expected - passed
        time = f" {in_time(left)} left" if left >= 1 and (share or self._step.expected) else ""
        full = round(share * _BAR)
        return f"[{'#' * full}{'.' * (_BAR - full)}]{count}{time}  "

    def _share(self, now: float, said: str) -> tuple[float | None, str]:
        if self._parts:
            done, total = (sum(some) for some in zip(*self._parts.values(), strict=True))
            return min(done / total, 1.0), f" {done}/{total}"
        counted = _COUNTED.search(said)
        if counted:
            done, total = int(counted[1] or counted[3]), int(counted[2] or 100)
            return (min(done / total, 1.0) if total else None), ""
        if self._step.expected > 0:
            # Nobody knows: it takes as long as last time, and then a little longer.
            return min((now - self._began) / self._step.expected, 0.99), ""
        return None, ""


def in_time(seconds: float) -> str:
    """`0:42`, `12:05` or `1:02:30`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def last_line(log: str | None) -> str:
    """The last line of a log that says anything, harmless for a terminal; empty without one.

    A build may have put something else in its place: only a plain file is read, and nothing is waited for.
    """
    if log is None:
        return ""
    with suppress(OSError):
        descriptor = os.open(log, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return ""
            stream.seek(max(0, status.st_size - _TAIL_BYTES))
            lines = re.split(r"[\r\n]+", stream.read(_TAIL_BYTES).decode(errors="replace"))
        return printable(
            next((line.strip() for line in reversed(lines) if line.strip()), "")[:_MOST_CHARACTERS]
        )
    return ""
