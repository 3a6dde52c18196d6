"""Which files of some names a tree that git holds has, in whatever folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from opfixtures.errors import GitError

if TYPE_CHECKING:
    from opfixtures.repository.git_objects import ObjectReader

_FILES_AND_LINKS = (b"100", b"120")


def listed(objects: ObjectReader, trees: Sequence[str], names: Sequence[str]) -> list[list[str]]:
    """For each of `trees` the paths of its files and links that are one of `names`, or end in one after a `/`.

    A tree is the id of a commit, or `:0` for the index, where a file with a conflict counts too. They are listed side
    by side. Raises GitError.
    """
    processes = [objects.begin(*_query(tree, names)) for tree in trees]
    found = []
    for tree, process in zip(trees, processes, strict=True):
        lines, _ = process.communicate()
        if process.returncode:
            _refuse_broken_tree(objects, tree)
            what = "the index" if tree == ":0" else f"commit {tree[:7]}"
            raise GitError(f"git cannot list the files of {what}: `git fsck` tells what is broken")
        found.append(list(dict.fromkeys(_of_names(lines, names))))
    return found


def pathspecs(names: Iterable[str]) -> list[str]:
    """What git calls the files of these names, at the root and in folders."""
    return [spec for name in names for spec in (f":(top,literal){name}", f":(top)*/{name}")]


def _query(tree: str, names: Sequence[str]) -> tuple[str, ...]:
    if tree == ":0":
        return ("ls-files", "--stage", "-z", "--", *pathspecs(names))
    # It knows no patterns.
    return ("ls-tree", "-r", "-z", "--full-tree", tree)


def _refuse_broken_tree(objects: ObjectReader, commit: str) -> None:
    """Raises GitError with the tree of a commit that cannot be read, if there is one."""
    if commit == ":0":
        return
    from opfixtures.repository.git_tree import FOLDER, read_tree, root_of

    snapshot = f"commit {commit[:7]}"
    if objects.repository.partial:
        raise GitError(
            f"a folder of {snapshot} is not in this partial clone: `git fetch --refetch --no-filter` fetches it"
        )
    left = [(root_of(objects, commit, snapshot), ".")]
    for oid, folder in left:
        entries = read_tree(objects, oid, f"the folder {folder} of {snapshot}")
        # The list grows as it is read.
        left += [(below, os.fsdecode(name)) for mode, name, below in entries if mode == FOLDER]


def _of_names(lines: bytes, names: Sequence[str]) -> Iterator[str]:
    ends = tuple(os.fsencode(name) for name in names)
    for line in lines.split(b"\0"):
        if not (line.endswith(ends) and line.startswith(_FILES_AND_LINKS)):
            continue
        path = os.fsdecode(line.partition(b"\t")[2])
        if any(f"/{path}".endswith(f"/{name}") for name in names):
            yield path
