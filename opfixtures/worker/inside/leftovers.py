"""Removes what a step left in its folder, whatever it did to it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress


def is_removed(folder: str) -> bool:
    """Remove the folder; whether it is gone."""
    # Up to Python 3.12 it calls itself for each level (https://github.com/python/cpython/issues/89727).
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        # Folders may be closed to their owner, and lie deep.
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            os.spawnv(os.P_WAIT, f"/bin/{command[0]}", [*command, "--", folder])
    return not os.path.lexists(folder)
