"""Many rows are replayed side by side, and each is told as if it were alone."""

import sys

import pytest

from tests.defences import SIGNALS, WRITES

JIT, LITE = "torch.jit.load", "lite"
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has lanes")
COUNTS = """def _halve(x):
    import os
    open({path!r}, "a").write(f"{{os.getpid()}} {{os.getppid()}}\\n")
"""
ENDS = """def _halve(x):
    import os, signal
    if x.dtype == torch.int16:
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGSTOP)
"""
HALVE = "def _halve(x):\n"


def many(old, count):
    return {f"{name} {number}": old[name] for number in range(count) for name in ("scale", "halve")}


def test_many_rows_are_told_as_few(old, after, replay):
    _, few = replay(after, old)
    _, seen = replay(after, many(old, 15))
    assert list(seen) == list(many(old, 15))
    for name, row in seen.items():
        assert row == few[name.partition(" ")[0]]


@pytest.mark.parametrize("rows", [1, 20])
def test_a_row_is_replayed_by_a_process_for_each_alteration(library, old, replay, tmp_path, rows, without):
    without(WRITES)
    path = tmp_path / "pids"
    edits = (("__init__.py", HALVE, COUNTS.format(path=str(path))),)
    archives = {f"{number}": old["halve"] for number in range(rows)}
    replay(library("before", "change", edits=edits), archives)
    ran = [line.split() for line in path.read_text().splitlines()]
    # As it was written, with its version raised, and with two multiples of what its upgrader gives.
    assert len({pid for pid, _ in ran}) == 4 * rows
    assert len(ran) > 4 * rows
    # Where nothing limits writing, none could write to the files of another.
    assert len({parent for _, parent in ran}) == 1


@linux
def test_a_lane_that_ends_costs_the_row_that_it_was_at(library, old, replay, without):
    without(SIGNALS)
    data, _, upgrader = old["halve"]
    deadly = [{"inputs": [{"tensor": "int16", "shape": [1], "values": [1]}], "output": None}]
    archives = many(old, 15)
    archives["scale 3"] = (data, deadly, upgrader)
    python = library("before", "change", edits=(("__init__.py", HALVE, ENDS),))
    _, seen = replay(python, archives)
    failures = {name: row.as_written[JIT].failure for name, row in seen.items()}
    assert failures.pop("scale 3") in (
        "the process that replayed it ended early",
        "the worker ended early (SIGKILL)",
    )
    assert set(failures.values()) == {""}


def test_a_step_that_crashes_leaves_the_others(library, old, replay):
    """The upgraded archive crashes: the raised one, lite and the marker's load go on in another process."""
    crashes = "def _halve(x):\n    import os\n    x.dtype == torch.float32 and os.abort()\n"
    python = library("before", "change", edits=(("__init__.py", HALVE, crashes),))
    data, (floats, integers), upgrader = old["halve"]
    _, seen = replay(
        python, {"both": (data, [integers, floats], upgrader), "integers": (data, [integers], upgrader)}
    )
    both = seen["both"]
    assert both.as_written[JIT].failure == both.marker.failure == "crashed: SIGABRT"
    assert both.raised[JIT].crashed
    assert both.as_written[LITE].crashed
    assert seen["integers"].as_written[JIT].differences == (None,)
    assert seen["integers"].marker.ran
