"""What a replay observes of good archives, malformed ones, and records that are of other archives."""

import io
import random
import sys
import zipfile

import pytest

from opfixtures.archives.altered_archive import with_version

JIT, LITE = "torch.jit.load", "lite"


def rewritten(data, change):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def in_code(text):
    return lambda name, content: content.replace(b"return ", text, 1) if name.endswith(".py") else content


# Archives that end a loader of torch 2.13, or that it refuses.
MALFORMED = {
    "a long story of nothing": lambda data: rewritten(data, in_code(b"\n" * 100_000 + b"return ")),
    "parentheses": lambda data: rewritten(data, in_code(b"return " + b"(" * 10_000)),
    "half of it": lambda data: data[: len(data) // 2],
    "nothing": lambda _: b"",
    "noise": lambda _: random.Random(0).randbytes(4096),
    "a version of tomorrow": lambda data: rewritten(
        data, lambda name, content: b"9999\n" if name.endswith("version") else content
    ),
}


@pytest.fixture(scope="module")
def replayed(new_modules, before, after, old, replay):
    """What the library shows after its change."""
    modules = new_modules()
    modules.add("fake", FAKE)
    modules.add("random", RANDOM)
    answers = modules.export(before, module="tinyops")
    fake = with_version(modules.archive("fake"), 10)
    data, (first, second), _ = old["halve"]
    other_records = [
        {**first, "output": {"tensor": "float32", "shape": [2], "values": [0.5]}},
        {**second, "output": None},
        {"inputs": [], "output": None},
        {"inputs": [{"tensor": "load", "shape": [], "values": []}], "output": None},
    ]
    archives = {
        **{name: (change(data), [first], "halve_0_3") for name, change in MALFORMED.items()},
        "fake": (fake, [], "halve_0_3"),
        "random": (modules.archive("random"), answers.rows["random"]["samples"], "none"),
        "other records": (data, other_records, "halve_0_3"),
        **old,
    }
    return replay(after, archives)


FAKE = """
class M(torch.nn.Module):
    def forward(self, x):
        return torch.ops.tinyops.halve(x), "opfixtures marker "
"""
RANDOM = """
class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        return self.linear(x) * torch.rand(3)
"""


def test_an_operator_is_the_librarys_or_torchs(replayed):
    runtime, _ = replayed
    assert runtime.operators["tinyops::scale"].schema == "tinyops::scale(Tensor x, float factor) -> Tensor"
    assert not runtime.operators["tinyops::scale"].is_torchs
    assert runtime.operators["tinyops::scale"].bumps == (4,)
    assert runtime.operators["aten::gelu"].is_torchs
    assert runtime.operators["aten::gelu"].bumps == (10,)
    assert runtime.max_operator_version == 10
    assert runtime.imported.endswith("/tinyops/__init__.py")


def test_old_archives_replay_through_the_upgraders(replayed):
    _, seen = replayed
    for name in ("scale", "halve"):
        assert seen[name].as_written[JIT].differences == (None, None)
        assert seen[name].marker.registered
        assert seen[name].marker.found


def test_without_its_upgrader_an_operator_gives_something_else(replayed):
    _, seen = replayed
    assert "factor" in seen["scale"].raised[JIT].failure
    assert seen["halve"].raised[JIT].differences == (None, "int64 then, float32 now")


def test_lite_knows_no_upgraders_of_a_library(replayed):
    _, seen = replayed
    assert seen["halve"].as_written[LITE].differences == (None, "int64 then, float32 now")


def test_what_came_of_a_sample_that_differs_is_told(replayed):
    _, seen = replayed
    same, other = seen["halve"].as_written[LITE].outputs
    assert (same, other["tensor"]) == (None, "float32")
    # A multiple differs always, and nobody asks for it.
    assert seen["halve"].raised[LITE].outputs == seen["halve"].as_written[JIT].outputs == ()


def test_an_archive_that_holds_the_word_marker_is_not_taken_for_upgraded(replayed):
    _, seen = replayed
    assert seen["fake"].marker.registered
    assert not seen["fake"].marker.found


def test_random_numbers_are_the_recorded_ones(replayed):
    _, seen = replayed
    assert seen["random"].as_written[JIT].differences == (None,)


def test_a_record_of_another_archive_differs(replayed):
    _, seen = replayed
    one, two, three, four = seen["other records"].as_written[JIT].differences
    assert one == "1 elements then, 2 now"
    assert two == "NoneType then, tensor now"
    assert three.startswith("raises: ")
    assert four.startswith("raises: the record holds a value that cannot be read")


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_archive_costs_its_own_row(replayed, name):
    _, seen = replayed
    assert seen[name].as_written[JIT].failure
    assert not seen[name].marker.found


def test_a_loader_that_crashes_is_told_as_such(replayed):
    _, seen = replayed
    for name in ("a long story of nothing", "parentheses"):
        assert seen[name].as_written[JIT].crashed
        assert seen[name].as_written[JIT].failure == seen[name].marker.failure == "crashed: SIGSEGV"
    assert "maximum supported version" in seen["a version of tomorrow"].as_written[JIT].failure


ENDLESS = """
class M(torch.nn.Module):
    def forward(self, n: int):
        while n != 0:
            n = n + 2
        return n

    def sample_inputs(self):
        return (-2,)
"""


def test_an_archive_that_does_not_end_costs_its_own_row(modules, replay):
    modules.add("endless", ENDLESS)
    modules.export()
    endless = (modules.archive("endless"), [{"inputs": [1], "output": 0}], "none")
    _, seen = replay(
        sys.executable, {"endless": endless, "nothing": (b"", [], "none")}, module=None, seconds=1
    )
    assert seen["endless"].as_written[JIT].failure == "did not end within 1 seconds"
    assert not seen["nothing"].as_written[JIT].crashed


def test_before_the_change_all_is_equal_and_nothing_registered(before, old, replay):
    # An archive's own bytecode says what it calls.
    nonsense = ("aten::nope", "nope", "", "::", "aten::div.Tensor.x", "aten::\ud800", "aten::gelu.nope")
    runtime, seen = replay(before, old, operators=("tinyops::scale", *nonsense))
    for row in seen.values():
        assert row.as_written[JIT].differences == row.as_written[LITE].differences == (None, None)
        assert not row.marker.registered
    assert [runtime.operators[name].schema for name in nonsense] == [None] * len(nonsense)
    scale = runtime.operators["tinyops::scale"]
    assert scale.schema == "tinyops::scale(Tensor x, float factor=2.) -> Tensor"
    assert scale.bumps == ()


def test_an_upgrader_that_is_wrong_or_of_no_entry_is_seen(library, old, replay):
    wrong = ("upgraders.py", "torch.floor_divide(x, 2)", "torch.floor_divide(x, 3)")
    elsewhere = ("operator_versions.py", '"tinyops::scale": [', '"tinyops::other": [')
    _, seen = replay(library("before", "change", edits=[wrong, elsewhere]), old)
    assert seen["halve"].as_written[JIT].differences == (None, "element 1: -2 then, -1 now")
    assert seen["halve"].marker.found
    assert "factor" in seen["scale"].as_written[JIT].failure
    assert seen["scale"].marker.registered
    assert not seen["scale"].marker.found


def test_without_upgraders_none_is_registered(library, old, replay):
    edit = ("__init__.py", "from . import upgraders  # noqa: E402,F401", "")
    _, seen = replay(library("before", "change", edits=[edit]), old)
    assert not seen["scale"].marker.registered
    assert "factor" in seen["scale"].as_written[JIT].failure


def test_what_is_altered_runs_first_in_a_child_of_its_own(worker):
    row = {"loaders": [JIT, LITE], "upgrader_name": "u", "operator": "o", "samples": [], "archive": ""}
    steps = worker.steps_of_replay({**row, "raised": "", "control": ""})
    names = [[name for name, _ in child] for child in steps]
    assert names == [
        [f"{JIT} control", f"{LITE} control", f"{JIT} archive", f"{LITE} archive", "marker"],
        [f"{JIT} raised", f"{LITE} raised"],
        ["multiplied"],
        ["by one"],
    ]
