"""Projects in folders of one repository: planned, made, replayed and told of together, with paths from the root."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import TREES
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
PACKAGE, OTHER = "packages/tinyops", "libs/other"
SCALE, HALVE = (f"{PACKAGE}/fixtures/test_versioned_{name}_v3.ptl" for name in ("scale", "halve"))
OTHER_FIXTURE = f"{OTHER}/fixtures/test_versioned_twice_v3.ptl"
# It builds where its settings stand, whatever else the repository holds.
OTHER_SETTINGS = """\
[tool.opfixtures]
version-map = "versions.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"

[[tool.opfixtures.runtimes]]
name = "other"
kind = "checkout"
setup = [["sh", "-c", "test -e settled && cp -r twice \\"$VIRTUAL_ENV\\"/lib/python*/site-packages"]]
import = "twice"
"""
# The operator never changed: a guard has no entry.
TWICE = """\
import torch

_library = torch.library.Library("twiceops", "DEF")
_library.define("twice(Tensor x) -> Tensor")
_library.impl("twice", lambda x: x * 2, "CompositeImplicitAutograd")
"""
OTHER_FILES = {
    ".opfixtures.toml": OTHER_SETTINGS,
    "versions.py": "OPERATOR_VERSIONS = {}\n",
    "registry.py": "ALL_MODULES = {}\n",
    "modules.py": "import torch\n",
    "settled": "",
    "twice/__init__.py": TWICE,
}
GUARD_MODULE = """

class TestVersionedTwiceV3(torch.nn.Module):
    def forward(self, x):
        return torch.ops.twiceops.twice(x)

    def sample_inputs(self):
        return [(torch.ones(2),)]
"""


def overlay(repository: GitRepository, tree: str) -> None:
    shutil.copytree(TREES / "library" / tree, repository.root / PACKAGE, dirs_exist_ok=True)


@pytest.fixture
def monorepo(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """tinyops 1.0 and another library on main; on a branch the change to 2.0, and a guard of the other one."""
    repository = new_repository({"README.md": "Packages.\n", "pyproject.toml": "[tool.other]\n"}, name="mono")
    overlay(repository, "before")
    for path, content in OTHER_FILES.items():
        repository.write(f"{OTHER}/{path}", content)
    repository.git("add", "--all")
    repository.commit("tinyops 1.0")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    overlay(repository, "change")
    overlay(repository, "entries")
    repository.write(f"{OTHER}/modules.py", "import torch\n" + GUARD_MODULE)
    repository.write(f"{OTHER}/registry.py", 'ALL_MODULES = {TestVersionedTwiceV3(): "twiceops::twice"}\n')
    return repository


def rows(path: Path) -> list[dict[str, object]]:
    fixtures: list[dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["fixtures"]
    return fixtures


@pytest.mark.thorough
def test_are_made_replayed_and_told_of_together(
    monorepo: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    first = tmp_path / "first.json"

    ran = run_long(monorepo, "generate", "--report", str(first))

    assert ran.status == 0, ran.out + ran.err
    assert [(row["fixture"], row["status"]) for row in rows(first)] == [
        (OTHER_FIXTURE, "verified"),
        (SCALE, "verified"),
        (HALVE, "verified"),
    ], ran.out
    for path in (SCALE, HALVE, OTHER_FIXTURE):
        assert (monorepo.root / f"{path}.json").exists()
    monorepo.git("add", "--all")
    checked = monorepo.opfixtures("check", "--require-fixtures")
    assert checked.status == 0, checked.out

    inner = GitRepository(monorepo.root / PACKAGE, monorepo.environment)
    verified = run_long(inner, "verify", "--report", str(first))
    assert (verified.status, [row["fixture"] for row in rows(first)]) == (0, [OTHER_FIXTURE, SCALE, HALVE])
    one = run_long(inner, "verify", "fixtures/test_versioned_scale_v3.ptl", "--report", str(first))
    assert (one.status, [row["fixture"] for row in rows(first)]) == (0, [SCALE])

    shown = run_long(monorepo, "status", "--replay")
    assert shown.status == 0, shown.out
    assert shown.out.startswith(f"{OTHER}:\n")
    assert f"\n{PACKAGE}:\n" in shown.out


@pytest.mark.thorough
def test_one_that_is_broken_is_the_status_of_all(
    monorepo: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    assert run_long(monorepo, "generate").status == 0
    monorepo.git("add", "--all")
    monorepo.replace(f"{PACKAGE}/tinyops/upgraders.py", "floor_divide(x, 2)", "floor_divide(x, 3)")
    wanted = [(OTHER_FIXTURE, "verified"), (SCALE, "verified"), (HALVE, "mismatch")]
    for command in (("generate", "--report", str(report)), ("verify", "--report", str(report))):
        ran = run_long(monorepo, *command)
        assert ran.status == 1, ran.out
        assert [(row["fixture"], row["status"]) for row in rows(report)] == wanted
    shown = run_long(monorepo, "status", "--replay", "--format", "json")
    assert shown.status == 1
    folders = [one["folder"] for one in json.loads(shown.out)["projects"]]
    assert folders == [OTHER, PACKAGE]


def test_a_runtime_and_an_operator_are_looked_for_in_all(monorepo: GitRepository, run_long: RunLong) -> None:
    def dry(*options: str) -> list[str]:
        ran = run_long(monorepo, "generate", "--dry-run", *options)
        assert ran.status == 0, ran.err
        return [line.partition(": ")[2].partition(" with ")[0] for line in ran.out.splitlines()[:-2]]

    assert dry() == [OTHER_FIXTURE, SCALE, HALVE]
    assert dry("--runtime", "other") == [OTHER_FIXTURE]
    assert dry("--runtime", "checkout") == [SCALE, HALVE]
    assert dry("--operator", "tinyops::halve") == [HALVE]
    assert dry("--operator", "twiceops::twice", "--operator", "tinyops::scale") == [OTHER_FIXTURE, SCALE]
    for option in (("--runtime", "nosuch"), ("--operator", "tiny::nosuch")):
        ran = run_long(monorepo, "generate", "--dry-run", *option)
        assert (ran.status, ran.out) == (2, "")
    assert "other, checkout" in run_long(monorepo, "verify", "--runtime", "nosuch").err


@pytest.mark.thorough
def test_a_project_that_nothing_touches_is_neither_built_nor_replayed(
    monorepo: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    """With `sources` a project says that it rests on nothing of the other ones."""
    report = tmp_path / "report.json"
    for folder, name, own in (
        (OTHER, ".opfixtures.toml", "twice/**"),
        (PACKAGE, "pyproject.toml", "tinyops/**"),
    ):
        monorepo.replace(
            f"{folder}/{name}", "[tool.opfixtures]\n", f'[tool.opfixtures]\nsources = ["{own}"]\n'
        )
    assert run_long(monorepo, "generate").status == 0
    monorepo.git("add", "--all")
    monorepo.commit("all of it")
    monorepo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    monorepo.replace(f"{PACKAGE}/tinyops/upgraders.py", "floor_divide(x, 2)", "floor_divide(x, 2) ")

    ran = run_long(monorepo, "generate", "--report", str(report))

    assert [row["fixture"] for row in rows(report)] == [SCALE, HALVE]
    assert f"{OTHER}: nothing that a fixture rests on differs" in ran.err
    monorepo.git("reset", "--quiet", "--hard")
    monorepo.write("README.md", "more\n")
    ran = run_long(monorepo, "generate", "--report", str(report))
    assert (ran.status, rows(report)) == (0, [])
    assert "nothing was built or replayed" in ran.out
