"""Temporary folders for what untrusted code writes into. The next run removes those that a killed one left."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from opfixtures.locks import is_at, left_over, lock

_FOLDER = re.compile(r"opfixtures-[a-z]+-[0-9a-f]{16}")
_LOG = re.compile(r"opfixtures-[a-z]+-[0-9a-f]{16}\.log")
# For whoever was told of it.
_LOG_SECONDS = 24 * 60 * 60


@contextmanager
def scratch_folder(prefix: str) -> Iterator[str]:
    """A new folder, removed in the end with all that is in it by then. `prefix` is `opfixtures-WORD-`.

    It is locked as long as it is in use: `remove_left_over` knows it by that.
    """
    while True:
        folder = os.path.join(tempfile.gettempdir(), f"{prefix}{secrets.token_hex(8)}")
        with ExitStack() as stack:
            # Before it is there: an interruption comes at any time.
            stack.callback(_remove_whole, folder)
            os.mkdir(folder, 0o700)
            # Until it is locked it may look left over.
            if _is_held(folder, stack):
                yield folder
                return


def _is_held(folder: str, stack: ExitStack) -> bool:
    """Whether the folder is locked now, until `stack` ends, and still there."""
    try:
        held = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    stack.callback(os.close, held)
    lock(held)
    return is_at(held, folder)


def _remove_whole(folder: str) -> None:
    try:
        remove_tree(folder)
    except KeyboardInterrupt:
        remove_tree(folder)
        raise


def kept_log(log: str) -> str:
    """Keep a log of a scratch folder for a day, under a name that can be told: its new path."""
    folder = os.path.dirname(log)
    kept = f"{folder}.log"
    shutil.move(log, kept)
    return kept


def remove_left_over() -> None:
    """Remove the scratch folders of runs that were killed, and logs of yesterday; nothing of a run that lives."""
    folder = tempfile.gettempdir()
    for name in os.listdir(folder):
        if not (_FOLDER.fullmatch(name) or _LOG.fullmatch(name)):
            continue
        path = os.path.join(folder, name)
        with left_over(path) as seen:
            if seen is None:
                continue
            if stat.S_ISDIR(seen.st_mode) and _FOLDER.fullmatch(name):
                remove_tree(path)
            elif _LOG.fullmatch(name) and time.time() - seen.st_mtime > _LOG_SECONDS:
                with suppress(OSError):
                    os.unlink(path)


def remove_tree(folder: str) -> None:
    """Remove a folder as far as that is allowed; no error where it is not there."""
    _remove(folder)
    if os.path.isdir(folder) and not os.path.islink(folder):
        # What is in a folder goes only where that one can be read and written. No link below is followed.
        _run("chmod", "-R", "u+rwx", "--", folder)
        _remove(folder)


def _remove(folder: str) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        # Up to Python 3.12 rmtree calls itself for each level (https://github.com/python/cpython/issues/89727).
        _run("rm", "-rf", "--", folder)


def _run(*command: str) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
