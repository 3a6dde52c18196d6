"""Each row of docs/performance.md is measured by a script, and explained."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.pages import BENCHMARKS, DOCS

PAGE = " ".join((DOCS / "performance.md").read_text(encoding="utf-8").split())


def benchmark(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module(name)


def test_every_row_has_a_name_of_its_own_and_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for script in benchmark("all", monkeypatch).SCRIPTS:
        module = benchmark(script, monkeypatch)
        names += module.LIMITS
        assert f"`python benchmarks/{script}.py`" in PAGE
        assert f"python benchmarks/{script}.py" in module.__doc__
        for what in module.LIMITS:
            assert f"*{what}*" in PAGE, what
    assert len(names) == len(set(names))


def test_the_action_is_measured_as_a_job_runs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    action = benchmark("action", monkeypatch)
    step = action.install_step(tmp_path, tmp_path)
    manifest = yaml.safe_load((DOCS.parent / "action.yml").read_text(encoding="utf-8"))
    (install,) = (one for one in manifest["runs"]["steps"] if one.get("id") == "install")
    assert step.arguments[-1] == install["run"]
    assert {*install["env"]} <= {*step.environment}
    subprocess.run([*step.arguments], cwd=tmp_path, env={**os.environ, **step.environment}, check=True)
    outputs = dict(line.split("=", 1) for line in (tmp_path / "installed").read_text().splitlines())
    question = "import opfixtures, virtualenv, github, uv, torch; print(opfixtures.__file__)"
    command = [outputs["python"], "-I", "-W", "ignore", "-c", question]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    # Nobody builds it: it runs where it stands.
    assert told.stdout == f"{DOCS.parent / 'opfixtures' / '__init__.py'}\n"
    root = benchmark("many", monkeypatch).gelu_repository(tmp_path / "repository", 3)
    run = action.action(tmp_path, root)
    told = subprocess.run(
        [*run.arguments],
        cwd=tmp_path,
        env={**os.environ, **run.environment, "OPFIXTURES_DRY_RUN": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("torch-1.11.0, pre-change") == 3, told.stdout


def test_what_is_computed_counts_and_what_is_waited_for_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    measure = benchmark("measure", monkeypatch)
    waits = measure.Command((sys.executable, "-c", "import time; time.sleep(0.7)"), tmp_path)
    assert (
        measure.computed({"waits": waits}, 1)["waits"] < 0.7 <= measure.medians({"waits": waits}, 1)["waits"]
    )


def test_a_tree_is_what_the_action_looks_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checkout, tree = benchmark("checkout", monkeypatch), benchmark("tree", monkeypatch)
    root = tree.repository(tmp_path / "repository", files=20)
    tree.git(root, "commit", "--quiet", "--message", "second")
    output_of = benchmark("measure", monkeypatch).output_of
    base, head = (output_of(("git", "rev-parse", name), root) for name in ("HEAD~1", "HEAD"))
    for number, (code, *commits) in enumerate(((checkout.SIDE, base, head), (checkout.WHOLE, base))):
        folder = tmp_path / str(number)
        folder.mkdir()
        subprocess.run([sys.executable, "-c", code, str(folder), *commits], cwd=root, check=True)
        (made,) = folder.glob("*/tree")
        assert (made / tree.VERSION_MAP).exists()
        assert bool([*made.glob("folder*")]) == (code == checkout.WHOLE)
