"""Values of records as a page gets them: texts, as much as somebody reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opfixtures.report.html.values import shortened_text, shown_inputs, shown_samples, shown_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        (9223372036854775807, "9223372036854775807"),
        ("it's", '"it\'s"'),
        ({"float": "nan"}, "nan"),
        ({"float": 2.0}, "2.0"),
        ({"complex": [1.0, -0.5]}, "1.0-0.5j"),
        ({"dtype": "float32"}, "torch.float32"),
        ({"device": "cpu"}, "cpu"),
        ({"layout": "strided"}, "torch.strided"),
        ([1, [2.5 > 1]], {"list": ["1", {"list": ["True"]}]}),
        ({"tuple": []}, {"tuple": []}),
        ({"dict": [["a", 1]]}, {"dict": [["'a'", "1"]]}),
        (
            {"tensor": "complex64", "shape": [2], "values": [[1.0, 2.0], ["nan", "-inf"]]},
            {"tensor": "complex64", "shape": [2], "values": ["1.0+2.0j", "nan-infj"]},
        ),
    ],
)
def test_a_value_is_a_text_or_a_form_of_texts(value: Any, shown: Any) -> None:
    assert shown_value(value) == shown


def test_what_is_long_says_what_is_left_out() -> None:
    tensor = {"tensor": "int8", "shape": [70], "values": [1] * 70}
    assert shown_value(tensor) == {"tensor": "int8", "shape": [70], "values": ["1"] * 64, "left_out": 6}
    assert shown_value([1] * 65) == {"list": ["1"] * 64, "left_out": 1}
    assert shown_value({"dict": [[n, n] for n in range(66)]})["left_out"] == 2
    assert shortened_text("x" * 12, 10) == "xxxxxxxxxx… (2 characters more)"


def test_what_is_deep_ends_somewhere() -> None:
    value: Any = 1
    for _ in range(20):
        value = [value]
    assert "…" in json.dumps(shown_value(value), ensure_ascii=False)


def test_inputs_have_their_names_and_samples_their_parts() -> None:
    assert shown_inputs([1, "a"]) == [["", "1"], ["", "'a'"]]
    assert (
        shown_samples([{"inputs": {"x": 1}, "inputs_after": {"x": 2}, "output": None}] * 20)
        == [{"inputs": [["x", "1"]], "inputs_after": [["x", "2"]], "output": "None"}] * 12
    )
