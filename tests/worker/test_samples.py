"""Sample inputs: those a module gives, else made from the types of its arguments. All rows run in one job."""

import base64

import pytest

IDENTITY = """
class M(torch.nn.Module):
    def forward(self, x):
        return x

    def sample_inputs(self):
        return {given}
"""
CALLED = """
from typing import Dict, List, Optional, Tuple, Union

class M(torch.nn.Module):
    def forward(self, {arguments}):
        return {result}
"""

ONE = {"tensor": "float32", "shape": [1], "values": [1.0]}
GIVEN = {
    "a tuple": ("(torch.ones(1),)", [[ONE]]),
    "a list of tuples": ("[(torch.ones(1),), (torch.ones(1),)]", [[ONE], [ONE]]),
    "a transposed tensor": ("(torch.ones(1, 1).t(),)", [[{**ONE, "shape": [1, 1]}]]),
}
# What sample_inputs() returns, and a part of the sentence that refuses it.
NO_INPUTS = "has to return a tuple of inputs, a dict of them by name, or a list of such: it returns "
NOT_GIVEN = {
    "a tensor": ("torch.ones(1)", f"{NO_INPUTS}a Tensor"),
    "a list of tensors": ("[torch.ones(1)]", f"{NO_INPUTS}a list with a Tensor"),
    "nothing": ("None", f"{NO_INPUTS}None"),
    "an empty list": ("[]", f"{NO_INPUTS}an empty list"),
    "a generator": ("iter([(torch.ones(1),)])", f"{NO_INPUTS}a list_iterator"),
    "too many": ("[(torch.ones(1),)] * 65", "returns 65 samples (at most 64)"),
    "too few inputs": ("()", "missing value for argument 'x'"),
    "a wrong type": ("('text',)", "Expected a value of type 'Tensor"),
    "an object": ("(object(),)", "a value of type object"),
    "a large tensor": ("(torch.ones(400, 400),)", "a tensor of 160000 elements (at most 100000)"),
    "a list in itself": ("(lambda x: x.append(x) or (x,))([])", "RecursionError"),
    "an error": ("1 / 0", "ZeroDivisionError"),
}
# Arguments and result of `forward`, and for each argument the kind of its JSON in the first sample.
TYPES = {
    "Tensor": ("a, b", "a / b", ["tensor", "tensor"]),
    "numbers": ("a, n: int, f: float", "a * n * f", ["tensor", "int", "float"]),
    "complex": ("a, c: complex", "a * c", ["tensor", "complex"]),
    "a size": ("size: List[int], value: float", "torch.ops.aten.full(size, value)", ["list", "float"]),
    "the rest": ("b: bool, s: str, d: torch.device", "(b, s)", ["bool", "str", "device"]),
    "containers": (
        "t: Tuple[int, List[float]], d: Dict[str, torch.Tensor], l: List[torch.Tensor]",
        "(t, d, l)",
        ["tuple", "dict", "list"],
    ),
    "Union": ("a, n: Union[int, float]", "a if isinstance(n, int) else a + 1", ["tensor", "float"]),
    "Optional, given": ("a, n: Optional[int]", "a if n is None else a + n", ["tensor", "int"]),
    "Optional, left out": ("a, m: Optional[str]", "torch.div(a, 2, rounding_mode=m)", ["tensor", "NoneType"]),
    "a default, left out": (
        "a, m: str = 'none'",
        "torch.nn.functional.gelu(a, approximate=m)",
        ["tensor", "str"],
    ),
    "integers alone": ("a, b", "torch.bitwise_and(a, b)", ["tensor", "tensor"]),
    "four dimensions alone": ("a", "torch.nn.functional.max_pool2d(a, 2)", ["tensor"]),
    "no argument": ("", "torch.ones(1)", []),
}


@pytest.fixture(scope="module")
def exported(new_modules):
    modules = new_modules()
    for key, (given, _) in [*GIVEN.items(), *NOT_GIVEN.items()]:
        modules.add(key, IDENTITY.format(given=given))
    for key, (arguments, result, _) in TYPES.items():
        modules.add(key, CALLED.format(arguments=arguments, result=result))
    for name, end in NO_LINE_ENDS.items():
        modules.add(name, COMMENT.format(end=end))
    modules.add("changes its input", CALLED.format(arguments="a", result="torch.ops.aten.relu_(a)"))
    modules.add("shares its inputs", IDENTITY.format(given="(lambda x: (x, x))(torch.ones(1))") + SHARED)
    modules.add("never runs", CALLED.format(arguments="a", result="torch.mm(a, torch.ones(1, 7))"))
    modules.add("unknown type", CALLED.format(arguments="s: torch.Stream", result="1"))
    modules.add("enum", ENUM)
    modules.add("bundled", BUNDLED)
    return modules.export()


