"""Real libraries, real workers, and the command line without a defence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import checkouts, library, made, run_long
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
from tests.worker.conftest import library as built_library

__all__ = [
    "built_library",
    "checkouts",
    "good",
    "library",
    "made",
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


@pytest.fixture
def in_place(library: GitRepository) -> GitRepository:
    """The library with scale_, which writes into its argument; its upgrader gives what it should and writes nothing."""
    change = library.read("tinyops/__init__.py")
    library.git("checkout", "--quiet", "HEAD", "tinyops/__init__.py")
    for default in ("=2.0", ""):
        library.replace("tinyops/__init__.py", "scale(Tensor x, ", "scale_(Tensor(a!) x, ")
        library.replace(
            "tinyops/__init__.py", f'factor{default}) -> Tensor")', f'factor{default}) -> Tensor(a!)")'
        )
        library.replace("tinyops/__init__.py", "return x * factor", "return x.mul_(factor)")
        library.replace("tinyops/__init__.py", '_library.impl("scale"', '_library.impl("scale_"')
        if default:
            library.git("commit", "--quiet", "--message", "in place", "tinyops/__init__.py")
            library.write("tinyops/__init__.py", change)
    library.replace("tinyops/operator_versions.py", "tinyops::scale", "tinyops::scale_")
    library.replace("tinyops/operator_versions.py", "scale_0_3", "scale__0_3")
    library.replace(
        "tinyops/operator_versions.py",
        "(Tensor x, float factor=2.0) -> Tensor",
        "(Tensor(a!) x, float factor=2.0) -> Tensor(a!)",
    )
    library.replace("tinyops/upgraders.py", "scale_0_3", "scale__0_3")
    library.replace("tinyops/upgraders.py", "return torch.ops.tinyops.scale(x, factor)", "return x * factor")
    library.replace("fixtures_src/modules.py", "tinyops.scale(x)", "tinyops.scale_(x)")
    library.replace("fixtures_src/registry.py", 'tinyops::scale"', 'tinyops::scale_"')
    return library


@pytest.fixture
def before_with(built_library: Callable[..., str]) -> Callable[[str], str]:
    """Makes the Python of the library before its change, with these lines where it gives its version."""
    return lambda lines: built_library("before", edits=(("__init__.py", '__version__ = "1.0"\n', lines),))
