"""A new user's way, from a library without anything to verified guards in exported programs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.test_init import PYPROJECT, RunLong, state
from tests.repositories import GitRepository

OPS = """\
import torch


@torch.library.custom_op("mylib::repeat", mutates_args=())
def repeat(x: torch.Tensor, times: int = 2) -> torch.Tensor:
    return torch.cat([x] * times)


@repeat.register_fake
def _(x, times=2):
    return torch.cat([x] * times)


@torch.library.custom_op("mylib::unfaked", mutates_args=())
def unfaked(x: torch.Tensor) -> torch.Tensor:
    return x * 2


LIB = torch.library.Library("mylib", "FRAGMENT")
LIB.define("turn(Tensor x, SymBool by) -> Tensor")
LIB.impl("turn", lambda x, by: -x if by else x.clone(), "CompositeExplicitAutograd")
"""
OBJECT = """\
import torch
from torch._library.opaque_object import OpaqueBase, register_opaque_type


class Config(OpaqueBase):
    def __init__(self, by):
        self.by = by


register_opaque_type(Config, typ="reference")


@torch.library.custom_op("mylib::configured", mutates_args=())
def configured(x: torch.Tensor, config: Config) -> torch.Tensor:
    return x * config.by


configured.register_fake(lambda x, config: torch.empty_like(x))
"""


def library_of(new_repository: Callable[..., GitRepository], ops: str) -> GitRepository:
    library = new_repository(name="library")
    for path, text in {
        "pyproject.toml": PYPROJECT.replace("BUILD", ""),
        "mylib/__init__.py": "from . import ops\n",
        "mylib/ops.py": ops,
        ".gitignore": "build/\n*.egg-info/\n",
    }.items():
        library.write(path, text)
    return library


@pytest.mark.thorough
def test_from_an_empty_folder_to_verified_guards(
    new_repository: Callable[..., GitRepository], run_long: RunLong
) -> None:
    library = library_of(new_repository, OPS)
    ran = run_long(library, "init", "--fixture-format", "pt2")
    assert ran.status == 0, ran.err
    assert "built and imported mylib: the work tree with torch 2." in ran.out
    assert ran.out.endswith(
        "next: `git add --all` and commit; then: `opfixtures new --guard --all --apply`\n"
    )
    assert not (library.root / "mylib/upgraders.py").exists()
    library.git("add", "--all")
    library.commit("mylib 1.0")
    assert run_long(library, "check", "--all").status == 0

    ran = run_long(library, "new", "--guard", "--all", "--apply")
    assert ran.status == 0, ran.err
    assert "RepeatGuardDefaults with sample inputs" in ran.out
    assert (
        "note: mylib::unfaked: no guard is added: nothing that was tried runs (torch.export refuses it: "
        "RuntimeError: There was no fake impl registered for <CustomOpDef(mylib::unfaked)>."
    ) in ran.out
    kept = state(library)
    ran = run_long(library, "new", "--guard", "--all", "--apply")
    assert (ran.status, ran.out.endswith("opfixtures: nothing to add\n")) == (0, True)
    assert state(library) == kept

    library.git("add", "--all")
    library.commit("guards")
    assert run_long(library, "check").status == 0
    ran = run_long(library, "generate", "--all")
    assert ran.status == 0, ran.out + ran.err
    folder = "tests/operator_fixtures/fixtures"
    for row in (
        f"mylib::repeat, a guard  {folder}/repeat_guard.pt2\n",
        f"mylib::repeat, a guard  {folder}/repeat_guard_defaults.pt2\n",
        f"mylib::turn, a guard    {folder}/turn_guard.pt2\n",
    ):
        assert f"verified    {row}" in ran.out
    assert "3 verified (3 made by this run)" in ran.out
    kept = state(library)
    ran = run_long(library, "generate", "--all")
    assert (ran.status, "opfixtures: 3 verified" in ran.out) == (0, True)
    assert state(library) == kept

    library.git("add", "--all")
    library.commit("fixtures")
    library.replace("mylib/ops.py", "times: int = 2", "times: int = 3")
    library.replace("mylib/ops.py", "(x, times=2)", "(x, times=3)")
    ran = run_long(library, "verify")
    assert ran.status == 1
    assert "mismatch    mylib::repeat, a guard  " in ran.out


def test_an_operator_that_takes_an_object_of_python_is_told(
    new_repository: Callable[..., GitRepository], run_long: RunLong
) -> None:
    library = library_of(new_repository, OBJECT)
    ran = run_long(library, "init", "--fixture-format", "pt2")
    assert ran.status == 0, ran.err
    library.git("add", "--all")
    library.commit("mylib 1.0")
    ran = run_long(library, "new", "--guard", "--all", "--apply")
    assert "note: mylib/ops.py:14:41: mylib::configured has no schema that can be read: " in ran.out
    assert ran.out.endswith("opfixtures: nothing to add\n")
    ran = run_long(library, "new", "--guard", "mylib::configured", "--apply")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == (
        "opfixtures: error: mylib::configured: it takes config, an object of Python, which torch.export pickles into "
        "the archive: a pickle is code, and no archive that has it is read"
    )
