"""Whether the operator was seen running: what runs counts, not what stands in the code. In old releases and today's."""

import io
import sys
import zipfile

import pytest

from opfixtures.worker.observations import RanSeen
from opfixtures.worker.told import exported

RELEASES = ("1.5.1", "1.9.1", "1.11.0", "2.13.0")
HEADER = """
from typing import List

def apart(x):
    return torch.ops.aten.gelu(x)

class Inner(torch.nn.Module):
    def forward(self, x):
        return apart(x)

@torch.jit.interface
class Anything(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass

"""
MODULE = """
class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, {arguments}){returns}:
        {body}

    def sample_inputs(self):
        return {samples}
"""
HIDDEN = """
class M(torch.nn.Module):
    inner: Anything

    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        return self.inner.forward(x)
"""
X = "(torch.ones(2),)"
# The operator asked for, arguments, body and samples of a module, and whether the operator runs.
CASES = {
    "called": ("aten::gelu", "x", "return torch.ops.aten.gelu(x)", X, True),
    "in a branch that is never taken": (
        "aten::gelu",
        "x",
        "if x.numel() < 0:\n            return torch.ops.aten.gelu(x)\n        return torch.ops.aten.relu(x)",
        X,
        False,
    ),
    "in a branch that one sample takes": (
        "aten::gelu",
        "x",
        "if x.numel() == 2:\n            return torch.ops.aten.gelu(x)\n        return torch.ops.aten.relu(x)",
        "[(torch.ones(1),), (torch.ones(2),)]",
        True,
    ),
    "in a loop without a round": (
        "aten::gelu",
        "x",
        "for i in range(x.numel() - 2):\n            x = torch.ops.aten.gelu(x)\n        return x",
        X,
        False,
    ),
    "by a submodule and a function": ("aten::gelu", "x", "return self.inner(x)", X, True),
    "in a fork": ("aten::gelu", "x", "return torch.jit._wait(torch.jit._fork(apart, x))", X, True),
    "for nothing": (
        "aten::gelu",
        "x",
        "y = torch.ops.aten.gelu(x)\n        return torch.ops.aten.relu(x)",
        X,
        False,
    ),
    "not at all": ("aten::gelu", "x", "return torch.ops.aten.relu(x)", X, False),
    # Some of these leave no trace in the profiler of torch 1.5.1.
    "full": ("aten::full", "n: List[int], v: float", "return torch.ops.aten.full(n, v)", "([2], 1.5)", True),
    "linspace": (
        "aten::linspace",
        "a: float, b: float",
        "return torch.ops.aten.linspace(a, b, steps=3)",
        "(0.0, 1.0)",
        True,
    ),
    "in place": ("aten::div_.Tensor", "x", "return torch.ops.aten.div_(x, x)", X, True),
    "in place, nothing returned": (
        "aten::div_.Tensor",
        "x",
        "torch.ops.aten.div_(x, x)\n        return x",
        X,
        True,
    ),
    "the overload asked for": ("aten::div.Scalar", "x", "return torch.ops.aten.div(x, 2)", X, True),
    "another overload": ("aten::div.Tensor", "x", "return torch.ops.aten.div(x, 2)", X, False),
    "another overload, the one asked for is dead": (
        "aten::div.Tensor",
        "x",
        "if x.numel() < 0:\n            return torch.ops.aten.div(x, x)\n        return torch.ops.aten.div(x, 2)",
        X,
        False,
    ),
    # torch's own dropout divides: no upgrader would meet that call.
    "by torch itself": (
        "aten::div_.Scalar",
        "x",
        "if x.numel() < 0:\n            return torch.ops.aten.div_(x, 2)\n"
        "        return torch.ops.aten.dropout(x, 0.5, True)",
        X,
        False,
    ),
    "with a default left out": (
        "aten::gelu",
        "x, deep: int = 3",
        "return torch.ops.aten.gelu(x) if deep == 3 else x",
        X,
        True,
    ),
}


@pytest.fixture(scope="module", params=RELEASES)
def ran(request, release, new_modules):
    """What each case told in a release."""
    modules = new_modules()
    for key, (operator, arguments, body, samples, _) in CASES.items():
        source = MODULE.format(arguments=arguments, returns="", body=body, samples=samples)
        # Lite knows no forks.
        modules.add(key, HEADER + source, file="m.pt", operator=operator)
    modules.add("hidden", HEADER + HIDDEN)
    told = modules.export(release(request.param)).rows
    return {key: (exported(row), row) for key, row in told.items()}


