"""Which references a repository may have, seen without a process: most that are asked for are not there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_PLAIN_NAME = re.compile("[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
# The rules of https://git-scm.com/docs/gitrevisions for a <refname>.
_NAMESPACES = (b"", b"refs/", b"refs/tags/", b"refs/heads/", b"refs/remotes/")


def may_know(root: str, environment: Mapping[str, str], rev: str) -> bool:
    """Whether git may have a reference called `rev`, readable or not, in the repository with that work tree.

    False is certain: no file has the name (https://git-scm.com/docs/gitrepository-layout).
    """
    if not _PLAIN_NAME.fullmatch(rev) or "GIT_COMMON_DIR" in environment:
        return True
    try:
        return _has_reference(_git_folders(root, environment.get("GIT_DIR")), rev.encode())
    except OSError:
        return True


def _git_folders(root: str, named: str | None) -> tuple[bytes, ...]:
    """The folder of the repository, and the one that linked worktrees share. Raises OSError."""
    own = named or os.path.join(root, ".git")
    if os.path.isfile(own):
        own = os.path.join(root, _first_line_of(own).removeprefix("gitdir: "))
    try:
        common = os.path.join(own, _first_line_of(os.path.join(own, "commondir")))
    except FileNotFoundError:
        return (os.fsencode(own),)
    return os.fsencode(own), os.fsencode(common)


def _first_line_of(path: str) -> str:
    with open(path, "rb") as file:
        return os.fsdecode(file.read().partition(b"\n")[0])


def _has_reference(folders: tuple[bytes, ...], name: bytes) -> bool:
    """Whether one of these folders holds a reference of that name. Raises OSError."""
    for folder in folders:
        paths = (os.path.join(folder, namespace, name) for namespace in _NAMESPACES)
        # Another way to keep references, which only git reads.
        if any(map(os.path.lexists, (os.path.join(folder, b"reftable"), *paths))):
            return True
    try:
        with open(os.path.join(folders[-1], b"packed-refs"), "rb") as file:
            return b"/%s\n" % name in file.read()
    except FileNotFoundError:
        return False
