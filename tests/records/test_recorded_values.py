from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from opfixtures.records.recorded_values import RecordedValueError, check_samples
from opfixtures.worker.packing import packed_worker


def sample(value: Any) -> list[dict[str, Any]]:
    return [{"inputs": [], "output": value}]


@given(st.data())
def test_every_form_passes(values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    check_samples(sample(data.draw(values)))


THERE_AND_BACK = """
import json, sys

sys.path.insert(0, sys.argv[1])
from opfixtures_worker.values import from_json, to_json

for line in open(sys.argv[2]):
    value = json.loads(line)
    back = to_json(from_json(value))
    if json.dumps(back) != json.dumps(value):
        print(line, json.dumps(back))
"""

BY_HAND: list[Any] = [
    {"float": -0.0},
    {"float": "nan"},
    {"complex": [-0.0, "inf"]},
    {"tuple": []},
    {"dict": [[{"float": 0.5}, 1], [{"complex": [0.5, 1.0]}, 2], [True, 3], [{"device": "cpu"}, 4]]},
    {"tensor": "float64", "shape": [], "values": [-0.0]},
    {"tensor": "float64", "shape": [2, 0, 3], "values": []},
    {"tensor": "float64", "shape": [3], "values": ["nan", "-inf", 5e-324]},
    {"tensor": "complex64", "shape": [1], "values": [[-0.0, "nan"]]},
    {"tensor": "int64", "shape": [2], "values": [-(2**63), 2**63 - 1]},
    {"tensor": "uint64", "shape": [1], "values": [2**64 - 1]},
    {"tensor": "float8_e4m3fn", "shape": [1], "values": [1.5]},
    {"tensor": "bfloat16", "shape": [1], "values": [1.5]},
    *({"dtype": dtype} for dtype in ("float32", "complex32", "qint8", "bool")),
    *({"layout": layout} for layout in ("strided", "sparse_coo", "sparse_bsc", "_mkldnn", "jagged")),
    *({"device": device} for device in ("cpu", "cuda:15", "meta", "mps", "xpu:0")),
]


@pytest.mark.torch
def test_the_worker_reads_every_form_and_writes_it_back(
    values: st.SearchStrategy[Any], tmp_path: Path
) -> None:
    drawn: list[Any] = []

    @settings(max_examples=200, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
    @given(values)
    def draw(value: Any) -> None:
        drawn.append(value)

    draw()
    for value in BY_HAND:
        check_samples(sample(value))
    lines = "".join(json.dumps(value) + "\n" for value in [*drawn, *BY_HAND])
    (tmp_path / "values.jsonl").write_text(lines, encoding="ascii")
    (tmp_path / "worker.zip").write_bytes(packed_worker())
    command = (sys.executable, "-W", "ignore", "-c", THERE_AND_BACK, "worker.zip", "values.jsonl")

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (1.5, " is not a value"),
        (2**63, " is not a value"),
        ("\udc00", " is not a value"),
        ({}, " is not an object of a known form"),
        ({"float": 1.5, "complex": [1, 2]}, " is not an object of a known form"),
        ({"storage": 1}, " is not an object of a known form"),
        ({"float": True}, " is not a float"),
        ({"float": "1.5"}, " is not a float"),
        ({"float": float("inf")}, " is not a float"),
        ({"float": 2**63}, " is not a float"),
        ({"complex": [1.0]}, " is not a complex"),
        ({"dtype": "load"}, " is not a dtype"),
        ({"dtype": ["float32"]}, " is not a dtype"),
        ({"device": "cpu\n"}, " is not a device"),
        ({"layout": "hub"}, " is not a layout"),
        ({"tuple": 1}, " is not an object of a known form"),
        ({"tuple": [1, 1.5]}, ".tuple[1] is not a value"),
        ({"dict": [[1]]}, ".dict[0] is not a pair of a key and a value"),
        ({"dict": [[[1], 2]]}, ".dict[0] is not a pair of a key and a value"),
        ({"dict": [[{"tuple": []}, 2]]}, ".dict[0] is not a pair of a key and a value"),
        ({"dict": [["a", 1.5]]}, ".dict[0][1] is not a value"),
        ({"dict": [[{"float": "a"}, 1]]}, ".dict[0][0] is not a float"),
        ({"tensor": "load", "shape": [], "values": [1]}, ".tensor is not a dtype of recorded tensors"),
        ({"tensor": [], "shape": [], "values": [1]}, ".tensor is not a dtype of recorded tensors"),
        ({"tensor": "bool", "shape": [], "values": [True], "at": 0}, " is not an object of a known form"),
        ({"tensor": "int8", "shape": [-1, -1], "values": [1]}, ".shape is not a shape"),
        ({"tensor": "int8", "shape": [True], "values": [1]}, ".shape is not a shape"),
        ({"tensor": "int8", "shape": [2**63], "values": [1]}, ".shape is not a shape"),
        ({"tensor": "int8", "shape": [1] * 65, "values": [1]}, ".shape is not a shape"),
        (
            {"tensor": "int8", "shape": [2, 3], "values": [1] * 5},
            " has 5 values, its shape holds another number of them",
        ),
        ({"tensor": "int8", "shape": [2], "values": [1, 128]}, ".values[1] is no int8"),
        ({"tensor": "uint8", "shape": [1], "values": [-1]}, ".values[0] is no uint8"),
        ({"tensor": "int64", "shape": [1], "values": [1.0]}, ".values[0] is no int64"),
        ({"tensor": "bool", "shape": [1], "values": [1]}, ".values[0] is no bool"),
        ({"tensor": "float32", "shape": [1], "values": [False]}, ".values[0] is no float32"),
        ({"tensor": "float32", "shape": [1], "values": [float("nan")]}, ".values[0] is no float32"),
        ({"tensor": "complex64", "shape": [1], "values": [1.0]}, ".values[0] is no complex64"),
        (nested(17), "[0]" * 17 + " nests deeper than 16"),
        (nested(100_000), "[0]" * 17 + " nests deeper than 16"),
    ],
)
def test_another_form_is_refused_with_the_place(value: Any, what: str) -> None:
    with pytest.raises(RecordedValueError) as raised:
        check_samples(sample(value))

    assert str(raised.value) == "samples[0].output" + what


