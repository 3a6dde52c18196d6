"""The repository is the one git means, whatever hook or worktree called."""

import os

import pytest

from opfixtures.errors import GitError
from opfixtures.repository.git import Repository, without_git


def test_a_folder_below_the_root_finds_the_root(pytorch, git_environment):
    found = Repository.discover(str(pytorch.root / "test/jit"), git_environment)
    assert found.root == str(pytorch.root)
    assert found.object_format == "sha1"
    assert not found.shallow


def test_a_folder_in_no_repository_is_said_to_be_none(tmp_path, git_environment):
    with pytest.raises(GitError, match=f"not a git repository: {tmp_path} "):
        Repository.discover(str(tmp_path), git_environment)


def test_a_folder_that_is_gone_is_named(tmp_path, git_environment):
    with pytest.raises(GitError, match=f"no folder {tmp_path}/gone"):
        Repository.discover(str(tmp_path / "gone"), git_environment)


def test_a_bare_repository_has_no_work_tree(new_repository, git_environment):
    repository = new_repository(options=("--bare",))
    with pytest.raises(GitError, match="no work tree at "):
        Repository.discover(str(repository.root), git_environment)


def test_what_else_git_refuses_is_said_in_its_own_words(pytorch, git_environment):
    (pytorch.root / ".git/config").write_text("[core\n")
    with pytest.raises(GitError, match=r"git cannot use the repository at .*: bad config line 1 "):
        Repository.discover(str(pytorch.root), git_environment)


def test_a_machine_without_git_is_told_to_install_it(pytorch, git_environment, tmp_path):
    with pytest.raises(GitError, match="git was not found on PATH"):
        Repository.discover(str(pytorch.root), {**git_environment, "PATH": str(tmp_path)})


def test_a_command_that_fails_gives_gits_first_line(pytorch, git_environment):
    repository = Repository.discover(str(pytorch.root), git_environment)
    with pytest.raises(GitError, match=r"^git show failed: bad object 0{40}$"):
        repository.run("show", "0" * 40)
    with pytest.raises(GitError, match=r"^git show failed: bad object 0{40}$"):
        repository.ask("show", "0" * 40)
    assert repository.ask("grep", "nowhere to be found") is None
    assert (
        repository.run("hash-object", "--stdin", stdin=b"a\n")
        == b"78981922613b2afb6025042ff6bd878ac1994e85\n"
    )


def test_a_revision_is_never_an_option_of_git(pytorch, git_environment):
    repository = Repository.discover(str(pytorch.root), git_environment)
    assert repository.resolve("HEAD") == pytorch.git("rev-parse", "HEAD")
    assert repository.resolve("--since=2020") is None
    assert repository.resolve("no-such-branch") is None


def test_unrelated_commits_have_no_merge_base(pytorch, git_environment):
    first = pytorch.git("rev-parse", "HEAD")
    second = pytorch.commit()
    pytorch.git("checkout", "--quiet", "--orphan", "other")
    orphan = pytorch.commit()
    repository = Repository.discover(str(pytorch.root), git_environment)
    assert repository.merge_base(first, second) == first
    assert repository.merge_base(first, orphan) is None


def test_linked_worktrees_share_the_object_database(pytorch, git_environment, tmp_path):
    pytorch.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    repository = Repository.discover(str(tmp_path / "linked"), git_environment)
    assert repository.root == str(tmp_path / "linked")
    assert repository.object_directory == str(pytorch.root / ".git/objects")


def test_a_relative_git_dir_is_meant_from_the_folder_git_was_called_in(pytorch, git_environment):
    below = {**git_environment, "GIT_DIR": "../.git", "GIT_WORK_TREE": ".."}
    repository = Repository.discover(str(pytorch.root / "test"), below)
    assert repository.root == str(pytorch.root)
    assert repository.resolve("HEAD") == pytorch.git("rev-parse", "HEAD")


def test_object_ids_may_have_64_digits(new_repository, git_environment):
    repository = new_repository({"a": "a"}, options=("--object-format=sha256",))
    found = Repository.discover(str(repository.root), git_environment)
    assert found.object_format == "sha256"
    assert len(found.resolve("HEAD") or "") == 64


def test_what_a_pathspec_means_is_not_the_environments_to_say(pytorch, git_environment):
    repository = Repository.discover(str(pytorch.root), {**git_environment, "GIT_LITERAL_PATHSPECS": "1"})
    assert repository.run("ls-files", "--", ":(top)README*") == b"README.md\n"


def test_an_object_database_without_packs_is_not_partial(pytorch, git_environment, tmp_path):
    (tmp_path / "objects").mkdir()
    elsewhere = {"GIT_OBJECT_DIRECTORY": str(tmp_path / "objects")}
    assert not Repository.discover(str(pytorch.root), {**git_environment, **elsewhere}).partial


def test_another_repository_is_not_led_back_by_a_hooks_environment():
    environment = {"GIT_DIR": "/a/.git", "GIT_INDEX_FILE": "index.lock", "PATH": os.defpath}
    assert without_git(environment) == {"PATH": os.defpath}
