"""Repositories whose git hooks are the check, and git run with them."""

import shlex
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.repositories import zipped_archive

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"


@dataclass(frozen=True)
class Done:
    """How a git command ended, and all it said."""

    status: int
    said: str


@pytest.fixture
def hooked():
    """Makes the check a repository's hook before commits and merges; returns the repository."""

    def install(repository):
        for name in ("pre-commit", "pre-merge-commit"):
            path = repository.git("rev-parse", "--path-format=absolute", "--git-path", f"hooks/{name}")
            with open(path, "w", encoding="utf-8") as hook:
                hook.write(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -m opfixtures check\n")
            subprocess.run(["chmod", "+x", path], check=True)
        return repository

    return install


@pytest.fixture
def git():
    """Runs git with its hooks in a repository; it may fail."""

    def run(repository, *args, folder=".", stdin=""):
        done = subprocess.run(
            ("git", *args),
            cwd=repository.root / folder,
            env={**repository.environment, "GIT_EDITOR": "true"},
            input=stdin,
            capture_output=True,
            text=True,
        )
        return Done(done.returncode, done.stdout + done.stderr)

    return run


@pytest.fixture
def add_entry():
    """Adds an entry of `aten::NAME` at a version, in front of all others, and stages it."""

    def add(repository, name, version=11):
        entry = f'{{{version}, "{name}_0_{version - 1}", "aten::{name}(Tensor self) -> Tensor"}}'
        before, braces, after = repository.read(VERSION_MAP).partition("    {{")
        entries = f'{braces}"aten::{name}", {{{entry}}}}},\n     {{{after}'
        repository.write(VERSION_MAP, before + entries)

    return add


@pytest.fixture
def add_fixture_entry():
    """Adds module, row and fixture of `aten::NAME` at a version and stages them."""

    def add(repository, name, version=11):
        module = f"TestVersioned{name.capitalize()}V{version - 1}"
        body = f"(torch.nn.Module):\n    def forward(self, x):\n        return torch.ops.aten.{name}(x)\n"
        repository.write(MODULES, f"{repository.read(MODULES)}\n\nclass {module}{body}")
        repository.replace(REGISTRY, "\n}", f'\n    {module}(): "aten::{name}",\n}}')
        path = f"test/jit/fixtures/test_versioned_{name}_v{version - 1}.ptl"
        repository.write(path, zipped_archive(3, f"aten::{name}"))

    return add
