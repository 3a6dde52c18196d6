"""A library whose operator is C++: compiled once from before the change and once after it, and not for each fixture."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import TREES, overlay
from tests.repositories import GitRepository, Ran

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no compiler")

HALVE = """\
#include <ATen/Functions.h>
#include <torch/library.h>

at::Tensor halve(const at::Tensor& x) {
  return BODY;
}

TORCH_LIBRARY_FRAGMENT(tinyops, m) {
  m.def("halve(Tensor x) -> Tensor");
  m.impl("halve", c10::DispatchKey::CompositeExplicitAutograd, TORCH_FN(halve));
}
"""
BEFORE = "x.is_floating_point() ? at::div(x, 2) : at::floor_divide(x, at::scalar_tensor(2, at::kLong))"
AFTER = "at::div(x, 2)"
BUILD = """\
import subprocess
import torch
from torch.utils.cpp_extension import include_paths

folder = torch.__path__[0] + "/lib"
includes = [f"-I{path}" for path in include_paths()]
abi = f"-D_GLIBCXX_USE_CXX11_ABI={int(torch._C._GLIBCXX_USE_CXX11_ABI)}"
options = ["-std=c++20", "-O0", "-shared", "-fPIC", abi, f"-L{folder}", "-ltorch", "-ltorch_cpu", "-lc10"]
subprocess.run(["g++", *includes, "tinyops/halve.cpp", "-o", "tinyops/halve.so", *options], check=True)
"""
LOADS = """\
import os

torch.ops.load_library(os.path.join(os.path.dirname(__file__), "halve.so"))
"""
SETTINGS = ("setup = [[", 'setup = [["python", "-W", "ignore", "build_ops.py"], [')


def compiled(library: GitRepository, body: str) -> None:
    """Have `halve` come from C++."""
    source = library.read("tinyops/__init__.py")
    source = source.replace('_library.define("halve(Tensor x) -> Tensor")\n', LOADS)
    source = re.sub(r"def _halve\(x\):\n.*?\n\n\n", "", source, flags=re.DOTALL)
    source = re.sub(r'_library\.impl\("halve".*\n', "", source)
    library.write("tinyops/__init__.py", source)
    library.write("tinyops/halve.cpp", HALVE.replace("BODY", body))
    library.write("build_ops.py", BUILD)
    library.write(".gitignore", "*.so\n")
    if SETTINGS[1] not in library.read("pyproject.toml"):
        library.replace("pyproject.toml", *SETTINGS)


def builds(ran: Ran) -> int:
    """How many states of the library a run compiled."""
    return len(re.findall(r"^\[.*\] building ", ran.err, re.MULTILINE))


@pytest.mark.thorough
def test_each_side_is_compiled_once(
    new_repository: Callable[..., GitRepository], run_long: Callable[..., Ran]
) -> None:
    library = new_repository(name="library")
    overlay(library, TREES / "library" / "before")
    compiled(library, BEFORE)
    library.git("add", "--all")
    library.commit("tinyops 1.0")
    library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    overlay(library, TREES / "library" / "change")
    overlay(library, TREES / "library" / "entries")
    compiled(library, AFTER)

    ran = run_long(library, "generate")

    assert (ran.status, builds(ran)) == (0, 2), ran.out + ran.err
    assert "2 verified (2 made by this run)" in ran.out
    library.git("add", "--all")
    library.commit("tinyops 2.0")
    ran = run_long(library, "generate")
    assert (ran.status, builds(ran)) == (0, 0), ran.out + ran.err
    assert "2 verified (2 made again)" in ran.out
    library.replace("tinyops/halve.cpp", AFTER, "at::div(x, 4)")
    ran = run_long(library, "generate")
    assert (ran.status, builds(ran)) == (1, 1), ran.out + ran.err
    assert "mismatch    tinyops::halve" in ran.out
