"""The operator module is imported in the worker, whatever it does there."""

import os

import pytest

from opfixtures.observations import WorkerError

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


def test_a_library_may_print_and_keep_a_process(library, replay, old, tmp_path):
    starts = (
        "import os, subprocess, torch\nprint('{}', flush=True)\nhelper = subprocess.Popen(['sleep', '99'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(helper.pid))\n"
    )
    uses = "def _scale(x, factor=2.0):\n    os.kill(helper.pid, 0)\n"
    edits = (("__init__.py", "import torch\n", starts), ("__init__.py", "def _scale(x, factor=2.0):\n", uses))
    python = library("before", edits=edits, package="space/tinyops")
    runtime, seen = replay(python, old, module="space.tinyops")
    assert runtime.imported.endswith("/space/tinyops/__init__.py")
    assert seen["scale"].as_written[JIT].differences == (None, None)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_namespace_package_comes_from_its_folder(library, replay):
    runtime, _ = replay(library("before", package="space/tinyops"), {}, module="space")
    assert runtime.imported.endswith("/space")
