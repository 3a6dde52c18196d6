"""How much a step takes while it runs: what no limit of a single process, or of root's, keeps."""

from __future__ import annotations

import os
from contextlib import suppress

from .process_table import below_this, whole

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
    return excess_of_files(folder)


def memory_of(process: str) -> int:
    """Bytes that are in memory and of no file: its own pages, and those that it shares with those it started."""
    lines = whole(f"/proc/{process}/status").splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith((b"RssAnon:", b"RssShmem:")))


def excess_of_files(folder: str) -> str:
    """What is too much of what is in a folder; what nobody can look into is, too."""
    try:
        size, count = size_and_count(folder)
    except OSError as error:
        return f"made a folder that nobody can look into: {error.strerror}"
    if count > MAX_FILES:
        return f"wrote more than {MAX_FILES} files"
    return f"wrote more than {MAX_FOLDER_BYTES >> 20} MiB of files" if size > MAX_FOLDER_BYTES else ""


def size_and_count(folder: str) -> tuple[int, int]:
    """Bytes on disk of what is below a folder, and how many files that is, up to too many. Some may go meanwhile."""
    size = count = 0
    left = [folder]
    while left:
        with suppress(FileNotFoundError), os.scandir(left.pop()) as entries:
            for entry in entries:
                count += 1
                if count > MAX_FILES:
                    return size, count
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                with suppress(FileNotFoundError):
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
    return size, count
