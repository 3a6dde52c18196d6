"""A new user's way, from a library without anything to a verified fixture: `init`, real builds, real torch.

What goes well is played by the pages of docs/start (tests/docs); here is what does not, and a monorepo.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from opfixtures.synthesis.library import texts
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
PYPROJECT = """\
[build-system]
requires = ["setuptools>=61"BUILD]
build-backend = "setuptools.build_meta"

[project]
name = "my-lib"
version = "1.0"
dependencies = ["torch"]
"""
OPS = """\
import torch


@torch.library.custom_op("mylib::scale", mutates_args=())
def scale(x: torch.Tensor, factor: float = 2.0) -> torch.Tensor:
    return x * factor
"""
SETUP = """\
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CppExtension

setup(
    package_dir={"": "src"},
    packages=["mylib"],
    ext_modules=[CppExtension("mylib._C", ["csrc/ops.cpp"], extra_compile_args=["-O0"])],
    cmdclass={"build_ext": BuildExtension},
)
"""
LOADS = """\
import glob
import os

import torch

torch.ops.load_library(glob.glob(os.path.join(os.path.dirname(__file__), "_C*.so"))[0])
"""
OPS_CPP = """\
#include <ATen/Functions.h>
#include <torch/library.h>

at::Tensor scale(const at::Tensor& x, double factor) {
  return at::mul(x, factor);
}

TORCH_LIBRARY(mylib, m) {
  m.def("scale(Tensor x, float factor=2.0) -> Tensor");
  m.impl("scale", c10::DispatchKey::CompositeExplicitAutograd, TORCH_FN(scale));
}
"""


OLD = '"mylib::scale(Tensor x, float factor=2.) -> Tensor"'
UPGRADER = """\
def scale_0_3(x: Tensor, factor: float) -> Tensor:
    return torch.ops.mylib.scale(x, factor)
"""


def state(library: GitRepository) -> dict[str, bytes]:
    """What is in the files of the work tree."""
    names = library.git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return {name: (library.root / name).read_bytes() for name in names}


def take_default_away(library: GitRepository, ops: str) -> None:
    """What an author does by hand: the operator's `factor` has a default no more."""
    library.replace(ops, "= 2.0" if ops.endswith(".py") else "=2.0", "")


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no compiler")
def test_a_cpp_extension_with_its_map_in_cpp_in_a_folder_of_a_monorepo(
    new_repository: Callable[..., GitRepository], run_long: RunLong, tmp_path_factory: pytest.TempPathFactory
) -> None:
    repository = new_repository({"README.md": "two libraries\n"}, name="library")
    for path, text in {
        "pyproject.toml": PYPROJECT.replace("BUILD", ', "torch"'),
        "setup.py": SETUP,
        "src/mylib/__init__.py": LOADS,
        "csrc/ops.cpp": OPS_CPP,
        ".gitignore": "build/\n*.egg-info/\n",
    }.items():
        repository.write(f"libs/one/{path}", text)

    def init(*args: str) -> Ran:
        cache = {"OPFIXTURES_CACHE": str(tmp_path_factory.getbasetemp() / "cache")}
        return repository.opfixtures("init", *args, folder="libs/one", **cache)

    ran = init("--map", "cpp")
    assert (
        ran.status,
        "add libs/one/csrc/version_map.cpp to what the extension is built from" in ran.out,
    ) == (1, True)
    repository.replace("libs/one/setup.py", '"csrc/ops.cpp"', '"csrc/ops.cpp", "csrc/version_map.cpp"')
    ran = init()
    assert ran.status == 0, ran.err
    assert "built and imported mylib" in ran.out
    assert "still to do: put the owner" not in ran.out
    settings = repository.read("libs/one/pyproject.toml")
    assert '"--no-build-isolation", "--no-deps", "."' in settings
    assert (repository.root / ".github/workflows/opfixtures.yml").exists()
    repository.git("add", "--all")
    repository.commit("mylib 1.0")

    take_default_away(repository, "libs/one/csrc/ops.cpp")
    cache = {"OPFIXTURES_CACHE": str(tmp_path_factory.getbasetemp() / "cache")}
    ran = repository.opfixtures("new", "mylib::scale", "--apply", folder="libs/one", **cache)
    assert ran.status == 0, ran.err
    assert "+ libs/one/src/mylib/upgraders.py" in ran.out
    assert "note:" not in ran.out
    ran = run_long(repository, "generate", **cache)
    assert ran.status == 0, ran.out + ran.err
    assert "torch.jit.load: loads yes, equal yes, applied yes, sensitive yes" in ran.out


