"""A fixture that breaks on purpose has to fail in just the accepted way: what else there is, is red, or what it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.formats import JIT, LITE
from opfixtures.proving.accepted_break import accept_break, failures
from opfixtures.proving.result import Answer, Fact, Facts, Failure, FixtureResult, LoaderFacts, Status
from opfixtures.settings.accepted_breaks import AcceptedBreak, Way
from opfixtures.worker.observations import Replayed

YES, NO, UNKNOWN = Fact(Answer.YES), Fact(Answer.NO, "it differs"), Fact(Answer.UNKNOWN, "nobody looked")
NONE = Fact(Answer.NOT_APPLICABLE, "lite knows no upgraders but torch's own")
EQUAL, DIFFERS = LoaderFacts(YES, YES, YES, YES), LoaderFacts(YES, NO, YES, UNKNOWN)
GONE = LoaderFacts(Fact(Answer.NO, "gone"), Fact(Answer.NO, "it does not load"), UNKNOWN, UNKNOWN)
NOT_APPLIED = LoaderFacts(YES, YES, Fact(Answer.NO, "the marker is not there"), UNKNOWN)
OF_LIBRARY = LoaderFacts(Fact(Answer.NO, "no such operator"), NONE, NONE, NONE)

OTHER = Failure(Way.OTHER_RESULTS, "sample 1: 5.0 then, 2.0 now")
RAISES = Failure(Way.RAISES, "RuntimeError: no factor any more")
NOT_LOADED = Failure(Way.NOT_LOADED, "gone")
CRASH = Failure(None, "killed by signal 11")


def accepting(
    how: Way, error: str = "", modules: tuple[str, ...] = (), formats: tuple[str, ...] = ()
) -> AcceptedBreak:
    return AcceptedBreak("mylib::scale", how, "mylib 2.0", "faster", error, modules, formats)


def row(
    loaders: dict[str, LoaderFacts],
    failed: dict[str, tuple[Failure, ...]] | None = None,
    status: Status = Status.MISMATCH,
    reproduced: Fact = NONE,
) -> FixtureResult:
    return FixtureResult(
        "mylib::scale",
        4,
        "scale_0_3",
        status,
        "as it was",
        module="ScaleV3",
        fixture="fixtures/scale_v3.ptl",
        facts=Facts(YES, YES, reproduced, loaders),
        failures=failed or {},
    )


def judged(result: FixtureResult, *breaks: AcceptedBreak) -> FixtureResult:
    return accept_break(result, breaks, "pyproject.toml", ())


@pytest.mark.parametrize(
    ("one", "loaders", "failed"),
    [
        (accepting(Way.OTHER_RESULTS), {JIT: DIFFERS}, {JIT: (OTHER, OTHER)}),
        (accepting(Way.RAISES, "no factor"), {JIT: DIFFERS}, {JIT: (RAISES,)}),
        (accepting(Way.NOT_LOADED), {JIT: GONE}, {JIT: (NOT_LOADED,)}),
        # One loader may still be right, and lite has no say of a library's operator.
        (accepting(Way.OTHER_RESULTS), {JIT: DIFFERS, LITE: EQUAL}, {JIT: (OTHER,)}),
        (
            accepting(Way.OTHER_RESULTS),
            {JIT: DIFFERS, LITE: OF_LIBRARY},
            {JIT: (OTHER,), LITE: (NOT_LOADED,)},
        ),
        (accepting(Way.OTHER_RESULTS), {JIT: DIFFERS, LITE: DIFFERS}, {JIT: (OTHER,), LITE: (OTHER,)}),
        # That the upgrader is gone is how it comes to other results.
        (accepting(Way.OTHER_RESULTS), {JIT: replace(DIFFERS, applied=NO)}, {JIT: (OTHER,)}),
    ],
)
def test_what_fails_in_just_the_accepted_way_is_accepted(
    one: AcceptedBreak, loaders: dict[str, LoaderFacts], failed: dict[str, tuple[Failure, ...]]
) -> None:
    told = judged(row(loaders, failed), one)
    assert (told.status, told.failed, told.reason) == (Status.ACCEPTED, False, "as it was")
    assert told.accepted is not None
    assert (told.accepted.how, told.accepted.error, told.accepted.by_branch) == (one.how, one.error, False)
    by_branch = accept_break(row(loaders, failed), [one], "pyproject.toml", frozenset([one])).accepted
    assert by_branch == replace(told.accepted, by_branch=True)
    sentence = f"{one.sentence} (pyproject.toml says so"
    assert told.accepted.sentence == f"{sentence})"
    assert by_branch.sentence == f"{sentence}, of this branch: target's settings do not)"


@pytest.mark.parametrize(
    ("one", "loaders", "failed", "told"),
    [
        (
            accepting(Way.OTHER_RESULTS),
            {JIT: DIFFERS},
            {JIT: (RAISES,)},
            f"{JIT}: raises: RuntimeError: no fac",
        ),
        (accepting(Way.OTHER_RESULTS), {JIT: DIFFERS}, {JIT: (OTHER, RAISES)}, f"{JIT}: raises: "),
        (accepting(Way.OTHER_RESULTS), {JIT: GONE}, {JIT: (NOT_LOADED,)}, f"{JIT}: does not load: gone"),
        (accepting(Way.NOT_LOADED), {JIT: DIFFERS}, {JIT: (OTHER,)}, f"{JIT}: other results: sample 1: 5.0"),
        (accepting(Way.NOT_LOADED), {JIT: DIFFERS}, {JIT: (CRASH,)}, f"{JIT}: crashes: killed by signal 11"),
        (accepting(Way.RAISES, "no scale"), {JIT: DIFFERS}, {JIT: (RAISES,)}, f"{JIT}: raises: RuntimeError"),
        (accepting(Way.RAISES, "5.0 then"), {JIT: DIFFERS}, {JIT: (OTHER,)}, f"{JIT}: other results: "),
        (
            accepting(Way.OTHER_RESULTS),
            {JIT: DIFFERS, LITE: GONE},
            {JIT: (OTHER,), LITE: (NOT_LOADED,)},
            f"{LITE}: does not load: gone",
        ),
        (
            accepting(Way.OTHER_RESULTS),
            {JIT: DIFFERS, LITE: NOT_APPLIED},
            {JIT: (OTHER,)},
            f"{LITE}: not applied: the marker is not there",
        ),
        (
            accepting(Way.OTHER_RESULTS),
            {JIT: NOT_APPLIED},
            {},
            f"{JIT}: not applied: the marker is not there",
        ),
        # What nobody told is no failure of the accepted kind.
        (accepting(Way.OTHER_RESULTS), {JIT: DIFFERS}, {}, f"{JIT}: it differs"),
    ],
)
def test_what_fails_otherwise_is_red_and_says_how(
    one: AcceptedBreak, loaders: dict[str, LoaderFacts], failed: dict[str, tuple[Failure, ...]], told: str
) -> None:
    result = judged(row(loaders, failed), one)
    assert (result.status, result.accepted) == (Status.MISMATCH, None)
    how = f'raises "{one.error}"' if one.error else one.how.value
    assert result.reason.startswith(f"fails otherwise than accepted ({how}): {told}")


def test_a_loader_of_which_nobody_knows_is_not_accepted() -> None:
    loaders = {JIT: DIFFERS, LITE: replace(EQUAL, equal=UNKNOWN)}
    result = judged(row(loaders, {JIT: (OTHER,)}), accepting(Way.OTHER_RESULTS))
    assert (result.status, result.reason) == (
        Status.MISMATCH,
        f"whether it fails as accepted (other results) is unknown: {LITE}: nobody looked",
    )


@pytest.mark.parametrize("status", [Status.VERIFIED, Status.UNPROVEN])
def test_where_nothing_breaks_the_settings_are_wrong(status: Status) -> None:
    whole = row({JIT: EQUAL, LITE: OF_LIBRARY}, {LITE: (NOT_LOADED,)}, status)
    told = judged(whole, accepting(Way.NOT_LOADED))
    assert told.status is Status.MISMATCH
    assert told.reason == (
        "nothing breaks: take it out of accepted-breaks in pyproject.toml, or narrow it by `modules` or `formats` to"
        " what does"
    )
    told = judged(whole, accepting(Way.NOT_LOADED, modules=("ScaleV3",)))
    assert told.reason == "nothing breaks: take it out of accepted-breaks in pyproject.toml"


NO_LOADERS: dict[str, LoaderFacts] = {}
UNTOUCHED = {
    "refused": row({JIT: DIFFERS}, {JIT: (OTHER,)}, Status.REFUSED),
    "failed": row({JIT: DIFFERS}, {JIT: (OTHER,)}, Status.FAILED),
    "not reproduced": row({JIT: DIFFERS}, {JIT: (OTHER,)}, reproduced=NO),
    "nobody could reproduce it": row({JIT: DIFFERS}, {JIT: (OTHER,)}, reproduced=UNKNOWN),
    "its upgrader's text will not load": row(NO_LOADERS),
    "not replayed": row(NO_LOADERS, status=Status.GENERATED),
    "not compared": row({JIT: replace(EQUAL, equal=UNKNOWN)}, status=Status.UNPROVEN),
    "lost": replace(row(NO_LOADERS), facts=None),
}


@pytest.mark.parametrize("key", UNTOUCHED)
def test_an_accepted_break_says_nothing_of_what_is_no_break(key: str) -> None:
    assert judged(UNTOUCHED[key], accepting(Way.OTHER_RESULTS)) is UNTOUCHED[key]


def test_the_first_that_is_about_the_fixture_holds() -> None:
    broken = row({JIT: DIFFERS}, {JIT: (OTHER,)})
    of_pt = accepting(Way.OTHER_RESULTS, formats=("pt",))
    of_another = accepting(Way.OTHER_RESULTS, modules=("ScaleV1",))
    assert judged(broken) is broken
    assert judged(broken, of_pt, of_another) is broken
    assert judged(broken, of_pt, accepting(Way.NOT_LOADED)).status is Status.MISMATCH
    own = accepting(Way.OTHER_RESULTS, modules=("ScaleV3",), formats=("ptl",))
    assert judged(broken, of_another, own, accepting(Way.NOT_LOADED)).status is Status.ACCEPTED


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (Replayed(), ()),
        (Replayed((None, None)), ()),
        (Replayed(failure="nobody tried", was_run=False), ()),
        (Replayed(failure="gone"), (NOT_LOADED,)),
        (Replayed(failure="killed by signal 11", crashed=True), (CRASH,)),
        (
            Replayed((None, "raises: RuntimeError: no factor any more", "'raises: x' then, 2 now")),
            (RAISES, Failure(Way.OTHER_RESULTS, "sample 3: 'raises: x' then, 2 now")),
        ),
    ],
)
def test_each_failure_is_told_by_what_the_worker_saw(seen: Replayed, found: tuple[Failure, ...]) -> None:
    assert failures({JIT: seen}) == {JIT: found}
