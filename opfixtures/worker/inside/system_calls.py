"""Calls of Linux that Python has no functions for. Standard library alone."""

from __future__ import annotations

import ctypes
import os
from typing import Any

LIBC: Any = ctypes.CDLL(None)


def prctl(option: int, value: int, address: int = 0) -> int:
    arguments = [ctypes.c_ulong(number) for number in (value, address, 0, 0)]
    status: int = LIBC.prctl(option, *arguments)
    return status


def system_call(number: int, *arguments: Any) -> int:
    """A call by its number; -1 where the system refuses it or does not know it."""
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    LIBC.syscall.restype = ctypes.c_long
    status: int = LIBC.syscall(ctypes.c_long(number), *wide)
    return status


def mount(kind: str, folder: str, flags: int, data: str = "") -> bool:
    """Mount a file system of this kind; whether it is. The flags are those of <linux/mount.h>."""
    parts = [os.fsencode(part) or None for part in (kind, folder, kind)]
    done: int = LIBC.mount(*parts, ctypes.c_ulong(flags), data.encode() or None)
    return done == 0


def bind(source: str, folder: str, flags: int = 0) -> bool:
    """Have what is at `source` at `folder`, too; whether it is."""
    paths = [os.fsencode(path) for path in (source, folder)]
    done: int = LIBC.mount(*paths, None, ctypes.c_ulong(0x1000 | flags), None)
    return done == 0
