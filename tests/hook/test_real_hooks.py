"""What git itself does when `opfixtures check` stands in its hooks."""

import subprocess
import sys

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"


@pytest.fixture
def hooked(pytorch):
    """A PyTorch tree whose pre-commit hook is the check."""
    hook = pytorch.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m opfixtures check\n')
    hook.chmod(0o755)
    return pytorch


def commit(repository, *args, folder="."):
    """The outcome of a `git commit` with its hooks."""
    return subprocess.run(
        ["git", "commit", "--quiet", "--message", "x", *args],
        cwd=repository.root / folder,
        env=repository.environment,
        capture_output=True,
        text=True,
    )


def test_a_commit_of_something_else_passes(hooked):
    hooked.write("README.md", "more\n")
    done = commit(hooked)
    assert (done.returncode, done.stdout + done.stderr) == (0, "opfixtures: nothing is owed\n")


@pytest.mark.parametrize("args", [("--all",), ("--include", VERSION_MAP), ("--only", VERSION_MAP)])
def test_a_commit_with_an_index_of_its_own_is_judged_by_that_index(hooked, args):
    text = hooked.read(VERSION_MAP).replace("aten::gelu", "aten::elu").replace("gelu", "elu")
    (hooked.root / VERSION_MAP).write_text(text)
    done = commit(hooked, *args)
    assert done.returncode == 1
    assert "error OPF201: aten::elu " in done.stdout + done.stderr


def test_a_commit_in_a_linked_worktree_is_judged_there(hooked, tmp_path):
    hooked.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    hooked.git("-C", str(tmp_path / "linked"), "rm", "--quiet", VERSION_MAP)
    done = commit(hooked, folder="../linked")
    assert done.returncode == 1
    assert "error OPF109" in done.stdout + done.stderr
    assert commit(hooked, "--allow-empty").returncode == 0
