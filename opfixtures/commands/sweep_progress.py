"""How far a sweep is: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from opfixtures.commands.progress import Progress

_CELLS = 20
# Elsewhere than on a terminal: between two lines.
_PAUSE_SECONDS = 30.0


class SweepProgress(Progress):
    """As `Progress`, and it counts."""

    def counting(self, what: str, clock: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
        """Shows how many of all rows are done: call it with both. The first call tells what an earlier run did."""
        begin, last, known = clock(), -_PAUSE_SECONDS, -1

        def tell(done: int, count: int) -> None:
            nonlocal begin, last, known
            if known < 0 or done < known:
                begin, known = clock(), done
            now = clock()
            if self.is_on_terminal or now - last >= _PAUSE_SECONDS or done == count:
                last = now
                self.tell(f"{what} {bar(done, count)}{_left(done - known, count - done, now - begin)}")

        return tell


def bar(done: int, count: int) -> str:
    """`1200 of 2380 [==========>         ]  50 %`."""
    part = done / count if count else 1.0
    filled = int(part * _CELLS)
    cells = "=" * filled + ">" * (filled < _CELLS)
    return f"{done} of {count} [{cells:<{_CELLS}}] {100 * part:3.0f} %"


def _left(done: int, left: int, seconds: float) -> str:
    """The time left, as this run goes; nothing where it did too little to tell."""
    if done < 10 or not left:
        return ""
    whole = round(seconds / done * left)
    return f", {whole // 60} min {whole % 60:02} s left" if whole >= 60 else f", {whole} s left"
