"""A guard of a `.pt2` is all that there is for old models: it goes with an accepted break, or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repositories import GitRepository, Ran

PROGRAMS = Path(__file__).parents[2] / "fixtures_src" / "programs"
SETTINGS = """\
[tool.opfixtures]
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
fixture-format = ["pt2"]
"""
ACCEPTED = """
[tool.opfixtures.accepted-breaks]
"aten::exp" = { how = "does not load", release = "torch 3.0", reason = "it is gone" }
"""
ROW = '    Exp(): "aten::exp",\n'
Check = Callable[..., Ran]


@pytest.fixture
def project(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A project with one guard of PyTorch's, which target holds."""
    names = ("exp.pt2", "exp.pt2.json")
    repository = new_repository(
        {
            ".opfixtures.toml": SETTINGS,
            "modules.py": "import torch\n\n\nclass Exp(torch.nn.Module):\n    pass\n",
            "registry.py": f"from modules import Exp\n\nALL_MODULES = {{\n{ROW}}}\n",
            **{f"fixtures/{name}": (PROGRAMS / "fixtures" / name).read_bytes() for name in names},
        }
    )
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return repository


def findings(repository: GitRepository, opfixtures: Check) -> list[dict[str, Any]]:
    repository.git("add", "--all")
    ran = opfixtures(repository, "check", "--format", "json")
    found: list[dict[str, Any]] = json.loads(ran.out)["findings"]
    return found


def test_taken_away_is_an_error(project: GitRepository, opfixtures: Check) -> None:
    project.git("rm", "--quiet", "fixtures/exp.pt2", "fixtures/exp.pt2.json")
    project.replace("registry.py", ROW, "")
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF306"]
    assert (found["severity"], found["path"]) == ("error", "fixtures/exp.pt2")
    assert found["message"] == "a guard is taken away: nothing replays aten::exp any more"


def test_taken_away_with_an_accepted_break_is_a_warning(project: GitRepository, opfixtures: Check) -> None:
    project.git("rm", "--quiet", "fixtures/exp.pt2", "fixtures/exp.pt2.json")
    project.replace("registry.py", ROW, "")
    project.write(".opfixtures.toml", SETTINGS + ACCEPTED)
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF306"]
    assert found["severity"] == "warning"


def test_moved_with_its_project_is_not_taken_away(project: GitRepository, opfixtures: Check) -> None:
    (project.root / "sub").mkdir()
    for name in (".opfixtures.toml", "modules.py", "registry.py", "fixtures"):
        project.git("mv", name, f"sub/{name}")
    assert [one for one in findings(project, opfixtures) if one["code"] == "OPF306"] == []
    assert os.listdir(project.root / "sub" / "fixtures") != []
