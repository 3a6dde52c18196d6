"""Runs commands that take long: nothing that they start outlives them, or this process, however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

from opfixtures.worker.processes import how_it_ended, telling_line

_KEEPER = os.path.join(os.path.dirname(__file__), "keeper.py")
_TAIL_BYTES = 64 << 10
# For a command of this package that is asked to end: it removes its own folders.
TIDY_SECONDS = 15.0


_LAST_LINES = 8
_MOST_OF_A_LINE = 200


class CommandError(Exception):
    """A command could not be run, or did not end well. `output` is the end of what it printed."""

    def __init__(self, argv: Sequence[str], how: str, output: str = "") -> None:
        said = telling_line(output)
        super().__init__(f"`{' '.join(argv)}` failed ({how}){': ' + said if said else ''}")
        self.output = output

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines of the output that say anything, each shortened."""
        lines = [line.rstrip() for line in self.output[-_TAIL_BYTES:].splitlines()]
        return tuple(line[:_MOST_OF_A_LINE] for line in lines if line)[-_LAST_LINES:]


def run_kept(
    argv: Sequence[str],
    environment: Mapping[str, str],
    folder: str | None = None,
    out: IO[bytes] | None = None,
    err: IO[bytes] | None = None,
    seconds: float = 0.0,
) -> int:
    """Run a command in a session of its own, without an input; its status as subprocess has it.

    What it leaves behind is ended with it. It is ended too, after `seconds` to tidy up, when this process is gone or
    interrupted. Raises OSError if there is no such command.
    """
    told, report = os.pipe()
    with os.fdopen(told, "rb") as answer:
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", _KEEPER, str(seconds), str(report), *argv],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=(report,),
            )
        finally:
            os.close(report)
        try:
            error = answer.read()
        finally:
            # This closes its input, which the keeper watches, and waits, also where it is interrupted.
            process.communicate()
    if error.isdigit():
        raise OSError(int(error), os.strerror(int(error)), argv[0])
    return process.returncode


def run_logged(argv: Sequence[str], folder: str, environment: Mapping[str, str], log_path: str) -> None:
    """Run a command in `folder`, its output appended to the log. What it leaves behind is ended with it.

    Raises:
        CommandError: there is no such command, or it did not end with status 0.
    """
    with open(log_path, "ab+") as log:
        start = log.seek(0, os.SEEK_END)
        try:
            status = run_kept(argv, environment, folder, log, log)
        except OSError as error:
            raise CommandError(argv, error.strerror or "it cannot be started") from error
        if status:
            log.seek(max(start, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            raise CommandError(argv, how_it_ended(status), log.read().decode(errors="replace"))
