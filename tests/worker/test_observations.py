from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.worker.observations import (
    CompiledSeen,
    Exported,
    MarkerSeen,
    OperatorSeen,
    RanSeen,
    Replayed,
    Reproduced,
    RuntimeSeen,
    Sampled,
    UpgraderSeen,
    WorkerError,
)
from opfixtures.worker.told import TOLD_NOTHING, exported, row_replayed, runtime_seen, sampled

GELU: Any = {
    "schema": "aten::gelu(Tensor self) -> Tensor",
    "overloads": ["aten::gelu(Tensor self) -> Tensor"],
    "bumps": [10],
    "torch": True,
}
RUNTIME = {
    "event": "runtime",
    "torch": "2.13.0+cpu",
    "torch_git": "bc2c6eda",
    "python": "3.11.7",
    "platform": "Linux-x86_64",
    "max_operator_version": 10,
    "imported": None,
    "operators": {
        "aten::gelu": GELU,
        "tiny::scale": {"schema": None, "overloads": [], "bumps": None, "torch": False},
    },
    "isolation": ["Landlock"],
}
WORDS = [
    "refused",
    "samples",
    "found",
    "archive",
    "ran",
    "why",
    "again",
    "inputs",
    "output",
    "load_error",
    "differences",
    "registered",
    "found",
]
KEYS = st.sampled_from([*WORDS, "jit archive", *RUNTIME, *GELU])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner),
    max_leaves=8,
)


def test_a_runtime_is_what_it_says() -> None:
    assert runtime_seen(RUNTIME, ("aten::gelu", "tiny::scale")) == RuntimeSeen(
        torch="2.13.0+cpu",
        torch_git="bc2c6eda",
        python="3.11.7",
        platform="Linux-x86_64",
        max_operator_version=10,
        isolation=("Landlock",),
        imported=None,
        operators={
            "aten::gelu": OperatorSeen(GELU["schema"], (10,), True, (GELU["schema"],)),
            "tiny::scale": OperatorSeen(None, None, False),
        },
    )


def test_a_runtime_that_leaves_an_operator_out_is_an_error() -> None:
    with pytest.raises(WorkerError, match="the worker did not describe aten::div"):
        runtime_seen(RUNTIME, ("aten::gelu", "aten::div"))


def test_a_torch_built_outside_of_git_has_an_unknown_commit() -> None:
    assert runtime_seen({**RUNTIME, "torch_git": None}).torch_git == "unknown"


def test_what_was_compiled_is_told_as_far_as_it_was_asked_for() -> None:
    whole = {"problem": "", "difference": "it takes 2", "unseen": "", "missing": "x::y"}
    told = {"a_0_3": whole, "b_0_3": {"refused": "crashed: SIGSEGV"}, "c_0_3": whole}
    seen = runtime_seen({**RUNTIME, "compiled": told}, compiled=("a_0_3", "b_0_3", "d_0_3"))
    assert seen.compiled == {
        "a_0_3": CompiledSeen(difference="it takes 2", missing="x::y"),
        "b_0_3": CompiledSeen(problem="crashed: SIGSEGV"),
    }
    others: list[Any] = [None, [], {"a_0_3": None}, {"a_0_3": {**whole, "problem": None}}]
    for wrong in others:
        with pytest.raises(WorkerError, match="without a usable 'compiled'"):
            runtime_seen({**RUNTIME, "compiled": wrong}, compiled=("a_0_3",))


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({**RUNTIME, "torch": None}, "torch"),
        ({**RUNTIME, "torch": "\ud800"}, "torch"),
        ({**RUNTIME, "max_operator_version": "10"}, "max_operator_version"),
        ({**RUNTIME, "max_operator_version": True}, "max_operator_version"),
        ({**RUNTIME, "max_operator_version": 10**4000}, "max_operator_version"),
        ({**RUNTIME, "operators": [GELU]}, "operators"),
        ({**RUNTIME, "isolation": [1]}, "isolation"),
        ({**RUNTIME, "operators": {"aten::gelu": None}}, "torch"),
        ({**RUNTIME, "operators": {"aten::gelu": {**GELU, "bumps": ["10"]}}}, "bumps"),
        ({**RUNTIME, "operators": {"aten::gelu": {**GELU, "schema": 1}}}, "schema"),
        ({**RUNTIME, "operators": {"aten::gelu": {**GELU, "overloads": "all"}}}, "overloads"),
        ({**RUNTIME, "operators": {"aten::gelu": {**GELU, "torch": 1}}}, "torch"),
    ],
)
def test_a_runtime_described_in_another_form_is_an_error(event: Any, key: str) -> None:
    with pytest.raises(WorkerError, match=f"without a usable '{key}'"):
        runtime_seen(event)


