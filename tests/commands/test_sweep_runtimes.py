"""Which runtime a name of `opfixtures sweep` stands for, and which library the Action sweeps."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opfixtures.change.changes import Change
from opfixtures.commands import action_sweep, sweep_runtimes
from opfixtures.commands.action_sweep import libraries_of, swept
from opfixtures.commands.sweep_runtimes import obtained
from opfixtures.errors import UserError
from opfixtures.making.tools import Tools
from opfixtures.pull_request.job import Job
from opfixtures.pull_request.side_repository import Side
from opfixtures.repository.git import Repository
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.runtimes import Runtime
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.sources import Sources
from tests.repositories import GitRepository, config_of

SETTINGS = """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"

[[tool.opfixtures.runtimes]]
kind = "checkout"
import = "{}"
"""


@dataclass
class Obtaining:
    """Says what is obtained, and builds nothing."""

    found: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def obtain(self, spec: RuntimeSpec, commit: str | None) -> Runtime:
        self.found.append((spec.kind, spec.module, commit))
        return Runtime(spec.kind, spec.name, "python")

    def building(self, _: Sources) -> Any:
        return SimpleNamespace(runtimes=self)

    @property
    def runtimes(self) -> Obtaining:
        return self


@pytest.fixture
def find(inside: Callable[..., Any]) -> Callable[..., tuple[str, str | None, str | None]]:
    """What a name stands for in a folder of a repository: the kind, the module and the commit."""

    def asked(repository: GitRepository, name: str, folder: str = ".") -> tuple[str, str | None, str | None]:
        tools = Obtaining()
        with inside(repository, folder):
            obtained(name, Repository.discover(os.getcwd(), os.environ), cast(Tools, tools))
        (found,) = tools.found
        return found

    return asked


NAMED = '\n[[tool.opfixtures.runtimes]]\nkind = "interpreter"\npython = "old"\nname = "{}"\n'


@pytest.mark.parametrize("defended", [True, False])
def test_a_branch_names_a_runtime_as_a_commit(
    new_repository: Callable[..., GitRepository],
    find: Callable[..., Any],
    defended: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository = new_repository({".opfixtures.toml": SETTINGS.format("mylib")})
    commit = repository.git("rev-parse", "HEAD").strip()
    repository.write(".opfixtures.toml", SETTINGS.format("mylib") + NAMED.format(commit))
    if not defended:
        monkeypatch.setattr(sweep_runtimes, "_COMMIT", re.compile("never"))
    found = find(repository, commit)
    assert found == (("checkout", "mylib", commit) if defended else ("interpreter", None, None))
    repository.write(".opfixtures.toml", SETTINGS.format("mylib") + NAMED.format("HEAD"))
    assert find(repository, "HEAD")[0] == "interpreter"


def test_the_project_around_is_meant(
    new_repository: Callable[..., GitRepository], find: Callable[..., Any]
) -> None:
    folders = ("a", "b", "b/c")
    files = {f"{one}/.opfixtures.toml": SETTINGS.format(one.replace("/", ".")) for one in folders}
    repository = new_repository({**files, "b/d/file": ""})
    for folder, module in ((".", "a"), ("a", "a"), ("b", "b"), ("b/d", "b"), ("b/c", "b.c")):
        assert find(repository, "HEAD", folder)[1] == module


def test_settings_that_cannot_be_used_are_told_where_they_are_needed(
    new_repository: Callable[..., GitRepository], find: Callable[..., Any]
) -> None:
    repository = new_repository({".opfixtures.toml": "[tool.opfixtures]\nregistry = 5\n"})
    with pytest.raises(UserError, match="version-map is missing"):
        find(repository, "HEAD")
    assert find(repository, "torch-2.13.0") == ("release", None, None)


def change_of(folder: str, tmp_path: Path) -> Change:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / ".opfixtures.toml").write_text(SETTINGS.format(folder))
    config = config_of(WorkTreeSnapshot(str(tmp_path)), folder)
    return cast(Change, SimpleNamespace(config=config, after=SimpleNamespace(operators=lambda: ())))


def test_every_project_that_is_there_is_swept(tmp_path: Path) -> None:
    changes = [change_of(name, tmp_path) for name in ("a", "b")]
    assert [one.config.folder for one in libraries_of(changes, "head")] == ["a", "b"]
    gone = cast(Change, SimpleNamespace(config=replace(changes[0].config, is_gone=True), after=None))
    assert [one.config.folder for one in libraries_of([gone, changes[1]], "head")] == ["b"]


def test_the_action_names_commits_by_their_ids_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], _: object, folder: str, *__: object, **___: object) -> int:
        (report,) = (one.partition("=")[2] for one in command if one.startswith("--report="))
        Path(report).write_text(json.dumps({"operators": []}))
        seen.update(command=command, folder=folder, report=report)
        return 0

    monkeypatch.setattr(action_sweep, "run_kept", run)
    libraries = libraries_of([change_of("b", tmp_path)], "1" * 40)
    job = cast(Job, SimpleNamespace(inputs=SimpleNamespace(sweep=True, dry_run=False)))
    side = cast(Side, SimpleNamespace(base="0" * 40, repository=SimpleNamespace(root=str(tmp_path))))
    assert swept(job, side, libraries, (), {}) == []
    assert seen["command"][-3:] == [f"--old={'0' * 40}", f"--new={'1' * 40}", "--project=b"]
    assert seen["folder"] == str(tmp_path)
    # Of the form that the next run removes, should this one be killed.
    assert os.path.basename(os.path.dirname(seen["report"])).startswith("opfixtures-report-")
    assert not os.path.exists(seen["report"])
