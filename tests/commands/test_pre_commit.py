"""The hook on offer, as the pre-commit framework installs and runs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opfixtures import cli

PROJECT = Path(cli.__file__).parents[1]
VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"


@pytest.fixture
def offered(new_repository):
    """This project as a repository of its own: pre-commit installs from a commit."""
    repository = new_repository(name="offered")
    for name in (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(PROJECT / name, repository.root)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "opfixtures", repository.root / "opfixtures", ignore=unwanted)
    repository.git("add", "--all")
    repository.commit()
    return repository


@pytest.fixture
def try_repo(offered, pytorch, tmp_path):
    """Runs `pre-commit try-repo` with the hook on offer in the PyTorch tree."""

    def run(hook="opfixtures-check"):
        command = (
            sys.executable,
            "-m",
            "pre_commit",
            "try-repo",
            "--verbose",
            offered.root,
            hook,
        )
        environment = {**pytorch.environment, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PYTHONPATH": ""}
        return subprocess.run(command, cwd=pytorch.root, env=environment, capture_output=True, text=True)

    return run


def test_the_hook_runs_from_a_clone_of_this_project(try_repo, pytorch, add_hardswish):
    add_hardswish(pytorch)
    refused = try_repo()
    assert refused.returncode == 1
    assert f"{VERSION_MAP}:7:27: error OPF201: aten::hardswish is bumped at version 11 " in refused.stdout

    module = pytorch.read(MODULES).partition("class ")[2].replace("GeluV9", "HardswishV10")
    pytorch.write(MODULES, f"{pytorch.read(MODULES)}\n\nclass {module}")
    pytorch.replace(REGISTRY, "\n}", '\n    TestVersionedHardswishV10(): "aten::hardswish",\n}')
    passed = try_repo()
    assert (passed.returncode, passed.stderr) == (0, "")
    assert f"{REGISTRY}:5:5: note OPF301: the fixture of TestVersionedHardswishV10 is" in passed.stdout

    pytorch.git("rm", "--quiet", "--force", VERSION_MAP)
    gone = try_repo()
    assert gone.returncode == 1
    assert f"{VERSION_MAP}:1:1: error OPF109: " in gone.stdout


def test_the_fixer_writes_what_the_check_asks_for_and_stages_nothing(try_repo, pytorch, add_hardswish):
    add_hardswish(pytorch)
    # Not staged, and so put away by pre-commit while the fixer runs.
    (pytorch.root / "README.md").write_text("A tree in which somebody works.\n")
    staged = pytorch.git("write-tree")
    refused = try_repo("opfixtures-fix")
    assert refused.returncode == 1
    assert "files were modified by this hook" in refused.stdout
    assert (
        f"{MODULES}: TestVersionedHardswishV10\n{REGISTRY}: row of TestVersionedHardswishV10\n"
        in refused.stdout
    )
    assert pytorch.git("write-tree") == staged
    assert pytorch.read("README.md") == "A tree in which somebody works.\n"

    pytorch.git("add", MODULES, REGISTRY)
    passed = try_repo("opfixtures-fix")
    assert (passed.returncode, passed.stderr.partition("[WARNING] Unstaged files detected")[0]) == (0, "")
    assert f"{REGISTRY}:5:5: note OPF301: " in passed.stdout
