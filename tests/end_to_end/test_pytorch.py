"""A tree with PyTorch's paths and no configuration: released torch on both sides."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import TREES, overlay
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
LAST_ENTRY = '"aten::div.Tensor(Tensor self, Tensor other) -> Tensor"}}}'


@pytest.fixture
def tree(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A version map with one published entry."""
    repository = new_repository(name="pytorch")
    overlay(repository, TREES / "pytorch" / "before")
    repository.git("add", "--all")
    repository.commit("before")
    return repository


def add_entry(tree: GitRepository, operator: str, version: int, schema: str) -> None:
    name = f"{operator.removeprefix('aten::').replace('.', '_')}_0_{version - 1}"
    entry = f'{{"{operator}", {{{{{version}, "{name}", "{schema}"}}}}}}'
    tree.replace(MAP, LAST_ENTRY, f"{LAST_ENTRY},\n     {entry}")


def add_module(tree: GitRepository, name: str, operator: str, arguments: str, body: str) -> None:
    lines = f"\n\nclass {name}(torch.nn.Module):\n    def forward({arguments}):\n        return {body}\n"
    tree.write(MODULES, tree.read(MODULES) + lines)
    tree.replace(REGISTRY, "\n}\n", f'\n    {name}(): "{operator}",\n}}\n')


def use_release(tree: GitRepository, torch: str, python: str) -> None:
    """The settings name this release for every operator version."""
    runtime = f'{{ kind = "release", torch = "{torch}", python = "{python}" }}'
    tree.write(".opfixtures.toml", f'[tool.opfixtures]\npreset = "pytorch"\nruntimes = [{runtime}]\n')


def add_hardswish(tree: GitRepository) -> None:
    add_entry(tree, "aten::hardswish", 11, "aten::hardswish(Tensor self) -> Tensor")


def test_an_entry_above_every_release_is_owed_then_made_then_not_replayed(
    tree: GitRepository, run_long: RunLong
) -> None:
    add_hardswish(tree)
    ran = tree.opfixtures("check")
    assert ran.status == 1
    assert f"{MAP}:15:27: error OPF201: aten::hardswish" in ran.out

    add_module(tree, "TestVersionedHardswishV10", "aten::hardswish", "self, x", "torch.ops.aten.hardswish(x)")
    ran = tree.opfixtures("check")
    assert (ran.status, "note OPF301" in ran.out, "0 errors" in ran.out) == (0, True, True)

    ran = run_long(tree, "generate", "-v", releases=True)
    assert ran.status == 0, ran.err
    assert "made by torch 2.13.0: pre-change yes (operator-version, archive-version)" in ran.out
    assert "not replayed: no runtime has version 11" in ran.out
    ran = run_long(tree, "verify", releases=True)
    assert (ran.status, "1 generated" in ran.out, "not replayed" in ran.out) == (0, True, True)


def test_a_release_from_after_the_change_is_refused(tree: GitRepository, run_long: RunLong) -> None:
    """2.13 has gelu's new schema: whatever it exports is no evidence."""
    add_entry(tree, "aten::gelu", 10, "aten::gelu(Tensor self) -> Tensor")
    add_module(tree, "TestVersionedGeluV9", "aten::gelu", "self, x", "torch.ops.aten.gelu(x)")
    use_release(tree, "2.13.0", "3.11")
    ran = run_long(tree, "generate", releases=True)
    assert ran.status == 1
    assert "not pre-change: torch 2.13.0+cpu has aten::gelu(Tensor self, *, str approximate" in ran.out
    assert not (tree.root / "test/jit/fixtures").exists()


