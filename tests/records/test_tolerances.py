"""Which tolerances a record names, and which it may name."""

from __future__ import annotations

from typing import Any

import pytest

from opfixtures.records.recorded_values import RecordedValueError
from opfixtures.records.tolerances import WIDEST, check_tolerances, tolerances_for


def tensor(dtype: str) -> dict[str, Any]:
    return {"tensor": dtype, "shape": [0], "values": []}


@pytest.mark.parametrize(
    ("output", "dtypes"),
    [
        (tensor("float32"), {"float32"}),
        (tensor("int64"), set()),
        (tensor("bool"), set()),
        ({"float": 1.5}, {"float64"}),
        ({"complex": [1.0, 2.0]}, {"complex128"}),
        (None, set()),
        ("text", set()),
        (
            [tensor("float16"), {"tuple": [{"float": 1.0}, tensor("float32")]}],
            {"float16", "float64", "float32"},
        ),
        ({"dict": [["a", tensor("bfloat16")]]}, {"bfloat16"}),
        ({"tuple": []}, set()),
        ({"dict": []}, set()),
        ({"device": "cpu"}, set()),
    ],
)
def test_a_record_names_those_of_the_inexact_numbers_in_its_outputs(output: Any, dtypes: set[str]) -> None:
    assert tolerances_for([{"inputs": [tensor("float64")], "output": output}]) == {
        dtype: WIDEST[dtype] for dtype in dtypes
    }


def test_what_a_record_names_it_may_name() -> None:
    named = tolerances_for([{"inputs": [], "output": [tensor(dtype) for dtype in WIDEST]}])

    assert list(named) == list(WIDEST)
    check_tolerances({dtype: list(pair) for dtype, pair in named.items()})
    check_tolerances({"float32": [0, 0.0]})


@pytest.mark.parametrize("number", [float("nan"), -1e-9, "1e-5", None])
def test_what_is_no_tolerance_is_refused(number: Any) -> None:
    with pytest.raises(RecordedValueError, match="not a pair of numbers from 0"):
        check_tolerances({"float32": [1e-6, number]})