@pytest.mark.parametrize(
    ("samples", "what"),
    [
        (None, "samples is not a list of at least one"),
        ([], "samples is not a list of at least one"),
        ([1], "samples[0] is not of the form {inputs, output}"),
        ([{"inputs": []}], "samples[0] is not of the form {inputs, output}"),
        ([{"inputs": [], "output": 1, "more": 1}], "samples[0] is not of the form {inputs, output}"),
        ([{"inputs": {"a b": []}, "output": 1}], "samples[0].inputs has an input whose name is none"),
        ([{"inputs": {"x": {}}, "output": 1}], "samples[0].inputs.x is not an object of a known form"),
        ([{"inputs": 1, "output": 1}], "samples[0].inputs is not a list"),
        (
            [{"inputs": [], "output": 1, "inputs_after": None}],
            "samples[0].inputs_after is not a list",
        ),
        (
            [{"inputs": [], "output": 1, "inputs_after": [{}]}],
            "samples[0].inputs_after[0] is not an object of a known form",
        ),
        ([*sample(1), {"inputs": [1, 1.5], "output": 1}], "samples[1].inputs[1] is not a value"),
    ],
)
def test_samples_of_another_form_are_refused_with_the_place(samples: Any, what: str) -> None:
    with pytest.raises(RecordedValueError) as raised:
        check_samples(samples)

    assert str(raised.value) == what


def test_a_shape_of_huge_sizes_costs_nothing() -> None:
    tensor = {"tensor": "int8", "shape": [10**4000] * 1_000, "values": []}
    start = process_time()

    with pytest.raises(RecordedValueError):
        check_samples(sample(tensor))
    assert process_time() - start < 30


def test_a_sample_may_say_what_its_inputs_hold_after_the_run() -> None:
    check_samples([{"inputs": [1], "output": None, "inputs_after": [2]}])
