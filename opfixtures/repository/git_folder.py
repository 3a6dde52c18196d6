"""One folder of a tree that git holds: its files by name, and their bytes when somebody asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from subprocess import Popen
from typing import TYPE_CHECKING, Protocol

from opfixtures.errors import GitError
from opfixtures.repository.git_tree import FOLDER, LINK, SUBMODULE, in_conflict, read_tree

if TYPE_CHECKING:
    from opfixtures.repository.git_objects import ObjectReader
    from opfixtures.repository.git_tree import TreeEntry

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_LONGEST_POINTER = 1024


class Tree(Protocol):
    """What is asked of the snapshot that the folder is in: see `GitSnapshot`."""

    @property
    def name(self) -> str: ...

    def entry(self, path: str) -> TreeEntry | None: ...

    def refuse_link(self, path: str) -> None: ...


class GitFolder:
    """The files that stand in the folder itself, not below. A folder that is not there has none.

    `tree` is the id of a commit, or `:0` for the index, which only a process of its own can list: that one is
    begun at once, and the rest of a check goes on beside it. `snapshot` is that of the tree.
    """

    def __init__(self, objects: ObjectReader, tree: str, path: str, snapshot: Tree) -> None:
        self._objects = objects
        self._path = path
        self._snapshot = snapshot
        pathspec = f":(top,literal){path}/"
        self._listing = objects.begin("ls-files", "--stage", "-z", "--", pathspec) if tree == ":0" else None

    def files(self) -> dict[str, str]:
        """By name what tells whether two files are the same: git's id of the content, behind a `@` for a
        symbolic link.

        Raises:
            GitError: git failed, or this clone lacks the folder.
            UserError: a file has a merge conflict, there are too many, or the folder is a symbolic link.
        """
        return self._files

    @cached_property
    def _files(self) -> dict[str, str]:
        found = self._of_commit() if self._listing is None else self._of_index(self._listing)
        return {
            os.fsdecode(name): f"@{oid}" if mode == LINK else oid
            for mode, name, oid in found
            if mode not in (FOLDER, SUBMODULE)
        }

    def _of_index(self, listing: Popen[bytes]) -> Iterator[tuple[bytes, bytes, str]]:
        listed, _ = listing.communicate()
        if listing.returncode:
            raise GitError(f"git cannot list {self._path} of the index: `git status` tells what is wrong")
        for line in listed.split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, oid, stage = about.split(b" ")
            name = path[len(os.fsencode(self._path)) + 1 :]
            if stage != b"0":
                raise in_conflict(f"{self._path}/{os.fsdecode(name)}")
            if b"/" not in name:
                yield mode, name, oid.decode()
        if not listed:
            self._snapshot.refuse_link(self._path)

    def _of_commit(self) -> Iterator[tuple[bytes, bytes, str]]:
        entry = self._snapshot.entry(self._path)
        if entry is not None and entry.mode == FOLDER:
            yield from read_tree(self._objects, entry.oid, f"{self._path} of {self._snapshot.name}")
        elif entry is not None:
            self._snapshot.refuse_link(self._path)

    def read(self, name: str, most: int) -> tuple[int, bytes]:
        """The size of a file in bytes and at most its `most` first ones; of a link, those of its target's path.

        What git LFS keeps elsewhere is read there, as far as it is on this machine.

        Raises:
            GitError: this clone lacks the content.
        """
        oid, what = self.files()[name].removeprefix("@"), f"{self._path}/{name} of {self._snapshot.name}"
        found = self._objects.find(oid, most, what)
        if found is None:
            raise self._objects.unreadable(oid, what)
        if found.size <= _LONGEST_POINTER and found.content.startswith(LFS_POINTER):
            return self._from_lfs(found.content, most) or (found.size, found.content)
        return found.size, found.content

    def _from_lfs(self, pointer: bytes, most: int) -> tuple[int, bytes] | None:
        """What a pointer stands for: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""
        _, _, after = pointer.partition(b"\noid sha256:")
        sha256 = after[:64].decode("ascii", "replace")
        if len(sha256) < 64 or sha256.strip("0123456789abcdef"):
            return None
        folder = os.path.join(os.path.dirname(self._objects.repository.object_directory), "lfs", "objects")
        try:
            with open(os.path.join(folder, sha256[:2], sha256[2:4], sha256), "rb") as file:
                return os.fstat(file.fileno()).st_size, file.read(most)
        except FileNotFoundError:
            return None
