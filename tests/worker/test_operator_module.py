"""The operator module is imported in the worker, whatever it does there."""

import pytest

from opfixtures.worker.job import Job
from opfixtures.worker.observations import WorkerError
from opfixtures.worker.worker_process import run_worker

JIT = "torch.jit.load"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import no_such_package", "No module named 'no_such_package'"),
        ("import os; os._exit(0)", "ended early .exit status 0."),
    ],
)
def test_a_library_that_does_not_import_is_an_error(library, replay, line, reason):
    with pytest.raises(WorkerError, match=reason):
        replay(library("before", edits=(("__init__.py", "import torch\n", f"{line}\n"),)), {})


def test_a_library_may_print_and_keep_a_process(library, replay, old, tmp_path, running_with):
    starts = (
        "import os, subprocess, sys, torch\nprint('{}', flush=True)\n"
        f"helper = subprocess.Popen([sys.executable, '-c', 'input()', {str(tmp_path)!r}], stdin=subprocess.PIPE)\n"
    )
    uses = "def _scale(x, factor=2.0):\n    helper.stdin.write(b' ')\n    helper.stdin.flush()\n"
    edits = (("__init__.py", "import torch\n", starts), ("__init__.py", "def _scale(x, factor=2.0):\n", uses))
    python = library("before", edits=edits, package="space/tinyops")
    runtime, seen = replay(python, old, module="space.tinyops")
    assert runtime.imported.endswith("/space/tinyops/__init__.py")
    assert seen["scale"].as_written[JIT].differences == (None, None)
    assert running_with(f"input()\0{tmp_path}") == []


SLOW = """\
import os
import sys

import torch

HERE, ASKED = os.getpid(), []


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "torch._dynamo":
            ASKED.append(os.getpid())


sys.meta_path.insert(0, Finder)


@torch.library.custom_op("slow::scale", mutates_args=())
def scale(x: torch.Tensor) -> torch.Tensor:
    if ASKED != [HERE]:
        raise RuntimeError(f"imported by {ASKED} and not by {HERE}")
    return x * 2


"""
CALLS_IT = """
class M(torch.nn.Module):
    def forward(self, x):
        return torch.ops.slow.scale(x)

    def sample_inputs(self):
        return [(torch.ones(2),)]
"""


def test_what_calls_of_a_custom_op_import_is_imported_before_the_first_child(library, modules):
    """It takes seconds, and each child has an end."""
    modules.add("m", CALLS_IT, operator="slow::scale")
    python = library("before", edits=(("__init__.py", "import torch\n", SLOW),))
    modules.export(python, module="tinyops")
    assert modules.told["m"].get("refused") is None
    assert modules.archive("m")


def test_a_library_has_nothing_of_what_calls_of_a_custom_op_import(library, tmp_path):
    """torch._dynamo registers operators of torch's own, which nobody else is told of."""
    python = library("before", edits=(("__init__.py", "import torch\n", SLOW),))

    def told(job):
        return run_worker(python, job, str(tmp_path / job.task))

    schemas = told(Job("list", "tinyops", (), ({"key": "list"},))).rows["list"]["schemas"]
    names = [one.partition("(")[0] for one in schemas]
    assert "slow::scale" in names
    seen = told(Job("rerun", "tinyops", tuple(names), ())).runtime.operators
    assert [one for one in names if not seen[one].schema] == []


def test_a_namespace_package_comes_from_its_folder(library, replay):
    runtime, _ = replay(library("before", package="space/tinyops"), {}, module="space")
    assert runtime.imported.endswith("/space")


# What a library that needs a GPU does when it is imported, and the cause that is told.
NEEDS_A_GPU = {
    "asks torch": ("torch.ones(1).cuda()", "AssertionError: Torch not compiled with CUDA enabled"),
    "tells another reason": (
        "try:\n    torch.cuda.init()\nexcept AssertionError as error:\n"
        "    raise ImportError('tinyops is not built') from error",
        "ImportError: tinyops is not built (caused by AssertionError: Torch not compiled with CUDA enabled)",
    ),
    "tells another reason, not from which": (
        "try:\n    torch.cuda.init()\nexcept AssertionError:\n    raise ImportError('tinyops is not built')",
        "ImportError: tinyops is not built (caused by AssertionError: Torch not compiled with CUDA enabled)",
    ),
    "lacks the driver's library": (
        "import ctypes\nctypes.CDLL('libcuda.so.nowhere')",
        "OSError: libcuda.so.nowhere: cannot open shared object file: No such file or directory",
    ),
    "ends in C++": (
        "import os, sys\nsys.stderr.write('terminate called after throwing an instance of \\'c10::Error\\'\\n"
        "  what():  CUDA error: no CUDA-capable device is detected\\n"
        "Exception raised from f at ops.cpp:1 (most recent call first):\\nframe #0: f + 0x42\\n')\n"
        "sys.stderr.flush()\nos.abort()",
        "the worker ended early (SIGABRT; it said: CUDA error: no CUDA-capable device is detected)",
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("key", NEEDS_A_GPU)
def test_a_library_that_needs_a_gpu_says_so(library, replay, key):
    statements, reason = NEEDS_A_GPU[key]
    python = library("before", edits=(("__init__.py", "import torch\n", f"import torch\n{statements}\n"),))
    with pytest.raises(WorkerError) as caught:
        replay(python, {})
    assert str(caught.value) == reason


def test_an_operator_that_needs_a_gpu_says_so(library, replay, old):
    scale = "def _scale(x, factor=2.0):\n"
    edits = (("__init__.py", scale, f"{scale}    x = x.cuda()\n"),)
    _, seen = replay(library("before", edits=edits), old)
    cause = "RuntimeError: AssertionError: Torch not compiled with CUDA enabled"
    assert seen["scale"].as_written[JIT].differences == (f"raises: {cause}",) * 2
