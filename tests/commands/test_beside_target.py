"""`verify` and `status --replay` look at the code around the upgraders as `generate` does, where target is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opfixtures.change.comparison import Comparison, between
from opfixtures.change.read_change import read_change
from opfixtures.commands.common import post_change
from opfixtures.commands.verify import Beside, beside_target
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, WorkTreeSnapshot
from tests.repositories import PYTORCH_TREE, GitRepository

UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
ONE = 'static std::unordered_map<std::string, std::string> kMap({{"gelu_0_9", R"(def gelu_0_9(): pass)"}});\n'


DECLARED = "aten/src/ATen/native/native_functions.yaml"


@pytest.fixture
def tree(new_repository: Callable[..., GitRepository]) -> GitRepository:
    return new_repository({**PYTORCH_TREE, UPGRADERS: ONE})


@pytest.fixture
def declaring(tree: GitRepository) -> GitRepository:
    """The tree with an operator that target declares; a branch is checked out."""
    tree.write(DECLARED, "- func: new(Tensor self) -> Tensor\n")
    tree.commit("operators")
    tree.git("checkout", "--quiet", "-b", "topic")
    return tree


def why(repository: GitRepository) -> tuple[str, str]:
    """Why the upgrader of gelu is not told, and what nobody looked at."""
    found = Repository.discover(str(repository.root), repository.environment)
    with beside_target(found) as beside, GitObjects(found) as objects:
        tree = WorkTreeSnapshot(found.root)
        alone = read_change(objects, Comparison(EmptySnapshot(), tree, base=None, tip=None))
        [*_, entry] = (one for one in alone.version_map.entries if one.operator == "aten::gelu")
        after = post_change(beside.of(alone), None)
        assert post_change(Beside().of(alone), None).why_not_told(entry) == ""
        return after.why_not_told(entry), beside.problem


def test_what_a_file_declares_that_target_does_not_name_lets_no_text_compile(
    declaring: GitRepository,
) -> None:
    found = Repository.discover(str(declaring.root), declaring.environment)

    def problem(settings: str) -> str:
        declaring.write(".opfixtures.toml", f'[tool.opfixtures]\npreset = "pytorch"\n{settings}')
        declaring.write("ops.yaml", "- func: new(Tensor self) -> Tensor\n")
        declaring.commit("settings")
        with GitObjects(found) as objects:
            return (
                post_change(read_change(objects, between(objects, "main", "HEAD")), None).operators().problem
            )

    assert problem("") == ""
    assert problem(f'operators = ["{DECLARED}"]\n') == ""
    assert problem('operators = ["ops.yaml"]\n') == "`operators` of the settings are not those of target"


def test_texts_of_target_were_compiled_with_the_operators_that_it_declares(declaring: GitRepository) -> None:
    """An argument more, and what calls the operator compiles no longer."""
    found = Repository.discover(str(declaring.root), declaring.environment)

    def known(yaml: str) -> list[str]:
        declaring.write(DECLARED, yaml)
        declaring.commit("yaml")
        with GitObjects(found) as objects:
            return [*post_change(read_change(objects, between(objects, "main", "HEAD")), None).published()]

    assert known("# told\n- func: new(Tensor self) -> Tensor\n") == ["gelu_0_9"]
    assert known("- func: new(Tensor self, int more) -> Tensor\n") == []


def test_code_around_the_upgraders_is_compared_with_targets(tree: GitRepository) -> None:
    tree.git("update-ref", "refs/remotes/origin/main", "HEAD")
    tree.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    assert why(tree) == ("", "")
    tree.write(UPGRADERS, f"#define kMap kOther\n{ONE}")
    tree.git("add", "--all")
    tree.commit("a second map")
    told, problem = why(tree)
    assert told.startswith(f"{UPGRADERS} differs from target's outside of what it lists")
    assert problem == ""


def test_without_a_target_it_says_that_nobody_looked(tree: GitRepository) -> None:
    assert why(tree) == (
        "",
        "what the code around the upgraders is compared with is this branch's own word:"
        " no origin/HEAD here: compared with HEAD",
    )
