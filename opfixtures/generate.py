"""Makes the planned fixtures: a worker in each pre-change runtime, a replay, and only then the files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from opfixtures.archive import Archive, ArchiveError, read_archive
from opfixtures.atomic_write import write_pair
from opfixtures.config import Config, RuntimeSpec
from opfixtures.errors import GitError, RuntimeUnavailable, UserError
from opfixtures.facts import Proof, contradiction, covers, prove
from opfixtures.module_source import source_sha256
from opfixtures.observations import Exported, RuntimeSeen, WorkerError, exported
from opfixtures.plan import PlannedFixture
from opfixtures.record import (
    Record,
    RecordedArchive,
    RecordedEntry,
    RecordedModule,
    RecordedProof,
    RecordedRuntime,
    dump_record,
    record_path,
)
from opfixtures.replay import Replayable, Replays, replay, verdict
from opfixtures.result import Answer, Facts, FixtureResult, Status
from opfixtures.runtimes import Runtime, Runtimes, check_import
from opfixtures.scratch import scratch_folder
from opfixtures.worker_process import ROW_SECONDS, Answers, Job, run_worker


@dataclass(frozen=True, slots=True)
class Workshop:
    """What making fixtures needs from outside. `root` is the work tree; `seconds` the time limit of one module."""

    root: str
    runtimes: Runtimes
    tell: Callable[[str], None]
    seconds: float = ROW_SECONDS


@dataclass(frozen=True, slots=True)
class Candidate:
    """An archive that was exported, with what is known of it. Not a fixture yet."""

    planned: PlannedFixture
    runtime: Runtime
    seen: RuntimeSeen
    archive: Archive
    data: bytes
    samples: tuple[object, ...]

    @property
    def replayable(self) -> Replayable:
        """The candidate as the replay takes it."""
        planned = self.planned
        return Replayable(
            planned.path, planned.entry, planned.last_bump, self.archive, self.data, self.samples
        )


@dataclass(frozen=True, slots=True)
class Made:
    """What became of each planned fixture, and the first pre-change runtime that could not be had, if any."""

    results: tuple[FixtureResult, ...]
    unavailable: UserError | None = None


def generate(planned: Sequence[PlannedFixture], config: Config, workshop: Workshop) -> Made:
    """Make the planned fixtures, group by group of one runtime: one that cannot be had stops no other."""
    results: list[FixtureResult] = []
    unavailable: UserError | None = None
    for group in _by_runtime(planned):
        try:
            candidates, refused = _export(group, workshop)
        except (RuntimeUnavailable, GitError) as error:
            unavailable = unavailable or error
            results += [fixture.result(Status.REFUSED, str(error)) for fixture in group]
            continue
        replays = _replay(candidates, config, workshop)
        results += refused
        results += [_finish(candidate, replays, workshop) for candidate in candidates]
    return Made(tuple(results), unavailable)


def _by_runtime(planned: Sequence[PlannedFixture]) -> Iterable[list[PlannedFixture]]:
    groups: dict[tuple[RuntimeSpec, str | None], list[PlannedFixture]] = {}
    for fixture in planned:
        built_from = fixture.commit if fixture.spec.kind == "checkout" else None
        groups.setdefault((fixture.spec, built_from), []).append(fixture)
    return groups.values()


def _export(group: list[PlannedFixture], workshop: Workshop) -> tuple[list[Candidate], list[FixtureResult]]:
    """One worker for all modules of a runtime."""
    runtime = workshop.runtimes.obtain(group[0].spec, group[0].commit)
    workshop.tell(f"exporting {len(group)} fixture modules with {runtime.name}")
    with scratch_folder("opfixtures-generate-") as folder:
        paths = {fixture.path: _archive_path(folder, fixture) for fixture in group}
        try:
            answers = _run(group, runtime, folder, paths, workshop)
        except WorkerError as error:
            return [], [
                fixture.result(Status.REFUSED, f"{runtime.name} cannot be used: {error}") for fixture in group
            ]
        check_import(runtime, answers.runtime)
        outcomes = [_candidate(fixture, runtime, answers, paths[fixture.path]) for fixture in group]
    candidates = [outcome for outcome in outcomes if isinstance(outcome, Candidate)]
    return candidates, [outcome for outcome in outcomes if isinstance(outcome, FixtureResult)]


def _archive_path(folder: str, fixture: PlannedFixture) -> str:
    # torch names an archive's root folder after the file: the same name gives the same bytes.
    return os.path.join(folder, "archives", os.path.basename(fixture.path))


def _run(
    group: list[PlannedFixture], runtime: Runtime, folder: str, paths: dict[str, str], workshop: Workshop
) -> Answers:
    os.mkdir(os.path.join(folder, "archives"))
    rows = tuple(
        {
            "key": fixture.path,
            "source": fixture.source,
            "class": fixture.row.module,
            "archive": paths[fixture.path],
        }
        for fixture in group
    )
    operators = tuple(sorted({fixture.entry.operator for fixture in group}))
    job = Job("generate", runtime.operator_module, operators, rows, workshop.seconds)
    return run_worker(
        runtime.python, job, folder, lambda key: workshop.tell(f"exported {os.path.basename(key)}")
    )


def _candidate(
    fixture: PlannedFixture, runtime: Runtime, answers: Answers, path: str
) -> Candidate | FixtureResult:
    told = answers.rows.get(fixture.path)
    row = (
        exported(told) if told is not None else Exported(refusal=answers.failure or "the worker left it out")
    )
    # In the wrong runtime a module fails for the wrong reason.
    wrong_runtime = contradiction(fixture.entry, answers.runtime)
    refusal = fixture.doubted(wrong_runtime) if wrong_runtime else row.refusal
    if refusal:
        return fixture.result(Status.REFUSED, refusal)
    try:
        with open(path, "rb") as stream:
            data = stream.read()
        archive = read_archive(data)
    except (OSError, ArchiveError) as error:
        return fixture.result(Status.REFUSED, f"what was exported is no archive: {error}")
    return Candidate(fixture, runtime, answers.runtime, archive, data, row.samples)


def _replay(candidates: list[Candidate], config: Config, workshop: Workshop) -> Replays:
    if not candidates:
        return Replays(reason="there is nothing to replay")
    try:
        spec = post_change_spec(candidates[0].planned.spec, config)
        return replay_after([candidate.replayable for candidate in candidates], spec, workshop)
    except (RuntimeUnavailable, GitError) as error:
        # What the old operator made is worth keeping, whatever the state of the new one.
        return Replays(reason=str(error))


def post_change_spec(made_by: RuntimeSpec | None, config: Config) -> RuntimeSpec:
    """The settings of the runtime after the change: a library's work tree, else the release for the newest versions.

    Raises RuntimeUnavailable if no release is configured.
    """
    if made_by is not None and made_by.kind == "checkout":
        return made_by
    releases = [spec for spec in config.runtimes if spec.kind == "release"]
    if not releases:
        raise RuntimeUnavailable(f"no release to replay with: add one to `runtimes` in {config.source}")
    return max(releases, key=lambda spec: spec.operator_versions.top)


def replay_after(fixtures: Sequence[Replayable], spec: RuntimeSpec, workshop: Workshop) -> Replays:
    """Replay in the post-change runtime.

    Raises RuntimeUnavailable if it cannot be had: not installed, not built, or the operator module does not import.
    """
    runtime = workshop.runtimes.obtain(spec, None)
    workshop.tell(f"replaying {len(fixtures)} fixtures with {runtime.name}")
    try:
        return replay(fixtures, runtime, workshop.tell, workshop.seconds)
    except WorkerError as error:
        raise RuntimeUnavailable(f"{runtime.name} cannot be used: {error}") from error


def _finish(candidate: Candidate, replays: Replays, workshop: Workshop) -> FixtureResult:
    """Prove a candidate, and write it if it is proven."""
    planned = candidate.planned
    built_from = None if planned.doubt else candidate.runtime.commit
    proof = prove(
        planned.entry,
        candidate.seen,
        candidate.archive,
        built_from=built_from,
        today=replays.today(planned.entry),
    )
    if proof.refusal:
        proof = replace(proof, refusal=planned.doubted(proof.refusal))
    covered = covers(planned.entry, planned.covers, candidate.archive)
    facts = Facts(proof.fact, covered)
    made_by = candidate.runtime.name
    for fact in (facts.covers, facts.pre_change):
        if fact.value is not Answer.YES:
            refused = planned.result(Status.REFUSED, fact.reason)
            return replace(refused, facts=facts, runtime=made_by)
    _write(candidate, proof, workshop.root)
    facts = replace(facts, loaders=replays.facts(candidate.replayable))
    status, reason = verdict(facts.loaders, replays.not_replayed(candidate.replayable))
    return replace(planned.result(status, reason), facts=facts, runtime=made_by)


def _write(candidate: Candidate, proof: Proof, root: str) -> None:
    path = inside(root, candidate.planned.path)
    record = dump_record(make_record(candidate, proof))
    write_pair((record_path(path), record), (path, candidate.data))


def inside(root: str, path: str) -> str:
    """The absolute path of a file in the work tree. Raises UserError if a symbolic link leads out of it."""
    absolute = os.path.join(root, *path.split("/"))
    if not os.path.realpath(absolute).startswith(os.path.realpath(root) + os.sep):
        raise UserError(
            f"{path} leads out of the repository through a symbolic link: name a folder of the repository"
        )
    return absolute


def make_record(candidate: Candidate, proof: Proof) -> Record:
    """The record of a proven candidate."""
    planned, seen, archive = candidate.planned, candidate.seen, candidate.archive
    entry = planned.entry
    return Record(
        entry=RecordedEntry(entry.operator, entry.bumped_at_version, entry.upgrader_name, entry.old_schema),
        module=RecordedModule(planned.row.module, planned.module_path, source_sha256(planned.source)),
        archive=RecordedArchive(
            os.path.basename(planned.path),
            archive.sha256,
            archive.size,
            archive.version,
            archive.bytecode_version,
            tuple(sorted(archive.operators)),
        ),
        runtime=RecordedRuntime(
            candidate.runtime.kind,
            candidate.runtime.name,
            seen.torch,
            seen.torch_git,
            seen.python,
            seen.platform,
        ),
        pre_change=RecordedProof(
            planned.commit,
            proof.by,
            seen.operators[entry.operator].schema or "",
            seen.max_operator_version,
        ),
        samples=candidate.samples,
    )
