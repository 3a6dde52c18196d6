"""What makes a fixture true: observations in, facts out. Pure.

`prove` decides whether a runtime was pre-change, `covers` whether the archive exercises its entry. None says more than
was observed: what was not, is unknown. `replay_facts` has what a replay shows, `reproduction` the facts of a fixture
that the branch brings, `verdicts` what all of them come to.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from opfixtures.archives.model import Archive
from opfixtures.change.owner import Owner
from opfixtures.declarations.function_schema import SchemaError, parse_schema, same_schema
from opfixtures.proving.result import Answer, Fact
from opfixtures.records.member_forms import PROOFS
from opfixtures.worker.observations import RuntimeSeen

# torch 1.6.0 to 1.10.2 do not say which operator versions they have: they stamp 3, and 4 or 5 for operators
# they know of (caffe2/serialize/versions.h); earlier ones stamp less, whatever the operator.
_FIRST_STAMP_BY_OPERATOR, _LAST_UNTOLD_VERSION = 3, 5
_MOST_OPERATORS_NAMED = 10
OLDER_RUNTIME = "name a release or a commit from before the change in `runtimes`, or with --base"
OTHER_RUNTIME = "name a release or a commit that has it in `runtimes`, or with --base"


@dataclass(frozen=True, slots=True)
class Proof:
    """By what a runtime is proven pre-change, or why it is not.

    `needless` says why it need not be: the version record was altered, and the fixture is synthetic, or it is a guard.
    `unknown` says why nobody can tell.
    """

    by: tuple[str, ...] = ()
    refusal: str = ""
    needless: str = ""
    unknown: str = ""

    @property
    def fact(self) -> Fact:
        """The proof as a fact."""
        if self.refusal:
            return Fact(Answer.NO, self.refusal)
        if self.unknown:
            return Fact(Answer.UNKNOWN, self.unknown)
        if self.needless and not self.by:
            return Fact(Answer.NOT_APPLICABLE, self.needless)
        return Fact(Answer.YES, ", ".join(self.by))


def prove(
    owner: Owner,
    runtime: RuntimeSeen,
    archive: Archive,
    *,
    built_from: str | None,
    today: str | None,
    other_failed: str = "",
    needless: str = "",
    is_bumped_today: bool = False,
    is_gone_today: bool = False,
) -> Proof:
    """Whether the runtime that wrote `archive` is from before the change that the owner's entry stands for.

    `built_from` is the pre-change commit that a checkout was built from, `today` the operator's schema in a
    post-change runtime, None where there is none, because of `other_failed` if it should have been had. `needless` says
    how the version record was altered after `archive` was written. `is_bumped_today`: the entry is no backfill, and the
    version map of the post-change runtime itself has it. `is_gone_today`: that runtime has no such operator, under any
    schema. One contradiction refuses, whatever else speaks for the runtime.
    """
    seen = runtime.operator(owner.operator)
    refusal = contradiction(owner, runtime)
    if refusal:
        return Proof(refusal=refusal)
    by = []
    if built_from is not None and not seen.is_torchs:
        by.append("commit")
    entry = owner.entry
    if entry is None:
        return Proof(
            by=tuple(by), needless=f"a guard, made by {owner.operator} as torch {runtime.torch} has it"
        )
    if is_gone_today or (today is not None and same_schemas(today, entry.old_schema) is False):
        by.append("schema")
    produced, bump = runtime.max_operator_version, entry.bumped_at_version
    # A library has no number of its own: its release, which has no such bump, says that with its map.
    is_before = seen.bumps is not None and is_bumped_today and not seen.is_torchs
    if is_before or (seen.is_torchs and produced is not None and produced < bump):
        by.append("operator-version")
    # A runtime that can stamp the bump may only not know of the entry: it may have been backfilled later.
    stamp = archive.version
    if seen.is_torchs and stamp is not None and stamp < bump and _highest_stamp(runtime, stamp) < bump:
        by.append("archive-version")
    if by or needless:
        return Proof(by=tuple(sorted(by, key=PROOFS.index)), needless=needless)
    if other_failed:
        return Proof(unknown=f"the side after the change failed: {other_failed}")
    return Proof(
        refusal=f"nothing shows that torch {runtime.torch} is from before version {bump}: {OLDER_RUNTIME}"
    )


def _highest_stamp(runtime: RuntimeSeen, stamp: int) -> int:
    """The highest version that a runtime which wrote `stamp` can stamp an archive with."""
    if runtime.max_operator_version is not None:
        return runtime.max_operator_version
    return stamp if stamp < _FIRST_STAMP_BY_OPERATOR else _LAST_UNTOLD_VERSION


def contradiction(owner: Owner, runtime: RuntimeSeen) -> str:
    """What shows that the runtime is not from before the change, whatever it writes; empty if nothing does."""
    seen, entry = runtime.operator(owner.operator), owner.entry
    if seen.schema is None:
        return f"torch {runtime.torch} has no operator {owner.operator}: {OTHER_RUNTIME}"
    if entry is None:
        return ""
    same = same_schemas(seen.schema, entry.old_schema)
    if same is None:
        unread = next(text for text in (entry.old_schema, seen.schema) if not _parses(text))
        return f"whether it is pre-change cannot be told: the schema {unread!r} does not parse"
    if not same:
        return (
            f"not pre-change: torch {runtime.torch} has {seen.schema}, the old schema is {entry.old_schema}:"
            f" {OLDER_RUNTIME}"
        )
    later = [bump for bump in seen.bumps or () if bump >= entry.bumped_at_version]
    if later:
        return (
            f"not pre-change: the version map of torch {runtime.torch} bumps {owner.operator} at {later[0]}:"
            f" {OLDER_RUNTIME}"
        )
    return ""


def same_schemas(one: str, other: str) -> bool | None:
    """Whether two schemas are equal after normalisation; None where one does not parse."""
    try:
        return same_schema(parse_schema(one), parse_schema(other))
    except SchemaError:
        return True if one == other else None


def _parses(text: str) -> bool:
    try:
        parse_schema(text)
    except SchemaError:
        return False
    return True


def covers(owner: Owner, archive: Archive, ran: bool | None, why_unseen: str = "") -> Fact:
    """Whether the archive calls the operator, with a version that its entry covers, and the call was seen running.

    `ran` is None where nobody could see it, for the reason `why_unseen`.
    """
    wanted = archive.called_as(owner.operator)
    others = named_operators(archive.called - {wanted})
    if wanted not in archive.called:
        return Fact(Answer.NO, f"the archive does not call {wanted}, it calls {others or 'no operator'}")
    if owner.entry is not None and archive.version is not None and archive.version not in owner.covers:
        stamp = f"the archive is stamped {archive.version}, its entry covers"
        if archive.version < owner.covers.start:
            return Fact(
                Answer.NO, f"{stamp} only from {owner.covers.start}: exported before an earlier change"
            )
        shadow = f", or shadowed by one of {others}" if others else ""
        return Fact(
            Answer.NO, f"{stamp} only up to {owner.covers.stop - 1}: exported after the change{shadow}"
        )
    if ran is False:
        return Fact(Answer.NO, f"no sample input comes to the call of {wanted}: give sample inputs that do")
    if ran is None:
        unseen = f"its code calls {wanted}, and nobody saw the call running"
        return Fact(Answer.UNKNOWN, f"{unseen}: {why_unseen}" if why_unseen else unseen)
    stamped = "" if archive.version is None else f", stamped {archive.version}"
    return Fact(Answer.YES, f"{owner.operator} ran{stamped}")


def seen_running(*seen: bool | None) -> bool | None:
    """What several runtimes saw of a call, put together: one that saw it running is enough."""
    return True if True in seen else False if False in seen else None


def named_operators(operators: Collection[str]) -> str:
    """Some of the operators for a sentence, and how many more there are."""
    named = sorted(operators)[:_MOST_OPERATORS_NAMED]
    more = len(operators) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
