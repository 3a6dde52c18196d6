"""One folder of a tree that git holds: its files by name, and their bytes when somebody asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from subprocess import Popen
from typing import TYPE_CHECKING

from opfixtures.errors import GitError, UserError

if TYPE_CHECKING:
    from opfixtures.git_snapshot import GitObjects

# Some 300,000 files.
_LARGEST_TREE = 16 << 20
_LINK, _FOLDER, _SUBMODULE = b"120000", b"40000", b"160000"
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_LONGEST_POINTER = 1024


class GitFolder:
    """The files that stand in the folder itself, not below. A folder that is not there has none.

    `tree` is the id of a commit, or `:0` for the index, which only a process of its own can list: that one is
    begun at once, and the rest of a check goes on beside it.
    """

    def __init__(self, objects: GitObjects, tree: str, path: str) -> None:
        self._objects = objects
        self._tree = tree
        self._path = path
        pathspec = f":(top,literal){path}/"
        self._listing = objects.begin("ls-files", "--stage", "-z", "--", pathspec) if tree == ":0" else None

    def files(self) -> dict[str, str]:
        """By name what tells whether two files are the same: git's id of the content, behind a `@` for a
        symbolic link.

        Raises:
            GitError: git failed, or this clone lacks the folder.
            UserError: a file has a merge conflict, or there are too many.
        """
        return self._files

    @cached_property
    def _files(self) -> dict[str, str]:
        found = self._of_commit() if self._listing is None else self._of_index(self._listing)
        return {
            os.fsdecode(name): f"@{oid}" if mode == _LINK else oid
            for mode, name, oid in found
            if mode not in (_FOLDER, _SUBMODULE)
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
                conflict = f"{self._path}/{os.fsdecode(name)} has a merge conflict"
                raise UserError(f"{conflict}: resolve it and `git add` it first")
            if b"/" not in name:
                yield mode, name, oid.decode()

    def _of_commit(self) -> Iterator[tuple[bytes, bytes, str]]:
        # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_tree_objects
        tree = self._objects.find(f"{self._tree}:{self._path}", _LARGEST_TREE)
        if tree is None or tree.kind != "tree":
            return
        if tree.size > _LARGEST_TREE:
            raise UserError(f"{self._path} holds too many files: name the folder of the fixtures")
        position, length = 0, len(tree.oid) // 2
        while position < tree.size:
            end = tree.content.index(b"\0", position)
            mode, _, name = tree.content[position:end].partition(b" ")
            position = end + 1 + length
            yield mode, name, tree.content[end + 1 : position].hex()

    def read(self, name: str, most: int) -> tuple[int, bytes]:
        """The size of a file in bytes and at most its `most` first ones; of a link, those of its target's path.

        What git LFS keeps elsewhere is read there, as far as it is on this machine.

        Raises:
            GitError: this clone lacks the content.
        """
        oid = self.files()[name].removeprefix("@")
        try:
            found = self._objects.find(oid, most)
        except GitError:
            found = None
        if found is None:
            what = f"{self._path}/{name} is not in this clone"
            raise GitError(f"{what}: `git cat-file -e {oid}` fetches it, `git fsck` tells what is broken")
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
        except OSError:
            return None
