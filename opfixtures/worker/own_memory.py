"""The memory of the process that judges, and its environment: nobody else reads or changes them."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_DUMPABLE = 4  # PR_SET_DUMPABLE of <linux/prctl.h>


@cache
def let_nobody_look_in() -> None:
    """Close this process to others of the same user, where the system lets it (prctl(2)): a worker may run without a
    user namespace of its own, which would close it as well."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DUMPABLE, *map(ctypes.c_ulong, (0, 0, 0, 0)))
