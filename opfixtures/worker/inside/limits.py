"""Limits on what a worker and a step of it take."""

from __future__ import annotations

import re
import resource

from .process_table import first_line

MAX_FILE_BYTES = 256 << 20
MAX_MEMORY_BYTES = 8 << 30
MAX_PROCESSES = 64


def limit(which: int, value: int) -> None:
    """Set a resource limit; one that is lower already stays."""
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def limit_worker() -> None:
    """Limits on files and memory. What torch maps itself, gigabytes where it is for CUDA, does not count."""
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    pages = first_line("/proc/self/statm").split()
    if pages:
        limit(resource.RLIMIT_AS, int(pages[0]) * resource.getpagesize() + MAX_MEMORY_BYTES)


def limit_step(seconds: float) -> None:
    """Limits on processor time and processes. Linux counts all processes of a user, those of root never."""
    limit(resource.RLIMIT_CPU, int(seconds) + 5)
    running = re.search(r"/(\d+) ", first_line("/proc/loadavg"))
    if running:
        limit(resource.RLIMIT_NPROC, int(running.group(1)) + MAX_PROCESSES)
