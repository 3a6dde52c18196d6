"""The oldest release that is supported: torch 1.5.1 under Python 3.8, installed by uv in the user's cache."""

import sys

import pytest

from opfixtures.archives.archive import read_archive

JIT, LITE = "torch.jit.load", "lite"
DIV = """
class M(torch.nn.Module):
    def forward(self, a, b):
        return torch.ops.aten.div(a, b)
"""
IN_PLACE = """
class M(torch.nn.Module):
    def forward(self, a, b):
        torch.ops.aten.div_(a, b)
        return a
"""
FULL = """
from typing import List

class M(torch.nn.Module):
    def forward(self, size: List[int], value: int):
        return torch.ops.aten.full(size, value)
"""
GELU = """
class M(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)
"""
NAMED_TUPLE = """
from typing import NamedTuple

class Pair(NamedTuple):
    first: torch.Tensor
    second: int

class M(torch.nn.Module):
    def forward(self, x):
        return Pair(x, 3)
"""


@pytest.fixture(scope="module")
def python(release):
    return release("1.5.1")


@pytest.fixture(scope="module")
def exported(new_modules, python):
    modules = new_modules()
    sources = {
        "div": DIV,
        "in place": IN_PLACE,
        "full": FULL,
        "gelu": GELU,
        "a named tuple": NAMED_TUPLE,
        "no": "M = None",
    }
    for key, source in sources.items():
        modules.add(key, source, file=f"test_versioned_{key}_v3.ptl")
    return modules, modules.export(python)


def archive_of(modules, key):
    return read_archive(modules.archive(key))


def test_it_describes_itself(exported):
    _, answers = exported
    assert answers.runtime.torch == "1.5.1"
    assert answers.runtime.torch_git == "3c31d73c875d9a4a6ea8a843b9a0d1b19fbe36f3"
    assert answers.runtime.python.startswith("3.8.")
    assert answers.runtime.max_operator_version is None
    assert answers.failure == ""


def test_division_of_floats_and_of_integers_is_recorded(exported):
    modules, answers = exported
    floats, integers = answers.rows["div"]["samples"]
    assert floats["output"]["tensor"] == "float32"
    # The operator before its change at version 4: integers are divided as C does.
    assert integers["output"]["tensor"] == "int64"
    archive = archive_of(modules, "div")
    assert (archive.version, archive.bytecode_version) == (2, 3)
    assert archive.operators == {"aten::div.Tensor"}


def test_full_of_an_integer_is_a_float(exported):
    modules, answers = exported
    (sample,) = answers.rows["full"]["samples"]
    assert sample["output"]["tensor"] == "float32"
    assert archive_of(modules, "full").version == 2


def test_gelu_is_stamped_2(exported):
    modules, answers = exported
    assert [sample["output"]["tensor"] for sample in answers.rows["gelu"]["samples"]] == ["float32"]
    assert archive_of(modules, "gelu").version == 2


def test_annotations_of_a_module_are_no_texts(exported):
    _, answers = exported
    assert answers.rows["a named tuple"]["samples"][0]["output"]["tuple"][1] == 3


def test_torchs_own_upgrader_is_applied_today(exported, replay):
    """div_Tensor_0_3 of torch 2.13, which fills its table of upgraders when it first loads a module."""
    modules, answers = exported
    data = modules.archive("div")
    archives = {"div": (data, answers.rows["div"]["samples"], "div_Tensor_0_3")}
    data = modules.archive("in place")
    archives["in place"] = (data, answers.rows["in place"]["samples"], "div__Tensor_0_3")
    _, seen = replay(sys.executable, archives, module=None)
    # Nothing needs what it returns, only what it does.
    assert (seen["in place"].marker.found, seen["in place"].marker.ran) == (True, True)
    assert seen["div"].as_written[JIT].differences == (None, None)
    assert seen["div"].raised[JIT].differences == (None, "int64 then, float32 now")
    assert (seen["div"].marker.found, seen["div"].marker.ran) == (True, True)


def test_what_is_no_module_is_refused(exported):
    _, answers = exported
    assert answers.rows["no"]["refused"] == "TypeError: 'NoneType' object is not callable"


def test_it_replays_its_own_archives(exported, python, replay):
    modules, answers = exported
    archives = {
        key: (modules.archive(key), answers.rows[key]["samples"], "any") for key in ("div", "full", "gelu")
    }
    runtime, seen = replay(python, archives, module=None)
    assert runtime.operators["aten::gelu"].bumps is None
    for row in seen.values():
        assert set(row.as_written[JIT].differences) == {None}
        assert not row.marker.registered
        # Its Python has no loader for the lite interpreter yet.
        assert "torch.jit.mobile" in row.as_written[LITE].failure
