"""A tree to read: the work tree, or nothing at all. Commits and the index are in `git_snapshot`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
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
        """The bytes of the file at `path`; None where nothing stands there, or a submodule.

        Raises:
            NotAFileError: a folder stands there, or a symbolic link there or above (none is followed: it may
                lead out of the repository).
            UserError: the file is larger than `LARGEST`, in conflict, or cannot be read.
            GitError: git failed, or this clone lacks the object.
        """
        ...

    def has(self, path: str) -> bool:
        """Whether there is a file or a link at `path`. Raises as `read` does, but for what stands there."""
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
        return self.read_at_most(path, self._largest)

    def read_at_most(self, path: str, largest: int) -> bytes | None:
        """As `read`, with another limit than that of all files."""
        mode = self._mode(path, refuse_links=True)
        if mode is None:
            return None
        if not stat.S_ISREG(mode):
            raise NotAFileError(path, self.name, "a folder" if stat.S_ISDIR(mode) else "no regular file")
        with _readable(path), open(os.path.join(self._root, path), "rb") as file:
            content = file.read(largest + 1)
        if len(content) > largest:
            raise too_large(path, self.name, largest)
        return content

    def has(self, path: str) -> bool:
        """See `Snapshot.has`."""
        mode = self._mode(path)
        return mode is not None and (stat.S_ISREG(mode) or stat.S_ISLNK(mode))

    def names(self, folder: str) -> frozenset[str]:
        """The names of what lies in a folder; none where there is no folder. Raises UserError as `read`."""
        mode = self._mode(folder, refuse_links=True)
        if mode is None or not stat.S_ISDIR(mode):
            return frozenset()
        with _readable(folder):
            return frozenset(os.listdir(os.path.join(self._root, folder)))

    def files(self) -> list[str]:
        """The paths of all files and links, sorted. What is git's own is none of them, nor what is in a repository
        inside this one."""
        found = []
        for folder, folders, files in os.walk(self._root):
            inside = os.path.relpath(folder, self._root).replace(os.sep, "/")
            if inside != "." and ".git" in (*folders, *files):
                folders.clear()
                continue
            folders[:] = [name for name in folders if name != ".git"]
            found += [name if inside == "." else f"{inside}/{name}" for name in files]
        return sorted(found)

    def _mode(self, path: str, refuse_links: bool = False) -> int | None:
        """The mode of what stands at `path`; None where nothing does, or something else than a folder above it."""
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            way = "/".join(parts[:count])
            place = os.path.join(self._root, way)
            with _readable(way):
                try:
                    mode = os.lstat(place).st_mode
                except FileNotFoundError:
                    return None
                if refuse_links and stat.S_ISLNK(mode):
                    raise NotAFileError(path, self.name, "a symbolic link", way, os.readlink(place))
            if count < len(parts) and not stat.S_ISDIR(mode):
                return None
        return mode


class UnfitFileError(UserError):
    """What stands at a path is not read: `said` tells what it is, without advice, and `mend` what to do about a
    fixture."""

    said: str
    mend = "put the file itself there, as a run made it"


class NotAFileError(UnfitFileError):
    """Something else than a file stands at `path` of a snapshot, or above it: `what`, a link with its `target`."""

    def __init__(self, path: str, snapshot: str, what: str, way: str = "", target: str = "") -> None:
        self.target = target
        self.said = f"{way or path} is {what} in {snapshot}" + (f", to {target}" if target else "")
        below = f", and {path} would lie below it" if way not in ("", path) else ""
        super().__init__(f"{self.said}{below}: name the real path in the configuration")


@contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path} in the work tree cannot be read ({error.strerror}): make it readable"
        ) from error


class TooLargeError(UnfitFileError):
    """A file of a snapshot has more than `largest` bytes."""

    def __init__(self, path: str, snapshot: str, largest: int) -> None:
        self.said = f"{path} in {snapshot} is larger than {largest >> 20} MiB"
        super().__init__(f"{self.said}: name the right file in the configuration")


def too_large(path: str, snapshot: str, largest: int = LARGEST) -> UserError:
    """The error for reading a file of more than `largest` bytes."""
    return TooLargeError(path, snapshot, largest)
