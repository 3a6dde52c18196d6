"""A change above every release learns without a build whether its upgrader compiles, and can stand in for old calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.test_pytorch import add_hardswish, add_module, tree
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
DECLARED = "aten/src/ATen/native/native_functions.yaml"
MAP = """\
#include <string>
#include <unordered_map>

static std::unordered_map<std::string, std::string> kUpgradersEntryMap({{
    {{"hardswish_0_10", R"SCRIPT(
def hardswish_0_10({taken}) -> Tensor:
  return {result}
)SCRIPT"}},
}});
"""
# The change gives it an argument, which torch 2.13 does not know.
YAML = "- func: hardswish(Tensor self, *, float beta=1.0) -> Tensor\n  variants: function\n"

__all__ = ["tree"]


@pytest.fixture
def change(tree: GitRepository) -> Callable[..., GitRepository]:
    """Changes hardswish at 11, with an upgrader that takes and gives this, and these operators."""

    def make(
        taken: str = "self: Tensor",
        result: str = "torch.hardswish(self, beta=1.0)",
        declared: str | None = YAML,
    ) -> GitRepository:
        add_hardswish(tree)
        add_module(
            tree, "TestVersionedHardswishV10", "aten::hardswish", "self, x", "torch.ops.aten.hardswish(x)"
        )
        tree.write(UPGRADERS, MAP.format(taken=taken, result=result))
        if declared is not None:
            tree.write(DECLARED, declared)
        return tree

    return make


def test_a_text_that_compiles_beside_the_operators_of_its_tree(
    change: Callable[..., GitRepository], run_long: RunLong
) -> None:
    repository = change()
    ran = run_long(repository, "generate", releases=True)
    assert (ran.status, "1 generated" in ran.out) == (0, True), ran.out + ran.err
    told = (
        "hardswish_0_10 compiles with torch 2.13.0 and the operators of this tree, and has the old signature"
    )
    assert f"not replayed: no runtime has version 11; {told}" in ran.out
    ran = run_long(repository, "verify", releases=True)
    assert (ran.status, told in ran.out) == (0, True), ran.out + ran.err


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("change_of", "status", "reason"),
    [
        (
            {"result": "torch.hardswish(self, bta=1.0)"},
            "failed",
            "hardswish_0_10 does not compile with torch 2.13.0 and the operators of this tree: RuntimeError:"
            " aten::hardswish(Tensor self, *, float beta=1.) -> Tensor: Keyword argument bta unknown.",
        ),
        (
            {"declared": YAML.replace("*, float beta=1.0", "float beta")}
            | {"result": "torch.hardswish(self)"},
            "failed",
            "aten::hardswish(Tensor self, float beta) -> Tensor: Argument beta not provided.",
        ),
        (
            {"taken": "self: Tensor, beta: float", "result": "torch.hardswish(self, beta=beta)"},
            "mismatch",
            "hardswish_0_10 cannot stand in for the old schema: it takes 2 arguments, the old schema has 1 (compiled"
            " with torch 2.13.0)",
        ),
    ],
)
def test_a_text_that_can_never_load_is_not_green(
    change: Callable[..., GitRepository],
    run_long: RunLong,
    change_of: dict[str, str],
    status: str,
    reason: str,
) -> None:
    ran = run_long(change(**change_of), "generate", releases=True)
    assert (ran.status, f"1 {status} (1 made by this run)" in ran.out) == (1, True), ran.out + ran.err
    assert reason in ran.out


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        (None, "no file of `operators` is there"),
        (f"{YAML}- func: relu(Tensor self\n", f"{DECLARED}:3:9: "),
    ],
)
def test_nothing_is_claimed_where_the_operators_cannot_be_read(
    change: Callable[..., GitRepository], run_long: RunLong, declared: str | None, why: str
) -> None:
    ran = run_long(change(declared=declared), "generate", releases=True)
    assert (ran.status, "1 generated" in ran.out) == (0, True), ran.out + ran.err
    assert f"not replayed: no runtime has version 11; hardswish_0_10 was not compiled: {why}" in ran.out
