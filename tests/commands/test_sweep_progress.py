"""How far a sweep is."""

from __future__ import annotations

import io

from opfixtures.commands.sweep_progress import SweepProgress, bar


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bar_has_one_width():
    assert bar(0, 4) == "0 of 4 [>                   ]   0 %"
    assert bar(2, 4) == "2 of 4 [==========>         ]  50 %"
    assert bar(4, 4) == "4 of 4 [====================] 100 %"
    assert bar(0, 0) == "0 of 0 [====================] 100 %"


def test_elsewhere_than_on_a_terminal_there_is_a_line_now_and_then_and_at_the_end():
    stream, clock = io.StringIO(), Clock()
    tell = SweepProgress(stream, clock).counting("made", clock)
    tell(100, 300)
    for done in range(101, 151):
        clock.now += 1.0
        tell(done, 300)
    tell(300, 300)
    lines = [line.partition("] ")[2] for line in stream.getvalue().splitlines()]
    assert lines == [
        "made 100 of 300 [======>             ]  33 %",
        "made 130 of 300 [========>           ]  43 %, 2 min 50 s left",
        "made 300 of 300 [====================] 100 %",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


def test_on_a_terminal_each_row_moves_it():
    stream, clock = Terminal(), Clock()
    tell = SweepProgress(stream, clock).counting("replayed", clock)
    for done in range(21):
        tell(done, 40)
        clock.now += 1.0
    shown = stream.getvalue().split("\r\x1b[K")
    assert len(shown) == 22
    assert shown[-1].endswith("replayed 20 of 40 [==========>         ]  50 %, 20 s left")