@given(JSON, st.sampled_from(sorted(RUNTIME)))
def test_any_json_gives_a_runtime_or_a_worker_error(planted: Any, key: str) -> None:
    for event in (planted, {**RUNTIME, key: planted}):
        with suppress(WorkerError):
            assert isinstance(runtime_seen(event), RuntimeSeen)


SAMPLE = {"inputs": [{"float": 1.5}], "output": True}
YES, RAN = {"ran": True}, RanSeen(True)
UNTOLD = RanSeen(None, TOLD_NOTHING)
EQUAL = {"load_error": None, "differences": [None]}
# Every row that has samples has an archive, too.
MADE = {"again": [], "archive": "AAE="}
ARCHIVE = b"\0\1"


@pytest.mark.parametrize(
    ("told", "row"),
    [
        (
            {**MADE, "samples": [SAMPLE, SAMPLE], "ran": YES},
            Exported((SAMPLE, SAMPLE), ran=RAN, archive=ARCHIVE),
        ),
        (
            {**MADE, "samples": [SAMPLE], "again": [None, "1"], "ran": YES},
            Exported((SAMPLE,), (None, "1"), ran=RAN, archive=ARCHIVE),
        ),
        ({**MADE, "samples": [SAMPLE], "ran": {"ran": 1}}, Exported((SAMPLE,), ran=UNTOLD, archive=ARCHIVE)),
        (
            {**MADE, "samples": [SAMPLE], "backported": "AAI="},
            Exported((SAMPLE,), ran=UNTOLD, archive=ARCHIVE, backported=b"\0\2"),
        ),
        ({**MADE, "samples": [SAMPLE], "archive": "%"}, Exported(refusal="what it told is no archive")),
        ({**MADE, "samples": [SAMPLE], "backported": "%"}, Exported(refusal="what it told is no archive")),
        ({**MADE, "samples": [SAMPLE], "again": [1]}, Exported(refusal=TOLD_NOTHING)),
        ({"samples": [SAMPLE], "again": []}, Exported(refusal=TOLD_NOTHING)),
        ({"samples": [SAMPLE], "archive": "AAE="}, Exported(refusal=TOLD_NOTHING)),
        ({"found": {**EQUAL, "ran": YES}}, Exported(found=Reproduced((None,), ran=RAN))),
        ({"found": EQUAL, "refused": "x"}, Exported(refusal="x", found=Reproduced((None,), ran=UNTOLD))),
        ({"found": EQUAL, "other": 1}, Exported(refusal=TOLD_NOTHING, found=Reproduced((None,), ran=UNTOLD))),
        ({"found": None}, Exported(found=Reproduced(failure=TOLD_NOTHING, ran=UNTOLD))),
        (
            {**MADE, "samples": [SAMPLE], "ran": YES, "found": {"refused": "crashed"}},
            Exported((SAMPLE,), ran=RAN, archive=ARCHIVE, found=Reproduced(failure="crashed", ran=UNTOLD)),
        ),
        (
            {**MADE, "samples": [], "found": {"load_error": "no", "ran": {"ran": None, "why": "w"}}},
            Exported(
                refusal="its samples is not a list of at least one: that cannot be recorded",
                found=Reproduced(failure="no", ran=RanSeen(None, "w")),
            ),
        ),
        ({"refused": "it does not script"}, Exported(refusal="it does not script")),
        ({"refused": "x" * 3000}, Exported(refusal="x" * 2000)),
        ({"refused": ""}, Exported(refusal="no reason is given")),
        (
            {**MADE, "samples": [{"inputs": [1.5], "output": 1}]},
            Exported(refusal="its samples[0].inputs[0] is not a value: that cannot be recorded"),
        ),
        (
            {**MADE, "samples": []},
            Exported(refusal="its samples is not a list of at least one: that cannot be recorded"),
        ),
        ({"samples": None}, Exported(refusal=TOLD_NOTHING)),
        (None, Exported(refusal=TOLD_NOTHING)),
    ],
)
def test_an_exported_row_has_samples_or_a_refusal(told: Any, row: Exported) -> None:
    assert exported(told) == row


