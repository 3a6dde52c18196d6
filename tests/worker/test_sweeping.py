"""What the worker does for a sweep: errors without stack traces, inputs of mixed types."""

from __future__ import annotations

import subprocess

import pytest

from tests.releases import python_of

pytestmark = pytest.mark.torch
TIMED = """
import sys
sys.path.insert(0, {worker!r})
import time, torch
from opfixtures_worker.stack_traces import leave_out_stack_traces

def seconds(count=20):
    start, said = time.process_time(), set()
    for _ in range(count):
        try:
            torch.mm(torch.ones(2, 2), torch.ones(3, 3))
        except RuntimeError as error:
            said.add(str(error).splitlines()[0])
    return time.process_time() - start, said

slow, said = seconds()
leave_out_stack_traces()
fast, same = seconds()
assert said == same, (said, same)
print(slow / fast)
"""


def test_errors_of_an_old_torch_are_made_many_times_as_fast_and_say_the_same(worker_zip):
    script = TIMED.format(worker=worker_zip)
    command = (python_of("1.11.0"), "-s", "-W", "ignore", "-c", script)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) > 10


def test_numbers_and_tensors_are_mixed(worker):
    float_, int_ = {"type": "Tensor", "is_out": False}, {"type": "number", "is_out": False}
    whole = {"tensor": "int64", "shape": [2], "values": [1, -2]}
    parts = {"tensor": "float32", "shape": [2], "values": [1.5, 0.0]}
    assert worker.mixed([float_, int_], [[whole, 2]]) == [[whole, {"float": 2.5}]]
    assert worker.mixed([float_, float_], [[whole, parts]]) == [
        [whole, {"tensor": "int64", "shape": [2], "values": [1, 1]}]
    ]
    assert worker.mixed([float_, float_], [[parts, whole]])[0][1]["values"] == [1.5, -1.5]
    assert worker.mixed([float_], [[parts]]) == []
    assert worker.mixed([float_, {**float_, "is_out": True}], [[parts, parts]]) == []


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (True, True),
        ({"float": 2.5}, 2),
        ({"float": 0.25}, 1),
        ({"float": "nan"}, {"float": "nan"}),
        ("sum", "sum"),
        (None, None),
        (
            {"tensor": "bool", "shape": [], "values": [True]},
            {"tensor": "bool", "shape": [], "values": [True]},
        ),
        (
            {"tensor": "float32", "shape": [], "values": ["inf"]},
            {"tensor": "int64", "shape": [], "values": [1]},
        ),
    ],
)
def test_a_value_the_other_way(worker, value, other):
    assert worker.other_way(value) == other


def test_of_mixed_inputs_those_stay_that_run_the_same_twice(worker):
    def clamp(tensor, bound):
        if isinstance(bound, float) and not tensor.is_floating_point():
            raise RuntimeError("refused")
        return tensor.clamp(bound)

    parameters = [{"type": "Tensor", "is_out": False}, {"type": "Optional[number]", "is_out": False}]
    whole = [{"tensor": "int64", "shape": [1], "values": [5]}, 2]
    part = [{"tensor": "float32", "shape": [1], "values": [5.5]}, {"float": 2.5}]
    assert worker.run_mixed(clamp, parameters, [whole, part]) == [[part[0], 2]]
