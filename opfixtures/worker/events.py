"""The events of a worker, read from its standard output as they come."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import IO

from opfixtures.worker.observations import Json, WorkerError
from opfixtures.worker.worker_end import how_worker_ended

# torch's import and the operator module's, on a slow disk.
START_SECONDS = 300.0
# How late it is noticed that a worker was stopped.
POLL_SECONDS = 0.2
MAX_ANSWER_BYTES = 128 << 20


class StoppedError(Exception):
    """The work was stopped before it was done."""


def events(
    process: subprocess.Popen[bytes], row_seconds: float, log: IO[bytes], stopped: Callable[[], bool]
) -> Iterator[tuple[Json, int]]:
    """The worker's answers as they come, each with its size in bytes. Raises WorkerError when it ends, or says too
    little or too much."""
    for line in _lines(process, row_seconds, log, stopped):
        try:
            yield json.loads(line), len(line)
        except (ValueError, RecursionError) as error:
            raise WorkerError(f"the worker answered something that is not JSON: {error}") from error


def _lines(
    process: subprocess.Popen[bytes], row_seconds: float, log: IO[bytes], stopped: Callable[[], bool]
) -> Iterator[bytes]:
    assert process.stdout is not None  # PIPE was asked for
    descriptor = process.stdout.fileno()
    limit, parts, size = START_SECONDS, list[bytes](), 0
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        deadline = time.monotonic() + limit
        while _is_readable(selector, deadline, stopped):
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                raise WorkerError(f"the worker ended early ({how_worker_ended(process, log)})")
            *complete, rest = chunk.split(b"\n")
            for line in complete:
                yield b"".join([*parts, line])
                limit, parts, size = row_seconds, [], 0
                deadline = time.monotonic() + limit
            parts.append(rest)
            size += len(rest)
            if size > MAX_ANSWER_BYTES:
                raise WorkerError(f"an answer of the worker has more than {MAX_ANSWER_BYTES >> 20} MiB")
    raise WorkerError(f"the worker was silent for {limit:g} seconds")


def _is_readable(selector: selectors.BaseSelector, deadline: float, stopped: Callable[[], bool]) -> bool:
    """Wait until there is something to read, True, or the deadline has passed, False."""
    while not stopped():
        left = max(0.0, deadline - time.monotonic())
        if selector.select(min(left, POLL_SECONDS)):
            return True
        if left == 0:
            return False
    raise StoppedError
