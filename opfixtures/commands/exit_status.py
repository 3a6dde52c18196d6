"""How a command ends: an exit status, and at most one sentence where the user can mend what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from opfixtures.errors import UserError


def ended(command: Callable[[], int], debug: bool) -> int:
    """Run `command`; the exit status is its own, or 2 after one sentence on stderr.

    A character that stdout cannot show is written as an escape. With `debug` every error is raised.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_stdout()
        return 1
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError):
            _give_up_stdout()
        from opfixtures.report.screen import write_error
        from opfixtures.repository.printable import printable

        write_error(f"opfixtures: {sentence_of(error)}")
        # What a command printed that failed.
        for line in getattr(error, "below", ()):
            sys.stderr.write(f"    {printable(line)}\n")
        return 2
    return status


def _give_up_stdout() -> None:
    # Python would complain once more when it closes a stdout that cannot be written.
    # https://docs.python.org/3/library/signal.html#note-on-sigpipe
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def sentence_of(error: Exception) -> str:
    """What is said of an error that ends a command."""
    if isinstance(error, UserError):
        return f"error: {error}"
    if isinstance(error, OSError):
        if isinstance(error, FileNotFoundError) and error.filename is None and _is_nowhere():
            return "error: the folder that this runs in is gone: change into another one"
        about = f"{error.filename}: " if error.filename is not None else ""
        return f"error: {about}{error.strerror or error}"
    if isinstance(error, UnicodeEncodeError) and error.encoding == sys.getfilesystemencoding() != "utf-8":
        why = f"this locale's {error.encoding} has no such file name: set PYTHONUTF8=1"
        return f"error: {error.object[:200]}: {why}"
    return f"internal error: {type(error).__name__}: {error} (--debug shows where; please report it)"


def _is_nowhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False
