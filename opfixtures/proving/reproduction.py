"""Whether a fixture that the branch brings is what its record says: seen in the pre-change runtime. Pure.

Somebody committed it, and nobody here saw it being made. So its archive is run once more by the old operator; and where
the runtime is the very one that the record names, it is made again, and the same bytes have to come out.
"""

from __future__ import annotations

from dataclasses import dataclass

from opfixtures.making.export import Candidate, Errand, Outcome, Refused
from opfixtures.making.plan import PlannedFixture
from opfixtures.proving.facts import contradiction
from opfixtures.proving.result import Answer, Fact
from opfixtures.records.record import Record
from opfixtures.worker.observations import UNSEEN, RanSeen, RuntimeSeen

PUBLISHED = Fact(Answer.NOT_APPLICABLE, "target holds it: it was judged when it came in")
BELIEVED = Fact(Answer.NOT_APPLICABLE, "verify believes the record")
RECORDED = Fact(Answer.YES, "its outputs were recorded by this run")


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """What came of making a fixture again. `refusal` says why there is no archive; `is_same`: its bytes are the same.

    `failure` is why its outputs could not be compared, `differences` has None for each sample that gave what was
    recorded. They are of the archive as the runtime wrote it.
    """

    refusal: str = ""
    is_same: bool = False
    failure: str = ""
    differences: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class RunAgain:
    """What came of running the archive that stands there, as `MadeAgain` has it."""

    failure: str = ""
    differences: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What the pre-change runtime says of a fixture that the branch brings. `made_again`: its bytes came out again."""

    planned: PlannedFixture
    fact: Fact
    ran: RanSeen = UNSEEN
    made_again: bool = False


def judged(outcome: Outcome) -> Candidate | Refused | Reproduced:
    """What came of an errand; nothing but an error counts of a runtime that is not pre-change.

    There a module fails for the wrong reason, and may run for it.
    """
    errand, seen, runtime = outcome.errand, outcome.seen, outcome.runtime
    planned = errand.planned
    if seen is None or runtime is None:
        return _not_had(errand, outcome.made.reason if isinstance(outcome.made, Refused) else "")
    wrong_runtime = contradiction(planned.owner, seen)
    if wrong_runtime:
        return _not_had(errand, planned.doubted(wrong_runtime))
    if errand.stands is None:
        return outcome.made
    data, record = errand.stands
    again, found = _compared(outcome.made, data), outcome.told.found
    run = None if found is None else RunAgain(found.failure, found.differences)
    fact = reproduced(record, seen, runtime.kind, again, run)
    ran = found.ran if found else outcome.told.ran
    return Reproduced(planned, fact, ran, made_again=fact.value is Answer.YES and again.is_same)


def _not_had(errand: Errand, reason: str) -> Refused | Reproduced:
    if errand.stands is None:
        return Refused(errand.planned, reason)
    return Reproduced(errand.planned, Fact(Answer.UNKNOWN, reason))


def _compared(made: Candidate | Refused, data: bytes) -> MadeAgain:
    if isinstance(made, Refused):
        return MadeAgain(refusal=made.reason)
    return MadeAgain(is_same=made.data == data, differences=made.again)


def reproduced(
    record: Record, runtime: RuntimeSeen, kind: str, made: MadeAgain | None, run: RunAgain | None
) -> Fact:
    """Whether the runtime gave what the record has.

    `kind` is the runtime's. `made` is None where nobody tried. `run` is None for a synthetic archive, which no runtime
    wrote in this form: that one is only made again.
    """
    recorded = record.runtime
    if kind == "release" and base_version(recorded.torch) != base_version(runtime.torch):
        wrong = f"its record names torch {recorded.torch}, and the settings have torch {runtime.torch} for it"
        return Fact(Answer.NO, f"{wrong}: make it again with `opfixtures generate --regenerate`")
    by = f"torch {runtime.torch}"
    seen = run or made
    if seen is None:
        return Fact(Answer.UNKNOWN, f"{by} did not run it")
    if made is not None and run is None and made.refusal:
        return Fact(Answer.NO, f"made again by {by} it is refused: {made.refusal}")
    if run is None and not record.synthetic:
        # What was made again says nothing about the archive that stands there.
        return Fact(Answer.UNKNOWN, f"{by} did not run it")
    if seen.failure:
        return Fact(Answer.NO, f"{by} does not load it: {seen.failure}")
    if not seen.differences:
        return Fact(Answer.UNKNOWN, "its record has no samples to run")
    for number, difference in enumerate(seen.differences, 1):
        if difference is not None:
            return Fact(Answer.NO, f"{by} gives other outputs: sample {number}: {difference}")
    if _is_the_recorded(record, runtime):
        return _made_again(record, runtime, made)
    if run is None and made is not None and not made.is_same:
        return Fact(Answer.UNKNOWN, f"{by} makes another archive, and cannot run one that was altered")
    return _by_another(record, by)


def _made_again(record: Record, runtime: RuntimeSeen, made: MadeAgain | None) -> Fact:
    by = f"torch {runtime.torch}, which is the recorded one,"
    if made is None:
        return Fact(Answer.UNKNOWN, f"{by} did not make it again")
    if made.refusal:
        return Fact(Answer.NO, f"made again by {by} it is refused: {made.refusal}")
    if not made.is_same:
        return Fact(Answer.NO, f"made again by {by} it is another archive than {record.archive.file}")
    return Fact(Answer.YES, f"made again by torch {runtime.torch}: the same bytes, the recorded outputs")


def _by_another(record: Record, by: str) -> Fact:
    made_by = f"torch {record.runtime.torch}, Python {record.runtime.python}, {record.runtime.platform}"
    return Fact(Answer.YES, f"{by} gives the recorded outputs; its record names {made_by}")


def _is_the_recorded(record: Record, runtime: RuntimeSeen) -> bool:
    recorded = record.runtime
    return (base_version(recorded.torch), recorded.torch_git, recorded.python, recorded.platform) == (
        base_version(runtime.torch),
        runtime.torch_git,
        runtime.python,
        runtime.platform,
    )


def base_version(torch: str) -> str:
    """`2.13.0` for `2.13.0+cpu`: one release, whatever it was compiled for (PEP 440, local version identifiers)."""
    return torch.partition("+")[0]
