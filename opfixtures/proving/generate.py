"""Makes the planned fixtures, looks again at those that are found, and proves all: only then are files written.

A worker in each pre-change runtime, then one in each post-change runtime, for what was made and what was found alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from opfixtures.atomic_write import write_pair
from opfixtures.change.owner import Owner
from opfixtures.errors import GitError, RuntimeUnavailable, UserError
from opfixtures.making.alteration import in_words
from opfixtures.making.export import Candidate, Errand, Group, NotHad, Outcome, Refused, export
from opfixtures.making.new_record import make_record
from opfixtures.making.plan import Plan, PlannedFixture, Published, Unplanned
from opfixtures.making.tools import Tools
from opfixtures.proving.facts import Proof, covers, prove, seen_running
from opfixtures.proving.no_gpu import without_gpu
from opfixtures.proving.post_change import PostChange, replayed, starting_early
from opfixtures.proving.replay import Replays
from opfixtures.proving.reproduction import PUBLISHED, RECORDED, Reproduced, judged
from opfixtures.proving.result import (
    Answer,
    Fact,
    Facts,
    FixtureResult,
    Made,
    Status,
    result_of,
)
from opfixtures.proving.verdicts import Evidence, verdicts
from opfixtures.proving.verify import SoundFixture, evidence_of, look_at_all, with_facts
from opfixtures.records.record import Record, dump_record, record_path
from opfixtures.runtimes import Runtime
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec

CommitProblem = Callable[[Record, Owner], Fact | None]
"""What is wrong with the commit that a record names; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of each fixture, and the first runtime that could not be had, if any."""

    results: tuple[FixtureResult, ...] = ()
    unavailable: UserError | None = None


def generate(plan: Plan, after: PostChange, tools: Tools, commit_problem: CommitProblem) -> Done:
    """Make what is planned, reproduce what the branch brings, and replay all that is there.

    A runtime that cannot be had or used stops only its own.
    """
    looked_at = look_at_all(plan.found)
    sound = [one for one in looked_at if isinstance(one, SoundFixture)]
    errands = [Errand(planned) for planned in plan.to_make]
    errands += [errand for one in sound if (errand := _errand(one))]
    groups, without, unavailable = _obtained(errands, tools)
    owners = [errand.planned.owner for group in groups for errand in group.errands]
    with starting_early(owners, after, tools) as tools:
        exported = export(groups, tools.seconds, tools.tell)
        tools.isolation.extend(one.seen.isolation for one in exported if isinstance(one, Outcome))
        outcomes = [judged(one) for one in (*without, *exported)]
        reproduced = {one.planned.path: one for one in outcomes if isinstance(one, Reproduced)}
        subjects: list[Candidate | SoundFixture] = [one for one in outcomes if isinstance(one, Candidate)]
        subjects += [_with_reproduction(one, reproduced.get(one.owner.path), commit_problem) for one in sound]
        results, error = _proven(subjects, after, tools)
    results += [one for one in looked_at if isinstance(one, FixtureResult)]
    results += [
        planned_result(one.planned, Status.REFUSED, one.reason)
        for one in outcomes
        if isinstance(one, Refused)
    ]
    return Done(tuple(map(without_gpu, results)), unavailable or error)


def refused(unplanned: Unplanned) -> FixtureResult:
    """The result of what no run can make or look at."""
    return result_of(unplanned.of, Status.REFUSED, unplanned.reason)


def lost(owner: Owner, because: str = "") -> FixtureResult:
    """The result of a fixture that target holds and that is gone here, or that nobody reads here, `because` of what:
    nothing says any more what it said."""
    mend = "restore it, or take its entry back" if owner.entry else "restore it, and its row"
    gone = f"target has it, and it is gone here: {mend} (`opfixtures explain OPF306`)"
    return result_of(owner, Status.MISMATCH, because or gone)


def planned_result(planned: PlannedFixture, status: Status, reason: str) -> FixtureResult:
    """What became of a fixture that was to be made."""
    result = result_of(planned.owner, status, reason)
    return replace(result, runtime=planned.spec.name, pre_change_commit=planned.commit)


def _errand(sound: SoundFixture) -> Errand | None:
    """What the pre-change runtime is asked about a fixture that stands; nothing about one that target holds."""
    found = sound.found
    if not found.brought or isinstance(found.again, str) or sound.record is None:
        return None
    return Errand(found.again, (found.data, sound.record))


def _obtained(errands: Sequence[Errand], tools: Tools) -> tuple[list[Group], list[NotHad], UserError | None]:
    """The errands with their runtimes, what comes of those whose runtime cannot be had, and the first reason."""
    wanted: dict[tuple[RuntimeSpec, str | None], list[Errand]] = {}
    for errand in errands:
        built_from = errand.planned.commit if errand.planned.spec.kind == "checkout" else None
        wanted.setdefault((errand.planned.spec, built_from), []).append(errand)
    groups: dict[Runtime, list[Errand]] = {}
    without, unavailable = list[NotHad](), None
    for (spec, commit), some in wanted.items():
        try:
            # Two may be one release, with and without an alteration.
            groups.setdefault(tools.runtimes.obtain(spec, commit), []).extend(some)
        except (RuntimeUnavailable, GitError) as error:
            unavailable = unavailable or error
            without += [NotHad(errand, str(error)) for errand in some]
    return [Group(tuple(some), runtime) for runtime, some in groups.items()], without, unavailable


def _with_reproduction(
    sound: SoundFixture, seen: Reproduced | None, commit_problem: CommitProblem
) -> SoundFixture:
    """The fixture with what is known of its reproduction."""
    if not sound.found.brought:
        return replace(sound, reproduced=PUBLISHED)
    if sound.record is None:
        return replace(sound, reproduced=Fact(Answer.UNKNOWN, "it has no record"))
    wrong = commit_problem(sound.record, sound.owner)
    if seen is None:
        return replace(sound, reproduced=wrong or Fact(Answer.UNKNOWN, str(sound.found.again)))
    made = Made.AGAIN if seen.made_again else Made.FOUND
    # What is wrong says more than what cannot be looked up.
    fact = seen.fact if wrong is None or seen.fact.value is Answer.NO else wrong
    return replace(sound, reproduced=fact, ran=seen.ran, made=made, remade=seen.made)


def _proven(
    subjects: Sequence[Candidate | SoundFixture], after: PostChange, tools: Tools
) -> tuple[list[FixtureResult], UserError | None]:
    """What the replay shows of all, and why a post-change runtime could not be had, if so."""
    shown = list(replayed(subjects, after, tools))
    evidence = [_evidence(one, replays, after.config) for one, replays, _ in shown]
    results = [
        with_facts(
            one.result(*verdict)
            if isinstance(one, SoundFixture)
            else _finished(one, replays, verdict, row.facts, tools.root),
            row,
            replays,
        )
        for (one, replays, _), row, verdict in zip(shown, evidence, verdicts(evidence), strict=True)
    ]
    return results, next((error for _, _, error in shown if error), None)


def _evidence(subject: Candidate | SoundFixture, replays: Replays, config: Config) -> Evidence:
    row = evidence_of(subject.owner, _facts(subject, replays), replays, config)
    left_out = subject.left_out if isinstance(subject, Candidate) else ""
    return replace(row, unseen="; ".join(filter(None, (left_out, row.unseen))))


def _facts(subject: Candidate | SoundFixture, replays: Replays) -> Facts:
    if isinstance(subject, SoundFixture):
        facts = subject.facts(replays)
        # What ran here is seen to be pre-change: nobody has to believe by what a record says it was.
        return replace(facts, pre_change=_prove(subject.remade, replays).fact) if subject.remade else facts
    ran = seen_running(subject.ran.ran, replays.ran(subject.owner))
    covered = covers(subject.owner, subject.archive, ran, subject.ran.reason)
    by_this_run = PUBLISHED if subject.planned.held else RECORDED
    return Facts(_prove(subject, replays).fact, covered, by_this_run, replays.facts(subject.replayable))


def _prove(candidate: Candidate, replays: Replays) -> Proof:
    planned = candidate.planned
    is_patched = any(one.altered == "version record" for one in candidate.synthetic)
    # A backfill has no commit to be from before of.
    is_released = planned.spec.kind != "checkout" and planned.commit is not None
    proof = prove(
        candidate.owner,
        candidate.seen,
        candidate.written,
        built_from=None if planned.doubt else candidate.runtime.commit,
        today=replays.today(candidate.owner),
        other_failed=replays.failed,
        needless="its version record was altered" if is_patched else "",
        is_bumped_today=is_released and replays.is_bumped(candidate.owner),
        is_gone_today=replays.is_gone(candidate.owner),
    )
    return replace(proof, refusal=planned.doubted(proof.refusal)) if proof.refusal else proof


def _finished(
    candidate: Candidate, replays: Replays, verdict: tuple[Status, str], facts: Facts, root: str
) -> FixtureResult:
    """What became of a candidate: written, unless it is refused or nobody can tell what it is."""
    status, reason = verdict
    held = candidate.planned.held
    unknown = next((one for one in (facts.covers, facts.pre_change) if one.value is Answer.UNKNOWN), None)
    other = _another(candidate, held) if held else ""
    made = None
    if unknown and status not in (Status.REFUSED, Status.FAILED):
        status, reason = Status.REFUSED, unknown.reason
    elif other and not unknown and status is not Status.REFUSED:
        status, reason = Status.REFUSED, other
    elif not unknown and status is not Status.REFUSED:
        try:
            _write(candidate, _prove(candidate, replays), root)
            made = Made.AGAIN if candidate.planned.is_there else Made.BY_THIS_RUN
        except OSError as error:
            # What is on the disk is what was there before; the others may still fit.
            status, reason = Status.REFUSED, f"it could not be written: {error.strerror}"
    return replace(
        planned_result(candidate.planned, status, reason),
        made=made,
        runtime=candidate.runtime.name,
        synthetic=in_words(candidate.synthetic),
    )


def _another(candidate: Candidate, published: Published) -> str:
    """Why what was made is not the fixture that target holds; empty if it is."""
    kept = "a published fixture is not replaced"
    if candidate.data != published.data:
        return f"target has another archive, made otherwise: {kept}"
    if published.record is None:
        return ""
    for number, difference in enumerate(candidate.again, 1):
        if difference is not None:
            return f"target's record has other outputs: sample {number}: {difference}: {kept}"
    return "" if candidate.again else f"the samples of target's record were not run: {kept}"


def _write(candidate: Candidate, proof: Proof, root: str) -> None:
    path = inside(root, candidate.planned.path)
    published = candidate.planned.held
    # Outputs depend on the CPU, within the tolerances: what was recorded first stays.
    record = (published and published.record_data) or dump_record(make_record(candidate, proof.by))
    write_pair((record_path(path), record), (path, candidate.data))


def inside(root: str, path: str) -> str:
    """The absolute path of a file in the work tree. Raises UserError if it, or a symbolic link, leads out of it."""
    absolute = os.path.join(root, path)
    if not os.path.realpath(absolute).startswith(os.path.realpath(root) + os.sep):
        raise UserError(
            f"{path} leads out of the repository, itself or through a symbolic link: name a place inside"
        )
    return absolute
