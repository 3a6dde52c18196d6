"""Files that are there whole or not at all, also when the disk is full or somebody presses Ctrl-C.

A kill may leave a temporary file beside them, which `remove_half_written` removes.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO

from opfixtures.locks import is_at, left_over, lock

# Windows has neither links without a privilege, nor pipes in a folder.
_AS_IT_STANDS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_TEMPORARY = re.compile(r"\.opfixtures-[0-9a-f]{16}")
# Of a folder that is tried: more than a record, and a fixture is hardly more.
_TRIED_BYTES = 64 << 10


def write_pair(first: tuple[str, bytes], second: tuple[str, bytes]) -> None:
    """Write two files that belong together, each a path and a content: temporary files, fsync, rename.

    Nothing is renamed before both are on disk, and `second` is renamed last: where it is, both are. Raises
    OSError about `second`, and then leaves what was there before.
    """
    with _about(second[0]):
        _write(first, second)


def write_all(files: Mapping[str, bytes]) -> None:
    """Replace several files, contents by path, all of them or none; each keeps its permissions.

    Raises OSError about the file that could not be written, and then leaves what was there before.
    """
    _write(*files.items())


def write_whole(path: str, content: bytes, mode: int | None = None) -> None:
    """Write one file; a symbolic link's target, and straight into what is no file (`/dev/stdout`).

    It gets the permissions `mode`, and keeps its own without.

    Raises OSError about `path`, and then leaves what was there before.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as stream:
            stream.write(content)
        return
    with _about(path):
        _write((os.path.realpath(path), content), mode=mode)


def remove_half_written(folder: str, top: str | None = None) -> None:
    """Remove the temporary files that a killed run left in a folder; none of a run that lives.

    With `top` also in the folders above it, up to that one: `try_folder` may have tried them.
    """
    with suppress(OSError):
        for name in filter(_TEMPORARY.fullmatch, os.listdir(folder)):
            path = os.path.join(folder, name)
            with left_over(path) as seen:
                if seen is not None and stat.S_ISREG(seen.st_mode):
                    _remove(path)
    above = os.path.dirname(folder)
    if top is not None and folder not in (top, above):
        remove_half_written(above, top)


def try_folder(folder: str) -> None:
    """See whether a file can be written into a folder, or into the one where it is to be made.

    Nothing stays. Raises OSError about the folder that there is.
    """
    while not os.path.lexists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    with _about(folder), ExitStack() as temporary:
        stream, _ = _new_file(folder, temporary)
        _fill(stream, bytes(_TRIED_BYTES))


def _write(*files: tuple[str, bytes], mode: int | None = None) -> None:
    # `undo` is for what failed half-way, temporary files go in any case.
    with ExitStack() as temporary, ExitStack() as undo:
        staged = [(_on_disk(path, content, temporary, mode), path) for path, content in files]
        for new, path in staged:
            _keep(path, temporary, undo)
            with _about(path):
                os.replace(new, path)
        for folder in {os.path.dirname(os.path.abspath(path)) for path, _ in files}:
            _sync_folder(folder)
        undo.pop_all()


@contextmanager
def _about(path: str) -> Iterator[None]:
    """Names `path` in an error, which may be about a temporary file or about none."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def _on_disk(path: str, content: bytes, temporary: ExitStack, mode: int | None = None) -> str:
    """The path of a temporary file beside `path`, with this content and permissions `mode`, else those of `path`."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with _about(path):
        stream, name = _new_file(folder, temporary)
        _fill(stream, content)
        if os.name != "posix":
            # There a file that is open cannot be renamed.
            stream.close()
    with suppress(FileNotFoundError):
        os.chmod(name, stat.S_IMODE(os.stat(path).st_mode) if mode is None else mode)
    return name


def _new_file(folder: str, temporary: ExitStack) -> tuple[FileIO, str]:
    """A temporary file, locked until `temporary` ends, and its path."""
    while True:
        name = os.path.join(folder, f".opfixtures-{secrets.token_hex(8)}")
        temporary.callback(_remove, name)
        # Not tempfile's: nobody else may read its files, and a umask can only be asked for by setting it.
        stream = temporary.enter_context(open(name, "xb", buffering=0))  # noqa: SIM115
        lock(stream.fileno())
        # Before it was locked it may have looked left over.
        if is_at(stream.fileno(), name):
            return stream, name


def _fill(stream: FileIO, content: bytes) -> None:
    # A buffer would be written once more when it is closed, and fail once more, about no file.
    left = memoryview(content)
    while left:
        left = left[stream.write(left) :]
    os.fsync(stream.fileno())


def read_regular(path: str) -> bytes:
    """What is in a file; a pipe is not waited for, a device not read, no link followed. Raises OSError."""
    with open(os.open(path, os.O_RDONLY | _AS_IT_STANDS), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", path)
        return stream.read()


def _keep(path: str, temporary: ExitStack, undo: ExitStack) -> None:
    """Have what is at `path` now put back by `undo`: a link as it is, whatever it leads to."""
    try:
        if os.path.islink(path):
            copy = os.path.join(os.path.dirname(path), f".opfixtures-{secrets.token_hex(8)}")
            temporary.callback(_remove, copy)
            os.symlink(os.readlink(path), copy)
        else:
            copy = _on_disk(path, read_regular(path), temporary)
    except FileNotFoundError:
        undo.callback(_remove, path)
    else:
        undo.callback(os.replace, copy, path)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