# What str.splitlines() ends a line at, and Python does not.
NO_LINE_ENDS = {"form feed": "\f", "file separator": "\x1c", "next line": "\x85", "line separator": "\u2028"}
COMMENT = """
class M(torch.nn.Module):
    # as before:{end}    def forward(self, x): return x * 3
    def forward(self, x):
        return x * 2

    def sample_inputs(self):
        return (torch.ones(1),)
"""
SHARED = """
    def forward(self, x, y):
        return torch.ops.aten.add_(x, 1), y
"""
RANDOM = """
import torch

class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = torch.rand(1).item()

    def forward(self, x):
        return x * self.factor
"""
BUNDLED = """
from typing import List, Tuple

class M(torch.nn.Module):
    def forward(self, x, n: int):
        return x * n

    @torch.jit.export
    def get_all_bundled_inputs(self) -> List[Tuple[torch.Tensor, int]]:
        return [(torch.ones(1), 2), (torch.ones(1), 3)]
"""
ENUM = """
import enum

class Color(enum.Enum):
    RED = 2

def annotated(n: int) -> int:
    return n

class M(torch.nn.Module):
    assert annotated.__annotations__["n"] is int

    def forward(self, x):
        return annotated(Color.RED.value), x
"""


@pytest.mark.parametrize("key", GIVEN)
def test_given_inputs_are_recorded(exported, key):
    assert [sample["inputs"] for sample in exported.rows[key]["samples"]] == GIVEN[key][1]
    assert [[sample["output"]] for sample in exported.rows[key]["samples"]] == GIVEN[key][1]


@pytest.mark.parametrize("key", NO_LINE_ENDS)
def test_no_comment_is_scripted_in_the_place_of_the_method_that_python_runs(exported, key):
    assert [sample["output"]["values"] for sample in exported.rows[key]["samples"]] == [[2.0]]


def test_bundled_inputs_are_samples(exported):
    """As torch.utils.bundled_inputs names the method."""
    samples = exported.rows["bundled"]["samples"]
    assert [sample["inputs"] for sample in samples] == [[ONE, 2], [ONE, 3]]
    assert [sample["output"]["values"] for sample in samples] == [[2.0], [3.0]]


@pytest.mark.parametrize("key", NOT_GIVEN)
def test_what_is_given_wrongly_is_refused(exported, key):
    assert NOT_GIVEN[key][1] in exported.rows[key]["refused"]


@pytest.mark.parametrize("key", TYPES)
def test_inputs_are_made_from_types(exported, worker, key):
    samples = exported.rows[key]["samples"]
    assert [worker.kind_of(value) for value in samples[0]["inputs"]] == TYPES[key][2]


def test_floats_and_integers_are_tried(exported):
    samples = exported.rows["Tensor"]["samples"]
    assert [[value["tensor"] for value in sample["inputs"]] for sample in samples] == [
        ["float32", "float32"],
        ["int64", "int64"],
    ]


def test_what_runs_with_one_of_them_has_one_sample(exported):
    (sample,) = exported.rows["integers alone"]["samples"]
    assert sample["inputs"][0]["tensor"] == "int64"


def test_integers_come_with_an_int_for_a_number(exported):
    assert [sample["inputs"][1] for sample in exported.rows["Union"]["samples"]] == [{"float": 2.5}, 3]


def test_inputs_are_recorded_as_they_were_before_the_call(exported):
    sample = exported.rows["changes its input"]["samples"][0]
    assert min(sample["inputs"][0]["values"]) < 0
    assert min(sample["output"]["values"]) == 0


def test_the_recorded_inputs_are_what_was_called_with(exported):
    """Two arguments that were one tensor are two in a record, and so in every replay."""
    (sample,) = exported.rows["shares its inputs"]["samples"]
    assert sample["output"] == {"tuple": [{**ONE, "values": [2.0]}, ONE]}


def test_a_module_without_a_sample_that_runs_is_refused(exported):
    refusal = exported.rows["never runs"]["refused"]
    assert refusal.startswith("no sample made from types runs, give it sample_inputs(): ")
    assert "\n" not in refusal


def test_a_type_nobody_has_a_value_for_is_named(exported):
    assert "no value is known for an argument of type " in exported.rows["unknown type"]["refused"]


def test_annotations_and_classes_are_those_of_a_plain_file(exported):
    assert exported.rows["enum"]["samples"][0]["output"]["tuple"][0] == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_random_numbers_are_the_same_each_time(worker, monkeypatch, tmp_path):
    """Whatever the import of an operator module did to torch's generator."""
    monkeypatch.chdir(tmp_path)
    told = []
    for _ in range(2):
        worker.torch.seed()
        made = worker.make({"source": RANDOM, "class": "M", "file": "m.ptl"})
        function = worker.load_jit(base64.b64decode(made["archive"]))
        told.append(worker.record_samples(function, made["samples"]))
    assert told[0] == told[1]
