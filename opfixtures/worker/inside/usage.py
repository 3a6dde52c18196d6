"""How much a step takes while it runs: what no limit of a single process, or of root's, keeps."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from typing import Iterator

from .process_table import below_this, first_line

MAX_MEMORY_BYTES = 768 << 20
MAX_FOLDER_BYTES = 256 << 20
MAX_FILES = 20_000
MAX_PROCESSES = 64


def excess(folder: str, spared: set[int]) -> str:
    """What is too much of what a step takes: the processes below this one but the spared ones, and its folder. Empty
    where nothing is."""
    processes = below_this(spared)
    if len(processes) > MAX_PROCESSES:
        return f"started more than {MAX_PROCESSES} processes"
    # What they were forked with is shared.
    shared = memory_of("self")
    if sum(max(0, memory_of(process) - shared) for process in processes) > MAX_MEMORY_BYTES:
        return f"took more than {MAX_MEMORY_BYTES >> 20} MiB of memory"
    size = count = 0
    for bytes_of_one in sizes(folder):
        size, count = size + bytes_of_one, count + 1
        if count > MAX_FILES:
            return f"wrote more than {MAX_FILES} files"
        if size > MAX_FOLDER_BYTES:
            return f"wrote more than {MAX_FOLDER_BYTES >> 20} MiB of files"
    return ""


def memory_of(process: str) -> int:
    """Bytes that are in memory and of no file."""
    pages = first_line(f"/proc/{process}/statm").split()
    return (int(pages[1]) - int(pages[2])) * resource.getpagesize() if pages else 0


def sizes(folder: str) -> Iterator[int]:
    """Bytes on disk of each file and folder below."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with suppress(OSError):
                yield os.lstat(os.path.join(place, name)).st_blocks * 512
