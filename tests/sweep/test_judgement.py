"""What the two sides of a sweep come to."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from opfixtures.sweep.judgement import CHANGED, STATUSES, Replay, judge, kind_of, needs_second_run
from opfixtures.sweep.left_out import counts_by_reason, why_left_out, why_not_called
from opfixtures.sweep.then import Made

SAME = {"output": 1.0, "difference": None}


def other(difference: str) -> dict[str, object]:
    return {"output": 2.0, "difference": difference}


@pytest.mark.parametrize(
    ("difference", "kind"),
    [
        ("element 0: -0.0 then, -1.0 now", "values"),
        ("int64 then, float32 now", "dtype"),
        ("value 1: complex64 then, float32 now", "dtype"),
        ("float then, int now", "dtype"),
        ("tensor then, tuple now", "dtype"),
        ("shape [2] then, [2, 1] now", "shape"),
        ("value 0: shape [] then, [1] now", "shape"),
        ("2 values then, 3 now", "shape"),
        ("3 elements then, 2 now", "shape"),
        ("in the inputs after the run: element 3: 1.0 then, 'nan' now", "values"),
        ("'float32 then' then, 'int64' now", "values"),
    ],
)
def test_a_difference_is_of_a_kind(difference, kind):
    assert kind_of(difference) == kind


def test_what_gives_the_same_is_the_same(replay):
    one = replay(SAME)
    assert judge("aten::abs", [one.made], [one], is_there=True).status == "same"
    assert not needs_second_run(one)


@pytest.mark.parametrize(
    ("told", "status", "detail"),
    [
        (other("element 0: 1.0 then, 2.0 now"), "values", "sample 1: element 0: 1.0 then, 2.0 now"),
        (other("float32 then, int64 now"), "dtype", "sample 1: float32 then, int64 now"),
        (other("shape [1] then, [] now"), "shape", "sample 1: shape [1] then, [] now"),
        ({"raises": "RuntimeError: no\nat a"}, "raises", "sample 1: raises: RuntimeError: no"),
        (
            {"raises": "RuntimeError: expected mask dtype to be Bool but got Float"},
            "refused-input",
            "the input was wrong then and is refused now: RuntimeError: expected mask dtype to be Bool but got Float",
        ),
    ],
)
def test_what_differs_says_how(replay, told, status, detail):
    one = replay(told, SAME)
    verdict = judge("aten::abs", [one.made], [one], is_there=True)
    assert (verdict.status, verdict.detail) == (status, detail)
    assert (verdict.sample, verdict.now) == (0, told)
    assert verdict.then == one.made.samples[0]
    assert needs_second_run(one)


@pytest.mark.parametrize("again", [other("element 0: 1.0 then, 3.0 now"), {"raises": "RuntimeError: no"}])
def test_nothing_counts_that_a_second_run_of_the_old_runtime_contradicts(replay, again):
    one = replay(other("element 0: 1.0 then, 2.0 now"), again)
    verdict = judge("aten::abs", [one.made], [one], is_there=True)
    assert verdict.status == "not-unique"
    assert verdict.detail.startswith("two runs of the old runtime disagree: ")


@pytest.mark.parametrize("again", [{"load_error": "RuntimeError: no"}, {"refused": "crashed: SIGSEGV"}])
def test_nor_what_the_old_runtime_does_not_run_twice(replay, again):
    one = replay(other("element 0: 1.0 then, 2.0 now"))
    twice = Replay(one.made, one.now, again)
    assert judge("aten::abs", [one.made], [twice], is_there=True).status == "not-unique"


@pytest.mark.parametrize(
    ("now", "is_there", "status"),
    [
        ({"refused": "crashed: SIGSEGV"}, True, "crash"),
        ({"load_error": "RuntimeError: Unknown builtin op"}, True, "load"),
        ({"load_error": "RuntimeError: Unknown builtin op"}, False, "gone"),
        ({"samples": []}, True, "crash"),
        ("nothing known", True, "crash"),
    ],
)
def test_what_does_not_run_at_all_says_why(made, now, is_there, status):
    one = Replay(made(1.0), now)
    verdict = judge("aten::abs", [one.made], [one], is_there=is_there)
    assert verdict.status == status
    assert verdict.detail
    assert (verdict.now, verdict.then) == (None, None)
    assert not needs_second_run(one)


def test_without_a_model_it_says_what_torch_said_or_that_it_is_gone(made):
    refused = Made(made(1.0).module, refusal="RuntimeError: no kernel\nat a")
    assert judge("aten::abs", [refused], [], is_there=True).detail == "RuntimeError: no kernel"
    assert judge("aten::abs", [refused], [], is_there=True).status == "no-model"
    assert judge("aten::abs", [], [], is_there=True).detail == "its schema cannot be read"
    assert judge("aten::abs", [refused], [], is_there=False).status == "gone"


def test_the_worst_of_all_modules_and_samples_is_the_operators(made):
    differing = {"load_error": None, "samples": [SAME, other("int64 then, float32 now")]}
    second = {"load_error": None, "samples": [SAME, SAME]}
    replays = [Replay(made(1.0, 1.0), differing, second), Replay(made(1.0), {"refused": "crashed: SIGABRT"})]
    assert judge("aten::abs", [], replays[:1], is_there=True).sample == 1
    for order in itertools.permutations(replays):
        assert judge("aten::abs", [], order, is_there=True).status == "crash"
    assert set(CHANGED) < set(STATUSES)


def test_a_long_detail_is_cut(replay):
    one = replay({"raises": "x" * 1000}, SAME)
    detail = judge("aten::abs", [one.made], [one], is_there=True).detail
    assert len(detail) < 450
    assert detail.endswith("...")


def numbers(*outputs: list[float]) -> Any:
    """Several results of a sample, or the one that there is."""
    tensors = [{"tensor": "float32", "shape": [len(one)], "values": one} for one in outputs]
    return {"tuple": tensors} if len(tensors) > 1 else tensors[0]


@pytest.mark.parametrize(
    ("operator", "then", "now"),
    [
        ("aten::linalg_svd", ([1.0, -1.0], [2.0, 0.5], [1.0]), ([-1.0, 1.0], [2.0, 0.5], [-1.0])),
        ("aten::linalg_eigh", ([1.0], [1.0, -1.0]), ([1.0], [-1.0, 1.0])),
        ("aten::linalg_eigvals", ([1.0, 2.0],), ([2.0, 1.0],)),
        ("aten::_linalg_eigh", ([1.0],), ([-1.0],)),
        ("aten::linalg_qr", ([1.0],), ([-1.0],)),
        ("aten::geqrf", ([1.0],), ([-1.0],)),
        ("aten::linalg_lu", ([1.0],), ([-1.0],)),
        ("aten::sort", ([1.0, 1.0], [0, 1]), ([1.0, 1.0], [1, 0])),
        ("aten::argsort", ([0, 1],), ([1, 0],)),
        ("aten::unique_dim", ([3.0, 1.0], [0, 1]), ([1.0, 3.0], [1, 0])),
    ],
)
def test_values_that_no_definition_fixes_are_no_change(made, operator, then, now):
    def status(difference: str, *outputs: list[float]) -> str:
        told = {"output": numbers(*outputs), "difference": difference}
        one = Replay(made(numbers(*then)), {"load_error": None, "samples": [told]})
        return judge(operator, [], [one], is_there=True).status

    assert status("value 0: element 0: 1.0 then, -1.0 now", *now) == "not-unique"
    # Another dtype is one.
    assert status("value 0: float32 then, float64 now", *now) == "dtype"


@pytest.mark.parametrize(
    ("operator", "then", "now"),
    [
        ("aten::linalg_svd", ([1.0], [2.0, 0.5], [1.0]), ([-1.0], [2.0, 0.75], [-1.0])),
        ("aten::linalg_svdvals", ([1.0, 2.0],), ([1.0, 2.5],)),
        ("aten::linalg_eigvalsh", ([1.0, 2.0],), ([1.0, 2.5],)),
        ("aten::nuclear_norm", ([1.0],), ([2.0],)),
        ("aten::linalg_eig", ([1.0, 2.0], [1.0]), ([1.0, 3.0], [1.0])),
        ("aten::sort", ([1.0, 2.0], [0, 1]), ([1.0, 3.0], [0, 1])),
        ("aten::median", ([1.0],), ([2.0],)),
        ("aten::msort", ([1.0, 2.0],), ([2.0, 1.0],)),
        ("aten::unique_consecutive", ([1.0, 2.0], [0]), ([2.0, 1.0], [0])),
        ("aten::topk", ([1.0, "nan"], [0, 1]), ([1.0, 2.0], [0, 1])),
        # Nobody knows that of a library's, whatever their names.
        ("mylib::sort_boxes", ([1.0, 2.0],), ([2.0, 1.0],)),
        ("mylib::qr", ([1.0],), ([-1.0],)),
        ("mylib::lut_apply", ([1.0],), ([-1.0],)),
        ("mylib::solve", ([1.0],), ([1e9],)),
    ],
)
def test_what_of_such_an_operator_is_defined_is_a_change(made, operator, then, now):
    told = {"output": numbers(*now), "difference": "value 1: element 0: 1.0 then, 2.0 now"}
    one = Replay(made(numbers(*then)), {"load_error": None, "samples": [told]})
    assert judge(operator, [], [one], is_there=True).status == "values"


@pytest.mark.parametrize("said", ["wants another size", "mask must be bool", "n is out of range"])
def test_what_a_library_refuses_is_its_own_change_whatever_it_says(replay, said):
    one = replay({"raises": f"RuntimeError: {said}"}, SAME)
    assert judge("mylib::scale", [], [one], is_there=True).status == "raises"
    assert judge("aten::abs", [], [one], is_there=True).status == "refused-input"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (other("int64 then, float32 now"), "dtype"),
        (other("shape [1] then, [] now"), "shape"),
        ({"raises": "RuntimeError: no"}, "raises"),
        ({"crash": "crashed: SIGSEGV"}, "crash"),
        (other("element 0: 1.0 then, 2.0 now"), "not-unique"),
    ],
)
def test_other_values_in_a_second_run_explain_other_values_and_nothing_worse(replay, told, status):
    one = replay(told, other("element 0: 1.0 then, 3.0 now"))
    assert judge("aten::abs", [], [one], is_there=True).status == status
    assert needs_second_run(one)


def test_a_sample_that_crashes_is_named(replay):
    one = replay({"crash": "crashed: SIGSEGV"}, SAME)
    verdict = judge("mylib::scale", [], [one], is_there=True)
    assert (verdict.status, verdict.sample) == ("crash", 0)
    assert verdict.detail == "sample 1: crashed: SIGSEGV"
    assert verdict.short == "crashed: SIGSEGV"


@pytest.mark.parametrize(("value", "status"), [(1e9, "not-unique"), ("inf", "not-unique"), (2.0, "values")])
def test_what_comes_of_a_singular_matrix_is_no_change(made, value, status):
    told = {
        "output": {"tensor": "float32", "shape": [1], "values": [value]},
        "difference": "element 0: 1.0 then, 2.0 now",
    }
    one = Replay(made(1.0), {"load_error": None, "samples": [told]})
    assert judge("aten::linalg_inv", [], [one], is_there=True).status == status


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("aten::rand_like(Tensor self) -> Tensor", "random"),
        ("aten::bernoulli_.Tensor(Tensor(a!) self, Tensor p) -> Tensor(a!)", "random"),
        ("aten::poisson_nll_loss(Tensor input) -> Tensor", ""),
        ("aten::renorm(Tensor self) -> Tensor", ""),
        ("aten::empty_like(Tensor self) -> Tensor", "gives memory that nobody set"),
        ("aten::cudnn_convolution(Tensor self) -> Tensor", "is of a device"),
        ("aten::_convolution(Tensor self) -> Tensor", "internal, by its leading underscore"),
        ("aten::add.int(int a, int b) -> int", "takes and gives no tensor"),
        (
            "aten::set_.source_Tensor(Tensor(a!) self, Tensor source) -> Tensor(a!)",
            "is about the process or a tensor's graph, not about values",
        ),
        ("aten::abs(Tensor self -> Tensor", "its schema cannot be read"),
        ("mylib::_private(int x) -> int", ""),
        ("mylib::resize_nearest(Tensor x) -> Tensor", ""),
        ("mylib::uniform_filter(Tensor x) -> Tensor", ""),
        ("mylib::cuda_like(Tensor x) -> Tensor", ""),
        ("aten::normalize(Tensor self) -> Tensor", ""),
    ],
)
def test_what_is_no_function_of_its_inputs_is_left_out(schema, why):
    assert why_left_out(schema) == why


def test_what_is_left_out_is_counted_by_reason():
    reasons = ["random", "a model calls another in its place: aten::abs", "random"]
    reasons += ["a model calls another in its place: aten::neg"] * 2
    assert list(counts_by_reason(reasons).items()) == [
        ("a model calls another in its place", 3),
        ("random", 2),
    ]


def test_what_no_model_calls_is_left_out():
    alias = "TorchScript does not call aten::absolute here, it calls aten::abs"
    names = "RuntimeError: all symbols must have a namespace, <namespace>::<string>, but found: sum"
    assert why_not_called([alias, alias]) == "a model calls another in its place: aten::abs"
    assert why_not_called([names]) == "TorchScript knows no names of dimensions"
    assert why_not_called([names, alias]) == "a model calls another in its place: aten::abs"
    assert why_not_called([alias, "RuntimeError: no"]) == ""
    assert why_not_called([]) == ""
