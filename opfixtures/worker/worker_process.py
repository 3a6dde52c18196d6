"""Starts a worker in a runtime and reads its answers: the only place that knows how a worker is run."""

from __future__ import annotations

import base64
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from opfixtures.atomic_write import write_whole
from opfixtures.worker.observations import Json, RuntimeSeen, WorkerError, runtime_seen
from opfixtures.worker.processes import end_group, how_it_ended, telling_line

WORKER = os.path.join(os.path.dirname(__file__), "inside", "torch_worker.py")
ROW_SECONDS = 120.0
# torch's import and the operator module's, on a slow disk.
START_SECONDS = 300.0
# Of a row, at most: making it, its outputs, whether the operator ran, and the last two for what is committed; or two
# archives under two loaders, and the marker.
STEPS = 5
# The members of a row that are files when it is given: the worker gets what is in them.
CONTENTS = {"generate": ("found",), "replay": ("archive", "raised")}
# Between the end of a step's time and its answer.
SLACK_SECONDS = 60.0
END_SECONDS = 10.0
# How late a worker notices that it was stopped.
POLL_SECONDS = 0.2
MAX_ANSWER_BYTES = 128 << 20


class StoppedError(Exception):
    """The work was stopped before it was done."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is asked to do.

    `rows` are those of torch_worker.py's docstring, each with a `key` of its own, but that archives to read are
    named by their paths. `seconds` is the time limit of a step. `upgraders` are to be described, each with its
    source in the tree, None where it is not to be compared.
    """

    task: str
    operator_module: str | None
    operators: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    seconds: float = ROW_SECONDS
    upgraders: Mapping[str, str | None] = field(default_factory=dict)

    def to_json(self) -> Json:
        """The job as the worker reads it. Raises OSError if an archive that a row names cannot be read."""
        contents = CONTENTS[self.task]
        return {
            "task": self.task,
            "import": self.operator_module,
            "operators": list(self.operators),
            "upgraders": dict(self.upgraders),
            "seconds": self.seconds,
            "rows": [
                {key: _encoded(value) if value and key in contents else value for key, value in row.items()}
                for row in self.rows
            ],
        }


