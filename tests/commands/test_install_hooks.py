"""`opfixtures install-hooks` writes where git looks, and nothing that is not its own is touched."""

import os
import subprocess
from pathlib import Path

import pytest

from opfixtures.commands.install_hooks import HOOKS

ROOT = Path(__file__).parents[2]
INSTALLED = "opfixtures: pre-commit, pre-merge-commit, pre-push are in "


def written(folder):
    """The hooks in a folder, by name; those that git gives as examples left out."""
    return {path.name: path.read_text() for path in folder.iterdir() if path.suffix != ".sample"}


def test_they_are_written_once_and_taken_out_again(pytorch, opfixtures):
    folder = pytorch.root / ".git/hooks"
    assert opfixtures(pytorch, "install-hooks", folder="test/jit").out == f"{INSTALLED}{folder}\n"
    hooks = written(folder)
    assert set(hooks) == set(HOOKS)
    assert all(os.access(folder / name, os.X_OK) for name in HOOKS)
    assert opfixtures(pytorch, "install-hooks").status == 0
    assert written(folder) == hooks
    ran = opfixtures(pytorch, "install-hooks", "--uninstall")
    assert (ran.status, ran.out) == (
        0,
        f"opfixtures: took pre-commit, pre-merge-commit, pre-push out of {folder}\n",
    )
    assert written(folder) == {}
    assert opfixtures(pytorch, "install-hooks", "--uninstall").out.startswith(
        "opfixtures: took no hook out of "
    )


def test_those_of_an_older_version_are_replaced(pytorch, opfixtures):
    opfixtures(pytorch, "install-hooks")
    hook = pytorch.root / ".git/hooks/pre-push"
    text = hook.read_text()
    hook.write_text("".join(text.splitlines(keepends=True)[:2]) + "exec opfixtures old\n")
    opfixtures(pytorch, "install-hooks")
    assert hook.read_text() == text


@pytest.mark.parametrize("kind", ["file", "link", "link to nothing"])
def test_another_hook_is_left_alone(pytorch, opfixtures, kind):
    folder = pytorch.root / ".git/hooks"
    foreign = folder / "pre-push"
    if kind == "file":
        foreign.write_text("#!/bin/sh\nmake lint\n")
    else:
        foreign.symlink_to(ROOT / "hooks/pre-push" if kind == "link" else "/gone")
    ran = opfixtures(pytorch, "install-hooks")
    assert ran.status == 2
    assert ran.err == (
        f"opfixtures: error: {foreign} is another hook: add the line "
        '`opfixtures hook pre-push "$@" || exit` to it\n'
    )
    opfixtures(pytorch, "install-hooks", "--uninstall")
    assert [path.name for path in folder.iterdir() if path.suffix != ".sample"] == ["pre-push"]


def test_a_folder_of_the_repositorys_own_is_used(pytorch, opfixtures):
    pytorch.git("config", "core.hooksPath", "my hooks")
    opfixtures(pytorch, "install-hooks", folder="test")
    assert set(written(pytorch.root / "my hooks")) == set(HOOKS)


