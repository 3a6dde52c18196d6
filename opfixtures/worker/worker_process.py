"""Starts a worker in a runtime and reads its answers: the only place that knows how a worker is run."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO

from opfixtures.worker.events import StoppedError, events
from opfixtures.worker.job import Job
from opfixtures.worker.observations import Json, RuntimeSeen, WorkerError
from opfixtures.worker.starting import EarlyWorker, start
from opfixtures.worker.told import runtime_seen

# Of a row, at most: three archives under two loaders, the marker, and two multiples of what the upgrader gives.
STEPS = 9
# Between the end of a step's time and its answer.
SLACK_SECONDS = 60.0
# Of samples, in memory up to 28 times their size. What is past it was read, and is let go.
MOST_TOLD = 32 << 20
# Of a job, whatever its rows do, and more for each: a row takes a second or two.
JOB_SECONDS, MORE_SECONDS = 3600.0, 20.0
Heard = Callable[[str, Json], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back. A row that is missing in `rows` was not reached: `failure` says why. `seconds` is what a worker
    that came to its end says that it computed."""

    runtime: RuntimeSeen
    rows: Mapping[str, Json]
    failure: str = ""
    seconds: float = 0.0


class _Budget:
    """How much more of samples the rows of a job may tell, and until when."""

    def __init__(self, rows: int) -> None:
        self._left = MOST_TOLD
        self._seconds = JOB_SECONDS + rows * MORE_SECONDS
        self._until = time.monotonic() + self._seconds

    def held(self, told: Json, size: int) -> Json:
        """What was told of a row in so many bytes; a refusal where that is too much beside the others."""
        if isinstance(told, dict):
            size -= sum(len(one) for one in map(told.get, ("archive", "backported")) if isinstance(one, str))
        if size > self._left:
            most = f"the samples of a run take more than {MOST_TOLD >> 20} MiB together"
            return {"refused": f"{most}: give fewer, or name some operators"}
        self._left -= size
        return told

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() > self._until

    @property
    def why(self) -> str:
        """What to say of a row that has no time left."""
        return f"the rows of a runtime took more than {self._seconds:g} seconds together: name some operators"


def run_worker(
    python: str,
    job: Job,
    folder: str,
    heard: Heard = lambda _, __: None,
    stopped: Callable[[], bool] = lambda: False,
    environment: Mapping[str, str] = MappingProxyType({}),
    early: EarlyWorker | None = None,
) -> Answers:
    """Run a job with the Python of a runtime, in folders below `folder`, until it is done or `stopped` says so.

    A module that ends the worker costs its own row: another worker goes on with the next. Archives go there and back
    in the job and the answers: no module reaches the file of another. `heard` is called with the key of each row that
    is done, and with what was told of it, as it comes. `environment` is added to that of the worker.
    `early` is a worker of the same Python that was started before, and has no other environment.

    Raises:
        WorkerError: the runtime did not describe itself, as torch or the operator module does not import, or not
            in the time that the rows have together.
        StoppedError: it was stopped.
    """
    asked, budget = job.to_json(), _Budget(len(job.rows))

    def attempt(asked: Json) -> Answers:
        return _attempt(python, asked, folder, heard, stopped, budget, environment, early)

    first = answers = attempt(asked)
    rows, left = dict(first.rows), asked["rows"]
    while answers.failure and (left := _left(left, answers)):
        if budget.is_over:
            return Answers(first.runtime, {**{row["key"]: {"refused": budget.why} for row in left}, **rows})
        ended_by, *left = left
        key = ended_by["key"]
        rows[key] = {**rows.get(key, {}), "refused": answers.failure}
        if "found" in ended_by and "source" in ended_by:
            # Of what was committed before, the module must not decide.
            left = [{name: value for name, value in ended_by.items() if name != "source"}, *left]
        if left:
            try:
                answers = attempt({**asked, "rows": left})
            except WorkerError as error:
                return Answers(first.runtime, rows, str(error))
            rows |= {key: _both(rows.get(key), told) for key, told in answers.rows.items()}
    return Answers(first.runtime, rows, seconds=answers.seconds)


def _left(rows: list[Json], answers: Answers) -> list[Json]:
    return [row for row in rows if row["key"] not in answers.rows]


def _both(refused: Json, told: Json) -> Json:
    """What was told of a row, after what was told of the module that ended the worker, if one did."""
    return {**refused, **told} if refused and isinstance(told, dict) else told


def _attempt(
    python: str,
    asked: Json,
    folder: str,
    tell: Heard,
    stopped: Callable[[], bool],
    budget: _Budget,
    environment: Mapping[str, str],
    early: EarlyWorker | None,
) -> Answers:
    """One worker, the early one if that is there."""
    started = (early and early.taken(asked)) or start(python, folder, environment, asked)
    try:
        return _listen(started.process, asked, tell, started.log, stopped, budget)
    finally:
        started.end()


def _listen(
    process: subprocess.Popen[bytes],
    asked: Json,
    tell: Heard,
    log: IO[bytes],
    stopped: Callable[[], bool],
    budget: _Budget,
) -> Answers:
    """Read what the worker answers; it has to answer row by row, in their order."""
    runtime: RuntimeSeen | None = None
    rows: dict[str, Json] = {}
    waiting = [row["key"] for row in asked["rows"]]
    texts = len(asked["upgraders"]) + len(asked["compile"])
    is_to_end = lambda: budget.is_over or stopped()  # noqa: E731
    coming = events(process, asked["seconds"] * STEPS + SLACK_SECONDS, log, is_to_end)
    try:
        while True:
            event, size = next(coming)
            match event:
                case {"event": "runtime"} if runtime is None:
                    runtime = runtime_seen(event, asked["operators"], asked["upgraders"], asked["compile"])
                case {"event": "texts"} if runtime is None and texts:
                    texts -= 1
                case {"event": "failed", "reason": str(reason)} if runtime is None:
                    raise WorkerError(reason)
                case {"event": "row", "key": str(key), "told": told} if runtime and waiting[:1] == [key]:
                    rows[waiting.pop(0)] = budget.held(told, size)
                    tell(key, rows[key])
                case {"event": "end"} if runtime and not waiting:
                    seconds = event.get("seconds")
                    return Answers(runtime, rows, seconds=seconds if isinstance(seconds, float) else 0.0)
                case _:
                    raise WorkerError("the worker answered out of turn")
    except StoppedError:
        if stopped():
            raise
        if runtime is None:
            raise WorkerError(budget.why) from None
        return Answers(runtime, rows, budget.why)
    except WorkerError as error:
        if runtime is None:
            raise
        return Answers(runtime, rows, str(error))
