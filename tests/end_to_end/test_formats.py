"""Fixtures in the other format, an interpreter that the user names, and warnings as errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import TREES, overlay
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
SETTINGS = f"""\
[tool.opfixtures]
preset = "pytorch"
fixture-format = "pt"

[[tool.opfixtures.runtimes]]
operator-versions = "<=9"
kind = "release"
torch = "1.11.0"
python = "3.8"

[[tool.opfixtures.runtimes]]
name = "my-build"
operator-versions = ">=10"
kind = "interpreter"
python = "{sys.executable}"
"""
FIXTURE = "test/jit/fixtures/test_versioned_gelu_v9.pt"


@pytest.fixture
def tree(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A tree with PyTorch's paths: gelu changes at 10, with its fixture entries; nothing is committed of that."""
    repository = new_repository(name="pytorch")
    overlay(repository, TREES / "pytorch" / "before")
    repository.git("add", "--all")
    repository.commit("before")
    overlay(repository, TREES / "pytorch" / "change")
    overlay(repository, TREES / "pytorch" / "entries")
    repository.write(".opfixtures.toml", SETTINGS)
    repository.git("add", "--all")
    return repository


def test_a_pt_is_made_and_replayed_by_the_loader_that_reads_it(
    tree: GitRepository, run_long: RunLong
) -> None:
    ran = run_long(tree, "generate", "--operator", "aten::gelu", "-v", releases=True)

    assert ran.status == 0, ran.out + ran.err
    assert f"verified    aten::gelu at 10  {FIXTURE}\n" in ran.out
    assert "covers yes (aten::gelu ran, stamped 3)" in ran.out
    assert "torch.jit.load: loads yes, equal yes, applied yes" in ran.out
    assert "lite" not in ran.out
    record = json.loads(tree.read(f"{FIXTURE}.json"))
    assert (record["archive"]["bytecode_version"], record["archive"]["operators"]) == (None, [])

    assert "1 verified" in run_long(tree, "verify", releases=True).out
    tree.git("add", "--all")
    assert "error" not in tree.opfixtures("check").out.replace("0 errors", "")


def test_a_torch_that_the_settings_name_is_no_build_of_the_change(
    tree: GitRepository, run_long: RunLong
) -> None:
    """Its own upgrader would prove what the tree's would not."""
    upgraders = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
    text = 'R"SCRIPT(\ndef gelu_0_9(self: Tensor) -> Tensor:\n  return torch.relu(self)\n)SCRIPT"'
    tree.write(
        upgraders,
        f'std::unordered_map<std::string, std::string> kUpgradersEntryMap({{{{"gelu_0_9", {text}}}}});',
    )
    ran = run_long(tree, "generate", "--operator", "aten::gelu", releases=True)
    assert "generated   aten::gelu at 10" in ran.out, ran.out
    assert "has another gelu_0_9 than this tree, and no build of the change was given" in ran.out


def test_what_a_pt_covers_is_seen_without_a_replay(tree: GitRepository, run_long: RunLong) -> None:
    """No runtime has version 11, and code names no overload: the old runtime saw which one ran."""
    version_map = "torch/csrc/jit/operator_upgraders/version_map.cpp"
    tree.replace(version_map, '"aten::gelu", {{10', '"aten::gelu", {{11')
    tree.replace(version_map, '"gelu_0_9"', '"gelu_0_10"')
    tree.write(".opfixtures.toml", SETTINGS.replace("<=9", "<=10"))

    ran = run_long(tree, "generate", "--operator", "aten::gelu", "-v", releases=True)

    assert (ran.status, "1 generated" in ran.out) == (0, True)
    assert "covers yes (aten::gelu ran, stamped 3)" in ran.out
    assert "not replayed: no runtime has version 11" in ran.out


def test_no_warning_of_torch_reaches_the_user(tree: GitRepository) -> None:
    """Of the lite interpreter and of TorchScript: both are deprecated. With -W error a warning would end the run."""
    tree.write(".opfixtures.toml", SETTINGS.replace('"pt"', '"ptl"'))
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    own = {"OPFIXTURES_CACHE": f"{cache}/opfixtures", "PYENV_ROOT": os.environ.get("PYENV_ROOT", "~/.pyenv")}
    for command in ("generate", "verify"):
        ran = subprocess.run(
            (sys.executable, "-W", "error", "-m", "opfixtures", command),
            cwd=tree.root,
            env={**tree.environment, **own, "PYTHONWARNINGS": "error"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert "2 verified" in ran.stdout
        assert "arn" not in ran.stdout + ran.stderr
