"""Real git repositories in temporary folders, and the command line run in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from opfixtures import cli
from tests.action_fixtures import examples, github, npm, opfixtures_itself, project, server, serves
from tests.record_fixtures import exported, gelu_record, records, values, zipped
from tests.repositories import PYTORCH_TREE, GitRepository, Ran, git_environment_in
from tests.tree_fixtures import add_hardswish, findings, judged, library, monorepo

# Fixtures that more than one folder asks for.
__all__ = [
    "add_hardswish",
    "examples",
    "exported",
    "findings",
    "gelu_record",
    "github",
    "judged",
    "library",
    "monorepo",
    "npm",
    "opfixtures_itself",
    "project",
    "records",
    "server",
    "serves",
    "values",
    "zipped",
]

GOLDEN = (5**0.5 - 1) / 2
# A machine may be busy, and coverage slows down. CI tries the same examples every time.
THOROUGH = "OPFIXTURES_THOROUGH" in os.environ
settings.register_profile(
    "ours", deadline=None, derandomize="CI" in os.environ, max_examples=100 if THOROUGH else 60
)
settings.load_profile("ours")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks for archives that a real torch exports: `make test-fast` has none. Leave to `make test-all` what
    takes minutes and what shows that an attack comes through without its defence."""
    for item in items:
        if "exported" in getattr(item, "fixturenames", ()):
            item.add_marker("torch")
    if THOROUGH:
        return
    left_out = {item for item in items if _is_thorough(item)}
    left_out |= _not_sampled(item for item in items if item not in left_out)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=[*left_out])


def _is_thorough(item: pytest.Item) -> bool:
    case = getattr(item, "callspec", None)
    takes_out = case is not None and any(case.params.get(name) for name in ("defences", "out"))
    return takes_out or item.get_closest_marker("thorough") is not None


def _not_sampled(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """The cases of tests that are `sampled`, but for as many as that says, from all over them."""
    cases: dict[tuple[object, str], list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            cases.setdefault((item.parent, getattr(item, "originalname", item.name)), []).append(item)
    left_out: set[pytest.Item] = set()
    for some in cases.values():
        marker = some[0].get_closest_marker("sampled")
        count = min(marker.args[0], len(some)) if marker else len(some)
        # By a step that no count of cases is a multiple of: each value of each parameter has its turn.
        order = sorted(range(len(some)), key=lambda number: number * GOLDEN % 1)
        left_out |= {some[number] for number in order[count:]}
    return left_out


@pytest.fixture(autouse=True)
def _of_no_width() -> None:
    """No terminal's width from outside, or from a test before: errors are one line then."""
    os.environ.pop("COLUMNS", None)


@pytest.fixture
def git_environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which git knows who commits, and nothing of this machine's configuration."""
    return git_environment_in(tmp_path)


@pytest.fixture
def new_repository(tmp_path: Path, git_environment: dict[str, str]) -> Callable[..., GitRepository]:
    """Makes a repository of these files in a folder of `tmp_path`, with one commit if there are files."""

    def make(
        files: dict[str, str | bytes] | None = None, name: str = "repository", options: tuple[str, ...] = ()
    ) -> GitRepository:
        root = tmp_path / name
        root.mkdir()
        repository = GitRepository(root, git_environment)
        repository.git("init", "--quiet", "--initial-branch", "main", *options)
        for path, content in (files or {}).items():
            repository.write(path, content)
        if files:
            repository.commit("first")
        return repository

    return make


@pytest.fixture
def pytorch(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A repository with PyTorch's paths, no configuration, and one commit."""
    return new_repository(PYTORCH_TREE)


@pytest.fixture
def inside(
    monkeypatch: pytest.MonkeyPatch, git_environment: dict[str, str]
) -> Callable[..., AbstractContextManager[None]]:
    """Enters a folder of a repository, with the environment of its git, in this process."""

    @contextmanager
    def enter(repository: GitRepository, folder: str = ".", **environment: str) -> Iterator[None]:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
                patch.delenv(name)
            for name, value in {**git_environment, **environment}.items():
                patch.setenv(name, value)
            patch.chdir(repository.root / folder)
            yield

    return enter


@pytest.fixture
def opfixtures(
    inside: Callable[..., AbstractContextManager[None]], capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Runs the command line in this process, in a folder of a repository."""

    def run(repository: GitRepository, *args: str, folder: str = ".", **environment: str) -> Ran:
        with inside(repository, folder, **environment):
            status = cli.main(args)
        return Ran(status, *capsys.readouterr())

    return run
