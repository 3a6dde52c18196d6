"""Real libraries, real workers, and the command line without a defence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import checkouts, library, run_long
from tests.repositories import GitRepository, Ran
from tests.worker.conftest import (
    good,
    modules,
    new_modules,
    python_without_namespaces,
    running_with,
    when_made,
    without,
)

__all__ = [
    "checkouts",
    "good",
    "library",
    "modules",
    "new_modules",
    "python_without_namespaces",
    "run_long",
    "running_with",
    "when_made",
    "without",
]

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys
sys.path.insert(0, {root!r})
from tests.defences import main
sys.exit(main({defences!r}, sys.argv[1:]))
"""


@pytest.fixture
def run_without(checkouts: str) -> Callable[..., Ran]:
    """Runs a command in a repository without some defences, none of them for an empty list."""

    def run(repository: GitRepository, defences: list[str], *arguments: str, **environment: str) -> Ran:
        done = subprocess.run(
            (sys.executable, "-c", WITHOUT.format(root=os.fspath(ROOT), defences=defences), *arguments),
            cwd=repository.root,
            env={**repository.environment, "OPFIXTURES_CACHE": checkouts, **environment},
            capture_output=True,
            text=True,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