@pytest.mark.parametrize("key", CASES)
def test_an_operator_ran_or_did_not(ran, key):
    row, told = ran[key]
    assert row.refusal == "", told
    assert row.ran == RanSeen(CASES[key][4]), told


def test_a_call_of_what_an_interface_hides_cannot_be_looked_into(ran):
    row, told = ran["hidden"]
    assert row.refusal == "", told
    assert row.ran == RanSeen(None, "its code calls prim::CallMethod, which cannot be looked into")


LIVE = """
class M(torch.nn.Module):
    def forward(self, x):
        return torch.ops.tinyops.halve(x)
"""
DEAD = """
class M(torch.nn.Module):
    def forward(self, x):
        if x.numel() < 0:
            return torch.ops.tinyops.halve(x)
        return torch.ops.aten.relu(x)
"""


def rewritten(data, call):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"    return ", call, 1) if name.endswith(".py") else content)
    return out.getvalue()


@pytest.fixture(scope="module")
def of_library(new_modules, before, after, replay):
    """An operator of a library that runs, and one in a dead branch: exported, and replayed after the change."""
    modules = new_modules()
    modules.add("live", LIVE, operator="tinyops::halve")
    modules.add("dead", DEAD, operator="tinyops::halve")
    told = modules.export(before, module="tinyops").rows
    with_upgrader, guard = {}, {}
    archives = {key: (modules.archive(key), told[key]["samples"]) for key in ("live", "dead")}
    # torch saves no call for nothing, an archive may have one.
    data, samples = archives["dead"]
    call = b"    z = ops.tinyops.halve(x)\n    return "
    archives["for nothing"] = (rewritten(data, call), samples)
    for key, (data, samples) in archives.items():
        with_upgrader[key] = (data, samples, "halve_0_3")
        with_upgrader[f"{key}, no samples"] = (data, [], "halve_0_3")
        with_upgrader[f"{key}, a wrong sample"] = (data, [{"inputs": [3], "output": 3}], "halve_0_3")
        guard[key] = (data, samples, None)
    guard["raises"] = (data, [{"inputs": [3], "output": 3}], None)
    guard["noise"] = (b"noise", samples, None)
    return (
        {key: exported(row) for key, row in told.items()},
        replay(after, with_upgrader, operator="tinyops::halve")[1],
        replay(before, guard, operator="tinyops::halve")[1],
    )


def test_an_operator_of_a_library_ran_or_did_not(of_library):
    made, _, guards = of_library
    assert made["live"].ran == guards["live"].ran == RanSeen(True)
    assert made["dead"].ran == guards["dead"].ran == guards["for nothing"].ran == RanSeen(False)


def test_the_samples_reach_the_marker_or_do_not(of_library):
    _, seen, _ = of_library
    assert (seen["live"].marker.found, seen["live"].marker.ran) == (True, True)
    for key in ("dead", "for nothing"):
        assert (seen[key].marker.found, seen[key].marker.ran) == (True, False)


def test_what_did_not_run_to_its_end_is_unknown(of_library):
    _, seen, guards = of_library
    for why in ("no samples", "a wrong sample"):
        assert (seen[f"dead, {why}"].marker.found, seen[f"dead, {why}"].marker.ran) == (True, None)
    assert guards["raises"].ran.ran is None
    assert "Expected a value of type 'Tensor' for argument 'x'" in guards["raises"].ran.reason
    assert guards["noise"].ran.ran is None
    assert "zip archive" in guards["noise"].ran.reason


def test_a_guard_has_neither_marker_nor_raised_archive(of_library):
    _, _, guards = of_library
    for row in guards.values():
        assert not any(raised.was_run for raised in row.raised.values())
        assert not row.marker.found


def test_an_archive_cannot_print_the_marker_by_itself(modules, replay):
    """It sees what others print as little as it sees the marker."""
    source = MODULE.format(
        arguments="x",
        returns="",
        body="print('opfixtures marker ')\n        if x.numel() < 0:\n            x = torch.ops.aten.gelu(x)\n"
        "        return x",
        samples=X,
    )
    modules.add("prints", HEADER + source)
    answers = modules.export()
    assert exported(answers.rows["prints"]).ran == RanSeen(False)
    archives = {"prints": (modules.archive("prints"), answers.rows["prints"]["samples"], None)}
    assert replay(sys.executable, archives, module=None)[1]["prints"].ran == RanSeen(False)
