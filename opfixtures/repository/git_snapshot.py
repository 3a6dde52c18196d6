"""Trees that git holds: commits and the index."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from typing import IO, cast

from opfixtures.errors import UserError
from opfixtures.repository.git_folder import GitFolder
from opfixtures.repository.git_objects import GitObject, ObjectReader
from opfixtures.repository.git_tree import FOLDER, LINK, SUBMODULE, IndexEntries, TreeEntry, entry_in_commit
from opfixtures.repository.snapshot import LARGEST, EmptySnapshot, NotAFileError, Snapshot, too_large

# PATH_MAX of Linux: the target of a symbolic link is no longer.
_LONGEST_LINK = 4096
_WORD = re.compile(r"[\w.-]{1,200}")
_MOST_SAID = 1 << 20
# git separated line and text by `:` even with -z, up to 2.20.
_SAID = re.compile(rb"([^\0\n]+)\0([0-9]+)[\0:]([^\n]+)\n")


class GitSnapshot:
    """A tree git knows as `<tree>:<path>`: `tree` is the id of a commit, or `:0` for the index."""

    def __init__(self, objects: ObjectReader, name: str, tree: str, often: tuple[str, ...] = ()) -> None:
        self.name = name
        self._objects = objects
        self._tree = tree
        self._index = IndexEntries(objects, often) if tree == ":0" else None

    @property
    def tree(self) -> str:
        """How git calls it: the id of the commit, or `:0`."""
        return self._tree

    def read(self, path: str) -> bytes | None:
        """See `Snapshot.read`."""
        found = self._find(path, LARGEST)
        if found is None:
            self._refuse_way(path)
            return None
        if found.kind == "tree":
            raise NotAFileError(path, self.name, "a folder")
        if found.size > LARGEST:
            raise too_large(path, self.name)
        if self._is_link(path, found.content):
            raise self._linked(path, found.content, path)
        return found.content if found.kind == "blob" else None

    def has(self, path: str) -> bool:
        """See `Snapshot.has`."""
        found = self._find(path, 0)
        if found is None:
            self._missing(path)
        return found is not None and found.kind == "blob"

    def folder(self, path: str) -> GitFolder:
        """The folder at `path`."""
        return GitFolder(self._objects, self._tree, path, self)

    def files(self) -> list[str]:
        """The paths of all that is no folder, in git's order. Raises GitError."""
        of_commit = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", self._tree)
        listing = ("ls-files", "-z", "--", ":(top)") if self._index is not None else of_commit
        listed = os.fsdecode(self._objects.repository.run(*listing)).split("\0")[:-1]
        return list(dict.fromkeys(listed))

    def naming(self, words: Sequence[str], beside: str, endings: Sequence[str]) -> dict[str, str | None]:
        """Where the tree says each of `words`: `path:line` of one place, None for nowhere.

        Files of the folder `beside` with one of these `endings` do not count. A word is missing where this clone cannot
        tell, as one is that lacks files.
        """
        words = [word for word in words if _WORD.fullmatch(word)]
        if self._objects.repository.partial or not words:
            return {}
        tree = ("--cached",) if self._tree == ":0" else (self._tree,)
        patterns = [option for word in words for option in ("-e", word)]
        how = ("--full-name", "--no-color", "--no-recurse-submodules", "-a", "-F", "-w", "-o", "-n", "-z")
        # What is searched as text says more than it should; attributes call a file binary that is none.
        folder = re.sub(r"[\\*?\[]", r"\\\g<0>", beside)
        files = [f":(exclude,top,glob){folder}/*{ending}" for ending in endings]
        args = (*how, *patterns, *tree, "--", ":(top)", *files)
        # Of a file that it cannot read git only says so.
        grep = self._objects.begin("grep", *args, errors=subprocess.STDOUT)
        with cast(IO[bytes], grep.stdout) as stdout:
            said = stdout.read(_MOST_SAID)
        is_whole = len(said) < _MOST_SAID
        if is_whole and _SAID.sub(b"", said):
            return {}
        places: dict[str, str | None] = dict.fromkeys(words) if is_whole else {}
        prefix = "" if self._tree == ":0" else f"{self._tree}:"
        for path, line, word in reversed(_SAID.findall(said)):
            places[os.fsdecode(word)] = f"{os.fsdecode(path).removeprefix(prefix)}:{int(line)}"
        return places

    def refuse_link(self, path: str) -> None:
        """Raises NotAFileError where a symbolic link stands at `path` or above it, GitError as `read` does."""
        self._refuse_way(path, folder=True)

    def entry(self, path: str) -> TreeEntry | None:
        """What stands at `path`, or above it in its way; None where nothing does.

        Raises:
            GitError: git failed, or this clone lacks a tree.
            UserError: it is in conflict.
        """
        if self._index is not None:
            return self._index.at(path)
        return entry_in_commit(self._objects, self._tree, path, self.name)

    def _find(self, path: str, most: int) -> GitObject | None:
        if "\n" in path:
            raise UserError(f"{path!r} has a line break in its name: rename it")
        return self._objects.find(f"{self._tree}:{path}", most, f"{path} of {self.name}")

    def _missing(self, path: str) -> TreeEntry | None:
        """What stands at or above `path`, of which git found nothing. Raises GitError where it should have."""
        entry = self.entry(path)
        if entry is not None and entry.path == path and entry.oid and entry.mode != SUBMODULE:
            raise self._objects.unreadable(entry.oid, f"{path} of {self.name}")
        return entry

    def _refuse_way(self, path: str, folder: bool = False) -> None:
        entry = self.entry(path) if folder else self._missing(path)
        if entry is not None and entry.mode == FOLDER and not folder:
            raise NotAFileError(path, self.name, "a folder")
        if entry is not None and entry.mode == LINK:
            link = self._objects.find(entry.oid, _LONGEST_LINK)
            raise self._linked(path, link.content if link else b"", entry.path)

    def _linked(self, path: str, target: bytes, way: str) -> NotAFileError:
        return NotAFileError(path, self.name, "a symbolic link", way, os.fsdecode(target))

    def _is_link(self, path: str, content: bytes) -> bool:
        # `cat-file` does not tell a link from a file. No file worth reading is one short line without an end,
        # so that only what can be a link is looked up.
        if not content or len(content) > _LONGEST_LINK or b"\n" in content:
            return False
        entry = self.entry(path)
        return entry is not None and entry.mode == LINK


class GitObjects(ObjectReader):
    """The snapshots of one run, all read by one process."""

    def head(self) -> Snapshot:
        """HEAD; the empty tree before the first commit."""
        oid = self.resolve("HEAD")
        return EmptySnapshot() if oid is None else GitSnapshot(self, "HEAD", oid)

    def commit(self, oid: str) -> Snapshot:
        """The commit of that id."""
        return GitSnapshot(self, f"commit {oid[:7]}", oid)

    def index(self, often: tuple[str, ...] = ()) -> Snapshot:
        """The index git was called with: what the next commit will hold.

        `often` are paths from the root of a project that are asked for in each: one process lists them together.
        """
        return GitSnapshot(self, "the index", ":0", often)
