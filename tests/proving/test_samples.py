"""The samples of a record have to be those that the module gives, and have to say something."""

from __future__ import annotations

import pytest

from opfixtures.proving.samples import nudged_inputs, other_inputs, say_nothing


def tensor(*values: object, dtype: str = "float32") -> dict[str, object]:
    return {"tensor": dtype, "shape": [len(values)], "values": list(values)}


def of(*inputs: object) -> list[dict[str, object]]:
    return [{"inputs": list(inputs), "output": None}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (tensor(1.0, -2.5, "nan"), tensor(1.0, -2.5, "nan")),
        # Two CPUs make the same random numbers but for the last digit.
        (tensor(0.123456789), tensor(0.12345680)),
        (tensor(1, dtype="int64"), tensor(1, dtype="int64")),
        (
            [1, True, None, "text", {"tuple": [{"float": 1}]}],
            [1, True, None, "text", {"tuple": [{"float": 1.0}]}],
        ),
    ],
)
def test_the_same_inputs_are_the_same(one: object, other: object) -> None:
    assert other_inputs(of(one), of(other)) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (tensor(0.0), tensor(1.0)),
        (tensor(0.0), tensor(0.0, 0.0)),
        (tensor(0.0), tensor(0.0, dtype="float64")),
        (tensor("nan"), tensor("inf")),
        (1, 2),
        (1, True),
        (1, "1"),
        (10**9, 10**9 + 1),
        ([1], [1, 2]),
        ({"float": 1.0}, {"complex": [1.0, 0.0]}),
        (None, 0),
    ],
)
def test_other_inputs_are_told_with_the_sample(one: object, other: object) -> None:
    told = "sample 1 has other inputs in the record than the module gives"
    assert other_inputs(of(one), of(other)) == told
    assert other_inputs(of(1, one), of(1, other)) == told


def test_a_sample_more_or_less_is_told() -> None:
    assert other_inputs(of(1), [*of(1), *of(2)]) == "the record has 1, the module gives 2"
    assert other_inputs([], of(1)) == "the record has 0, the module gives 1"


EMPTY = tensor()


@pytest.mark.parametrize("output", [EMPTY, None, [], [EMPTY, EMPTY], {"tuple": [EMPTY, None]}, {"dict": []}])
def test_outputs_without_an_element_say_nothing(output: object) -> None:
    assert say_nothing([{"inputs": [], "output": output}])


@pytest.mark.parametrize(
    "output",
    [
        tensor(0.0),
        0,
        False,
        "",
        {"float": 0.0},
        [EMPTY, 1],
        {"tuple": [EMPTY, tensor(1)]},
        {"dict": [["a", 1]]},
    ],
)
def test_one_value_says_something(output: object) -> None:
    assert not say_nothing([{"inputs": [], "output": output}])
    assert not say_nothing([{"inputs": [], "output": EMPTY}, {"inputs": [], "output": output}])


def test_what_has_no_samples_is_told_of_elsewhere() -> None:
    assert not say_nothing([])


def test_what_a_run_changes_in_its_inputs_is_in_the_record_or_in_none() -> None:
    plain, changing = of(1), [{**of(1)[0], "inputs_after": [2]}]
    said = "sample 1 has in the record no word of what its run changes in its inputs"
    assert other_inputs(changing, changing) == ""
    assert other_inputs(plain, changing).startswith(said)
    assert (
        other_inputs(changing, plain)
        == "sample 1 says in the record that its run changes its inputs, and it does not"
    )
    assert say_nothing(plain)
    assert not say_nothing(changing)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"float": 0.5}, {"float": 0.5000001}),
        (tensor(0.0), tensor(-0.0)),
        ({"complex": [0.0, 1.0]}, {"complex": [-0.0, 1.0]}),
        (tensor(1.0), tensor(1)),
        (tensor(1, dtype="bool"), tensor(True, dtype="bool")),
    ],
)
def test_inputs_are_the_same_where_a_nudge_a_sign_and_a_type_are(one: object, other: object) -> None:
    """A nudge can hide what an upgrader does at a tie, a sign what it does at zero."""
    told = "sample 2 has other inputs in the record than the module gives"
    assert nudged_inputs([*of(1), *of(one)], [*of(1), *of(other)]) == told
    assert nudged_inputs(of(one), of(one)) == ""


def test_the_order_of_members_is_no_difference() -> None:
    one = tensor(1.0)
    assert nudged_inputs(of(one), of(dict(reversed(one.items())))) == ""
