"""How far a child is, in memory that the worker shares with it: of a child that crashes or hangs nothing else tells."""

from __future__ import annotations

import mmap
from contextlib import contextmanager
from typing import Iterator

from . import Json

# A byte each: the sample that runs, and which function of the module. An archive's code can write here: one number
# of few is all that is read.
SAMPLE, FUNCTION = 0, 1
FUNCTIONS = ["", "sample_inputs"]
SHARED: list[mmap.mmap] = []


def share() -> mmap.mmap:
    """Memory for the child that is forked next; nothing is noted in it."""
    SHARED[:] = [mmap.mmap(-1, 2)]
    return SHARED[0]


@contextmanager
def noted(sample: int = 0, function: str = "") -> Iterator[None]:
    """Whoever ends this process inside of it has ended it there."""
    for shared in SHARED:
        shared[SAMPLE], shared[FUNCTION] = sample, FUNCTIONS.index(function)
    try:
        yield
    finally:
        for shared in SHARED:
            shared[SAMPLE] = shared[FUNCTION] = 0


def read(shared: mmap.mmap) -> Json:
    """What a child was in that has ended: as `reasons.where` tells of an error."""
    sample, function = shared[SAMPLE], shared[FUNCTION]
    found: dict[str, Json] = {"sample": sample} if sample else {}
    if 0 < function < len(FUNCTIONS):
        found["function"] = FUNCTIONS[function]
    return found
