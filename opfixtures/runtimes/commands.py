"""Runs the commands that build a runtime: quietly, all output into one log, nothing left running."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from opfixtures.worker.processes import end_group, how_it_ended, telling_line

_TAIL_BYTES = 64 << 10


class CommandError(Exception):
    """A command could not be run, or did not end well. `output` is the end of what it printed."""

    def __init__(self, argv: Sequence[str], how: str, output: str = "") -> None:
        said = telling_line(output)
        super().__init__(f"`{' '.join(argv)}` failed ({how}){': ' + said if said else ''}")
        self.output = output


def run_logged(argv: Sequence[str], folder: str, environment: Mapping[str, str], log_path: str) -> None:
    """Run a command in `folder`, its output appended to the log. What it leaves behind is ended with it.

    Raises:
        CommandError: there is no such command, or it did not end with status 0.
    """
    with open(log_path, "ab+") as log:
        start = log.seek(0, os.SEEK_END)
        try:
            process = subprocess.Popen(
                argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise CommandError(argv, error.strerror or "it cannot be started") from error
        try:
            status = process.wait()
        finally:
            end_group(process)
        if status:
            log.seek(max(start, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            raise CommandError(argv, how_it_ended(status), log.read().decode(errors="replace"))
