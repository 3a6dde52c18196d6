"""Asks workers of a runtime, several at once, and writes down what they tell as it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from opfixtures.runtimes import Runtime, check_import
from opfixtures.sweep.journal import Journal
from opfixtures.sweep.told import is_kept, read_told
from opfixtures.worker.job import Job
from opfixtures.worker.observations import Json, OperatorSeen
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.worker_process import run_worker

# Of a step, by the clock. torch imports compilers within one.
STEP_SECONDS = 20.0
Row = Mapping[str, Any]
Count = Callable[[int, int], None]


def uncounted(_: int, __: int) -> None:
    """Count nothing."""


@dataclass
class Asker:
    """Asks one runtime. `seconds` is what its workers computed, `torch` the version that they say. `environment` is
    added to that of workers."""

    runtime: Runtime
    journal: Journal
    workers: int
    operators: dict[str, OperatorSeen] = field(default_factory=dict)
    seconds: float = 0.0
    torch: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def describe(self, operators: Sequence[str]) -> Mapping[str, OperatorSeen]:
        """What the runtime says of operators. Raises WorkerError or RuntimeUnavailable."""
        left = tuple(one for one in operators if one not in self.operators)
        if left:
            job = Job("rerun", self.runtime.operator_module, left, ())
            with scratch_folder("opfixtures-sweep-") as folder:
                answers = run_worker(self.runtime.python, job, folder)
            check_import(self.runtime, answers.runtime)
            self.operators.update(answers.runtime.operators)
            self.torch = answers.runtime.torch
        return {one: self.operators[one] for one in operators}

    def ask(self, task: str, rows: Sequence[Row], batch: int, count: Count = uncounted) -> dict[str, Json]:
        """What is told of each row, by its `key`; so many to a worker. `count` is called with how many are answered,
        those of earlier runs included, and how many there are.

        What crashes, hangs or exits costs its own row, as {"refused": why}, and the next sweep asks again. Raises
        WorkerError or RuntimeUnavailable, where the runtime cannot be used.
        """
        found = {row["key"]: self._known(task, row) for row in rows}
        left = [row for row in rows if found[row["key"]] is None]
        if rows:
            count(len(rows) - len(left), len(rows))
        batches = [left[start : start + batch] for start in range(0, len(left), batch)]
        one_at_a_time, stop = threading.Lock(), threading.Event()

        def heard(row: Row, told: Json) -> None:
            with one_at_a_time:
                if found[row["key"]] is None:
                    found[row["key"]] = answer = read_told(task, row, told)
                    if is_kept(task, answer):
                        self.journal.write(task, row, answer)
                    count(sum(one is not None for one in found.values()), len(rows))

        def run(some: Sequence[Row]) -> None:
            if not stop.is_set():
                self._run(task, some, heard, stop.is_set)

        with ThreadPoolExecutor(max(1, self.workers)) as pool:
            try:
                for _ in pool.map(run, batches):
                    pass
            finally:
                stop.set()
        return found

    def _known(self, task: str, row: Row) -> Json | None:
        """What an earlier run was told of a row; None where nothing is to be had of that."""
        told = self.journal.known(task, row)
        answer = None if told is None else read_told(task, row, told)
        return answer if is_kept(task, answer) else None

    def _run(
        self,
        task: str,
        rows: Sequence[Row],
        heard: Callable[[Row, Json], None],
        stopped: Callable[[], bool],
    ) -> None:
        """One batch in one worker; another one goes on behind a row that ended it."""
        by_key = {row["key"]: row for row in rows}
        job = Job(task, self.runtime.operator_module, (), tuple(rows), STEP_SECONDS)
        with scratch_folder("opfixtures-sweep-") as folder:
            answers = run_worker(
                self.runtime.python,
                job,
                folder,
                lambda key, told: heard(by_key[key], told),
                stopped,
                self.environment,
            )
        check_import(self.runtime, answers.runtime)
        with self._counting:
            self.torch = answers.runtime.torch
            self.seconds += answers.seconds
        for row in rows:
            refused = {"refused": answers.failure or "the worker told nothing of it"}
            heard(row, answers.rows.get(row["key"], refused))