@given(JSON)
def test_any_json_gives_samples_or_a_refusal(told: Any) -> None:
    row = exported(told)

    if row.found is None or row.samples:
        assert bool(row.samples) != bool(row.refusal)


@pytest.mark.parametrize(
    ("told", "replayed"),
    [
        ({"load_error": None, "differences": []}, Replayed()),
        ({"load_error": None, "differences": [None, "1 then"]}, Replayed((None, "1 then"))),
        (
            {"load_error": None, "differences": [None, "1 then"], "outputs": [None, True]},
            Replayed((None, "1 then"), outputs=(None, True)),
        ),
        (
            {"load_error": None, "differences": ["1 then"], "outputs": [{"tensor": "x"}]},
            Replayed(("1 then",), outputs=(None,)),
        ),
        ({"load_error": None, "differences": ["1"], "outputs": 1}, Replayed(("1",))),
        ({"load_error": "no such operator"}, Replayed(failure="no such operator")),
        ({"refused": "crashed: SIGSEGV"}, Replayed(failure="crashed: SIGSEGV", crashed=True)),
        ({"load_error": None, "differences": [False]}, Replayed(failure=TOLD_NOTHING, was_run=False)),
        ({"load_error": None}, Replayed(failure=TOLD_NOTHING, was_run=False)),
        (None, Replayed(failure=TOLD_NOTHING, was_run=False)),
    ],
)
def test_a_replay_has_differences_or_a_failure(told: Any, replayed: Replayed) -> None:
    row = row_replayed({"jit archive": told, "jit raised": {"load_error": "raised"}}, ("jit",))

    assert row.as_written == {"jit": replayed}
    assert row.raised == {"jit": Replayed(failure="raised")}


@pytest.mark.parametrize(
    ("told", "marker"),
    [
        ({"registered": True, "found": True, "ran": True}, MarkerSeen(True, True, ran=True)),
        ({"registered": True, "found": True, "ran": None, "why": "x"}, MarkerSeen(True, True)),
        ({"registered": False, "found": False, "ran": False}, MarkerSeen(ran=False)),
        ({"registered": True, "found": True}, MarkerSeen(failure=TOLD_NOTHING)),
        ({"registered": True, "found": False, "load_error": "x"}, MarkerSeen(registered=True, failure="x")),
        ({"refused": "crashed: SIGSEGV"}, MarkerSeen(failure="crashed: SIGSEGV")),
        ({"registered": 1, "found": 1}, MarkerSeen(failure=TOLD_NOTHING)),
        (None, MarkerSeen(failure=TOLD_NOTHING)),
    ],
)
def test_a_marker_was_found_or_not_or_nothing_is_known(told: Any, marker: MarkerSeen) -> None:
    assert row_replayed({"marker": told}, ()).marker == marker


