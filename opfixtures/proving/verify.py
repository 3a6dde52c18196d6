"""Fixtures that stand in the tree: archive against record, record against version map, then the replay."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from opfixtures.archives.formats import format_of
from opfixtures.archives.model import Archive, ArchiveError
from opfixtures.change.owner import Owner
from opfixtures.change.record_differences import differences
from opfixtures.errors import UserError
from opfixtures.making.alteration import in_words
from opfixtures.making.export import Candidate
from opfixtures.making.plan import FoundFixture
from opfixtures.making.replayable import Replayable
from opfixtures.making.tools import Tools
from opfixtures.proving.accepted_break import failures
from opfixtures.proving.facts import covers, same_schemas, seen_running
from opfixtures.proving.no_gpu import without_gpu
from opfixtures.proving.post_change import PostChange, replayed
from opfixtures.proving.replay import Replays
from opfixtures.proving.reproduction import BELIEVED
from opfixtures.proving.result import Answer, Fact, Facts, FixtureResult, Made, Status, result_of
from opfixtures.proving.verdicts import Evidence, verdicts
from opfixtures.records.record import Record, RecordError, load_record
from opfixtures.settings.config import Config
from opfixtures.worker.observations import UNSEEN, RanSeen

# Each is in a job several times, as text, and in a worker again.
MOST_TOGETHER = 128 << 20


@dataclass(frozen=True, slots=True)
class SoundFixture:
    """A fixture that was looked at without torch, and may be replayed.

    `reproduced` is the fact of that name, and `ran` whether its operator was seen running where it was reproduced.
    `remade` is what this run made again of it, None where nothing was.
    """

    found: FoundFixture
    archive: Archive
    record: Record | None
    reproduced: Fact = BELIEVED
    ran: RanSeen = UNSEEN
    made: Made = Made.FOUND
    remade: Candidate | None = None

    @property
    def owner(self) -> Owner:
        """What it is there for."""
        return self.found.owner

    @property
    def replayable(self) -> Replayable:
        """The fixture as the replay takes it.

        What made it again was seen: where that is the same within the tolerances, its outputs are those that count,
        for who wrote the record could put its own off by as much.
        """
        record = self.record
        samples = record.samples if record else ()
        if self.remade and self.reproduced.value is Answer.YES:
            samples = self.remade.samples
        return Replayable(
            self.owner,
            self.archive,
            self.found.data,
            samples,
            record.tolerances if record else {},
            record.pre_change.schema if record else None,
        )

    def facts(self, replays: Replays) -> Facts:
        """What is known of it after the replay."""
        return Facts(
            recorded_proof(self.owner, self.record),
            covers(
                self.owner, self.archive, seen_running(self.ran.ran, replays.ran(self.owner)), self.ran.reason
            ),
            self.reproduced,
            replays.facts(self.replayable),
        )

    def result(self, status: Status, reason: str) -> FixtureResult:
        """What became of it."""
        result = replace(result_of(self.owner, status, reason), made=self.made)
        if self.record is None:
            return result
        # What made it again was seen, what the record names was not.
        is_again = self.made is Made.AGAIN and self.remade is not None
        name = self.remade.runtime.name if is_again and self.remade else self.record.runtime.name
        return replace(result, runtime=name, synthetic=in_words(self.record.synthetic))


def verify(
    fixtures: Sequence[FoundFixture], after: PostChange, tools: Tools
) -> tuple[list[FixtureResult], UserError | None]:
    """Replay all that are sound, in one worker a runtime; and why a post-change runtime could not be had, if that is
    not the change's own fault."""
    looked_at = look_at_all(fixtures)
    sound = [seen for seen in looked_at if isinstance(seen, SoundFixture)]
    shown = list(replayed(sound, after, tools))
    evidence = [
        evidence_of(one.owner, one.facts(replays), replays, after.config) for one, replays, _ in shown
    ]
    results = {
        one.owner: without_gpu(with_facts(one.result(*verdict), row, replays))
        for (one, replays, _), row, verdict in zip(shown, evidence, verdicts(evidence), strict=True)
    }
    rows = [seen if isinstance(seen, FixtureResult) else results[seen.owner] for seen in looked_at]
    return rows, next((error for _, _, error in shown if error), None)


