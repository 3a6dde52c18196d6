from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.formats import JIT, LITE
from opfixtures.archives.model import Archive
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.replay_facts import OPERATOR_UNUSED, VALUE_UNSEEN, VALUE_UNUSED, replay_facts
from opfixtures.proving.result import Answer, Fact, LoaderFacts
from opfixtures.worker.observations import (
    NOT_REPLAYED,
    MarkerSeen,
    OperatorSeen,
    Replayed,
    RowReplayed,
    RuntimeSeen,
    UpgraderSeen,
)

ENTRY = MapEntry("aten::linspace", 8, "linspace_0_7", "aten::linspace(...)", Place("version_map.cpp", 1, 1))
ARCHIVE = Archive(3, 7, frozenset({"aten::linspace", "aten::add.Tensor"}), sha256="", size=1)
OPERATORS = {
    "aten::linspace": OperatorSeen("", (8,), is_torchs=True),
    "aten::add.Tensor": OperatorSeen("", (), is_torchs=True),
    "aten::gelu": OperatorSeen("", (10,), is_torchs=True),
    "tiny::scale": OperatorSeen("", (4,), is_torchs=False),
}
RUNTIME = RuntimeSeen("2.13.0", "bc2c6eda", "3.11", "Linux", 10, None, OPERATORS)

EQUAL = Replayed((None, None))
DIFFERENT = Replayed((None, "1 then, 2 now"))
NOT_LOADED = Replayed(failure="no such operator")
CRASHED = Replayed(failure="crashed: SIGSEGV", crashed=True)
NOT_RUN = Replayed(failure="the worker told nothing of it", was_run=False)
WITHOUT_RECORD = Replayed()
FOUND = MarkerSeen(found=True, registered=True)


def owner_of(entry: MapEntry, last_bump: int) -> Owner:
    row = FixtureEntry("LinspaceV7", entry.operator, Place("registry.py", 1, 1))
    return Owner(row, "linspace_v7.ptl", entry, range(entry.bumped_at_version), last_bump)


def facts(
    written: Replayed = EQUAL,
    raised: Replayed = DIFFERENT,
    marker: MarkerSeen = FOUND,
    entry: MapEntry = ENTRY,
    archive: Archive = ARCHIVE,
    raised_to: int = 8,
    runtime: RuntimeSeen = RUNTIME,
    control: Replayed = EQUAL,
    multiplied: Replayed = DIFFERENT,
    by_one: Replayed = EQUAL,
) -> dict[str, LoaderFacts]:
    """The facts of a replay in which both loaders did the same."""
    row = RowReplayed(
        {JIT: written, LITE: written},
        {JIT: raised, LITE: raised},
        marker,
        control={JIT: control, LITE: control},
        multiplied=multiplied,
        by_one=by_one,
    )
    return replay_facts(owner_of(entry, raised_to), archive, runtime, row)


def test_a_true_fixture_loads_is_equal_and_sensitive_and_its_upgrader_is_applied() -> None:
    found = facts()
    sensitive = Fact(Answer.YES, "without the upgrader: 1 then, 2 now")

    assert found == {
        JIT: LoaderFacts(
            loads=Fact(Answer.YES),
            equal=Fact(Answer.YES, "2 samples"),
            applied=Fact(Answer.YES, "the marker in place of linspace_0_7 is in the loaded graph"),
            sensitive=sensitive,
        ),
        LITE: LoaderFacts(
            loads=Fact(Answer.YES),
            equal=Fact(Answer.YES, "2 samples"),
            applied=Fact(Answer.YES, "equal, and not so without the upgrader"),
            sensitive=sensitive,
        ),
    }


