"""Verifies fixtures that are there: archive against record, record against version map, then the replay."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from opfixtures.agreement import differences
from opfixtures.alteration import in_words
from opfixtures.archive import Archive, ArchiveError
from opfixtures.config import Config, RuntimeSpec
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.facts import covers, covers_after_replay, same_schemas
from opfixtures.formats import format_of
from opfixtures.plan import runtime_for, settled
from opfixtures.post_change import post_change_spec, replay_after
from opfixtures.record import Record, RecordError, load_record
from opfixtures.replay import Replayable, Replays, verdict
from opfixtures.result import Answer, Fact, Facts, FixtureResult, Status
from opfixtures.workshop import Workshop


@dataclass(frozen=True, slots=True)
class FixtureThere:
    """A fixture as it stands in the work tree. `record` is None where there is none (PyTorch's own fixtures)."""

    entry: MapEntry
    covers: range
    last_bump: int
    row: FixtureEntry
    path: str
    data: bytes
    record: bytes | None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A fixture that was looked at without torch, and may be replayed."""

    standing: FixtureThere
    archive: Archive
    record: Record | None

    @property
    def replayable(self) -> Replayable:
        standing = self.standing
        return Replayable(
            standing.path,
            standing.entry,
            standing.last_bump,
            self.archive,
            standing.data,
            self.record.samples if self.record else (),
            self.record.tolerances if self.record else {},
        )


def verify(
    fixtures: Sequence[FixtureThere], config: Config, workshop: Workshop, runtime: RuntimeSpec | None = None
) -> list[FixtureResult]:
    """Replay all that are sound, in one worker a runtime; `runtime` instead of the settings' choice if given.

    Raises RuntimeUnavailable or GitError if a post-change runtime cannot be had.
    """
    looked_at = [_look_at(standing) for standing in fixtures]
    sound = [seen for seen in looked_at if isinstance(seen, _Checked)]
    replays: dict[str, Replays] = {}
    for spec, group in _by_post_change_runtime(sound, config, runtime):
        shown = replay_after([checked.replayable for checked in group], spec, workshop)
        replays.update({checked.standing.path: shown for checked in group})
    return [
        seen if isinstance(seen, FixtureResult) else _conclude(seen, replays[seen.standing.path])
        for seen in looked_at
    ]


def _by_post_change_runtime(
    sound: Sequence[_Checked], config: Config, runtime: RuntimeSpec | None
) -> list[tuple[RuntimeSpec, list[_Checked]]]:
    groups: dict[RuntimeSpec, list[_Checked]] = {}
    for checked in sound:
        made_by = runtime_for(checked.standing.entry, config)
        groups.setdefault(runtime or post_change_spec(made_by, config), []).append(checked)
    return list(groups.items())


def _look_at(standing: FixtureThere) -> _Checked | FixtureResult:
    try:
        archive = format_of(standing.path).read(standing.data)
        record = None if standing.record is None else load_record(standing.record)
    except ArchiveError as error:
        return _result(standing, Status.MISMATCH, f"not a readable archive: {error}")
    except RecordError as error:
        return _result(standing, Status.MISMATCH, f"its record cannot be read: {error}")
    disagreement = record and _disagreement(standing, archive, record)
    if disagreement:
        return _result(standing, Status.MISMATCH, f"fixture and record disagree: {disagreement}")
    return _Checked(standing, archive, record)


def _disagreement(standing: FixtureThere, archive: Archive, record: Record) -> str:
    """What the record says otherwise than the archive's bytes, the registry or the version map."""
    found = differences(
        record,
        file=os.path.basename(standing.path),
        archive=archive,
        module=standing.row.module,
        entry=standing.entry,
    )
    first = next(found, None)
    return f"{first[0]} is {first[1]} in the record and {first[2]} here" if first else ""


def _conclude(checked: _Checked, replays: Replays) -> FixtureResult:
    standing = checked.standing
    loaders = replays.facts(checked.replayable)
    covered = covers_after_replay(covers(standing.entry, standing.covers, checked.archive), loaders)
    facts = Facts(recorded_proof(standing.entry, checked.record), covered, loaders)
    by = replays.by if loaders else None
    for fact in (facts.covers, facts.pre_change):
        if fact.value is Answer.NO:
            refused = _result(standing, Status.REFUSED, fact.reason, checked.record)
            return replace(refused, facts=facts, replayed_by=by)
    status, reason = verdict(loaders, replays.not_replayed(checked.replayable))
    if status is Status.GENERATED:
        status = Status.PRESENT
    return replace(_result(standing, status, reason, checked.record), facts=facts, replayed_by=by)


def recorded_proof(entry: MapEntry, record: Record | None) -> Fact:
    """What the record says of the runtime that made the fixture. It cannot be seen again, only that it fits."""
    if record is None:
        return Fact(Answer.UNKNOWN, "no record")
    proof = record.pre_change
    same = same_schemas(proof.schema, entry.old_schema)
    if same is None:
        return Fact(Answer.UNKNOWN, "its schema or the entry's old_schema does not parse")
    if not same:
        return Fact(Answer.NO, f"it was made with {proof.schema}, the old schema is {entry.old_schema}")
    if not proof.proven_by:
        return Fact(Answer.NOT_APPLICABLE, "its version record was altered")
    return Fact(Answer.YES, f"recorded: {', '.join(proof.proven_by)}")


def _result(
    standing: FixtureThere, status: Status, reason: str, record: Record | None = None
) -> FixtureResult:
    result = settled(standing.entry, standing.row, standing.path, status, reason)
    if record is None:
        return result
    return replace(result, runtime=record.runtime.name, synthetic=in_words(record.synthetic))
