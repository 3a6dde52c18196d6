"""The pre-change runtime: exports planned fixtures there, and runs the archives that the branch brings.

A worker each, and its archives and answers as they are: what they prove is not for this to say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from opfixtures.archives.formats import format_of
from opfixtures.archives.model import Archive, ArchiveError
from opfixtures.change.owner import Owner
from opfixtures.declarations.lines_of_file import line_in_file, line_of_class
from opfixtures.errors import RuntimeUnavailable
from opfixtures.making.alteration import altered
from opfixtures.making.plan import PlannedFixture
from opfixtures.making.replayable import Replayable
from opfixtures.records.record import Record, RecordedAlteration, RecordedPackage
from opfixtures.records.tolerances import tolerances_for
from opfixtures.runtimes import Runtime, check_import
from opfixtures.runtimes.step import CountedSteps, Step
from opfixtures.worker.job import Job
from opfixtures.worker.observations import Exported, RanSeen, RuntimeSeen, WorkerError
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.told import exported
from opfixtures.worker.worker_process import Answers, run_worker


@dataclass(frozen=True, slots=True)
class Errand:
    """What a pre-change runtime is asked for: a fixture to make, or with `stands`, archive and record, to reproduce."""

    planned: PlannedFixture
    stands: tuple[bytes, Record] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The errands of one pre-change runtime: one worker does them all."""

    errands: tuple[Errand, ...]
    runtime: Runtime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An archive that was exported, with what is known of it. Not a fixture yet.

    `written` is the archive as the runtime wrote it, `archive` and `data` are those of the fixture: the same,
    unless it is `synthetic`. `again` is what came of the samples that target's record has. `ran` is whether the
    operator was seen running, `left_out` why some of the module's samples are not there.
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
    ran: RanSeen
    left_out: str = ""

    @property
    def owner(self) -> Owner:
        """What it is there for."""
        return self.planned.owner

    @property
    def replayable(self) -> Replayable:
        """The candidate as the replay takes it."""
        then = self.seen.operator(self.owner.operator).schema
        return Replayable(
            self.owner, self.archive, self.data, self.samples, tolerances_for(self.samples), then
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A fixture that is not made, and why."""

    planned: PlannedFixture
    reason: str


@dataclass(frozen=True, slots=True)
class NotHad:
    """An errand whose runtime could not be had or used, and why."""

    errand: Errand
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an errand: `made`, what was exported, and all that its row was `told`. `seen` and `packages` are of
    the runtime."""

    errand: Errand
    made: Candidate | Refused
    seen: RuntimeSeen
    told: Exported
    packages: tuple[RecordedPackage, ...] = ()


def export(groups: Sequence[Group], seconds: float, tell: Callable[[str], None]) -> list[Outcome | NotHad]:
    """What came of each errand, group by group; their workers run side by side.

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


def _export(group: Group, seconds: float, tell: Callable[[str], None], stop: Event) -> list[Outcome | NotHad]:
    runtime = group.runtime
    count = len(group.errands)
    what = f"exporting {count} fixture {'module' if count == 1 else 'modules'} with {runtime.name}"
    tell(Step(what, "export", runtime.name, 0, count))
    counted = CountedSteps(tell, "export", runtime.name, count)
    with scratch_folder("opfixtures-generate-") as folder:
        operators = tuple(sorted({errand.planned.owner.operator for errand in group.errands}))
        rows = tuple(map(_row, group.errands))
        job = Job("generate", runtime.operator_module, operators, rows, seconds)
        try:
            answers = run_worker(
                runtime.python,
                job,
                folder,
                lambda key, told: counted.next(f"{_became(told)} {os.path.basename(key)}"),
                stop.is_set,
            )
            check_import(runtime, answers.runtime)
        except (WorkerError, RuntimeUnavailable) as error:
            return [NotHad(errand, f"{runtime.name} cannot be used: {error}") for errand in group.errands]
        return [_outcome(errand, runtime, answers) for errand in group.errands]


def _row(errand: Errand) -> dict[str, object]:
    planned = errand.planned
    alteration, published = planned.spec.alteration, planned.held
    record = published.record if published else None
    row: dict[str, object] = {
        "key": planned.path,
        "operator": planned.owner.operator,
        "source": planned.source,
        "class": planned.owner.row.module,
        # torch names an archive's root folder after the file: the same name gives the same bytes.
        "file": os.path.basename(planned.path),
        "bytecode": alteration.bytecode if alteration else None,
    }
    if errand.stands is not None:
        data, record = errand.stands
        if not record.synthetic:
            row["found"] = data
    return row | {
        "samples": list(record.samples) if record else [],
        "tolerances": record.tolerances if record else {},
    }


def _outcome(errand: Errand, runtime: Runtime, answers: Answers) -> Outcome:
    planned = errand.planned
    told = answers.rows.get(planned.path)
    row = (
        exported(told) if told is not None else Exported(refusal=answers.failure or "the worker left it out")
    )
    made = _candidate(planned, runtime, answers.runtime, row)
    return Outcome(errand, made, answers.runtime, row, runtime.packages)


def _became(told: object) -> str:
    return "refused" if isinstance(told, dict) and "refused" in told else "exported"


def _where(planned: PlannedFixture, row: Exported) -> str:
    """The module that was refused, and where that came up: `modules.py:12: TestScaleV4, in forward, sample 2`."""
    line = line_in_file(planned.file_text, planned.source, row.line) if row.line is not None else None
    known = line or line_of_class(planned.file_text, planned.owner.row.module)
    inside = [f"in {row.function}"] if (line or row.line is None) and row.function else []
    sample = [f"sample {row.sample}"] if row.sample is not None else []
    place = planned.module_path if known is None else f"{planned.module_path}:{known}"
    return f"{place}: {', '.join([planned.owner.row.module, *inside, *sample])}"


def _candidate(
    planned: PlannedFixture, runtime: Runtime, seen: RuntimeSeen, row: Exported
) -> Candidate | Refused:
    if row.refusal:
        # What `new` tries stands in no file yet.
        where = f"{_where(planned, row)}: " if planned.module_path else ""
        return Refused(planned, f"{where}{row.refusal}")
    read = format_of(planned.path).read
    try:
        data = row.archive
        written = read(data)
        synthetic: tuple[RecordedAlteration, ...] = ()
        # What it alters is TorchScript's.
        if planned.spec.alteration and written.program is None:
            data, synthetic = altered(data, row.backported, planned.spec.alteration)
        archive = read(data)
    except ArchiveError as error:
        return Refused(planned, f"what was exported is no archive: {error}")
    return Candidate(
        planned,
        runtime,
        seen,
        written,
        archive,
        data,
        synthetic,
        row.samples,
        row.again,
        row.ran,
        row.left_out,
    )