@pytest.mark.parametrize(
    ("written", "loads", "equal"),
    [
        (EQUAL, Fact(Answer.YES), Fact(Answer.YES, "2 samples")),
        (Replayed((None,)), Fact(Answer.YES), Fact(Answer.YES, "1 sample")),
        (DIFFERENT, Fact(Answer.YES), Fact(Answer.NO, "sample 2: 1 then, 2 now")),
        (NOT_LOADED, Fact(Answer.NO, "no such operator"), Fact(Answer.NO, "it does not load")),
        (CRASHED, Fact(Answer.UNKNOWN, "crashed: SIGSEGV"), Fact(Answer.NO, "crashed: SIGSEGV")),
        (NOT_RUN, Fact(Answer.UNKNOWN, NOT_RUN.failure), Fact(Answer.UNKNOWN, NOT_RUN.failure)),
        (WITHOUT_RECORD, Fact(Answer.YES), Fact(Answer.UNKNOWN, "no recorded outputs to compare with")),
    ],
)
@pytest.mark.parametrize("loader", [JIT, LITE])
def test_loads_and_equal_say_what_the_loader_did(
    loader: str, written: Replayed, loads: Fact, equal: Fact
) -> None:
    found = facts(written=written)[loader]

    assert (found.loads, found.equal) == (loads, equal)


@pytest.mark.parametrize(
    ("marker", "applied"),
    [
        (FOUND, Fact(Answer.YES, "the marker in place of linspace_0_7 is in the loaded graph")),
        (
            MarkerSeen(registered=True),
            Fact(Answer.NO, "the marker in place of linspace_0_7 is not in the loaded graph"),
        ),
        (MarkerSeen(), Fact(Answer.NO, "the runtime has no upgrader linspace_0_7")),
        (
            MarkerSeen(registered=True, failure="it does not load"),
            Fact(Answer.UNKNOWN, "the marker could not be looked for: it does not load"),
        ),
        (
            MarkerSeen(failure="crashed: SIGSEGV"),
            Fact(Answer.UNKNOWN, "the marker could not be looked for: crashed: SIGSEGV"),
        ),
    ],
)
def test_applied_is_what_the_marker_shows(marker: MarkerSeen, applied: Fact) -> None:
    assert facts(marker=marker)[JIT].applied == applied


ALREADY = "it fails as it was written already"
PASSES = "it passes without the upgrader too"


@pytest.mark.parametrize(
    ("written", "raised", "sensitive"),
    [
        (EQUAL, DIFFERENT, Fact(Answer.YES, "without the upgrader: 1 then, 2 now")),
        (EQUAL, NOT_LOADED, Fact(Answer.YES, "without the upgrader it does not load: no such operator")),
        (EQUAL, EQUAL, Fact(Answer.NO, PASSES)),
        (EQUAL, CRASHED, Fact(Answer.UNKNOWN, "without the upgrader: crashed: SIGSEGV")),
        (EQUAL, NOT_RUN, Fact(Answer.UNKNOWN, "without the upgrader: the worker told nothing of it")),
        (DIFFERENT, DIFFERENT, Fact(Answer.UNKNOWN, ALREADY)),
        (NOT_LOADED, NOT_LOADED, Fact(Answer.UNKNOWN, ALREADY)),
        (CRASHED, DIFFERENT, Fact(Answer.UNKNOWN, ALREADY)),
        (WITHOUT_RECORD, WITHOUT_RECORD, Fact(Answer.UNKNOWN, "no recorded outputs to compare with")),
        (
            WITHOUT_RECORD,
            NOT_LOADED,
            Fact(Answer.YES, "without the upgrader it does not load: no such operator"),
        ),
    ],
)
@pytest.mark.parametrize("loader", [JIT, LITE])
def test_a_replay_is_sensitive_if_it_fails_only_without_the_upgrader(
    loader: str, written: Replayed, raised: Replayed, sensitive: Fact
) -> None:
    assert facts(written=written, raised=raised)[loader].sensitive == sensitive


ANEW = "it fails written anew with its own version already: "
RAISES = Replayed(("raises: a view", "raises: a view"))