def with_facts(result: FixtureResult, evidence: Evidence, replays: Replays) -> FixtureResult:
    """The result with what it rests on."""
    facts, seen = evidence.facts, replays.row(evidence.owner)
    return replace(
        result,
        facts=facts,
        replayed_by=replays.by if facts.loaders else None,
        failures=failures(seen.as_written) if seen else {},
        loaded=replays.loaded(evidence.owner),
        schema_now=replays.schema(evidence.owner),
    )


def evidence_of(owner: Owner, facts: Facts, replays: Replays, config: Config) -> Evidence:
    """All that a verdict looks at."""
    name = owner.entry.upgrader_name if owner.entry else ""
    reason = config.identity_upgraders.get(name, "")
    word = reason and f"{config.source} says that {name} changes nothing: {reason}"
    text = replays.text(owner)
    return Evidence(
        owner,
        facts,
        failed=replays.failure(owner),
        mismatched=text.mismatched,
        not_replayed="; ".join(filter(None, (replays.why_not(owner), text.told))),
        changes_nothing=bool(word) or replays.changes_nothing(owner),
        word=word,
        # What the settings name is somebody's word, whatever the runtime shows.
        unchanged=replays.is_unchanged(owner) and not word,
        unseen=replays.unseen(owner),
        schema_now=replays.schema(owner),
    )


def look_at_all(fixtures: Sequence[FoundFixture]) -> list[SoundFixture | FixtureResult]:
    """Each fixture as `look_at` has it, until their archives are too much for one run."""
    looked_at, unpacked = list[SoundFixture | FixtureResult](), 0
    for found in fixtures:
        seen = look_at(found)
        if isinstance(seen, SoundFixture):
            if unpacked + seen.archive.unpacked > MOST_TOGETHER:
                most = f"the archives of a run unpack to more than {MOST_TOGETHER >> 20} MiB together"
                seen = _unsound(
                    found, f"{most}: name some, `opfixtures verify {found.owner.path}`", Status.REFUSED
                )
            else:
                unpacked += seen.archive.unpacked
        looked_at.append(seen)
    return looked_at


def look_at(found: FoundFixture) -> SoundFixture | FixtureResult:
    """The fixture, if archive, record and version map agree; else what is wrong with it."""
    if found.unread:
        return _unsound(found, found.unread, Status.REFUSED)
    try:
        archive = format_of(found.owner.path).read(found.data)
        record = None if found.record is None else load_record(found.record)
    except ArchiveError as error:
        return _unsound(found, f"not a readable archive: {error}")
    except RecordError as error:
        return _unsound(found, f"its record cannot be read: {error}")
    disagreement = record and _disagreement(found.owner, archive, record)
    if disagreement:
        return _unsound(found, f"fixture and record disagree: {disagreement}")
    return SoundFixture(found, archive, record)


def _unsound(found: FoundFixture, reason: str, status: Status = Status.MISMATCH) -> FixtureResult:
    return replace(result_of(found.owner, status, reason), made=Made.FOUND)


def _disagreement(owner: Owner, archive: Archive, record: Record) -> str:
    """What the record says otherwise than the archive's bytes, the registry or the version map."""
    found = differences(
        record,
        file=os.path.basename(owner.path),
        archive=archive,
        module=owner.row.module,
        operator=owner.operator,
        entry=owner.entry,
    )
    bump = record.entry.bumped_at_version
    if owner.entry is None and bump is not None:
        return f"it is of the entry at {bump}, which the version map has not: bring the entry back"
    first = next(found, None)
    return f"{first[0]} is {first[1]} in the record and {first[2]} here" if first else ""


def recorded_proof(owner: Owner, record: Record | None) -> Fact:
    """What the record says of the runtime that made the fixture. It cannot be seen again, only that it fits."""
    if record is None:
        return Fact(Answer.UNKNOWN, "no record")
    proof, entry = record.pre_change, owner.entry
    if entry is None:
        return Fact(Answer.NOT_APPLICABLE, f"a guard, made with {proof.schema}")
    same = same_schemas(proof.schema, entry.old_schema)
    if same is None:
        return Fact(Answer.UNKNOWN, "its schema or the entry's old_schema does not parse")
    if not same:
        return Fact(Answer.NO, f"it was made with {proof.schema}, the old schema is {entry.old_schema}")
    if not proof.proven_by:
        by = "its version record was altered" if record.entry.bumped_at_version else "made as a guard"
        return Fact(Answer.NOT_APPLICABLE, by)
    return Fact(Answer.YES, f"recorded: {', '.join(proof.proven_by)}")
