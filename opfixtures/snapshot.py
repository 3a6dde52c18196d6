"""A tree to read: the work tree, or nothing at all. Commits and the index are in `git_snapshot`."""

from __future__ import annotations

import os
import stat
from typing import Protocol

from opfixtures.errors import UserError

LARGEST = 16 * 1024 * 1024
"""The most bytes `read` returns. PyTorch's version map has 10 KiB."""


class Snapshot(Protocol):
    """The files of a tree, by path from the repository's root with `/` between parts."""

    @property
    def name(self) -> str:
        """What to call it in a sentence: `HEAD`, `commit abc1234`, `the index`, `the work tree`."""
        ...

    def read(self, path: str) -> bytes | None:
        """The bytes of the file at `path`; None where there is no file: nothing, a folder or a submodule.

        Raises:
            UserError: the file is larger than `LARGEST`, a symbolic link (none is followed: it may lead
                out of the repository), or in conflict.
            GitError: git failed, or this clone lacks the object.
        """
        ...

    def has(self, path: str) -> bool:
        """Whether there is a file at `path`, of any size. Raises as `read` does, but for size and links."""
        ...


class EmptySnapshot:
    """The tree before the first commit."""

    name = "the empty tree"

    def read(self, path: str) -> None:
        """None."""

    def has(self, path: str) -> bool:  # noqa: ARG002 - a Snapshot
        """False."""
        return False


class WorkTreeSnapshot:
    """The files on disk as they are now. A folder that is a symbolic link is none of the repository's."""

    name = "the work tree"

    def __init__(self, root: str, largest: int = LARGEST) -> None:
        self._root = root
        self._largest = largest

    def read(self, path: str) -> bytes | None:
        """See `Snapshot.read`."""
        mode = self._mode(path)
        if mode is not None and stat.S_ISLNK(mode):
            raise symbolic_link(path, self.name)
        if mode is None or not stat.S_ISREG(mode):
            return None
        with open(os.path.join(self._root, path), "rb") as file:
            content = file.read(self._largest + 1)
        if len(content) > self._largest:
            raise too_large(path, self.name, self._largest)
        return content

    def has(self, path: str) -> bool:
        """See `Snapshot.has`."""
        mode = self._mode(path)
        return mode is not None and (stat.S_ISREG(mode) or stat.S_ISLNK(mode))

    def names(self, folder: str) -> frozenset[str]:
        """The names of what lies in a folder; none where there is no folder."""
        mode = self._mode(folder)
        is_folder = mode is not None and stat.S_ISDIR(mode)
        return frozenset(os.listdir(os.path.join(self._root, folder)) if is_folder else ())

    def _mode(self, path: str) -> int | None:
        folder = self._root
        *parents, name = path.split("/")
        try:
            for parent in parents:
                folder = os.path.join(folder, parent)
                if not stat.S_ISDIR(os.lstat(folder).st_mode):
                    return None
            return os.lstat(os.path.join(folder, name)).st_mode
        except FileNotFoundError:
            return None


def symbolic_link(path: str, snapshot: str) -> UserError:
    """The error for reading a symbolic link."""
    return UserError(f"{path} is a symbolic link in {snapshot}: name the file itself in the configuration")


def too_large(path: str, snapshot: str, largest: int = LARGEST) -> UserError:
    """The error for reading a file of more than `largest` bytes."""
    return UserError(
        f"{path} in {snapshot} is larger than {largest >> 20} MiB: name the right file in the configuration"
    )
