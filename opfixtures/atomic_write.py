"""Files that are there whole or not at all, also when the disk is full or somebody presses Ctrl-C."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress


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


def write_whole(path: str, content: bytes) -> None:
    """Write one file; a symbolic link's target, and straight into what is no file (`/dev/stdout`).

    Raises OSError about `path`, and then leaves what was there before.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as stream:
            stream.write(content)
        return
    with _about(path):
        _write((os.path.realpath(path), content))


def _write(*files: tuple[str, bytes]) -> None:
    # `undo` is for what failed half-way, temporary files go in any case.
    with ExitStack() as temporary, ExitStack() as undo:
        staged = [(_on_disk(path, content, temporary), path) for path, content in files]
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


def _on_disk(path: str, content: bytes, temporary: ExitStack) -> str:
    """The path of a temporary file beside `path`, with this content and the permissions of `path`."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, f".opfixtures-{secrets.token_hex(8)}")
    temporary.callback(_remove, name)
    # Not tempfile's: nobody else may read its files, and a umask can only be asked for by setting it.
    with _about(path), open(name, "xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    with suppress(FileNotFoundError):
        os.chmod(name, stat.S_IMODE(os.stat(path).st_mode))
    return name


def _keep(path: str, temporary: ExitStack, undo: ExitStack) -> None:
    """Have what is at `path` now put back by `undo`."""
    try:
        with open(path, "rb") as stream:
            copy = _on_disk(path, stream.read(), temporary)
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
