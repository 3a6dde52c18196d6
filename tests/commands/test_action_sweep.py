"""Each library of a repository is swept, as its own settings say."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from opfixtures.commands import action_sweep
from opfixtures.commands.action_sweep import libraries_of, swept
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.version_range import VersionRange

CHECKOUT = RuntimeSpec("checkout", "here", VersionRange(), None, None, None, (), None)
RELEASE = RuntimeSpec("release", "old", VersionRange(), "2.13.0", "3.11", None, (), None)


def change_of(folder: str, *runtimes: RuntimeSpec, is_gone: bool = False, formats: Any = ("ptl",)) -> Any:
    source = f"{folder}/pyproject.toml".lstrip("/")
    config: Any = Config(
        "map.py", None, "registry.py", ("modules.py",), "fixtures", None, runtimes, source, folder=folder
    )
    for name, value in (("is_gone", is_gone), ("fixture_formats", formats)):
        object.__setattr__(config, name, value)
    return SimpleNamespace(config=config, after=SimpleNamespace(operators=lambda: ()))


class FakeJob:
    def __init__(self) -> None:
        self.inputs = SimpleNamespace(sweep=True, dry_run=False)
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def job() -> Any:
    return FakeJob()


@pytest.fixture
def side() -> Any:
    return SimpleNamespace(base="abc", repository=SimpleNamespace(root="."))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were run: that of project `bad` fails, each other one finds one operator."""
    ran: list[list[str]] = []

    def run_kept(command: list[str], *_: Any, **__: Any) -> int:
        ran.append(command[4:])
        if "--project=bad" in command:
            return 2
        name = next(one for one in command if one.startswith("--project="))[10:].strip(".") or "root"
        row = {"operator": f"{name}::scale", "status": "values", "detail": "1.0 then, 2.0 now"}
        path = next(one for one in command if one.startswith("--report="))[9:]
        with open(path, "w", encoding="utf-8") as stream:
            json.dump({"operators": [row]}, stream)
        return 1

    monkeypatch.setattr(action_sweep, "run_kept", run_kept)
    return ran


def test_each_library_is_swept_and_one_that_cannot_be_costs_no_other(job, side, commands):
    changes = [
        change_of("bad", CHECKOUT),
        change_of("", CHECKOUT, RELEASE),
        change_of("gone", CHECKOUT, is_gone=True),
        change_of("programs", CHECKOUT, formats=("pt2",)),
        change_of("released", RELEASE),
    ]
    found = swept(job, side, libraries_of(changes, "def"), (), {})
    assert [(one.operator, one.place.path) for one in found] == [
        ("root::scale", "pyproject.toml"),
        ("programs::scale", "programs/pyproject.toml"),
    ]
    assert job.warnings == ["the operators of bad were not swept: the log of this step says why"]
    asked = [[one for one in command if one.startswith(("--project", "--format"))] for command in commands]
    assert asked == [["--project=bad"], ["--project=."], ["--project=programs", "--format=pt2"]]
    assert all("--old=abc" in command and "--new=def" in command for command in commands)


def test_without_a_library_the_run_is_told_so(job, side, commands):
    assert swept(job, side, libraries_of([change_of("", RELEASE)], "def"), (), {}) == []
    assert len(job.warnings) == 1
    assert commands == []
