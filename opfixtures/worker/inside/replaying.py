"""Rows of `replay`: what is seen of a fixture, many of them side by side in lanes."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from typing import Any, Iterator

from . import Json
from .answers import answer, answer_into, close_answers
from .children import HELPERS, Step, in_children
from .formats import LOADERS, format_loaded_by
from .isolation import HELD, LANDLOCK
from .keeping import answer_for_children
from .markers import look_for_marker
from .multiplying import FACTOR, replay_multiplied
from .running import replay

MOST_LANES = 4
ROWS_OF_A_LANE = 8


def told_of_replay(row: Json, seconds: float) -> dict[str, Json]:
    """What is seen of a fixture, as it was written and as it was altered: each alteration in a child of its own, where
    nothing was run before. An archive can keep a file, and tell by it which time it runs."""
    told: dict[str, Json] = {}
    for steps in steps_of_replay(row):
        told.update(in_children(steps, seconds))
    return told


def steps_of_replay(row: Json) -> list[list[Step]]:
    """What is to be seen, by the child that does it. The control comes first, as the raised archive does, from which
    nothing but the version may tell it; the marker comes last: it takes an upgrader's place there."""
    archives = {
        kind: base64.b64decode(row[kind])
        for kind in ("archive", "control", "raised")
        if row.get(kind) is not None
    }

    def step(loader: str, kind: str) -> Step:
        return f"{loader} {kind}", lambda: replay(archives[kind], LOADERS[loader], row, kind == "archive")

    def steps(kind: str) -> list[Step]:
        return [step(loader, kind) for loader in row["loaders"]]

    archive, name = archives["archive"], row["upgrader_name"]
    known = format_loaded_by(row["loaders"])
    if name is None or not known.has_upgraders:
        return [
            [*steps("archive"), ("ran", lambda: known.ran(archive, row["operator"], row["samples"]))],
            [("multiplied", lambda: known.multiplied(archive, row, FACTOR))],
            [("by one", lambda: known.multiplied(archive, row, 1))],
        ]
    return [
        [
            *steps("control"),
            *steps("archive"),
            ("marker", lambda: look_for_marker(archive, name, row["samples"])),
        ],
        steps("raised"),
        [("multiplied", lambda: replay_multiplied(archive, name, row, FACTOR))],
        [("by one", lambda: replay_multiplied(archive, name, row, 1))],
    ]


def replayed(rows: list[Json], seconds: float) -> Iterator[Json]:
    """What is told of each row of `replay`, in their order.

    Where there are processors for it, processes like this one, the lanes, share them: no row runs what another
    could notice. Rows of `generate` have to come one after the other, each alone.
    """
    count = lanes_for(len(rows))
    lanes: list[Any] = []
    for place in range(count if count > 1 else 0):
        lanes.append(open_lane(rows[place::count], seconds, lanes))
    lanes = lanes or [None]
    for number, row in enumerate(rows):
        place = number % len(lanes)
        lane = lanes[place]
        line = lane.readline() if lane else ""
        if line.endswith("\n"):
            yield json.loads(line)
        elif lane:
            lanes[place] = None
            yield {"refused": "the process that replayed it ended early"}
        else:
            yield told_of_replay(row, seconds)


def lanes_for(rows: int) -> int:
    """How many lanes are worth their start. Without Landlock one could write to the files of another,
    and elsewhere than on Linux nothing would end what it leaves behind."""
    processors = len(os.sched_getaffinity(0)) if LANDLOCK in HELD else 1
    return max(1, min(processors, MOST_LANES, rows // ROWS_OF_A_LANE))


def open_lane(rows: list[Json], seconds: float, others: list[Any]) -> Any:
    """A process that replays these rows: the stream of what it tells of each."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        run_lane(rows, seconds, writer, [reader, *(other.fileno() for other in others)])
    os.close(writer)
    HELPERS.add(child)
    return os.fdopen(reader)


def run_lane(rows: list[Json], seconds: float, writer: int, foreign: list[int]) -> None:
    try:
        for descriptor in foreign:
            os.close(descriptor)
        close_answers()
        answer_into(writer)
        HELPERS.clear()
        if sys.platform == "linux":
            answer_for_children(signal.SIGKILL)
        for row in rows:
            answer(told_of_replay(row, seconds))
    finally:
        os._exit(0)
