"""Whether a fixture that the branch brings is what its record says: seen in the pre-change runtime. Pure.

Somebody committed it, and nobody here saw it being made. So its archive is run once more by the old operator, and it is
made again with its samples: both have to give the recorded outputs for the recorded inputs. Where the runtime is the
very one that the record names, the same bytes have to come out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opfixtures.archives.formats import format_of
from opfixtures.making.export import Candidate, Errand, NotHad, Outcome, Refused
from opfixtures.making.plan import PlannedFixture
from opfixtures.proving.facts import contradiction, same_schemas
from opfixtures.proving.result import Answer, Fact
from opfixtures.proving.samples import nudged_inputs, other_inputs
from opfixtures.records.record import Record, RecordedPackage
from opfixtures.worker.observations import UNSEEN, Json, RanSeen, RuntimeSeen

PUBLISHED = Fact(Answer.NOT_APPLICABLE, "target has it: it was judged when it came in")
BELIEVED = Fact(Answer.NOT_APPLICABLE, "verify believes the record")
RECORDED = Fact(Answer.YES, "its outputs were recorded by this run")


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """What came of making a fixture again. `refusal` says why there is no archive; `is_same`: its bytes are the same;
    `other` names what is another program in them, where something is.

    `differences` has None for each sample of the record that gave what was recorded, run by the archive as the runtime
    wrote it. `samples` are those that its module gives now.
    """

    refusal: str = ""
    is_same: bool = False
    differences: tuple[str | None, ...] = ()
    samples: tuple[Json, ...] = ()
    other: str | None = None


@dataclass(frozen=True, slots=True)
class RunAgain:
    """What came of running the archive that stands there, as `MadeAgain` has it; `failure` is why it does not load."""

    failure: str = ""
    differences: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What the pre-change runtime says of a fixture that the branch brings. `made_again`: its bytes came out again.

    `made` is what was made again, whether the same or not; None where nothing was.
    """

    planned: PlannedFixture
    fact: Fact
    ran: RanSeen = UNSEEN
    made_again: bool = False
    made: Candidate | None = None


def judged(outcome: Outcome | NotHad) -> Candidate | Refused | Reproduced:
    """What came of an errand; nothing but an error counts of a runtime that is not pre-change.

    There a module fails for the wrong reason, and may run for it.
    """
    errand, planned = outcome.errand, outcome.errand.planned
    if isinstance(outcome, NotHad):
        return _not_had(errand, outcome.reason)
    wrong_runtime = contradiction(planned.owner, outcome.seen)
    if wrong_runtime:
        return _not_had(errand, planned.doubted(wrong_runtime))
    if errand.stands is None:
        return outcome.made
    data, record = errand.stands
    again, found = _compared(outcome.made, data), outcome.told.found
    run = None if found is None else RunAgain(found.failure, found.differences)
    fact = reproduced(record, outcome.seen, planned.spec.kind, again, run, outcome.packages)
    made = outcome.made if isinstance(outcome.made, Candidate) else None
    is_again = fact.value is Answer.YES and again.is_same
    return Reproduced(planned, fact, found.ran if found else outcome.told.ran, is_again, made)


def _not_had(errand: Errand, reason: str) -> Refused | Reproduced:
    if errand.stands is None:
        return Refused(errand.planned, reason)
    return Reproduced(errand.planned, Fact(Answer.UNKNOWN, reason))


def _compared(made: Candidate | Refused, data: bytes) -> MadeAgain:
    if isinstance(made, Refused):
        return MadeAgain(refusal=made.reason)
    is_same = made.data == data
    other = None if is_same else format_of(made.planned.path).difference(made.data, data)
    return MadeAgain("", is_same, made.again, made.samples, other)


def reproduced(
    record: Record,
    runtime: RuntimeSeen,
    kind: str,
    made: MadeAgain,
    run: RunAgain | None,
    packages: tuple[RecordedPackage, ...] = (),
) -> Fact:
    """Whether the runtime, with these packages beside its torch, gave what the record has.

    `kind` is that of the settings. `run` is None for a synthetic archive, which no runtime wrote in this form: that one
    is only made again.
    """
    by = f"torch {runtime.torch}"
    wrong = _other_runtime(record, runtime, kind, packages) or _other_schema(record, runtime)
    if wrong:
        return Fact(Answer.NO, wrong)
    if run is None and not record.synthetic:
        # What was made again says nothing about the archive that stands there.
        return Fact(Answer.UNKNOWN, f"{by} did not run it")
    if run is not None and run.failure:
        return Fact(Answer.NO, f"{by} does not load it: {run.failure}")
    if not record.samples:
        return Fact(Answer.UNKNOWN, "its record has no samples to run")
    if run is not None and not _is_told_of_all(run.differences, record):
        return Fact(Answer.UNKNOWN, f"{by} did not run all samples")
    for number, difference in enumerate(run.differences if run else (), 1):
        if difference is not None:
            return Fact(Answer.NO, f"{by} gives other outputs: sample {number}: {difference}")
    return _made_again(record, runtime, packages, made, is_tied=run is not None)


