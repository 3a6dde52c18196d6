"""Makes the planned fixtures: a worker in each pre-change runtime, a replay, and only then the files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from opfixtures.alteration import in_words
from opfixtures.atomic_write import write_pair
from opfixtures.config import Config, RuntimeSpec
from opfixtures.errors import GitError, RuntimeUnavailable, UserError
from opfixtures.export import Candidate, Group, export
from opfixtures.facts import Proof, covers, covers_after_replay, prove
from opfixtures.module_source import source_sha256
from opfixtures.plan import PlannedFixture, Published
from opfixtures.post_change import post_change_spec, replay_after
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
from opfixtures.replay import Replays, verdict
from opfixtures.result import Answer, Facts, FixtureResult, Status
from opfixtures.runtimes import Runtime
from opfixtures.tolerances import tolerances_for
from opfixtures.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Made:
    """What became of each planned fixture, and the first pre-change runtime that could not be had, if any."""

    results: tuple[FixtureResult, ...]
    unavailable: UserError | None = None


def generate(
    planned: Sequence[PlannedFixture],
    config: Config,
    workshop: Workshop,
    post_change: RuntimeSpec | None = None,
) -> Made:
    """Make the planned fixtures: a runtime that cannot be had or used stops only its own.

    They are replayed in `post_change`, or else in the runtime that the settings have for it.
    """
    groups, results, unavailable = _obtained(planned, workshop)
    outcomes = export(groups, workshop.seconds, workshop.tell)
    results += [outcome for outcome in outcomes if isinstance(outcome, FixtureResult)]
    candidates = [outcome for outcome in outcomes if isinstance(outcome, Candidate)]
    for candidate, replays in _replayed(candidates, config, workshop, post_change):
        results.append(_finish(candidate, replays, workshop))
    return Made(tuple(results), unavailable)


def _obtained(
    planned: Sequence[PlannedFixture], workshop: Workshop
) -> tuple[list[Group], list[FixtureResult], UserError | None]:
    """The planned fixtures with their runtimes, those refused for want of one, and the first reason."""
    wanted: dict[tuple[RuntimeSpec, str | None], list[PlannedFixture]] = {}
    for fixture in planned:
        built_from = fixture.commit if fixture.spec.kind == "checkout" else None
        wanted.setdefault((fixture.spec, built_from), []).append(fixture)
    groups: dict[Runtime, list[PlannedFixture]] = {}
    refused, unavailable = list[FixtureResult](), None
    for (spec, commit), fixtures in wanted.items():
        try:
            # Two may be one release, with and without an alteration.
            groups.setdefault(workshop.runtimes.obtain(spec, commit), []).extend(fixtures)
        except (RuntimeUnavailable, GitError) as error:
            unavailable = unavailable or error
            refused += [fixture.result(Status.REFUSED, str(error)) for fixture in fixtures]
    return [Group(tuple(fixtures), runtime) for runtime, fixtures in groups.items()], refused, unavailable


def _replayed(
    candidates: Sequence[Candidate], config: Config, workshop: Workshop, post_change: RuntimeSpec | None
) -> Iterator[tuple[Candidate, Replays]]:
    """The candidates with their replays, one worker for each post-change runtime."""
    groups: dict[RuntimeSpec, list[Candidate]] = {}
    for candidate in candidates:
        try:
            spec = post_change or post_change_spec(candidate.planned.spec, config)
            groups.setdefault(spec, []).append(candidate)
        except RuntimeUnavailable as error:
            yield candidate, Replays(reason=str(error))
    for spec, together in groups.items():
        try:
            replays = replay_after([candidate.replayable for candidate in together], spec, workshop)
        except (RuntimeUnavailable, GitError) as error:
            # What the old operator made is worth keeping, whatever the state of the new one.
            replays = Replays(reason=str(error))
        yield from ((candidate, replays) for candidate in together)


def _finish(candidate: Candidate, replays: Replays, workshop: Workshop) -> FixtureResult:
    """Prove a candidate, and write it if it is proven."""
    planned = candidate.planned
    proof = prove(
        planned.entry,
        candidate.seen,
        candidate.written,
        built_from=None if planned.doubt else candidate.runtime.commit,
        today=replays.today(planned.entry),
        patched=_patched(candidate),
    )
    if proof.refusal:
        proof = replace(proof, refusal=planned.doubted(proof.refusal))
    loaders = replays.facts(candidate.replayable)
    covered = covers_after_replay(covers(planned.entry, planned.covers, candidate.archive), loaders)
    facts = Facts(proof.fact, covered, loaders)
    refusal = _refusal(facts) or (_another(candidate, planned.held) if planned.held else "")
    if refusal:
        return _told(candidate, Status.REFUSED, refusal, facts, replays)
    _write(candidate, proof, workshop.root)
    return _told(candidate, *verdict(loaders, replays.not_replayed(candidate.replayable)), facts, replays)


def _patched(candidate: Candidate) -> str:
    is_patched = any(one.altered == "version record" for one in candidate.synthetic)
    return "its version record was altered" if is_patched else ""


def _refusal(facts: Facts) -> str:
    if facts.covers.value is not Answer.YES:
        return facts.covers.reason
    return facts.pre_change.reason if facts.pre_change.value is Answer.NO else ""


def _another(candidate: Candidate, published: Published) -> str:
    """Why what was made is not the fixture that target holds; empty if it is."""
    kept = "a published fixture is not replaced"
    if candidate.data != published.data:
        return f"target holds another archive, made otherwise: {kept}"
    if published.record is None:
        return ""
    for number, difference in enumerate(candidate.again, 1):
        if difference is not None:
            return f"target's record has other outputs: sample {number}: {difference}: {kept}"
    return "" if candidate.again else f"the samples of target's record were not run: {kept}"


def _told(candidate: Candidate, status: Status, reason: str, facts: Facts, replays: Replays) -> FixtureResult:
    return replace(
        candidate.planned.result(status, reason),
        facts=facts,
        runtime=candidate.runtime.name,
        replayed_by=replays.by if facts.loaders else None,
        synthetic=in_words(candidate.synthetic),
    )


def _write(candidate: Candidate, proof: Proof, root: str) -> None:
    path = inside(root, candidate.planned.path)
    published = candidate.planned.held
    # Outputs depend on the CPU, within the tolerances: what was recorded first stays.
    record = (published and published.record_data) or dump_record(make_record(candidate, proof))
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
            # What it was built from: a release was built from none of this repository.
            candidate.runtime.commit,
            proof.by,
            seen.operators[entry.operator].schema or "",
            seen.max_operator_version,
        ),
        synthetic=candidate.synthetic,
        tolerances=tolerances_for(candidate.samples),
        samples=candidate.samples,
    )
