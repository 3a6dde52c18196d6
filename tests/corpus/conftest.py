"""The project's own fixtures in a repository of their own, verified by the torch of today."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.repositories import GitRepository

ROOT = Path(__file__).parents[2]
FIXTURES = sorted((ROOT / "fixtures").glob("*.ptl"))
TODAY = """
[[tool.opfixtures.runtimes]]
name = "{name}"
operator-versions = ">=10"
kind = "interpreter"
python = "{python}"
"""


class Row(NamedTuple):
    """A fixture in a report."""

    operator: str
    fixture: str
    status: str
    loaders: dict[str, dict[str, dict[str, str]]]

    def fact(self, loader: str, name: str) -> str:
        """The value of a fact."""
        return self.loaders[loader][name]["value"]


REPORT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the mutations of PyTorch's upgraders showed, as a part of the test report."""
    lines = config.stash.get(REPORT, [])
    if lines:
        terminalreporter.section("mutations of PyTorch's upgraders")
        terminalreporter.write("".join(f"{line}\n" for line in lines))


NewCorpus = Callable[[str], GitRepository]
Verify = Callable[..., list[Row]]


class Entry(NamedTuple):
    """An entry of the version map inside torch."""

    operator: str
    bumped_at_version: int
    upgrader_name: str
    old_schema: str


ASK_MAP = """
import json, torch
versions = torch._C._get_operator_version_map()
print(json.dumps([
    (operator, entry.bumped_at_version, entry.upgrader_name, entry.old_schema)
    for operator in sorted(versions) for entry in versions[operator]
]))
"""


@pytest.fixture(scope="session")
def torch_map() -> list[Entry]:
    """The version map inside the torch of today, which is asked in a process of its own."""
    told = subprocess.run([sys.executable, "-c", ASK_MAP], check=True, capture_output=True, text=True).stdout
    return [Entry(*entry) for entry in json.loads(told)]


@pytest.fixture(scope="session")
def new_corpus(tmp_path_factory: pytest.TempPathFactory) -> NewCorpus:
    """Makes repositories in which the corpus is committed; more settings can be appended."""

    def make(settings: str = "") -> GitRepository:
        root = tmp_path_factory.mktemp("corpus")
        for folder in ("fixtures", "fixtures_src"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / ".gitattributes", root)
        (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + settings)
        who = {
            f"GIT_{role}_{part}": "a@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for part in ("NAME", "EMAIL")
        }
        ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        repository = GitRepository(
            root, {**ours, **who, "GIT_CONFIG_GLOBAL": os.devnull, "PYTHONPATH": str(ROOT)}
        )
        repository.git("init", "--quiet", "--initial-branch", "main")
        repository.git("add", "--all")
        repository.commit("the corpus")
        return repository

    return make


@pytest.fixture(scope="session")
def verify() -> Verify:
    """Verifies the corpus of a repository with one of its runtimes; the report's rows."""

    def run(corpus: GitRepository, runtime: str) -> list[Row]:
        report = corpus.root / f"{runtime}.json"
        ran = corpus.opfixtures("verify", "--runtime", runtime, "--report", str(report))
        assert ran.status in (0, 1), ran.err
        return [row_of(fixture) for fixture in json.loads(report.read_text())["fixtures"]]

    return run


def row_of(fixture: dict[str, Any]) -> Row:
    loaders = fixture["facts"]["loaders"] if fixture["facts"] else {}
    return Row(fixture["operator"], os.path.basename(fixture["fixture"]), fixture["status"], loaders)


@pytest.fixture(scope="session")
def today(new_corpus: NewCorpus, verify: Verify) -> list[Row]:
    """What verify says of the corpus with the torch that runs the tests."""
    corpus = new_corpus(TODAY.format(name="today", python=sys.executable))
    return verify(corpus, "today")
