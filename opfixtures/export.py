"""Exports planned fixtures: a worker in each pre-change runtime, and what its archives and answers say."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from opfixtures.alteration import altered
from opfixtures.archive import Archive, ArchiveError
from opfixtures.errors import RuntimeUnavailable
from opfixtures.facts import contradiction
from opfixtures.formats import format_of
from opfixtures.observations import Exported, RuntimeSeen, WorkerError, exported
from opfixtures.plan import PlannedFixture
from opfixtures.record import RecordedAlteration
from opfixtures.replay import Replayable
from opfixtures.result import FixtureResult, Status
from opfixtures.runtimes import Runtime, check_import
from opfixtures.scratch import scratch_folder
from opfixtures.tolerances import tolerances_for
from opfixtures.worker_process import Answers, Job, run_worker


@dataclass(frozen=True, slots=True)
class Group:
    """Planned fixtures of one pre-change runtime: one worker exports them all."""

    planned: tuple[PlannedFixture, ...]
    runtime: Runtime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An archive that was exported, with what is known of it. Not a fixture yet.

    `written` is the archive as the runtime wrote it, `archive` and `data` are those of the fixture: the same,
    unless it is `synthetic`. `again` is what came of the samples that target's record has.
    """

    planned: PlannedFixture
    runtime: Runtime
    seen: RuntimeSeen
    written: Archive
    archive: Archive
    data: bytes
    synthetic: tuple[RecordedAlteration, ...]
    samples: tuple[object, ...]
    again: tuple[str | None, ...]

    @property
    def replayable(self) -> Replayable:
        """The candidate as the replay takes it."""
        planned = self.planned
        return Replayable(
            planned.path,
            planned.entry,
            planned.last_bump,
            self.archive,
            self.data,
            self.samples,
            tolerances_for(self.samples),
        )


def export(
    groups: Sequence[Group], seconds: float, tell: Callable[[str], None]
) -> list[Candidate | FixtureResult]:
    """What became of each planned fixture, group by group; their workers run side by side.

    `seconds` is the time limit of one module. A runtime that cannot be used refuses all of its own.
    """
    stop = Event()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            running = [pool.submit(_export, group, seconds, tell, stop) for group in groups]
            return [outcome for one in running for outcome in one.result()]
        finally:
            # After an interruption or an error: the pool waits for its threads.
            stop.set()


def _export(
    group: Group, seconds: float, tell: Callable[[str], None], stop: Event
) -> list[Candidate | FixtureResult]:
    runtime = group.runtime
    tell(f"exporting {len(group.planned)} fixture modules with {runtime.name}")
    with scratch_folder("opfixtures-generate-") as folder:
        for name in ("archives", "backported"):
            os.mkdir(os.path.join(folder, name))
        operators = tuple(sorted({planned.entry.operator for planned in group.planned}))
        rows = tuple(_row(planned, folder) for planned in group.planned)
        job = Job("generate", runtime.operator_module, operators, rows, seconds)
        try:
            answers = run_worker(
                runtime.python,
                job,
                folder,
                lambda key: tell(f"exported {os.path.basename(key)}"),
                stop.is_set,
            )
            check_import(runtime, answers.runtime)
        except (WorkerError, RuntimeUnavailable) as error:
            reason = f"{runtime.name} cannot be used: {error}"
            return [planned.result(Status.REFUSED, reason) for planned in group.planned]
        return [_outcome(planned, runtime, answers, folder) for planned in group.planned]


def _row(planned: PlannedFixture, folder: str) -> dict[str, object]:
    alteration, published = planned.spec.alteration, planned.held
    record = published.record if published else None
    return {
        "key": planned.path,
        "source": planned.source,
        "class": planned.row.module,
        "archive": _path(folder, "archives", planned),
        "bytecode": alteration.bytecode if alteration else None,
        "backported": _path(folder, "backported", planned),
        "samples": list(record.samples) if record else [],
        "tolerances": record.tolerances if record else {},
    }


def _path(folder: str, kind: str, planned: PlannedFixture) -> str:
    # torch names an archive's root folder after the file: the same name gives the same bytes.
    return os.path.join(folder, kind, os.path.basename(planned.path))


def _outcome(
    planned: PlannedFixture, runtime: Runtime, answers: Answers, folder: str
) -> Candidate | FixtureResult:
    told = answers.rows.get(planned.path)
    row = (
        exported(told) if told is not None else Exported(refusal=answers.failure or "the worker left it out")
    )
    # In the wrong runtime a module fails for the wrong reason.
    wrong_runtime = contradiction(planned.entry, answers.runtime)
    refusal = planned.doubted(wrong_runtime) if wrong_runtime else row.refusal
    if refusal:
        return planned.result(Status.REFUSED, refusal)
    read = format_of(planned.path).read
    try:
        data = _content(_path(folder, "archives", planned))
        written = read(data)
        synthetic: tuple[RecordedAlteration, ...] = ()
        if planned.spec.alteration:
            backported = _path(folder, "backported", planned)
            other = _content(backported) if os.path.exists(backported) else None
            data, synthetic = altered(data, other, planned.spec.alteration)
        archive = read(data)
    except (OSError, ArchiveError) as error:
        return planned.result(Status.REFUSED, f"what was exported is no archive: {error}")
    return Candidate(
        planned, runtime, answers.runtime, written, archive, data, synthetic, row.samples, row.again
    )


def _content(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
