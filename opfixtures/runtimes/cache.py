"""What takes long is built once: a folder a key under the user's cache folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from opfixtures.worker.scratch import remove_tree

_COMPLETE = ".complete"


def cache_root(environment: Mapping[str, str]) -> str:
    """`$OPFIXTURES_CACHE`, else `opfixtures` in `$XDG_CACHE_HOME` or `~/.cache` (XDG Base Directory)."""
    own = environment.get("OPFIXTURES_CACHE")
    if own:
        return os.path.abspath(own)
    base = environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(os.path.abspath(base), "opfixtures")


def built_once(root: str, key: str, build: Callable[[str], None], needed: str) -> str:
    """The folder of `key` below `root`, built by `build(folder)` unless an earlier run completed it.

    A build that fails or is interrupted leaves nothing; two runs that want the same wait for each other.
    Environments cannot be moved once they are made, so a folder is built in its place and marked when it is
    complete. `needed` is a path in it that may be lost later: an environment's Python is a link elsewhere.
    """
    import fcntl  # there is none on Windows, where this module can still be imported

    os.makedirs(root, exist_ok=True)
    _hide_from_git(root)
    folder = os.path.join(root, key)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if all(os.path.exists(os.path.join(folder, name)) for name in (_COMPLETE, needed)):
            return folder
        remove_tree(folder)
        os.mkdir(folder)
        try:
            build(folder)
        except BaseException:
            remove_tree(folder)
            raise
        with open(os.path.join(folder, _COMPLETE), "w"):
            pass
    return folder


def _hide_from_git(root: str) -> None:
    """A cache may lie in a work tree, whose untracked files are part of its state."""
    with open(os.path.join(root, ".gitignore"), "w", encoding="utf-8") as stream:
        stream.write("*\n")
