"""The demonstration's library and tree in real repositories, with the real torch of the running interpreter."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.repositories import GitRepository, Ran

# The torch of the interpreter that runs the tests: as it is installed, and as it calls itself.
INSTALLED = distribution("torch")
INSTALLED_TODAY = f"torch {INSTALLED.version}"
TODAY = f"torch {runpy.run_path(str(INSTALLED.locate_file('torch/version.py')))['__version__']}"
TREES = Path(__file__).parents[2] / "demo"


# The demonstration itself is built by pip, in a fixture of its own: half of what a run takes.
BY_PIP = 'setup = [["pip", "install", "--quiet", "--no-deps", "."]]'
BY_COPYING = r'setup = [["sh", "-c", "cp -r tinyops \"$VIRTUAL_ENV\"/lib/python*/site-packages"]]'


def overlay(repository: GitRepository, tree: Path, *, by_pip: bool = False) -> None:
    """Copy a tree over the repository's work tree; its library is copied to where it is imported from, or built."""
    shutil.copytree(tree, repository.root, dirs_exist_ok=True)
    if (tree / "pyproject.toml").exists() and not by_pip:
        repository.replace("pyproject.toml", BY_PIP, BY_COPYING)


@pytest.fixture(scope="session")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cache of the session's own, all processes of it: what is built in it was built by these tests."""
    base = tmp_path_factory.getbasetemp()
    # The folder of one that shares the work with others is in that of all.
    cache = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    cache.mkdir(exist_ok=True)
    return str(cache)


@pytest.fixture
def library(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """tinyops 1.0 committed; the change to 2.0, with version map, upgraders and fixture entries, in the work tree."""
    repository = new_repository(name="library")
    overlay(repository, TREES / "library" / "before")
    repository.git("add", "--all")
    repository.commit("tinyops 1.0")
    overlay(repository, TREES / "library" / "change")
    overlay(repository, TREES / "library" / "entries")
    return repository


@pytest.fixture
def run_long(checkouts: str) -> Callable[..., Ran]:
    """Runs a command that builds runtimes: releases from the user's cache, checkouts from the session's."""
    home = os.path.expanduser("~")

    def run(repository: GitRepository, *args: str, releases: bool = False, **environment: str) -> Ran:
        cache = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.join(home, ".cache")), "opfixtures")
        return repository.opfixtures(
            *args,
            **{
                "OPFIXTURES_CACHE": cache if releases else checkouts,
                "PYENV_ROOT": os.environ.get("PYENV_ROOT", os.path.join(home, ".pyenv")),
                **environment,
            },
        )

    return run


@pytest.fixture
def made(
    library: GitRepository, run_long: Callable[..., Ran], checkouts: str, tmp_path: Path
) -> GitRepository:
    """The library with its fixtures, which the first test of a session that asks for them makes for all.

    Its commits are the same ones each time, and so are its fixtures: a test of test_library.py holds them to that.
    """
    kept = Path(checkouts).with_name("made")
    folder = library.root / "fixtures"
    if kept.exists():
        shutil.copytree(kept, folder)
        return library
    assert run_long(library, "generate").status == 0
    copy = tmp_path / "made"
    shutil.copytree(folder, copy)
    # Another process of the session may have been the first.
    with suppress(OSError):
        copy.rename(kept)
    return library


@pytest.fixture
def start_long(checkouts: str) -> Callable[..., subprocess.Popen[str]]:
    """Starts the command line in a process that a test can interrupt."""

    def start(repository: GitRepository, *args: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (sys.executable, "-m", "opfixtures", *args),
            cwd=repository.root,
            env={**repository.environment, "OPFIXTURES_CACHE": checkouts, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def branched(library: GitRepository) -> None:
    """Commit the work tree on a branch; target is main, which has nothing of it."""
    library.write(
        "pyproject.toml",
        library.read("pyproject.toml").replace("[tool.opfixtures]\n", '[tool.opfixtures]\ntarget = "main"\n'),
    )
    library.git("switch", "--quiet", "--create", "topic")
    library.git("add", "--all")
    library.commit("tinyops 2.0 with its fixtures")