@pytest.mark.parametrize("raised", [DIFFERENT, NOT_LOADED])
@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (DIFFERENT, "1 then, 2 now"),
        (NOT_LOADED, "no such operator"),
        (CRASHED, "crashed: SIGSEGV"),
        (NOT_RUN, "the worker told nothing of it"),
        (NOT_REPLAYED, "nobody tried"),
    ],
)
@pytest.mark.parametrize("loader", [JIT, LITE])
def test_what_an_archive_does_as_it_is_written_anew_shows_nothing_of_its_upgrader(
    loader: str, raised: Replayed, control: Replayed, reason: str
) -> None:
    assert facts(raised=raised, control=control)[loader].sensitive == Fact(Answer.UNKNOWN, ANEW + reason)


def test_an_archive_that_passes_raised_is_not_asked_how_it_does_written_anew() -> None:
    assert facts(raised=EQUAL, control=DIFFERENT)[JIT].sensitive == Fact(Answer.NO, PASSES)


SENSITIVE = Fact(Answer.YES, "without the upgrader: 1 then, 2 now")


@pytest.mark.parametrize(
    ("multiplied", "by_one", "sensitive"),
    [
        (DIFFERENT, EQUAL, SENSITIVE),
        # Where it can be multiplied by one, it is the value that it raises for.
        (RAISES, EQUAL, SENSITIVE),
        (EQUAL, EQUAL, Fact(Answer.NO, VALUE_UNUSED)),
        # The second sample differs for what was put in, the first does not for what was multiplied.
        (DIFFERENT, DIFFERENT, Fact(Answer.NO, VALUE_UNUSED)),
        (Replayed(("a", "b")), DIFFERENT, SENSITIVE),
        (RAISES, RAISES, Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: raises: a view")),
        (EQUAL, RAISES, Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: raises: a view")),
        (DIFFERENT, CRASHED, Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: crashed: SIGSEGV")),
        (CRASHED, EQUAL, Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: crashed: SIGSEGV")),
        (NOT_RUN, EQUAL, Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: {NOT_RUN.failure}")),
        # Neither a tensor nor a number, or no sample.
        (NOT_REPLAYED, NOT_REPLAYED, SENSITIVE),
        (WITHOUT_RECORD, WITHOUT_RECORD, SENSITIVE),
    ],
)
@pytest.mark.parametrize("loader", [JIT, LITE])
def test_what_an_upgrader_gives_counts_if_another_multiple_of_it_than_one_is_noticed(
    loader: str, multiplied: Replayed, by_one: Replayed, sensitive: Fact
) -> None:
    assert facts(multiplied=multiplied, by_one=by_one)[loader].sensitive == sensitive


@pytest.mark.parametrize(
    ("multiplied", "by_one", "sensitive"),
    [
        (EQUAL, EQUAL, Fact(Answer.NO, VALUE_UNUSED)),
        (RAISES, RAISES, Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: raises: a view")),
    ],
)
def test_what_an_upgrader_that_changes_nothing_gives_has_to_count_too(
    multiplied: Replayed, by_one: Replayed, sensitive: Fact
) -> None:
    found = facts(
        raised=EQUAL,
        entry=GELU,
        archive=CALLS_GELU,
        raised_to=10,
        runtime=KNOWN_FOR_NOTHING,
        multiplied=multiplied,
        by_one=by_one,
    )

    assert found[JIT].sensitive == sensitive


@pytest.mark.parametrize(
    ("written", "raised"),
    [(EQUAL, EQUAL), (EQUAL, CRASHED), (DIFFERENT, DIFFERENT), (WITHOUT_RECORD, NOT_LOADED)],
)
def test_whether_lite_applied_the_upgrader_is_unknown_unless_equal_and_sensitive(
    written: Replayed, raised: Replayed
) -> None:
    assert facts(written=written, raised=raised)[LITE].applied == Fact(
        Answer.UNKNOWN, "the table of upgraders is compiled into the lite interpreter"
    )


GELU = replace(ENTRY, operator="aten::gelu", bumped_at_version=10, upgrader_name="gelu_0_9")
CALLS_GELU = replace(ARCHIVE, operators=frozenset({"aten::gelu"}))
KNOWN_FOR_NOTHING = replace(RUNTIME, upgraders={"gelu_0_9": UpgraderSeen(registered=True, identity=True)})


@pytest.mark.parametrize(
    ("raised", "sensitive"),
    [
        (EQUAL, Fact(Answer.NOT_APPLICABLE, "gelu_0_9 changes nothing")),
        (DIFFERENT, Fact(Answer.YES, "without the upgrader: 1 then, 2 now")),
        (CRASHED, Fact(Answer.UNKNOWN, "without the upgrader: crashed: SIGSEGV")),
        (WITHOUT_RECORD, Fact(Answer.UNKNOWN, "no recorded outputs to compare with")),
    ],
)
@pytest.mark.parametrize("loader", [JIT, LITE])
def test_an_upgrader_whose_graph_changes_nothing_is_excused_only_where_outputs_are_the_same(
    loader: str, raised: Replayed, sensitive: Fact
) -> None:
    found = facts(raised=raised, entry=GELU, archive=CALLS_GELU, raised_to=10, runtime=KNOWN_FOR_NOTHING)

    assert found[loader].sensitive == sensitive


@pytest.mark.parametrize(
    "upgraders",
    [
        {},
        {"gelu_0_9": UpgraderSeen(registered=True)},
        {"gelu_10_11": UpgraderSeen(registered=True, identity=True)},
    ],
)
def test_an_upgrader_is_not_excused_by_its_name(upgraders: dict[str, UpgraderSeen]) -> None:
    runtime = replace(RUNTIME, upgraders=upgraders)

    assert facts(raised=EQUAL, entry=GELU, archive=CALLS_GELU, raised_to=10, runtime=runtime)[
        JIT
    ].sensitive == Fact(Answer.NO, PASSES)


@pytest.mark.parametrize(
    ("stamp", "raised_to", "known"),
    [(3, 10, False), (3, 9, True), (9, 10, False), (10, 10, True), (3, 8, True)],
)
def test_an_operator_whose_upgrader_is_disabled_too_makes_sensitivity_unknown(
    stamp: int, raised_to: int, known: bool
) -> None:
    archive = Archive(stamp, 7, frozenset({"aten::linspace", "aten::gelu"}), sha256="", size=1)

    sensitive = facts(archive=archive, raised_to=raised_to)[JIT].sensitive

    assert (sensitive.value is Answer.YES) is known
    assert known or sensitive == Fact(
        Answer.UNKNOWN, "raising the version record also disables the upgraders of aten::gelu"
    )


DIV = replace(ENTRY, operator="aten::div.Tensor", upgrader_name="div_Tensor_0_3", bumped_at_version=4)
OVERLOADS = {
    "aten::div.Tensor": OperatorSeen("", (4,), is_torchs=True),
    "aten::div.Scalar": OperatorSeen(None, (4,), is_torchs=False),
    "aten::full": OperatorSeen("", (5,), is_torchs=True),
    "aten::add.Tensor": OperatorSeen("", (), is_torchs=True),
}


@pytest.mark.parametrize(
    ("names", "repeated", "shadows"),
    [
        ({"aten::div", "aten::add"}, (), ""),
        # Both calls may be of one overload: nobody can tell.
        ({"aten::div", "aten::add"}, {"aten::div"}, "aten::div.Scalar"),
        ({"aten::div", "aten::full"}, (), ""),
        ({"aten::div", "tiny::scale"}, (), "tiny::scale.out"),
        ({"aten::div", "aten::linspace"}, {"aten::linspace"}, ""),
    ],
)
def test_an_archive_without_bytecode_may_call_any_overload(
    names: set[str], repeated: set[str], shadows: str
) -> None:
    overloads = {**OVERLOADS, "tiny::scale.out": OperatorSeen("", (4,), is_torchs=False)}
    archive = Archive(3, None, frozenset(), "", 1, names=frozenset(names), repeated=frozenset(repeated))

    found = facts(entry=DIV, archive=archive, raised_to=4, runtime=replace(RUNTIME, operators=overloads))

    assert found[JIT].sensitive.reason == (
        f"raising the version record also disables the upgraders of {shadows}"
        if shadows
        else "without the upgrader: 1 then, 2 now"
    )


@pytest.mark.parametrize("highest", [7, None])
def test_a_version_that_the_runtime_does_not_read_makes_sensitivity_unknown(highest: int | None) -> None:
    older = replace(RUNTIME, max_operator_version=highest)

    assert facts(raised=NOT_LOADED, runtime=older)[JIT].sensitive == Fact(
        Answer.UNKNOWN, "torch 2.13.0 does not read version 8, at which no upgrader applies"
    )


SCALE = replace(ENTRY, operator="tiny::scale", bumped_at_version=4, upgrader_name="gelu_0_9")
CALLS_SCALE = replace(ARCHIVE, operators=frozenset({"tiny::scale"}))


def test_under_lite_a_library_is_asked_only_whether_it_loads() -> None:
    found = facts(written=NOT_LOADED, entry=SCALE, archive=CALLS_SCALE, raised_to=4)[LITE]
    compiled_in = Fact(Answer.NOT_APPLICABLE, "lite knows no upgraders but torch's own")

    assert found == LoaderFacts(Fact(Answer.NO, "no such operator"), compiled_in, compiled_in, compiled_in)


def test_a_library_is_excused_by_the_graph_of_its_upgrader_too() -> None:
    found = facts(raised=EQUAL, entry=SCALE, archive=CALLS_SCALE, raised_to=4, runtime=KNOWN_FOR_NOTHING)

    assert found[JIT].sensitive == Fact(Answer.NOT_APPLICABLE, "gelu_0_9 changes nothing")


def test_without_lite_only_torch_jit_load_is_told_of() -> None:
    row = RowReplayed({JIT: EQUAL}, {JIT: DIFFERENT}, FOUND)

    assert list(replay_facts(owner_of(ENTRY, 8), ARCHIVE, RUNTIME, row)) == [JIT]


@pytest.mark.parametrize(
    ("written", "loads", "equal"),
    [
        (EQUAL, Fact(Answer.YES), Fact(Answer.YES, "2 samples")),
        (DIFFERENT, Fact(Answer.YES), Fact(Answer.NO, "sample 2: 1 then, 2 now")),
        (NOT_LOADED, Fact(Answer.NO, "no such operator"), Fact(Answer.NO, "it does not load")),
    ],
)
def test_a_guard_has_to_compute_the_same_and_has_no_upgrader(
    written: Replayed, loads: Fact, equal: Fact
) -> None:
    guard = Owner(FixtureEntry("LinspaceV7", "aten::linspace", Place("registry.py", 1, 1)), "l.ptl")
    row = RowReplayed({JIT: written, LITE: written}, {JIT: NOT_RUN, LITE: NOT_RUN}, MarkerSeen())
    none = Fact(Answer.NOT_APPLICABLE, "a guard has no upgrader")
    unused = replace(row, multiplied=EQUAL, by_one=EQUAL)

    assert replay_facts(guard, ARCHIVE, RUNTIME, unused) == {
        loader: LoaderFacts(loads, equal, none, Fact(Answer.NO, OPERATOR_UNUSED)) for loader in (JIT, LITE)
    }
    for multiplied, by_one in ((DIFFERENT, EQUAL), (CRASHED, DIFFERENT)):
        tried = replace(row, multiplied=multiplied, by_one=by_one)
        assert replay_facts(guard, ARCHIVE, RUNTIME, tried)[JIT].sensitive == none
    assert replay_facts(guard, ARCHIVE, RUNTIME, row) == {
        loader: LoaderFacts(loads, equal, none, none) for loader in (JIT, LITE)
    }
