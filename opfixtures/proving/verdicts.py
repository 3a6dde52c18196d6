"""The verdict: what the facts of all fixtures of an entry come to. Pure.

A fixture is `verified` where a missing upgrader would be noticed. One row of an entry is enough for that: the others
show that further calls still compute the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opfixtures.archives.formats import format_of
from opfixtures.change.owner import Owner
from opfixtures.proving.replay_facts import OPERATOR_UNUSED, VALUE_UNSEEN, VALUE_UNUSED
from opfixtures.proving.result import Answer, Fact, Facts, LoaderFacts, Status
from opfixtures.proving.unnoticed import unnoticed

_MEND_UNUSED = "return the operator's result, for inputs that give other than zeros"
_NO_RECORD = (
    "nothing says what it gave then: `opfixtures generate --regenerate` with its operator writes the record, if the"
    " same archive comes out; else add another fixture module for the entry, and waive replay.unproven for this one"
)
_NO_CHANGE = (
    "the runtime after the change shows no change: it has the old schema, and passes without the upgrader too: give"
    " inputs for which old and new results differ, or, if there are none, name the upgrader in `identity-upgraders`; if"
    " that runtime lacks the change, replay with a build of it (--post-change-python)"
)

_NO_UPGRADER = (
    "no upgrader is applied to a .pt2, and the entry has no other fixture: add ptl or pt to `fixture-format`, or waive"
    " replay.unproven for models of TorchScript that nobody has"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one fixture.

    `failed` says why the side after the change could not be had or run, `not_replayed` why there is no such side, and
    `mismatched` why, as far as the tree tells, it will not load in one.
    `changes_nothing`: the upgrader's graph says that it hands on what it is given, or the settings say so; `word` is
    what the settings say.
    `unchanged`: the operator has its old schema after the change, and its own version map does not know of the entry.
    `unseen` says what a replay left unseen. `schema_now`: the operator's schema after the change, where it is known.
    """

    owner: Owner
    facts: Facts
    failed: str = ""
    not_replayed: str = ""
    changes_nothing: bool = False
    unchanged: bool = False
    unseen: str = ""
    word: str = ""
    mismatched: str = ""
    schema_now: str | None = None

    @property
    def is_sensitive(self) -> bool:
        """Whether the replay would notice that the upgrader is missing. What is no fixture of the entry, or nobody
        reproduced, may be sensitive to anything."""
        facts = self.facts
        is_one = Answer.NO not in (facts.covers.value, facts.pre_change.value)
        is_reproduced = facts.reproduced.value in (Answer.YES, Answer.NOT_APPLICABLE)
        seen = facts.loaders.values()
        would_notice = any(one.sensitive.value is Answer.YES and not one.differ for one in seen)
        return is_one and is_reproduced and would_notice and not self.failed


def verdicts(rows: Sequence[Evidence]) -> list[tuple[Status, str]]:
    """Status and reason of each row, in their order."""
    sensitive = {_key(row) for row in rows if row.is_sensitive}
    upgraded = {_key(row) for row in rows if format_of(row.owner.path).has_upgraders}
    return [_verdict(row, _key(row) in sensitive, _key(row) in upgraded) for row in rows]


def _key(row: Evidence) -> tuple[str, int | None]:
    entry = row.owner.entry
    return row.owner.operator, entry.bumped_at_version if entry else None


def _verdict(row: Evidence, noticed: bool, upgraded: bool) -> tuple[Status, str]:
    facts = row.facts
    for fact in (facts.covers, facts.pre_change):
        if fact.value is Answer.NO:
            return Status.REFUSED, fact.reason
    if facts.reproduced.value is Answer.NO:
        return Status.MISMATCH, f"not reproduced: {facts.reproduced.reason}"
    if row.failed:
        return Status.FAILED, row.failed
    if row.mismatched:
        return Status.MISMATCH, row.mismatched
    for loader, seen in facts.loaders.items():
        for name, fact in seen.judged.items():
            if fact.value is Answer.NO:
                return Status.MISMATCH, f"{loader}: {_wrong(name, fact, seen)}"
    if facts.reproduced.value is Answer.UNKNOWN:
        return Status.UNPROVEN, f"not reproduced: {facts.reproduced.reason}"
    if row.not_replayed:
        return Status.GENERATED, f"not replayed: {row.not_replayed}"
    return _of_replay(row, noticed, upgraded)


def _wrong(name: str, fact: Fact, seen: LoaderFacts) -> str:
    """What is wrong, in words; with what came of it, where the samples show it."""
    if name == "equal" and seen.loads.value is Answer.NO:
        return f"does not load: {seen.loads.reason}"
    if name in ("equal", "applied"):
        return f"not {name}: {fact.reason}"
    shown = seen.loads.value is Answer.YES and seen.equal.value is Answer.NO
    return f"{fact.reason} ({seen.equal.reason})" if shown else fact.reason


def _of_replay(row: Evidence, noticed: bool, upgraded: bool) -> tuple[Status, str]:
    """The verdict of a fixture with which nothing is wrong. `upgraded`: the entry has one of a format that
    upgraders apply to."""
    facts = row.facts
    equal = [seen.equal for seen in facts.loaders.values()]
    unknown = dict.fromkeys(fact.reason for fact in equal if fact.value is Answer.UNKNOWN)
    if unknown or Answer.YES not in {fact.value for fact in equal}:
        advice = f": {_NO_RECORD}" if facts.pre_change.reason == "no record" else ""
        return Status.UNPROVEN, f"not compared: {', '.join(unknown) or 'no loader could'}{advice}"
    for fact in (facts.covers, facts.pre_change):
        if fact.value is Answer.UNKNOWN:
            return Status.UNPROVEN, fact.reason
    reasons = [seen.sensitive.reason for seen in facts.loaders.values()]
    if OPERATOR_UNUSED in reasons:
        return Status.UNPROVEN, f"{OPERATOR_UNUSED}: {_MEND_UNUSED}"
    by_name = [fact for seen in facts.loaders.values() for fact in (seen.names, seen.defaults) if fact]
    unsure = next((fact.reason for fact in by_name if fact.value is Answer.UNKNOWN), None)
    if unsure is not None:
        return Status.UNPROVEN, unsure
    if by_name and not (row.owner.is_guard or upgraded):
        return Status.UNPROVEN, _NO_UPGRADER
    if row.owner.is_guard or noticed or by_name:
        return Status.VERIFIED, row.unseen
    if row.unchanged:
        return Status.UNPROVEN, _NO_CHANGE
    if VALUE_UNUSED in reasons:
        return Status.UNPROVEN, f"{VALUE_UNUSED}: {_MEND_UNUSED}"
    unseen = next((reason for reason in reasons if reason.startswith(VALUE_UNSEEN)), "")
    if unseen:
        return Status.UNPROVEN, unseen
    if row.changes_nothing:
        return Status.VERIFIED, "; ".join(filter(None, (row.word, row.unseen)))
    return Status.UNPROVEN, unnoticed(row.owner.entry.old_schema if row.owner.entry else "", row.schema_now)
