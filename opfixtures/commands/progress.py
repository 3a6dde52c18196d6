"""What is going on, on standard error: one line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

from opfixtures.repository.printable import printable

_CLEAR = "\r\x1b[K"
_USUAL_COLUMNS = 80


class Progress:
    """A context manager; `tell` says what is going on now. The line is gone from the terminal in the end."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self.is_on_terminal = self._stream.isatty()
        self._clock = clock
        self._start = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A terminal that is closed has no line to clear.
        if self.is_on_terminal:
            with suppress(OSError):
                self._write(_CLEAR)

    def tell(self, what: str) -> None:
        """Show one step, with the seconds since the start."""
        line = f"[{self._clock() - self._start:5.1f} s] {printable(what)}"
        # A line that wraps could not be cleared.
        self._write(f"{_CLEAR}{line[: self._columns() - 1]}" if self.is_on_terminal else f"{line}\n")

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _USUAL_COLUMNS
        except (OSError, ValueError):
            return _USUAL_COLUMNS

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