def _encoded(path: str) -> str:
    with open(path, "rb") as stream:
        return base64.b64encode(stream.read()).decode()


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back. A row that is missing in `rows` was not reached: `failure` says why."""

    runtime: RuntimeSeen
    rows: Mapping[str, Json]
    failure: str = ""


def run_worker(
    python: str,
    job: Job,
    folder: str,
    tell: Callable[[str], None],
    stopped: Callable[[], bool] = lambda: False,
) -> Answers:
    """Run a job with the Python of a runtime, in folders below `folder`, until it is done or `stopped` says so.

    A module that ends the worker costs its own row: another worker goes on with the next. Exported archives
    are written where their rows say when all workers have ended, so that no module reaches them; those to read are
    read before the first begins. `tell` is called with the key of each row that is done.

    Raises:
        WorkerError: the runtime did not describe itself, as torch or the operator module does not import.
        StoppedError: it was stopped.
        OSError: an archive that a row names cannot be read.
    """
    asked = job.to_json()
    first = answers = _attempt(python, asked, folder, tell, stopped)
    rows, left = dict(first.rows), asked["rows"]
    while answers.failure and (left := _left(left, answers)):
        ended_by, *left = left
        key = ended_by["key"]
        rows[key] = {**rows.get(key, {}), "refused": answers.failure}
        if "found" in ended_by and "source" in ended_by:
            # Of what was committed before, the module must not decide.
            left = [{name: value for name, value in ended_by.items() if name != "source"}, *left]
        if left:
            try:
                answers = _attempt(python, {**asked, "rows": left}, folder, tell, stopped)
            except WorkerError as error:
                return Answers(first.runtime, _delivered(job, rows), str(error))
            rows |= {key: _both(rows.get(key), told) for key, told in answers.rows.items()}
    return Answers(first.runtime, _delivered(job, rows))


def _left(rows: list[Json], answers: Answers) -> list[Json]:
    return [row for row in rows if row["key"] not in answers.rows]


def _both(refused: Json, told: Json) -> Json:
    """What was told of a row, after what was told of the module that ended the worker, if one did."""
    return {**refused, **told} if refused and isinstance(told, dict) else told


def _delivered(job: Job, rows: dict[str, Json]) -> dict[str, Json]:
    """The answers without the archives that came with them, which are written."""
    for row in job.rows:
        match rows.get(row["key"]):
            case {"archive": str(text), **rest}:
                try:
                    write_whole(row["archive"], base64.b64decode(text, validate=True))
                    if isinstance(other := rest.get("backported"), str):
                        write_whole(row["backported"], base64.b64decode(other, validate=True))
                    rows[row["key"]] = rest
                except ValueError:
                    rows[row["key"]] = {"refused": "what it told is no archive"}
    return rows


def _attempt(
    python: str, asked: Json, folder: str, tell: Callable[[str], None], stopped: Callable[[], bool]
) -> Answers:
    """One worker, in an empty folder of its own. The job is in a file without a name: no module can reach it."""
    os.makedirs(folder, exist_ok=True)
    home = tempfile.mkdtemp(prefix="worker-", dir=folder)
    shutil.copy(WORKER, home)
    with open(os.path.join(home, "worker.log"), "w+b") as log, tempfile.TemporaryFile(dir=home) as job:
        job.write(json.dumps(asked).encode())
        job.seek(0)
        try:
            process = subprocess.Popen(
                [python, "-s", "-W", "ignore", os.path.basename(WORKER)],
                cwd=home,
                env=worker_environment(home),
                stdin=job,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerError(f"{python} cannot be started: {error.strerror}") from error
        with process:
            try:
                return _listen(process, asked, tell, log, stopped)
            finally:
                _end(process)


def worker_environment(folder: str) -> dict[str, str]:
    """All of a worker's environment: nothing of the user's, one thread, results that no CPU changes."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
    }


def _listen(
    process: subprocess.Popen[bytes],
    asked: Json,
    tell: Callable[[str], None],
    log: IO[bytes],
    stopped: Callable[[], bool],
) -> Answers:
    """Read what the worker answers; it has to answer row by row, in their order."""
    runtime: RuntimeSeen | None = None
    rows: dict[str, Json] = {}
    waiting = [row["key"] for row in asked["rows"]]
    events = _events(process, asked["seconds"] * STEPS + SLACK_SECONDS, log, stopped)
    try:
        while True:
            match next(events):
                case {"event": "runtime"} as event if runtime is None:
                    runtime = runtime_seen(event, asked["operators"], asked["upgraders"])
                case {"event": "failed", "reason": str(reason)} if runtime is None:
                    raise WorkerError(reason)
                case {"event": "row", "key": str(key), "told": told} if runtime and waiting[:1] == [key]:
                    rows[waiting.pop(0)] = told
                    tell(key)
                case {"event": "end"} if runtime and not waiting:
                    return Answers(runtime, rows)
                case _:
                    raise WorkerError("the worker answered out of turn")
    except WorkerError as error:
        if runtime is None:
            raise
        return Answers(runtime, rows, str(error))


def _events(
    process: subprocess.Popen[bytes], row_seconds: float, log: IO[bytes], stopped: Callable[[], bool]
) -> Iterator[Json]:
    """The worker's answers as they come. Raises WorkerError when it ends, or says too little or too much."""
    for line in _lines(process, row_seconds, log, stopped):
        try:
            yield json.loads(line)
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
                raise WorkerError(f"the worker ended early ({_ending(process, log)})")
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


def _ending(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    try:
        status = how_it_ended(process.wait(timeout=END_SECONDS))
    except subprocess.TimeoutExpired:
        return "it closed its output"
    log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
    said = telling_line(log.read().decode(errors="replace"))
    return f"{status}; it said: {said[:300]}" if said else status


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the worker, which ends what its modules left behind, then whatever else is in its group."""
    try:
        process.terminate()
        # A module may have stopped it.
        process.send_signal(signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
    finally:
        end_group(process)
