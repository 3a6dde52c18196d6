"""Every way to make a commit, with the check as its hook."""

import shutil

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
OWED = "error OPF201: aten::relu is bumped at version 11 "
NOTHING = "opfixtures: no problems found\n"


@pytest.fixture
def repository(hooked, pytorch):
    """A PyTorch tree with the hook and one commit."""
    return hooked(pytorch)


def test_first_commit(hooked, new_repository, pytorch, git, add_entry, add_fixture_entry):
    first = hooked(new_repository(name="first"))
    shutil.copytree(pytorch.root, first.root, dirs_exist_ok=True, ignore=lambda *_: [".git"])
    first.git("add", "--all")
    add_entry(first, "relu")
    refused = git(first, "commit", "--message", "first")
    assert (refused.status, OWED in refused.said) == (1, True)
    add_fixture_entry(first, "relu")
    assert git(first, "commit", "--quiet", "--message", "first").said == NOTHING


def test_commit_of_something_else(repository, git):
    repository.write("README.md", "more\n")
    done = git(repository, "commit", "--quiet", "--message", "x")
    assert (done.status, done.said) == (0, NOTHING)


@pytest.mark.parametrize("args", [("--all",), ("--include", VERSION_MAP), ("--only", VERSION_MAP)])
def test_commit_with_an_index_of_its_own(repository, git, add_entry, args):
    add_entry(repository, "relu")
    repository.git("reset", "--quiet")
    done = git(repository, "commit", "--message", "x", *args)
    assert (done.status, OWED in done.said) == (1, True)


def test_commit_in_a_folder_below_the_root(repository, git, add_entry):
    add_entry(repository, "relu")
    done = git(repository, "commit", "--message", "x", folder="test/jit")
    assert (done.status, OWED in done.said) == (1, True)


def test_entry_staged_and_fixture_entry_not(repository, git, add_entry, add_fixture_entry):
    add_entry(repository, "relu")
    add_fixture_entry(repository, "relu")
    repository.git("reset", "--quiet")
    # Asked about fixtures_src.py, generate_models.py and version_map.cpp, in this order.
    git(repository, "add", "--patch", stdin="n\nn\ny\n")
    assert repository.git("diff", "--staged", "--name-only") == VERSION_MAP
    done = git(repository, "commit", "--message", "x")
    assert (done.status, OWED in done.said) == (1, True)


def test_fixture_entry_staged_and_entry_not(repository, git, add_entry, add_fixture_entry):
    add_entry(repository, "relu")
    add_fixture_entry(repository, "relu")
    repository.git("reset", "--quiet")
    git(repository, "add", "--patch", stdin="y\ny\nn\n")
    done = git(repository, "commit", "--message", "x")
    assert (done.status, OWED in done.said) == (0, False)
    assert "warning OPF203: aten::relu " in done.said


def test_amend_that_brings_an_entry(repository, git, add_entry):
    repository.write("README.md", "more\n")
    repository.commit()
    add_entry(repository, "relu")
    done = git(repository, "commit", "--amend", "--no-edit")
    assert (done.status, OWED in done.said) == (1, True)


def test_amend_of_a_commit_that_brought_an_entry_is_left_to_a_check_of_the_branch(
    repository, git, opfixtures, add_entry
):
    """git tells a hook nothing of an amend: what HEAD brought looks like what was there before."""
    add_entry(repository, "relu")
    repository.commit("past the hook")
    repository.write("README.md", "more\n")
    assert git(repository, "commit", "--amend", "--quiet", "--no-edit").said == NOTHING
    ran = opfixtures(repository, "check", "--from-ref", "HEAD~", "--to-ref", "HEAD")
    assert (ran.status, OWED in ran.out) == (1, True)


@pytest.mark.parametrize("change", [("rm", VERSION_MAP), ("mv", VERSION_MAP, "torch/versions.cpp")])
def test_map_deleted_or_renamed(repository, git, change):
    repository.git(*change)
    done = git(repository, "commit", "--message", "x")
    assert done.status == 1
    assert done.said.startswith(f"{VERSION_MAP}:1:1: error OPF109: the published version map is removed\n")


def test_refs_with_another_commit_checked_out(repository, opfixtures, add_entry):
    repository.git("checkout", "--quiet", "-b", "branch")
    add_entry(repository, "relu")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.replace(VERSION_MAP, "gelu_0_9", "gelu_renamed_0_9")
    repository.commit()
    ran = opfixtures(repository, "check", "--from-ref", "main", "--to-ref", "branch")
    assert ran.out.startswith(f"{VERSION_MAP}:6:22: {OWED}")
    assert ran.out.splitlines()[-2] == "opfixtures: 1 error, 0 warnings, 0 notes"
    assert opfixtures(repository, "check").out == NOTHING
