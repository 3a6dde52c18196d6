"""What takes long is built once: a folder a key under the user's cache folder.

Beside each is a file with a lock. Who builds or removes a folder holds it alone, who uses it shares it until the end.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from opfixtures.errors import RuntimeUnavailable
from opfixtures.locks import is_at, lock
from opfixtures.runtimes.cache_state import complete, damage, mark_used
from opfixtures.runtimes.step import keep_seconds
from opfixtures.worker.scratch import remove_tree

_in_use: dict[str, int] = {}
"""The descriptors of the locks that this process shares, by folder."""
_one_at_a_time = threading.RLock()


def cache_root(environment: Mapping[str, str]) -> str:
    """`$OPFIXTURES_CACHE`, else `opfixtures` in `$XDG_CACHE_HOME` or `~/.cache` (XDG Base Directory)."""
    own = environment.get("OPFIXTURES_CACHE")
    if own:
        return os.path.abspath(own)
    base = environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(os.path.abspath(base), "opfixtures")


def built_once(
    root: str,
    key: str,
    build: Callable[[str], None],
    needed: str,
    tell: Callable[[str], None] = lambda _: None,
) -> str:
    """The folder of `key` below `root`, built by `build(folder)` unless an earlier run completed it.

    A build that fails or is interrupted leaves nothing; two runs that want the same wait for each other.
    Environments cannot be moved once they are made, so a folder is built in its place and marked when it is
    complete. One that is damaged is built again, once, and `tell` is called with what is wrong. `needed` is a path in
    it that may be lost later: an environment's Python is a link elsewhere. It counts as in use until `let_go`.

    Raises RuntimeUnavailable where it is damaged and cannot be built again, or the cache cannot be written.
    """
    folder = os.path.join(root, key)
    with _one_at_a_time, _about(root):
        os.makedirs(root, exist_ok=True)
        _hide_from_git(root)
        _hold(folder, tell, shared=True)
        if damage(folder, needed) is not None:
            _hold(folder, tell, shared=False)
            wrong = damage(folder, needed)
            if wrong is not None:
                _build(folder, build, needed, wrong, tell)
            _hold(folder, tell, shared=True)
        mark_used(folder)
    return folder


def let_go() -> None:
    """Nothing is in use by this process any more."""
    while _in_use:
        os.close(_in_use.popitem()[1])


@contextmanager
def held_alone(folder: str) -> Iterator[bool]:
    """Whether nobody builds or uses a folder of the cache; nobody begins to, as long as the block runs."""
    descriptor = _opened(f"{folder}.lock")
    try:
        yield lock(descriptor, wait=False) and is_at(descriptor, f"{folder}.lock")
    finally:
        os.close(descriptor)


def remove(folder: str, unless: Callable[[str], bool] = lambda _: False) -> str:
    """Remove a folder of the cache, and its lock; empty, or why it is still there.

    `unless` is asked once nobody can change it any more.
    """
    try:
        with held_alone(folder) as is_free:
            if not is_free:
                return "it is in use by a run"
            if unless(folder):
                return "it is wanted"
            remove_tree(folder)
            if os.path.lexists(folder):
                return f"{folder} cannot be removed by this user"
            os.unlink(f"{folder}.lock")
    except OSError as error:
        return f"{error.filename or folder}: {error.strerror}"
    return ""


def _hold(folder: str, tell: Callable[[str], None], *, shared: bool) -> None:
    """Have the lock of a folder, which may be removed until then."""
    path = f"{folder}.lock"
    while True:
        held = _in_use.setdefault(folder, -1)
        if held == -1:
            held = _in_use[folder] = _opened(path)
        if not lock(held, shared=shared, wait=False):
            tell(f"waiting for another run, which has {os.path.basename(folder)}")
            lock(held, shared=shared)
        if is_at(held, path):
            return
        os.close(_in_use.pop(folder))


def _opened(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)


def _build(
    folder: str, build: Callable[[str], None], needed: str, wrong: str, tell: Callable[[str], None]
) -> None:
    """Build a folder whose lock is held. `wrong` is what is wrong with the one that stands there, if one does."""
    name = os.path.basename(folder)
    if wrong:
        tell(f"the cached environment {name} is damaged ({wrong}): building it again")
    remove_tree(folder)
    if os.path.lexists(folder):
        raise RuntimeUnavailable(
            f"the cached environment {name} is damaged ({wrong or 'half built'}), and {folder} is not this user's to"
            " remove: have its owner remove it, or name another cache in OPFIXTURES_CACHE"
        )
    try:
        os.mkdir(folder)
        began = time.monotonic()
        build(folder)
        keep_seconds(folder, time.monotonic() - began)
        complete(folder)
        again = damage(folder, needed)
        if wrong and again:
            raise RuntimeUnavailable(f"{again} right after it was built")
    except BaseException as error:
        remove_tree(folder)
        with suppress(FileNotFoundError):
            os.unlink(f"{folder}.lock")
        if wrong and isinstance(error, RuntimeUnavailable):
            raise RuntimeUnavailable(
                f"the cached environment {name} was damaged ({wrong}), and building it again failed:"
                f" {error} (when that is mended, `opfixtures cache clean {name}` removes what is left)"
            ) from error
        raise


@contextmanager
def _about(root: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Of what is built its own errors tell.
        if error.filename is None or not os.fspath(error.filename).startswith(root):
            raise
        raise RuntimeUnavailable(
            f"the cache cannot be used: {error.filename}: {error.strerror}: mend that, or name another folder in"
            " OPFIXTURES_CACHE"
        ) from error


def _hide_from_git(root: str) -> None:
    """A cache may lie in a work tree, whose untracked files are part of its state."""
    with open(os.path.join(root, ".gitignore"), "w", encoding="utf-8") as stream:
        stream.write("*\n")
