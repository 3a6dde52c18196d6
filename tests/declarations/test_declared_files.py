"""The setting `operators`: which files declare operators, in commits, the index and the work tree, read when asked."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from opfixtures.change.changes import Change
from opfixtures.change.comparison import staged
from opfixtures.change.read_change import read_change
from opfixtures.declarations.declared_files import declaring_files
from opfixtures.declarations.model import Declarations
from opfixtures.declarations.read import declare, read_declarations
from opfixtures.errors import GitError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, WorkTreeSnapshot
from tests.repositories import VERSION_MAP, GitRepository, config_of

SETTINGS = """\
[tool.opfixtures]
version-map = "versions.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
operators = ["mylib/ops.py", "csrc/**/*.cpp"]
"""
FILES = {
    ".opfixtures.toml": SETTINGS,
    "versions.py": "OPERATOR_VERSIONS = {}\n",
    "registry.py": "ALL_MODULES = {}\n",
    "modules.py": "",
    "mylib/ops.py": "import torch\ntorch.library.define('mylib::a', '(Tensor x) -> Tensor')\n",
    "csrc/b.cpp": 'TORCH_LIBRARY(mylib, m) { m.def("b() -> ()"); }\n',
    "csrc/deep/c.cpp": 'TORCH_LIBRARY_FRAGMENT(mylib, m) { m.def("c() -> ()"); }\n',
    "csrc/c.h": 'TORCH_LIBRARY(mylib, m) { m.def("no() -> ()"); }\n',
}
YAML = "aten/src/ATen/native/native_functions.yaml"
ALL = ["mylib::a", "mylib::b", "mylib::c"]


@pytest.fixture
def library(new_repository: Callable[..., GitRepository]) -> GitRepository:
    return new_repository(FILES)


def read(library: GitRepository) -> tuple[Change, list[str], list[str]]:
    """What is staged, and the operators before and after it."""
    with GitObjects(Repository.discover(str(library.root), library.environment)) as objects:
        change = read_change(objects, staged(objects))
        return change, names(change.before), names(change.after)


def names(declarations: Declarations) -> list[str]:
    return [one.operator for file in declarations.operators() for one in file.operators]


def test_a_change_reads_the_operators_of_each_state_when_asked(library: GitRepository) -> None:
    library.replace("csrc/b.cpp", "b()", "b(Tensor x)")
    library.write("csrc/d.cpp", 'TORCH_LIBRARY(mylib, m) { m.def("d() -> ()"); }\n')
    (library.root / "csrc/untracked.cpp").write_text('TORCH_LIBRARY(mylib, m) { m.def("u() -> ()"); }\n')
    change, before, after = read(library)
    assert before == ALL
    assert after == [*ALL[:2], "mylib::d", ALL[2]]
    work_tree = WorkTreeSnapshot(str(library.root))
    assert names(read_declarations(work_tree, config_of(work_tree))) == [
        *(*ALL[:2], "mylib::d", "mylib::c", "mylib::u")
    ]
    assert names(declare({}, change.config)) == []


def test_what_cannot_be_read_is_a_problem_and_what_is_not_there_is_nothing(library: GitRepository) -> None:
    ops = library.root / "mylib/ops.py"
    ops.unlink()
    os.symlink("../csrc/b.cpp", library.root / "csrc/link.cpp")
    library.git("add", "--all")
    assert read(library)[2] == ALL[1:]
    os.symlink("../csrc/b.cpp", ops)
    library.git("add", "--all")
    work_tree = WorkTreeSnapshot(str(library.root))
    with GitObjects(Repository.discover(str(library.root), library.environment)) as objects:
        for snapshot in (objects.index(), work_tree):
            first, *others = read_declarations(snapshot, config_of(work_tree)).operators()
            assert "mylib/ops.py is a symbolic link" in first.problems[0].message
            assert [file.path for file in others] == ["csrc/b.cpp", "csrc/deep/c.cpp"]
    library.git("checkout", "--quiet", "HEAD", "--", "mylib/ops.py")
    lost = library.git("rev-parse", "HEAD:mylib/ops.py")
    (library.root / ".git/objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(GitError):
        read(library)


def test_a_repository_inside_of_the_work_tree_is_none_of_it(library: GitRepository) -> None:
    inside = library.root / "csrc/inside"
    inside.mkdir()
    (inside / ".git").write_text("gitdir: elsewhere\n")
    (inside / "e.cpp").write_text("TORCH_LIBRARY(e, m) {}\n")
    work_tree = WorkTreeSnapshot(str(library.root))
    assert declaring_files(work_tree, ["csrc/**"]) == ["csrc/b.cpp", "csrc/c.h", "csrc/deep/c.cpp"]
    assert declaring_files(EmptySnapshot(), ["csrc/**", "a.py"]) == ["a.py"]


def test_pytorchs_preset_has_its_yaml_and_a_library_has_none_unless_it_says_so(
    library: GitRepository,
) -> None:
    library.write(VERSION_MAP, "")
    library.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\n')
    assert config_of(WorkTreeSnapshot(str(library.root))).operators == (YAML,)
    library.write(YAML, "- func: f(Tensor x) -> Tensor\n")
    work_tree = WorkTreeSnapshot(str(library.root))
    assert names(read_declarations(work_tree, config_of(work_tree))) == ["aten::f"]
    library.write(".opfixtures.toml", SETTINGS.replace("operators =", "sources ="))
    assert names(read_declarations(work_tree, config_of(work_tree))) == []


def test_the_paths_of_a_project_in_a_folder_are_meant_from_there(library: GitRepository) -> None:
    for path, text in FILES.items():
        library.write(f"libs/one/{path}", text)
    work_tree = WorkTreeSnapshot(str(library.root))
    config = config_of(work_tree, "libs/one")
    assert config.operators == ("libs/one/mylib/ops.py", "libs/one/csrc/**/*.cpp")
    assert names(read_declarations(work_tree, config)) == ALL
