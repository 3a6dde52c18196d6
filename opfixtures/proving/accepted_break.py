"""What a release breaks on purpose: a fixture has to fail in just that way. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from opfixtures.proving.loaded import RAISES
from opfixtures.proving.result import Accepted, Answer, Failure, FixtureResult, LoaderFacts, Status
from opfixtures.settings.accepted_breaks import AcceptedBreak, Way, in_words
from opfixtures.worker.observations import Replayed

_OF_A_REPLAY = frozenset({Status.VERIFIED, Status.UNPROVEN, Status.MISMATCH})


def failures(as_written: Mapping[str, Replayed]) -> dict[str, tuple[Failure, ...]]:
    """How each loader failed, for all samples: by what the worker told of it."""
    return {loader: tuple(_failures(seen)) for loader, seen in as_written.items()}


def _failures(seen: Replayed) -> Iterator[Failure]:
    if not seen.was_run:
        return
    if seen.failure:
        yield Failure(None if seen.crashed else Way.NOT_LOADED, seen.failure)
    for number, difference in enumerate(seen.differences, 1):
        if difference is None:
            continue
        if difference.startswith(RAISES):
            yield Failure(Way.RAISES, difference.removeprefix(RAISES))
        else:
            yield Failure(Way.OTHER_RESULTS, f"sample {number}: {difference}")


def accept_break(
    result: FixtureResult, breaks: Iterable[AcceptedBreak], source: str, own: Collection[AcceptedBreak]
) -> FixtureResult:
    """The result as the settings judge it: `accepted` where its replay fails as they say; a `mismatch` where it fails
    otherwise, or not at all.

    `breaks` are those of its operator in the settings `source`: the first that is about its fixture holds. `own` are
    those that target's settings do not have.

    What nobody reproduced, made, built or compared is what it was: that is no break of the change.
    """
    facts = result.facts
    one = next((one for one in breaks if one.is_for(result.module, result.fixture)), None)
    if one is None or facts is None or not facts.loaders or result.status not in _OF_A_REPLAY:
        return result
    if facts.reproduced.value in (Answer.NO, Answer.UNKNOWN):
        return result
    failed = {loader: seen for loader, seen in facts.loaders.items() if seen.differ}
    unknown = [
        f"{loader}: {seen.equal.reason}"
        for loader, seen in facts.loaders.items()
        if seen.equal.value is Answer.UNKNOWN
    ]
    if not failed:
        return result if unknown else _mismatch(result, _nothing_breaks(one, source))
    otherwise = [
        f"{loader}: {wrong}"
        for loader, seen in failed.items()
        for wrong in _otherwise(one, seen, result.failures.get(loader, ()))
    ]
    told = in_words(one.how, one.error)
    if otherwise:
        return _mismatch(result, f"fails otherwise than accepted ({told}): {otherwise[0]}")
    if unknown:
        return _mismatch(result, f"whether it fails as accepted ({told}) is unknown: {unknown[0]}")
    accepted = Accepted(one.how, one.error, one.release, one.reason, source, one in own)
    return replace(result, status=Status.ACCEPTED, accepted=accepted)


def _mismatch(result: FixtureResult, reason: str) -> FixtureResult:
    return replace(result, status=Status.MISMATCH, reason=reason)


def _nothing_breaks(one: AcceptedBreak, source: str) -> str:
    narrow = ", or narrow it by `modules` or `formats` to what does"
    return f"nothing breaks: take it out of accepted-breaks in {source}{'' if one.modules else narrow}"


def _otherwise(one: AcceptedBreak, seen: LoaderFacts, found: Sequence[Failure]) -> list[str]:
    """How a loader that differs fails in another way than `one` says; empty where it fails in just that."""
    if not found and one.how is Way.OTHER_RESULTS and _lost_by_name(seen):
        return []
    if not found:
        wrong = {name: fact.reason for name, fact in seen.judged.items() if fact.value is Answer.NO}
        return [f"not applied: {reason}" if name == "applied" else reason for name, reason in wrong.items()]
    return [_in_words(failure) for failure in found if not _is_as_accepted(one, failure)]


def _lost_by_name(seen: LoaderFacts) -> bool:
    """Whether an argument or its default is another one, as inputs that feed it would show."""
    return any(fact is not None and fact.value is Answer.NO for fact in (seen.names, seen.defaults))


def _is_as_accepted(one: AcceptedBreak, failure: Failure) -> bool:
    return failure.way is one.how and (one.how is not Way.RAISES or one.error in failure.reason)


def _in_words(failure: Failure) -> str:
    return f"{failure.way or 'crashes'}: {failure.reason}"
