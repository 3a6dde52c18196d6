"""What stands at a path of a commit or of the index, and what stands in its way: told by git's own lists.

`git cat-file` says that a file is missing where there is none, and where its content or a tree above it is lost.
Only the tree, or the index, tells one from the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from subprocess import Popen
from typing import TYPE_CHECKING

from opfixtures.errors import GitError, UserError
from opfixtures.values import dataclass

if TYPE_CHECKING:
    from opfixtures.repository.git_objects import ObjectReader

# Some 300,000 files.
_LARGEST_TREE = 16 << 20
LINK, FOLDER, SUBMODULE = b"120000", b"40000", b"160000"
_CONFLICT = b"conflict"
# Enough of a commit for its tree, with ids of 64 digits.
_HEADERS = 80


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """What stands at `path`: its mode and id as git has them; a folder of the index has no id."""

    mode: bytes
    oid: str
    path: str


def entry_in_commit(objects: ObjectReader, commit: str, path: str, snapshot: str) -> TreeEntry | None:
    """What stands at `path`, or above it in its way: a file, a link, a submodule. None where nothing does.

    `snapshot` names the commit in a sentence. Raises GitError where a tree on the way cannot be read.
    """
    tree, way = root_of(objects, commit, snapshot), ""
    for name in path.split("/"):
        entries = read_tree(objects, tree, f"the folder {way or '.'} of {snapshot}")
        found = next((entry for entry in entries if entry[1] == os.fsencode(name)), None)
        if found is None:
            return None
        mode, _, tree = found
        way = f"{way}/{name}" if way else name
        if mode != FOLDER:
            break
    return TreeEntry(mode, tree, way)


def root_of(objects: ObjectReader, commit: str, snapshot: str) -> str:
    """The id of a commit's tree."""
    found = objects.find(commit, _HEADERS, snapshot)
    if found is None:
        raise objects.unreadable(commit, snapshot)
    return found.content.partition(b"\n")[0].removeprefix(b"tree ").decode()


def read_tree(objects: ObjectReader, oid: str, what: str) -> Iterator[tuple[bytes, bytes, str]]:
    """Mode, name and id of everything that stands in a tree. `what` calls it in a sentence.

    Raises:
        GitError: it cannot be read.
        UserError: it is too large.
    """
    tree = objects.find(oid, _LARGEST_TREE, what)
    if tree is None:
        raise objects.unreadable(oid, what)
    if tree.size > _LARGEST_TREE:
        raise UserError(f"{what} holds too many files: name the folder of the fixtures")
    # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_tree_objects
    position, length = 0, len(tree.oid) // 2
    while position < tree.size:
        end = tree.content.find(b"\0", position)
        if end < 0:
            raise objects.unreadable(oid, what, missing=False)
        mode, _, name = tree.content[position:end].partition(b" ")
        position = end + 1 + length
        yield mode, name, tree.content[end + 1 : position].hex()


class IndexEntries:
    """What stands in the index git was called with.

    Only a process of its own can list that. One is begun at once for what is asked for `often` at the root, and goes
    on beside it; another one follows for each folder of which the same is asked, and for each path more, that git
    finds nothing at.
    """

    def __init__(self, objects: ObjectReader, often: tuple[str, ...]) -> None:
        self._objects = objects
        self._often = often
        self._known: dict[str, TreeEntry | None] = {}
        self._begun: Popen[bytes] | None = objects.begin(*_listing(often)) if often else None

    def at(self, path: str) -> TreeEntry | None:
        """What stands at `path`, or above it in its way. None where nothing does.

        Raises:
            GitError: git failed.
            UserError: it is in conflict.
        """
        parts = path.split("/")
        for count in range(1, len(parts)):
            above = "/".join(parts[:count])
            # Of a folder the index has nothing.
            if self._objects.find(f":0:{above}", 0):
                return self._listed(above)
        return self._listed(path)

    def _listed(self, path: str) -> TreeEntry | None:
        if self._begun is not None and path in self._often:
            listed, _ = self._begun.communicate()
            if self._begun.returncode:
                raise GitError("git cannot list the index: `git status` tells what is wrong")
            self._note(self._often, listed)
            self._begun = None
        elif path not in self._known:
            paths = self._asked_with(path)
            self._note(paths, self._objects.repository.run(*_listing(paths)))
        entry = self._known[path]
        if entry is not None and entry.mode == _CONFLICT:
            raise in_conflict(path)
        return entry

    def _note(self, paths: tuple[str, ...], listed: bytes) -> None:
        """Note what a list says of these paths."""
        entries = {}
        for line in listed.split(b"\0")[:-1]:
            about, _, name = line.partition(b"\t")
            mode, oid, stage = about.split(b" ")
            entries[os.fsdecode(name)] = mode if stage == b"0" else _CONFLICT, oid.decode()
        for path in paths:
            if path in entries:
                self._known[path] = TreeEntry(*entries[path], path)
            elif any(name.startswith(f"{path}/") for name in entries):
                self._known[path] = TreeEntry(FOLDER, "", path)
            else:
                self._known[path] = None

    def _asked_with(self, path: str) -> tuple[str, ...]:
        """The path, and what else is asked for in its folder if that is a project."""
        name = next((name for name in self._often if path.endswith(f"/{name}")), None)
        return (path,) if name is None else tuple(path.removesuffix(name) + one for one in self._often)


def _listing(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of git that have it list the index at these paths, as mode, id, stage and path."""
    return ("ls-files", "--stage", "-z", "--", *(f":(top,literal){path}" for path in paths))


def in_conflict(path: str) -> UserError:
    """The error for a file of the index that a merge has left in several stages."""
    return UserError(f"{path} has a merge conflict: resolve it and `git add` it first")
