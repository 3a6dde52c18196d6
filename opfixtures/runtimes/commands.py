"""Runs the commands that build a runtime: quietly, all output into one log, nothing left running."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence

from opfixtures.processes import end_group, how_it_ended

_TAIL_BYTES = 64 << 10
# Of gcc and clang, nvcc, and the linker.
_COMPILER = re.compile(
    r"^\S+:\d+(:\d+)?: (fatal )?error: |^\S+\(\d+\): error: |\bld: cannot find |undefined reference to "
)
# Of pip, git and most others; an exception of Python; one of C++ that nobody caught.
_ERROR = re.compile(r"(?i:error|fatal)|(\w+\.)*\w*(Error|Exception): |what\(\): ")
_CONSEQUENCE = re.compile(
    r"subprocess-exited-with-error|metadata-generation-failed|legacy-install-failure|"
    r"Failed (building|to build)|Could not build|[Cc]ommand '.* (failed|returned) |Error compiling objects"
)


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


def telling_line(output: str) -> str:
    """The line of a log that says why: what a compiler says first, else the last error, else the last line.

    pip, setuptools, ninja and torch report below it that what they had started failed.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    compiled = [line for line in lines if _COMPILER.search(line)]
    errors = [line.removeprefix("what():").strip() for line in lines if _ERROR.match(line)]
    causes = [line for line in errors if not _CONSEQUENCE.search(line)]
    return (compiled[:1] or causes[-1:] or errors[-1:] or lines[-1:] or [""])[0][:500]
