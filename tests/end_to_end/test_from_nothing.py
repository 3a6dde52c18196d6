"""PyTorch's 18 operators from an empty registry: what `new` writes is proven, without a line written by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import GitRepository

PROJECT = Path(__file__).parents[2]


@pytest.mark.thorough
@pytest.mark.torch
def test_what_new_writes_for_every_operator_of_pytorch_is_verified(new_repository) -> None:
    files = {
        name: (PROJECT / name).read_text(encoding="utf-8")
        for name in ("fixtures_src/version_map.cpp", "pyproject.toml")
    }
    files["fixtures_src/registry.py"] = "from modules import *\n\nALL_MODULES = {}\n"
    files["fixtures_src/modules.py"] = "import torch\n"
    repository: GitRepository = new_repository(files)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "opfixtures", *args]
        return subprocess.run(argv, cwd=repository.root, capture_output=True, text=True)

    ran = run("new", "--all", "--apply")
    assert ran.returncode == 0, ran.stderr
    assert "note:" not in ran.stdout
    # Floats divide as they did: those samples tell nothing, and are left out.
    modules = repository.read("fixtures_src/modules.py")
    division = modules.partition("class TestVersionedDivTensorV3")[2].partition("\nclass ")[0]
    assert "torch.tensor([[-9, 5], [-1, -7]])" in division
    assert "0.625" not in division
    ran = run("generate", "--all", "--report", "report.json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = json.loads((repository.root / "report.json").read_text())["fixtures"]
    verified = {row["operator"] for row in rows if row["status"] == "verified"}
    assert len(verified) == 18
    # The lite interpreter has no upgrader of it, and PyTorch's settings here waive that.
    assert {row["operator"] for row in rows if row["status"] != "verified"} <= {"aten::full"}
