"""A worker's process: started for a job, or earlier, so that it imports torch while its job is still being made."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Thread
from typing import IO, Self, cast

from opfixtures.worker.observations import Json, WorkerError
from opfixtures.worker.own_memory import let_nobody_look_in
from opfixtures.worker.packing import packed_worker
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.worker_end import end_worker

WORKER = "worker.zip"
EXECUTABLE_STACKS = {"GLIBC_TUNABLES": "glibc.rtld.execstack=2"}
"""libtorch_cpu.so of 1.10.2 to 1.12.1 asks for an executable stack, which glibc refuses from 2.41 on
(https://sourceware.org/glibc/manual/2.41/html_node/Dynamic-Linking-Tunables.html); older ones ignore this."""


@dataclass(frozen=True, slots=True)
class Started:
    """A worker that runs. `end` ends it, with all that its modules left behind."""

    process: subprocess.Popen[bytes]
    log: IO[bytes]
    end: Callable[[], object]


def start(python: str, folder: str, environment: Mapping[str, str], asked: Json | None) -> Started:
    """Start a worker, in an empty folder of its own, `home`, which is all that it may write to.

    The job is in a file without a name: no module can reach it. None where it is told later: the standard input is a
    pipe then, which the worker has read to its end before it runs a module. Raises WorkerError.
    """
    os.makedirs(folder, exist_ok=True)
    own = tempfile.mkdtemp(prefix="worker-", dir=folder)
    worker, home = os.path.join(own, WORKER), os.path.join(own, "home")
    os.mkdir(home)
    with open(worker, "xb") as archive:
        archive.write(packed_worker())
    let_nobody_look_in()
    with ExitStack() as opened:
        log = opened.enter_context(open(os.path.join(own, "worker.log"), "w+b"))
        stdin: IO[bytes] | int = subprocess.PIPE
        if asked is not None:
            stdin = opened.enter_context(tempfile.TemporaryFile(dir=own))
            stdin.write(json.dumps(asked).encode())
            stdin.seek(0)
        try:
            process = subprocess.Popen(
                [python, "-s", "-W", "ignore", worker],
                cwd=home,
                env={**worker_environment(home), **environment},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerError(f"{python} cannot be started: {error.strerror}") from error
        opened.enter_context(process)
        opened.callback(end_worker, process)
        return Started(process, log, opened.pop_all().close)


class EarlyWorker:
    """A worker without a job. A context manager: in the end it ends, unless it was taken."""

    def __init__(self, python: str) -> None:
        self.python = python
        self._stack = ExitStack()
        self._started: Started | None = None

    def __enter__(self) -> Self:
        folder = self._stack.enter_context(scratch_folder("opfixtures-early-"))
        # One that cannot be started is told by whoever starts the next.
        with suppress(WorkerError):
            self._started = start(self.python, folder, {}, None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._started:
            self._started.end()
        self._stack.close()

    def taken(self, asked: Json) -> Started | None:
        """The worker, which is told its job now, and is the caller's to end; None where there is none any more."""
        started, self._started = self._started, None
        if started is None:
            return None
        # It reads when it has imported torch, and a pipe holds less than a job.
        stdin = cast(IO[bytes], started.process.stdin)
        teller = Thread(target=_tell, args=(stdin, json.dumps(asked).encode()), daemon=True)
        teller.start()

        def end() -> None:
            # What ends first is the one that reads: then nobody waits in `write` any more.
            end_worker(started.process)
            teller.join()
            started.end()

        return Started(started.process, started.log, end)


def _tell(stdin: IO[bytes], job: bytes) -> None:
    # A worker that has ended is told by what it said last.
    with suppress(BrokenPipeError):
        stdin.write(job)
    with suppress(BrokenPipeError):
        stdin.close()


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
        **EXECUTABLE_STACKS,
    }
