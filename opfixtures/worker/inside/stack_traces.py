"""No stack traces in the errors of old torches, which take a hundred times as long to write as all else of an error.

Up to 2.0 each error of torch names the functions that it came through (c10/util/Backtrace.cpp): glibc looks through
all symbols of torch for each, 6 ms an error. A search for sample inputs makes thousands of errors and shows none of
these names. libc10 calls glibc's `backtrace` through a slot of its own: what is put there finds nothing.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
import sys
from contextlib import suppress
from typing import Any, Iterator

from .system_calls import LIBC

WANTED = b"backtrace\0"
# <elf.h>: what a section holds, and the sizes of its entries.
RELOCATIONS, SECTION, RELOCATION, SYMBOL = 4, "<IIQQQQIIQQ", "<QQq", "<I"
SYMBOL_SIZE = 24
READ_AND_WRITE = 3
FINDS_NOTHING: Any = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)(lambda *_: 0)


def leave_out_stack_traces() -> None:
    """Have errors of this process and of its children name no functions, where that can be had: 64 bits, Linux."""
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return
    with suppress(OSError, ValueError, struct.error, IndexError):
        base, path = library("libc10.so")
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for offset in slots(content):
                put(base + offset)


def library(name: str) -> tuple[int, str]:
    """Where a library of this process begins, and its file. Raises ValueError where there is none."""
    with open("/proc/self/maps") as lines:
        for line in lines:
            fields = line.split(None, 5)
            if len(fields) == 6 and fields[5].rstrip("\n").endswith("/" + name) and int(fields[2], 16) == 0:
                return int(fields[0].partition("-")[0], 16), fields[5].rstrip("\n")
    raise ValueError(name)


def slots(content: Any) -> Iterator[int]:
    """Where the addresses of the wanted function are put, from the beginning of the library in memory."""
    (start,) = struct.unpack_from("<Q", content, 0x28)
    size, count = struct.unpack_from("<HH", content, 0x3A)
    sections = [struct.unpack_from(SECTION, content, start + place * size) for place in range(count)]
    for _, kind, _, _, begin, length, link, _, _, step in sections:
        if kind != RELOCATIONS:
            continue
        symbols = sections[link]
        names = sections[symbols[6]][4]
        for place in range(begin, begin + length, step):
            offset, info, _ = struct.unpack_from(RELOCATION, content, place)
            (name,) = struct.unpack_from(SYMBOL, content, symbols[4] + (info >> 32) * SYMBOL_SIZE)
            if name and content[names + name : names + name + len(WANTED)] == WANTED:
                yield offset


def put(address: int) -> None:
    """Put the one that finds nothing there, in memory that is only read otherwise."""
    page = address // mmap.PAGESIZE * mmap.PAGESIZE
    if LIBC.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(mmap.PAGESIZE), READ_AND_WRITE) == 0:
        ctypes.c_void_p.from_address(address).value = ctypes.cast(FINDS_NOTHING, ctypes.c_void_p).value
