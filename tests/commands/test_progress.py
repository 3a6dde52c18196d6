from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from opfixtures.commands.how_far import HowFar, in_time, last_line
from opfixtures.commands.progress import Progress
from opfixtures.runtimes.step import Step, keep_seconds, seconds_last_time

fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))


def ticking() -> Iterator[float]:
    return iter([100.0, 100.25, 161.5])


def test_elsewhere_than_on_a_terminal_each_step_is_a_line() -> None:
    stream, clock = io.StringIO(), ticking()

    with Progress(stream, lambda: next(clock), tick=None) as progress:
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
            Progress(stream, lambda: next(clock), tick=None) as progress,
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


def test_parts_are_counted_over_all_that_go_on_at_once_with_the_time_left() -> None:
    far = HowFar()
    for seconds, step in enumerate(
        [
            Step("exporting", "export", "torch 1.5.1", 0, 3),
            Step("exporting", "export", "torch 2.13.0", 0, 1),
            Step("exported a", "export", "torch 1.5.1", 1, 3),
        ]
    ):
        far.note(step, float(seconds))

    assert far.shown(2.0) == "[##........] 1/4 0:06 left  "
    far.note(Step("replaying", "replay", "the work tree", 0, 2), 10.0)
    assert far.shown(11.0) == "[..........] 0/2  "


@pytest.mark.parametrize(
    ("said", "expected", "shown"),
    [
        ("[120/480] Building CXX object", 0.0, "[##........] 1:30 left  "),
        ("[ 50%] Building", 0.0, "[#####.....] 0:30 left  "),
        ("Building wheel", 0.0, ""),
        ("", 60.0, "[#####.....] 0:30 left  "),
        ("", 20.0, "[##########]  "),
        ("[0/0] odd", 0.0, ""),
    ],
)
def test_a_build_says_how_far_it_is_or_takes_as_long_as_last_time(
    said: str, expected: float, shown: str
) -> None:
    far = HowFar()
    far.note(Step("building", expected=expected), 0.0)

    assert far.shown(30.0, said) == shown


@pytest.mark.parametrize(("seconds", "text"), [(5, "0:05"), (725.4, "12:05"), (3750, "1:02:30")])
def test_a_time_is_written_as_on_a_clock(seconds: float, text: str) -> None:
    assert in_time(seconds) == text


def test_the_last_line_of_a_log_is_shown_and_nothing_else_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\n" + b"x" * 9000 + b"\rtwo \x1b[2J\n\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(log)

    assert last_line(str(log)) == "two \\x1b[2J"
    assert [last_line(str(tmp_path / name)) for name in ("pipe", "link", "none")] == ["", "", ""]
    assert last_line(None) == ""


def test_elsewhere_than_on_a_terminal_a_line_says_that_it_goes_on(tmp_path: Path) -> None:
    stream, log, times = io.StringIO(), tmp_path / "log", iter([0.0, 1.0, 20.0, 31.5])
    log.write_text("[3/9] Building CXX object ops.o\n")
    progress = Progress(stream, lambda: next(times), tick=None)
    progress.tell(Step("building the work tree", log=str(log)))
    progress.again()
    progress.again()

    assert stream.getvalue() == (
        "[  1.0 s] building the work tree\n"
        "[ 31.5 s] still building the work tree: [3/9] Building CXX object ops.o\n"
    )


def test_what_is_over_does_not_go_on_and_a_line_of_a_log_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    stream, clock = io.StringIO(), iter([0.0, 1.0, 40.0])
    with Progress(stream, lambda: next(clock), tick=None) as progress:
        progress.tell(f"replayed {'a' * 80} with it")
        progress.again()

    assert stream.getvalue() == (
        f"[  1.0 s] replayed {'a' * 80} with it\n[ 40.0 s] still at it, since replayed {'a' * 80} with it\n"
    )


def test_on_a_terminal_the_time_goes_on_by_itself() -> None:
    stream = WithoutDescriptor()
    with Progress(stream, tick=0.01) as progress:
        progress.tell("one")
        while stream.getvalue().count("one") < 3:
            pass

    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_quiet_run_shows_no_progress() -> None:
    stream = WithoutDescriptor()
    with Progress(stream, quiet=True) as progress:
        progress.tell("one")

    assert stream.getvalue() == ""


def test_how_long_a_build_took_is_known_the_next_time(tmp_path: Path) -> None:
    for name, seconds in (("mylib-a", 12.34), ("other-b", 99.0)):
        (tmp_path / name).mkdir()
        keep_seconds(str(tmp_path / name), seconds)
    (tmp_path / "mylib-c").mkdir()
    (tmp_path / "mylib-c" / ".seconds").write_text("forged")

    assert seconds_last_time(str(tmp_path), "mylib-") == 12.3
    assert seconds_last_time(str(tmp_path), "none") == seconds_last_time(str(tmp_path / "none"), "") == 0.0
