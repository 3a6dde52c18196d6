"""Temporary folders for what untrusted code writes into."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def scratch_folder(prefix: str) -> Iterator[str]:
    """A new folder, removed in the end with all that is in it by then."""
    folder = tempfile.mkdtemp(prefix=prefix)
    try:
        yield folder
    finally:
        remove_tree(folder)


def remove_tree(folder: str) -> None:
    """Remove a folder as far as that is allowed; no error where it is not there."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        # Up to Python 3.12 rmtree calls itself for each level (https://github.com/python/cpython/issues/89727).
        command = ("rm", "-rf", "--", folder)
        subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
