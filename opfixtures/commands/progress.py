"""What is going on, on standard error: one line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

from opfixtures.commands.how_far import HowFar, last_line
from opfixtures.report.screen import columns, sentence_columns, wrapped
from opfixtures.repository.printable import printable
from opfixtures.runtimes.step import Step

_CLEAR = "\r\x1b[K"
_TICK_SECONDS = 0.5
_SILENT_SECONDS = 30.0
"""After how long without a line one is written where there is no terminal."""


class Progress:
    """A context manager; `tell` says what is going on now. The line is gone from the terminal in the end.

    Meanwhile the time goes on, and with it the last line of the log of what runs. Elsewhere than on a terminal a line
    says every half minute that the same is still going on. `tick` is None where nothing is to be written by itself.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        quiet: bool = False,
        tick: float | None = _TICK_SECONDS,
    ) -> None:
        self._stream = stream or sys.stderr
        self.is_on_terminal = self._stream.isatty()
        self._quiet, self._tick = quiet, tick
        self._clock = clock
        self._start = self._written = clock()
        self._now = Step("")
        self._far = HowFar()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Self:
        if self._tick is not None and not self._quiet:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._ticker.ident is not None:
            self._ticker.join()
        # A terminal that is closed has no line to clear.
        if self.is_on_terminal and not self._quiet:
            with suppress(OSError):
                self._write(_CLEAR)

    def tell(self, what: str) -> None:
        """Show one step, with the seconds since the start."""
        with self._lock:
            now = self._clock()
            self._now = what if isinstance(what, Step) else Step(what)
            self._far.note(self._now, now)
            self._written = now
            if self._quiet:
                return
            if self.is_on_terminal:
                self._draw(now, "")
            else:
                self._write_line(now, self._now)

    def _go_on(self) -> None:
        """What the ticker does until all is over."""
        with suppress(OSError, ValueError):
            while not self._over.wait(self._tick):
                self.again()

    def again(self) -> None:
        """Show the same step once more, later."""
        with self._lock:
            if self._now:
                self._show_again(self._clock())

    def _show_again(self, now: float) -> None:
        if self.is_on_terminal:
            self._draw(now, last_line(self._now.log))
        elif now - self._written >= _SILENT_SECONDS:
            self._written = now
            said = last_line(self._now.log)
            # "still exported" says nothing: the step is over, and the next one goes on.
            again = f"still {self._now}" if _goes_on(self._now) else f"still at it, since {self._now}"
            self._write_line(now, f"{again}{f': {said}' if said else ''}")

    def _draw(self, now: float, said: str) -> None:
        far = self._far.shown(now, said)
        line = f"{self._time(now)} {far}{printable(self._now)}{f': {said}' if said else ''}"
        # A line that wraps could not be cleared.
        self._write(f"{_CLEAR}{line[: columns({}, self._stream) - 1]}")

    def _time(self, now: float) -> str:
        return f"[{now - self._start:5.1f} s]"

    def _write_line(self, now: float, text: str) -> None:
        time = f"{self._time(now)} "
        first, *more = wrapped(text, sentence_columns(os.environ, self._stream) - len(time), more="")
        self._write("".join(f"{line}\n" for line in (time + first, *(" " * len(time) + one for one in more))))

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _goes_on(step: str) -> bool:
    """Whether a step is told as going on, `building ...`, and not as over, `exported ...`."""
    return not step.partition(" ")[0].endswith("ed")
