"""What is in the cache folder: each environment with its size, and when it was used last."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from opfixtures.runtimes.cache import held_alone, remove
from opfixtures.runtimes.cache_state import is_complete, last_used, size_of

FOLDERS = {"release": "releases", "checkout": "checkouts"}
"""Where the environments of each kind of runtime are, below the cache folder."""
LIBRARIES = "libraries"
"""Where those releases are that have more packages than torch: their code was chosen by who wrote the settings."""
_ALL = (("release", FOLDERS["release"]), ("release", LIBRARIES), ("checkout", FOLDERS["checkout"]))
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Entry:
    """An environment: `bytes` on the disk, `last_used` in seconds since 1970, `in_use` by a run that lives."""

    kind: str
    name: str
    path: str
    bytes: int
    last_used: float
    in_use: bool


def entries(root: str) -> list[Entry]:
    """All environments below a cache folder that were built to their end, by kind and name."""
    return [
        Entry(kind, name, path, size_of(path), last_used(path), _is_in_use(path))
        for kind, name, path in _folders(root)
        if is_complete(path)
    ]


def remove_half_built(root: str) -> None:
    """Remove what killed runs left: folders that were not built to their end, and locks without a folder."""
    for _, below in _ALL:
        folder = os.path.join(root, below)
        for name in _names(folder):
            path = os.path.join(folder, name.removesuffix(_LOCK))
            if not is_complete(path) and _is_of_this_user(os.path.join(folder, name)):
                # Another run may build it meanwhile.
                remove(path, unless=is_complete)


def _folders(root: str) -> Iterator[tuple[str, str, str]]:
    """Kind, name and path of each folder of an environment; no link is one."""
    for kind, below in _ALL:
        for name in _names(os.path.join(root, below)):
            path = os.path.join(root, below, name)
            with suppress(OSError):
                if stat.S_ISDIR(os.lstat(path).st_mode):
                    yield kind, name, path


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []


def _is_of_this_user(path: str) -> bool:
    with suppress(OSError):
        seen = os.lstat(path)
        return seen.st_uid == os.geteuid() and not stat.S_ISLNK(seen.st_mode)
    return False


def _is_in_use(path: str) -> bool:
    if os.path.lexists(path + _LOCK):
        with suppress(OSError), held_alone(path) as is_free:
            return not is_free
    return False
