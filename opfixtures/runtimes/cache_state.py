"""Whether what was built once is still all there: seen by names and sizes, which takes no time to speak of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from opfixtures.atomic_write import write_whole

_COMPLETE = ".complete"
# What Python compiles comes and goes.
_UNSTEADY = ("__pycache__", ".git")


def is_complete(folder: str) -> bool:
    """Whether somebody built it to its end."""
    return os.path.lexists(os.path.join(folder, _COMPLETE))


def complete(folder: str) -> None:
    """Mark a folder as built, with the size of each file that is in it now. Raises OSError."""
    listed = (f"{size} {path}\0" for path, size in sorted(_files(folder)))
    write_whole(os.path.join(folder, _COMPLETE), os.fsencode("".join(listed)))


def damage(folder: str, needed: str) -> str | None:
    """What is wrong with a folder that was built; None where nothing is, empty where it was not built.

    A file that is gone or has become shorter is damage: programs write more into their files, and new ones.
    `needed` is a path in it that may be lost later: an environment's Python is a link elsewhere.
    """
    try:
        with open(os.path.join(folder, _COMPLETE), "rb") as stream:
            lines = stream.read().split(b"\0")[:-1]
        if not os.path.exists(os.path.join(folder, needed)):
            return f"{needed} is gone"
        return next(_differences(folder, lines), None)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def mark_used(folder: str) -> None:
    """Have `last_used` tell of now, where that can be written."""
    with suppress(OSError):
        os.utime(os.path.join(folder, _COMPLETE))


def last_used(folder: str) -> float:
    """When a run used it last, in seconds since 1970; 0.0 where nobody could tell."""
    with suppress(OSError):
        return os.lstat(os.path.join(folder, _COMPLETE)).st_mtime
    return 0.0


def size_of(folder: str) -> int:
    """The bytes that it takes on the disk; a file with several names in it once, and what cannot be read not at all."""
    seen: dict[tuple[int, int], int] = {}
    for path, names, files in os.walk(folder):
        for name in (*names, *files):
            with suppress(OSError):
                status = os.lstat(os.path.join(path, name))
                seen[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(seen.values())


def _files(folder: str) -> Iterator[tuple[str, int]]:
    for path, names, files in os.walk(folder):
        names[:] = [name for name in names if name not in _UNSTEADY]
        for name in files:
            whole = os.path.join(path, name)
            yield os.path.relpath(whole, folder), os.lstat(whole).st_size


def _differences(folder: str, lines: list[bytes]) -> Iterator[str]:
    for line in lines:
        size, _, name = line.partition(b" ")
        path = os.fsdecode(name)
        try:
            if os.lstat(os.path.join(folder, path)).st_size < int(size):
                yield f"{path} is cut short"
        except (FileNotFoundError, NotADirectoryError):
            yield f"{path} is gone"