@pytest.mark.thorough
def test_a_library_that_cannot_be_built_ends_with_its_last_lines(
    new_repository: Callable[..., GitRepository], run_long: RunLong
) -> None:
    library = new_repository(
        {
            "setup.py": "raise SystemExit('the compiler is on holiday')\n",
            "mylib/__init__.py": OPS,
            ".pre-commit-config.yaml": "repos: []\n",
        }
    )
    ran = run_long(library, "init")
    assert ran.status == 2
    # What its author has to do is said all the same.
    assert "still to do: add to `repos` in .pre-commit-config.yaml:\n" in ran.out
    assert "next: " not in ran.out
    _, _, said = ran.err.partition("opfixtures: error: the work tree cannot be built: `pip install")
    assert any("the compiler is on holiday" in line for line in said.splitlines()[1:])
    assert (library.root / "mylib/upgraders.py").exists()


@pytest.mark.thorough
def test_what_importing_the_library_does_not_register_is_said(
    new_repository: Callable[..., GitRepository], run_long: RunLong
) -> None:
    library = new_repository(
        {
            "pyproject.toml": PYPROJECT.replace("BUILD", ""),
            "mylib/__init__.py": "import torch\nLIB = torch.library.Library('mylib', 'FRAGMENT')\n"
            "LIB.define(str('f(Tensor x) -> ()'))\n",
            "mylib/lazy.py": OPS,
            "mylib/more.py": "import torch\ntorch.library.define('mylib::f', '() -> ()')\n",
        }
    )
    ran = run_long(library, "init")
    assert ran.status == 0, ran.err
    assert (
        "still to do: mylib::scale (mylib/lazy.py:4:2) is not there once mylib is imported: import its module in "
        "mylib/__init__.py\n"
    ) in ran.out
    assert (
        "still to do: mylib::f is registered as mylib::f(Tensor x) -> (), and mylib/more.py:2:34 declares it as "
        "mylib::f() -> (): correct the one or the other\n" in ran.out
    )


def test_a_library_that_does_not_import_says_why(
    new_repository: Callable[..., GitRepository], run_long: RunLong
) -> None:
    library = new_repository(
        {"pyproject.toml": PYPROJECT.replace("BUILD", ""), "mylib/__init__.py": f"{OPS}import not_there\n"}
    )
    ran = run_long(library, "init")
    assert ran.status == 2
    assert "was built and cannot be used: " in ran.err
    assert "No module named 'not_there'" in ran.err


def test_the_upgraders_that_are_written_warn_of_nothing_and_cost_nothing_before_the_first_entry(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("template")
    package = folder / "mylib"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import torch\ntorch.library.define('mylib::scale', '(Tensor x, float factor) -> Tensor')\n"
        "from . import upgraders\n"
    )
    (package / "operator_versions.py").write_text(texts.template("operator_versions.py"))
    (package / "upgraders.py").write_text(texts.template("upgraders.py"))

    def imported(check: str) -> str:
        script = f"import torch, warnings; warnings.simplefilter('error'); import mylib; print({check})"
        run = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    has_entry = "'mylib::scale' in torch._C._get_operator_version_map()"
    assert imported(has_entry) == "False"
    entry = f'{{"bumped_at_version": 4, "upgrader_name": "scale_0_3", "old_schema": {OLD}}}'
    (package / "operator_versions.py").write_text(f'OPERATOR_VERSIONS = {{"mylib::scale": [{entry}]}}\n')
    upgraders = package / "upgraders.py"
    upgraders.write_text(upgraders.read_text().replace('UPGRADERS = """\n', f'UPGRADERS = """\n{UPGRADER}'))
    assert imported(has_entry) == "True"