@pytest.mark.parametrize(
    ("told", "ran"),
    [
        ({"ran": True}, RanSeen(True)),
        ({"ran": False}, RanSeen(False)),
        ({"ran": None, "why": "no samples"}, RanSeen(None, "no samples")),
        ({"refused": "crashed: SIGSEGV"}, RanSeen(None, "crashed: SIGSEGV")),
        ({"ran": 1}, UNTOLD),
        (None, UNTOLD),
    ],
)
def test_an_operator_ran_or_did_not_or_nothing_is_known(told: Any, ran: RanSeen) -> None:
    assert row_replayed({"ran": told}, ()).ran == ran


UPGRADER = {"registered": True, "identity": False, "same": None, "problem": ""}


@pytest.mark.parametrize(
    ("told", "upgrader"),
    [
        (UPGRADER, UpgraderSeen(registered=True)),
        ({**UPGRADER, "identity": True, "same": True}, UpgraderSeen(True, True, True)),
        ({**UPGRADER, "same": False, "problem": "x" * 3000}, UpgraderSeen(True, False, False, "x" * 2000)),
        ({"refused": "crashed: SIGSEGV"}, UpgraderSeen(problem="crashed: SIGSEGV")),
    ],
)
def test_an_upgrader_is_what_is_told_of_it(told: Any, upgrader: UpgraderSeen) -> None:
    assert runtime_seen({**RUNTIME, "upgraders": {"a": told}}, (), ("a",)).upgraders == {"a": upgrader}


@pytest.mark.parametrize("told", [None, [], {}, {"a": None}, {"a": {**UPGRADER, "same": 1}}, {"b": UPGRADER}])
def test_upgraders_told_in_another_form_are_an_error(told: Any) -> None:
    with pytest.raises(WorkerError, match="without a usable 'upgraders'"):
        runtime_seen({**RUNTIME, "upgraders": told}, (), ("a",))


@given(JSON)
def test_any_json_gives_a_replayed_row(told: Any) -> None:
    row = row_replayed(told, ("jit", "lite"))

    assert set(row.as_written) == set(row.raised) == {"jit", "lite"}


def test_a_fixture_that_ends_the_worker_fails_every_step() -> None:
    seen = row_replayed({"refused": "the worker ended early"}, ("lite",))
    assert seen.as_written["lite"].failure == seen.raised["lite"].failure == "the worker ended early"
    assert seen.as_written["lite"].crashed
    assert not seen.marker.found
    assert seen.marker.failure == "the worker ended early"


ONE = {"tensor": "float32", "shape": [1], "values": [1.0]}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"text": 1, "samples": [{"inputs": [ONE, 2]}]}, Sampled(1, ((ONE, 2),))),
        ({"text": 0, "samples": [{"inputs": []}]}, Sampled(0, ((),))),
        (
            {"text": 0, "samples": [{"inputs": [2]}], "unexported": "no fake"},
            Sampled(0, ((2,),), unexported="no fake"),
        ),
        ({"text": 0, "samples": [{"inputs": [2]}], "unexported": 3}, Sampled(0, ((2,),))),
        ({"refused": "it does not script"}, Sampled(refusal="it does not script")),
        ({"text": 2, "samples": [{"inputs": [ONE]}]}, Sampled(refusal=TOLD_NOTHING)),
        ({"text": 0, "samples": []}, Sampled(refusal=TOLD_NOTHING)),
        ({"text": "0", "samples": [{"inputs": [ONE]}]}, Sampled(refusal=TOLD_NOTHING)),
        (None, Sampled(refusal=TOLD_NOTHING)),
        ([], Sampled(refusal=TOLD_NOTHING)),
    ],
)
def test_samples_are_what_is_told_of_them(told, expected):
    assert sampled(told, 2) == expected


@pytest.mark.parametrize("samples", [[1], [{"inputs": 1}], [{"inputs": [{"tensor": 1}]}], [{}]])
def test_samples_that_cannot_be_recorded_are_none(samples):
    told = sampled({"text": 0, "samples": samples}, 1)
    assert told.samples == ()
    assert told.refusal.startswith("its samples")
    assert told.refusal.endswith(": that cannot be recorded")