def test_a_folder_that_is_a_link_of_the_branch_is_not(pytorch, opfixtures, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (pytorch.root / ".hooks").symlink_to(tmp_path / "elsewhere")
    pytorch.git("config", "core.hooksPath", ".hooks")
    ran = opfixtures(pytorch, "install-hooks")
    assert (ran.status, ran.err) == (
        2,
        "opfixtures: error: a hook is not written through a symbolic link of the repository,"
        f" {pytorch.root / '.hooks'}: remove that\n",
    )
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_hooks_that_the_user_keeps_elsewhere_are_written_there(pytorch, opfixtures, tmp_path):
    (pytorch.root / ".git/hooks").rename(tmp_path / "mine")
    (pytorch.root / ".git/hooks").symlink_to(tmp_path / "mine")
    assert opfixtures(pytorch, "install-hooks").status == 0
    assert set(written(tmp_path / "mine")) == set(HOOKS)


@pytest.mark.parametrize("command", ["generate", "verify"])
@pytest.mark.parametrize("name", ["r.json", "out/r.json"])
def test_nor_is_a_report_written_through_one(pytorch, opfixtures, tmp_path, command, name):
    (tmp_path / "elsewhere").mkdir()
    link = name.partition("/")[0]
    (pytorch.root / link).symlink_to(tmp_path / "elsewhere" / ("" if "/" in name else name))
    ran = opfixtures(pytorch, command, "--report", name)
    assert (ran.status, ran.err) == (
        2,
        "opfixtures: error: the report is not written through a symbolic link of the repository,"
        f" {pytorch.root / link}: remove that\n",
    )
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "command", [("generate",), ("verify",), ("sweep", "--old", "torch-1.11.0", "--new", "torch-2.13.0")]
)
@pytest.mark.parametrize("name", ["", "."])
def test_a_folder_is_no_report_and_that_is_said_before_the_work(pytorch, opfixtures, command, name):
    ran = opfixtures(pytorch, *command, "--report", name)
    assert (ran.status, ran.err) == (
        2,
        f"opfixtures: error: the report cannot be written to {name!r}, which is no file: name one"
        " (nothing was built)\n",
    )


def test_a_folder_for_every_repository_is_not(pytorch, opfixtures, tmp_path):
    pytorch.git("config", "--global", "core.hooksPath", str(tmp_path / "shared"))
    ran = opfixtures(pytorch, "install-hooks")
    assert ran.status == 2
    assert f"core.hooksPath has git run the hooks in {tmp_path / 'shared'} for every repository" in ran.err
    assert not (tmp_path / "shared").exists()


def test_a_linked_worktree_shares_those_of_its_repository(pytorch, opfixtures, tmp_path):
    pytorch.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    opfixtures(pytorch, "install-hooks", folder="../linked")
    assert set(written(pytorch.root / ".git/hooks")) == set(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_copied_from_a_clone_says_what_is_missing(pytorch, name):
    hook = pytorch.root / ".git/hooks" / name
    hook.write_bytes((ROOT / "hooks" / name).read_bytes())
    done = subprocess.run(
        ["/bin/sh", str(hook)], env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"opfixtures is not on PATH: install it, or delete {hook}\n"


class TestWhereThereIsNothingToCheck:
    """They would let every commit pass, and nobody would know."""

    def test_it_is_said_and_the_hooks_are_written(self, new_repository, opfixtures):
        repository = new_repository({"README.md": ""})
        ran = opfixtures(repository, "install-hooks")
        assert (ran.status, ran.out) == (0, f"{INSTALLED}{repository.root / '.git/hooks'}\n")
        assert ran.err == (
            "opfixtures: warning: nothing to check: no [tool.opfixtures] in pyproject.toml or .opfixtures.toml of any "
            "folder and no torch/csrc/jit/operator_upgraders/version_map.cpp below one, neither in HEAD nor in the "
            "index (until then the hooks let every commit pass)\n"
        )
        assert set(written(repository.root / ".git/hooks")) == set(HOOKS)

    def test_settings_that_are_not_staged_are_named(self, new_repository, opfixtures):
        repository = new_repository({"README.md": ""})
        (repository.root / "pyproject.toml").write_text("[tool.opfixtures]\n" + 'preset = "pytorch"\n')
        assert "`git add pyproject.toml`" in opfixtures(repository, "install-hooks").err

    def test_before_the_first_commit(self, new_repository, opfixtures):
        repository = new_repository()
        ran = opfixtures(repository, "install-hooks")
        assert (ran.status, "neither in the empty tree nor in the index" in ran.err) == (0, True)

    def test_a_project_in_a_folder_is_something(self, monorepo, opfixtures):
        ran = opfixtures(monorepo, "install-hooks")
        assert (ran.status, ran.err) == (0, "")
