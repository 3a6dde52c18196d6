"""Replays fixtures in a post-change runtime: loads each, runs the recorded inputs, compares with the recorded outputs.

Nothing is installed into the runtime but the marker, and that in a process of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from opfixtures.altered_archive import with_version
from opfixtures.archive import Archive
from opfixtures.declarations.model import MapEntry
from opfixtures.facts import replay_facts
from opfixtures.formats import format_of
from opfixtures.observations import Json, RowReplayed, RuntimeSeen, row_replayed
from opfixtures.result import Answer, LoaderFacts, Status
from opfixtures.runtimes import Runtime, check_import
from opfixtures.scratch import scratch_folder
from opfixtures.tolerances import Tolerances
from opfixtures.worker_process import ROW_SECONDS, Job, run_worker


@dataclass(frozen=True, slots=True)
class Replayable:
    """A fixture to replay. `key` is its path; `samples` is empty where there is no record.

    `last_bump` is the operator's last one in the version map: an archive of that version meets no upgrader of it.
    """

    key: str
    entry: MapEntry
    last_bump: int
    archive: Archive
    data: bytes
    samples: tuple[Json, ...]
    tolerances: Tolerances = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replays:
    """What a post-change runtime showed. `seen` is None, with `reason`, where none could be had; `by` is its name.

    `rows` and `unreached` are by a fixture's key: what was seen of it, or why the worker did not come to it.
    """

    seen: RuntimeSeen | None = None
    rows: Mapping[str, RowReplayed] = field(default_factory=dict)
    unreached: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    by: str | None = None

    def today(self, entry: MapEntry) -> str | None:
        """The operator's schema after the change, None where no runtime from after it was seen."""
        if self.seen is None or not self._has_version(entry.bumped_at_version):
            return None
        return self.seen.operator(entry.operator).schema

    def not_replayed(self, fixture: Replayable) -> str:
        """Why a fixture could not be replayed; empty where it was."""
        if self.seen is None:
            return f"not replayed: {self.reason}"
        if not self._has_version(fixture.entry.bumped_at_version):
            return f"not replayed: no runtime has version {fixture.entry.bumped_at_version}"
        why = self.unreached.get(fixture.key)
        return f"not replayed: {why}" if why else ""

    def facts(self, fixture: Replayable) -> dict[str, LoaderFacts]:
        """The facts per loader; empty where the fixture was not replayed."""
        if self.seen is None or self.not_replayed(fixture):
            return {}
        return replay_facts(
            fixture.entry, fixture.last_bump, fixture.archive, self.seen, self.rows[fixture.key]
        )

    def _has_version(self, version: int) -> bool:
        highest = self.seen.max_operator_version if self.seen else None
        return highest is not None and highest >= version


def replay(
    fixtures: Sequence[Replayable],
    runtime: Runtime,
    tell: Callable[[str], None],
    seconds: float = ROW_SECONDS,
) -> Replays:
    """Replay all fixtures in one worker.

    Raises WorkerError if torch or the operator module does not import there, RuntimeUnavailable if the operator module
    came from elsewhere.
    """
    with scratch_folder("opfixtures-replay-") as folder:
        asked = tuple(_row(number, fixture, folder) for number, fixture in enumerate(fixtures))
        operators = {
            name for fixture in fixtures for name in (fixture.entry.operator, *fixture.archive.operators)
        }
        job = Job("replay", runtime.operator_module, tuple(sorted(operators)), asked, seconds)
        answers = run_worker(runtime.python, job, folder, lambda key: tell(f"replayed {key}"))
    check_import(runtime, answers.runtime)
    rows = {key: row_replayed(told, format_of(key).loaders) for key, told in answers.rows.items()}
    unreached = {fixture.key: answers.failure for fixture in fixtures if fixture.key not in rows}
    return Replays(answers.runtime, rows, unreached, by=runtime.name)


def _row(number: int, fixture: Replayable, folder: str) -> dict[str, Json]:
    raised = with_version(fixture.data, fixture.last_bump)
    paths = {}
    for kind, data in (("archive", fixture.data), ("raised", raised)):
        paths[kind] = os.path.join(folder, f"{number}-{kind}")
        with open(paths[kind], "wb") as stream:
            stream.write(data)
    return {
        "key": fixture.key,
        "loaders": list(format_of(fixture.key).loaders),
        "upgrader_name": fixture.entry.upgrader_name,
        "tolerances": fixture.tolerances,
        "samples": list(fixture.samples),
        **paths,
    }


def verdict(facts: dict[str, LoaderFacts], not_replayed: str) -> tuple[Status, str]:
    """`verified` needs outputs that were compared and are equal, and an upgrader that was applied or may have been."""
    if not_replayed:
        return Status.GENERATED, not_replayed
    for loader, seen in facts.items():
        for name, fact in (("equal", seen.equal), ("applied", seen.applied)):
            if fact.value is Answer.NO:
                return Status.MISMATCH, f"{loader}: not {name}: {fact.reason}"
    if any(seen.equal.value is Answer.YES for seen in facts.values()):
        return Status.VERIFIED, ""
    reasons = {seen.equal.reason: None for seen in facts.values() if seen.equal.value is Answer.UNKNOWN}
    return Status.GENERATED, f"not compared: {', '.join(reasons)}"
