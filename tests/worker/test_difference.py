"""A replay is equal, or the first difference is told with its place."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

HALF = {"float64": [0.5, 0.0], "float32": [0.5, 0.0], "complex128": [0.5, 0.0]}
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def differ(worker):
    """The difference between two values, by way of their JSON."""

    def find(then, now, tolerances=HALF):
        return worker.difference(worker.to_json(then), worker.to_json(now), tolerances)

    return find


def test_the_bound_itself_is_near(differ):
    assert differ(1.0, 1.5) is None
    assert differ(1.0, 0.5) is None
    assert differ(1.0, math.nextafter(1.5, 2)) == "1.0 then, 1.5000000000000002 now"


def test_the_recorded_value_sets_the_bound(differ):
    assert differ(2.0, 1.0) is None
    assert differ(1.0, 2.0) is not None


def test_an_absolute_tolerance_helps_near_zero(differ):
    assert differ(0.0, 1e-9, {"float64": [0.0, 1e-9]}) is None
    assert differ(0.0, 1e-9, {"float64": [0.5, 0.0]}) is not None


def test_a_dtype_without_tolerance_is_compared_exactly(differ):
    assert differ(1.0, math.nextafter(1.0, 2), {"float32": [0.5, 0.5]}) is not None


@pytest.mark.parametrize("value", [NAN, INF, -INF, complex(NAN, INF), complex(1.0, NAN)])
def test_what_is_not_finite_equals_itself(differ, value):
    assert differ(value, value) is None


@pytest.mark.parametrize(
    ("then", "now"),
    [(NAN, 1.0), (1.0, NAN), (INF, -INF), (INF, 1e308), (1e308, INF), (NAN, INF), (-INF, NAN)],
)
def test_what_is_not_finite_is_near_nothing_else(differ, then, now):
    assert differ(then, now) is not None
    assert differ(complex(1.0, then), complex(1.0, now)) is not None


def test_the_finite_part_of_a_complex_number_counts_beside_a_nan(differ):
    assert differ(complex(NAN, 1.0), complex(NAN, 1.5)) is None
    assert differ(complex(NAN, 1.0), complex(NAN, 2.0)) is not None
    assert differ(complex(INF, 1.0), complex(INF, 1.5)) is None


def test_a_complex_number_is_near_in_the_plane(differ):
    assert differ(complex(3, 4), complex(3, 6.5)) is None
    assert differ(complex(3, 4), complex(3, 6.6)) is not None
    assert differ(complex(1e308, 1e308), complex(-1e308, -1e308)) is not None


def test_zeros_of_both_signs_are_equal(differ):
    assert differ(0.0, -0.0, {}) is None


def test_types_are_told_apart(differ, worker):
    assert differ(1, 1.0) == "int then, float now"
    assert differ(True, 1) == "bool then, int now"
    assert differ((1,), [1]) == "tuple then, list now"
    assert differ(None, 0) == "NoneType then, int now"
    assert differ(1.0, worker.torch.ones(1)) == "float then, tensor now"


def test_plain_values_are_compared_exactly(differ):
    assert differ("a", "a") is None
    assert differ("a", "b") == "'a' then, 'b' now"
    assert differ(2**53, 2**53 + 1) is not None


def test_the_place_in_a_container_is_told(differ):
    assert differ([1, (2, 3)], [1, (2, 4)]) == "value 1: value 1: 3 then, 4 now"
    assert differ([1], [1, 2]) == "1 values then, 2 now"
    assert differ({"a": 1}, {"a": 2}) == "value 0: value 1: 1 then, 2 now"


def test_a_dict_has_its_order(differ):
    assert differ({"a": 1, "b": 2}, {"b": 2, "a": 1}) is not None


def test_tensors_differ_in_dtype_shape_or_an_element(differ, worker):
    tensor = worker.torch.tensor
    assert differ(tensor([1.0]), tensor([1])) == "float32 then, int64 now"
    assert differ(tensor([1.0]), tensor(1.0)) == "shape [1] then, [] now"
    assert differ(tensor([1.0, 1.0]), tensor([1.5, 1.75])) == "element 1: 1.0 then, 1.75 now"
    assert differ(tensor([2**62 + 1]), tensor([2**62])) is not None
    assert differ(tensor([NAN, -0.0]), tensor([NAN, 0.0]), {}) is None


@given(elements=st.lists(st.integers(-9, 9), min_size=1, max_size=20), data=st.data())
def test_any_changed_element_is_found(worker, elements, data):
    place = data.draw(st.integers(0, len(elements) - 1))
    changed = [*elements[:place], elements[place] + 1, *elements[place + 1 :]]
    then, now = (worker.to_json(worker.torch.tensor(values)) for values in (elements, changed))
    found = worker.difference(then, now, HALF)
    assert found == f"element {place}: {elements[place]} then, {elements[place] + 1} now"


def test_a_long_value_is_cut(differ):
    assert len(differ("a" * 10**6, "b" * 10**6)) < 500


@pytest.mark.parametrize(
    "element", [{"tensor": "float32", "shape": [2], "values": [1.0]}, {"x": 1}, [], None]
)
def test_a_record_that_fits_no_value_differs(worker, element):
    now = worker.to_json(worker.torch.ones(2))
    assert worker.difference(element, now, HALF) is not None


def test_what_a_run_changes_in_its_inputs_is_told_and_compared(worker):
    one, two = (worker.to_json(worker.torch.tensor([number])) for number in (1.0, 2.0))
    row: dict[str, object] = {"tolerances": {}}

    def doubles(x):
        return x.mul_(2)

    told = worker.run(doubles, [one])
    assert told == {"output": two, "inputs_after": [two]}
    assert worker.run(lambda x: x * 2, [one]) == {"output": two}
    sample = {"inputs": [one], **told}
    assert worker.sample_difference(sample, told, row) is None
    changed = "in the inputs after the run: value 0: element 0: 2.0 then, 1.0 now"
    assert worker.sample_difference(sample, {"output": two}, row) == changed
    # Of a record that does not say so nothing is known.
    assert worker.sample_difference({"inputs": [one], "output": two}, told, row) is None
    assert worker.sample_difference(sample, {**told, "output": one}, row) == "element 0: 2.0 then, 1.0 now"


def test_complex_numbers_whose_size_is_not_finite_are_compared_by_their_parts(worker):
    huge = worker.to_json(worker.torch.tensor([complex(-1.6e308, -1.6e308)], dtype=worker.torch.complex128))
    other = worker.to_json(worker.torch.tensor([complex(-2.0, -2.0)], dtype=worker.torch.complex128))
    tolerances = {"complex128": [1e-7, 1e-7]}
    assert worker.difference(huge, other, tolerances) is not None
    assert worker.difference(huge, huge, tolerances) is None
