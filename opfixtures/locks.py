"""Whose a temporary file or folder is: its owner holds a lock on it, which the kernel takes back at any death."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager


def lock(descriptor: int, *, shared: bool = False, wait: bool = True) -> bool:
    """Whether what is open there is locked now (flock): for one alone, or `shared` with others that share it.

    False where somebody else holds it and this is not to `wait`, and where the system has no such locks.
    """
    try:
        import fcntl
    except ImportError:
        return False  # Windows
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, how if wait else how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_at(descriptor: int, path: str) -> bool:
    """Whether what is open there is still what has the name `path`."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


@contextmanager
def left_over(path: str) -> Iterator[os.stat_result | None]:
    """What is at `path`, held as long as the block runs; None where it is not left over.

    That is a file or folder of this user that nobody holds: not a link, and of no process that lives.
    """
    if os.name != "posix":
        yield None
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield None
        return
    try:
        seen = os.fstat(descriptor)
        is_ours = seen.st_uid == os.geteuid() and (stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode))
        yield seen if is_ours and lock(descriptor, wait=False) and is_at(descriptor, path) else None
    finally:
        os.close(descriptor)
