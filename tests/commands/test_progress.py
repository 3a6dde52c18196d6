from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from opfixtures.commands.progress import Progress

fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))


def ticking() -> Iterator[float]:
    return iter([100.0, 100.25, 161.5])


def test_elsewhere_than_on_a_terminal_each_step_is_a_line() -> None:
    stream, clock = io.StringIO(), ticking()

    with Progress(stream, lambda: next(clock)) as progress:
        progress.tell("making the environment of torch 1.11.0")
        progress.tell("exported test_versioned_gelu_v9.ptl")

    assert stream.getvalue() == (
        "[  0.2 s] making the environment of torch 1.11.0\n[ 61.5 s] exported test_versioned_gelu_v9.ptl\n"
    )


def test_a_step_is_shown_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as stream:
        Progress(stream, lambda: 0.0).tell("one")

        assert log.read_text(encoding="utf-8") == "[  0.0 s] one\n"


def on_a_terminal(columns: int, *steps: str, error: type[BaseException] | None = None) -> str:
    """What a terminal of that width is sent."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clock = ticking()
    with os.fdopen(leader, "rb", buffering=0) as terminal:
        with (
            os.fdopen(follower, "w", encoding="utf-8") as stream,
            suppress(KeyboardInterrupt),
            Progress(stream, lambda: next(clock)) as progress,
        ):
            for step in steps:
                progress.tell(step)
            if error:
                raise error
        sent = b""
        with suppress(OSError):  # how a terminal ends on Linux
            while chunk := terminal.read(1000):
                sent += chunk
    return sent.decode()


def test_on_a_terminal_there_is_one_line_and_none_in_the_end() -> None:
    assert on_a_terminal(80, "one", "two") == "\r\x1b[K[  0.2 s] one\r\x1b[K[ 61.5 s] two\r\x1b[K"


def test_the_line_is_gone_after_an_error_too() -> None:
    assert on_a_terminal(80, "one", error=KeyboardInterrupt).endswith("one\r\x1b[K")


class WithoutDescriptor(io.StringIO):
    """A terminal of an editor's."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_of_unknown_width_has_80_columns() -> None:
    stream = WithoutDescriptor()

    Progress(stream, lambda: 0.0).tell("x" * 500)

    assert stream.getvalue() == f"\r\x1b[K[  0.0 s] {'x' * 69}"


@pytest.mark.parametrize(("columns", "shown"), [(20, 9), (80, 69), (200, 189), (0, 69)])
def test_a_line_is_cut_before_it_wraps(columns: int, shown: int) -> None:
    assert on_a_terminal(columns, "x" * 500) == f"\r\x1b[K[  0.2 s] {'x' * shown}\r\x1b[K"


def test_a_name_cannot_send_the_terminal_anything() -> None:
    stream = io.StringIO()

    Progress(stream, lambda: 0.0).tell("exported \x1b[2J\nforged")

    assert stream.getvalue() == "[  0.0 s] exported \\x1b[2J\\nforged\n"


def test_progress_is_shown_on_the_standard_error_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    Progress(clock=lambda: 0.0).tell("one")

    assert capsys.readouterr() == ("", "[  0.0 s] one\n")
