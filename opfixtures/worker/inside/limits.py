"""Limits on what a worker and a step of it take."""

from __future__ import annotations

import re
import resource

from .process_table import first_line
from .usage import MAX_PROCESSES

MAX_FILE_BYTES = 256 << 20
MAX_ADDRESS_BYTES = 8 << 30
MAX_MEMORY_BYTES = 512 << 20


def limit(which: int, value: int) -> None:
    """Set a resource limit; one that is lower already stays."""
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def limit_worker() -> None:
    """Limits on files and addresses. What torch maps itself, gigabytes where it is for CUDA, does not count."""
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    limit_pages(resource.RLIMIT_AS, 0, MAX_ADDRESS_BYTES)


def limit_step(seconds: float) -> None:
    """Limits on processor time, memory and processes. Linux counts all processes of a user, those of root never."""
    limit(resource.RLIMIT_CPU, int(seconds) + 5)
    limit_pages(resource.RLIMIT_DATA, 5, MAX_MEMORY_BYTES)
    running = re.search(r"/(\d+) ", first_line("/proc/loadavg"))
    if running:
        limit(resource.RLIMIT_NPROC, int(running.group(1)) + MAX_PROCESSES)


def limit_pages(which: int, column: int, more: int) -> None:
    """Limit what this process has to what it has now, a column of its statm (proc(5)), and so many bytes more."""
    pages = first_line("/proc/self/statm").split()
    if pages:
        limit(which, int(pages[column]) * resource.getpagesize() + more)