def _other_runtime(
    record: Record, runtime: RuntimeSeen, kind: str, packages: tuple[RecordedPackage, ...]
) -> str:
    """What shows that the record names another runtime than the settings have; empty where it is that one."""
    recorded, mend = record.runtime, "make it again with `opfixtures generate --regenerate`"
    if recorded.kind != kind:
        return (
            f"its record names a runtime of kind {recorded.kind}, and the settings have {kind} for it: {mend}"
        )
    if base_version(recorded.torch) != base_version(runtime.torch):
        return f"its record names torch {recorded.torch}, and the settings have torch {runtime.torch} for it: {mend}"
    if _versions(recorded.packages) != _versions(packages):
        named, have = (_in_words(some) or "no package beside torch" for some in (recorded.packages, packages))
        return f"its record names {named}, and the settings have {have} for it: {mend}"
    return ""


def _other_schema(record: Record, runtime: RuntimeSeen) -> str:
    """Says so where the operator has another schema in the runtime than the record says: defaults are judged by it."""
    said, seen = record.pre_change.schema, runtime.operator(record.entry.operator).schema
    if said is None or seen is None or same_schemas(said, seen) is not False:
        return ""
    return f"its record says that the operator was {said}, and torch {runtime.torch} has {seen}"


def _made_again(
    record: Record,
    runtime: RuntimeSeen,
    packages: tuple[RecordedPackage, ...],
    made: MadeAgain,
    *,
    is_tied: bool,
) -> Fact:
    """What making it again shows; `is_tied`: the archive that stands there was run as well."""
    is_recorded = _is_the_recorded(record, runtime, packages)
    by = f"torch {runtime.torch}{', which is the recorded one,' if is_recorded else ''}"
    if made.refusal:
        return Fact(Answer.NO, f"made again by {by} it is refused: {made.refusal}")
    other = other_inputs(record.samples, made.samples)
    nudged = "" if other else nudged_inputs(record.samples, made.samples)
    if other or (nudged and is_recorded):
        other = other or nudged
        return Fact(Answer.NO, f"made again by {by} its samples are others: {other}")
    if not _is_told_of_all(made.differences, record):
        return Fact(Answer.UNKNOWN, f"{by} did not run all samples when it made it again")
    for number, difference in enumerate(made.differences, 1):
        if difference is not None:
            return Fact(
                Answer.NO, f"made again by {by} it gives other outputs: sample {number}: {difference}"
            )
    if nudged:
        # Who wrote the record chose which runtime it names.
        return Fact(
            Answer.UNKNOWN,
            f"{nudged}, and it names another machine or Python than this:"
            " `opfixtures generate --regenerate` makes it again",
        )
    if is_recorded and not made.is_same:
        return Fact(Answer.NO, f"made again by {by} it is another archive than {record.archive.file}")
    if is_recorded:
        return Fact(
            Answer.YES,
            f"made again by torch {runtime.torch}: the same bytes and samples, the recorded outputs",
        )
    if not (is_tied or made.is_same):
        return Fact(Answer.UNKNOWN, f"{by} makes another archive, and cannot run one that was altered")
    if made.other is not None:
        return Fact(
            Answer.UNKNOWN,
            f"{by} makes another archive ({made.other}): `opfixtures generate --regenerate` makes it again",
        )
    return _by_another(record, packages, by)


def _is_told_of_all(differences: tuple[str | None, ...], record: Record) -> bool:
    return len(differences) == len(record.samples)


def _by_another(record: Record, packages: tuple[RecordedPackage, ...], by: str) -> Fact:
    made_by = f"torch {record.runtime.torch}, Python {record.runtime.python}, {record.runtime.platform}"
    others = [one for one in record.runtime.packages if one not in packages]
    made_by += f" and other files of {_in_words(others)}" if others else ""
    return Fact(Answer.YES, f"{by} gives the recorded outputs; its record names {made_by}")


def _is_the_recorded(record: Record, runtime: RuntimeSeen, packages: tuple[RecordedPackage, ...]) -> bool:
    recorded = record.runtime
    return (
        base_version(recorded.torch),
        recorded.torch_git,
        recorded.python,
        recorded.platform,
        set(recorded.packages),
    ) == (
        base_version(runtime.torch),
        runtime.torch_git,
        runtime.python,
        runtime.platform,
        set(packages),
    )


def _versions(packages: Iterable[RecordedPackage]) -> set[tuple[str, str]]:
    return {(one.name, base_version(one.version)) for one in packages}


def _in_words(packages: Iterable[RecordedPackage]) -> str:
    return ", ".join(f"{one.name} {one.version}" for one in packages)


def base_version(torch: str) -> str:
    """`2.13.0` for `2.13.0+cpu`: one release, whatever it was compiled for (PEP 440, local version identifiers)."""
    return torch.partition("+")[0]