def test_a_model_stamped_by_another_operator_is_shadowed(tree: GitRepository, run_long: RunLong) -> None:
    """In 2.13 gelu raises the stamp to 10, where no upgrader for an entry at 9 is looked for."""
    add_entry(tree, "aten::hardswish", 11, "aten::hardswish(Tensor self) -> Tensor")
    add_entry(tree, "aten::hardswish", 10, "aten::hardswish(Tensor self) -> Tensor")
    add_module(
        tree,
        "TestVersionedHardswishV9",
        "aten::hardswish",
        "self, x",
        "torch.ops.aten.hardswish(torch.ops.aten.gelu(x))",
    )
    use_release(tree, "2.13.0", "3.11")
    ran = run_long(tree, "generate", "--operator", "aten::hardswish", releases=True)
    assert ran.status == 1
    assert (
        "is stamped 10, its entry covers only up to 9: exported after the change, or shadowed by one of aten::gelu"
        in ran.out
    )


def test_a_backfill_needs_no_commit_where_a_release_makes_it(tree: GitRepository, run_long: RunLong) -> None:
    ran = run_long(tree, "generate", "--all", "-v", releases=True)
    assert (ran.status, "1 verified" in ran.out) == (0, True)
    record = json.loads((tree.root / "test/jit/fixtures/test_versioned_div_tensor_v3.ptl.json").read_text())
    assert record["pre_change"]["commit"] is None
    assert record["runtime"]["torch"] == "1.5.1"
    for loader in ("torch.jit.load", "lite"):
        assert f"{loader}: loads yes, equal yes, applied yes, sensitive yes" in ran.out
    assert (
        "synthetic: bytecode version altered from 3 to 4: lite reads no bytecode below 4 any more" in ran.out
    )


@pytest.mark.parametrize(
    ("torch", "python", "said"),
    [
        ("99.0.0", "3.11", "torch==99.0.0 cannot be installed for Python 3.11"),
        ("1.11.0", "3.99", "no Python 3.99 for torch==1.11.0: install it"),
    ],
)
def test_a_runtime_that_cannot_be_had_is_one_sentence(
    tree: GitRepository, run_long: RunLong, torch: str, python: str, said: str
) -> None:
    add_hardswish(tree)
    add_module(tree, "TestVersionedHardswishV10", "aten::hardswish", "self, x", "torch.ops.aten.hardswish(x)")
    use_release(tree, torch, python)
    ran = run_long(tree, "generate")
    errors = [line for line in ran.err.splitlines() if line.startswith("opfixtures: ")]
    assert (ran.status, len(errors)) == (2, 1)
    assert said in errors[0]
    assert "1 refused" in ran.out


def test_a_runtime_that_cannot_be_had_stops_no_other(tree: GitRepository, run_long: RunLong) -> None:
    add_hardswish(tree)
    add_entry(tree, "aten::gelu", 10, "aten::gelu(Tensor self) -> Tensor")
    add_module(tree, "TestVersionedHardswishV10", "aten::hardswish", "self, x", "torch.ops.aten.hardswish(x)")
    add_module(tree, "TestVersionedGeluV9", "aten::gelu", "self, x", "torch.ops.aten.gelu(x)")
    runtimes = """[tool.opfixtures]
preset = "pytorch"
runtimes = [
    { kind = "release", torch = "99.0.0", python = "3.11", operator-versions = "<=9" },
    { kind = "release", torch = "2.13.0", python = "3.11" },
]
"""
    tree.write(".opfixtures.toml", runtimes)
    ran = run_long(tree, "generate", releases=True)
    assert (ran.status, "1 generated, 1 refused" in ran.out) == (2, True)
    assert "torch==99.0.0 cannot be installed" in ran.err
    assert (tree.root / "test/jit/fixtures/test_versioned_hardswish_v10.ptl").exists()


@pytest.mark.parametrize(
    "story",
    [
        "library.py",
        # Their way is that of two pages, which tests/docs plays.
        pytest.param("exported.py", marks=pytest.mark.thorough),
        pytest.param("pytorch.py", marks=pytest.mark.thorough),
    ],
)
def test_the_demonstrations_end_as_they_should(story: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(TREES / story)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
