"""The plain git hooks, as git runs them: commits, merges, and pushes to a real remote."""

import os
import subprocess
import sys

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
NOTHING = "opfixtures: no problems found\n"
OWED = "error OPF201: aten::hardswish "


@pytest.fixture(autouse=True)
def command_on_path(git_environment, tmp_path):
    """`opfixtures` by its name, as the hooks call it."""
    script = tmp_path / "bin/opfixtures"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m opfixtures "$@"\n')
    script.chmod(0o755)
    git_environment["PATH"] = f"{script.parent}:{os.environ['PATH']}"


@pytest.fixture
def hooked(pytorch):
    """A PyTorch tree with the hooks installed."""
    assert pytorch.opfixtures("install-hooks").status == 0
    return pytorch


@pytest.fixture
def remote(new_repository):
    """An empty bare repository."""
    return new_repository(name="remote.git", options=("--bare",))


@pytest.fixture
def unpublished(hooked, remote):
    """The tree with that repository as its origin."""
    hooked.git("remote", "add", "origin", str(remote.root))
    return hooked


@pytest.fixture
def published(unpublished):
    """The tree with its branch main at the remote, as a clone has it."""
    unpublished.git("push", "--quiet", "--no-verify", "origin", "main")
    unpublished.git("remote", "set-head", "origin", "main")
    return unpublished


@pytest.fixture
def branch_that_owes(add_hardswish):
    """Commits an entry without a fixture entry on a new branch, past the hooks."""

    def branch(repository, name):
        repository.git("switch", "--quiet", "--create", name, "main")
        add_hardswish(repository)
        return repository.commit(name)

    return branch


def git(repository, *args, folder="."):
    """Exit status of a git command with its hooks, and what they said."""
    done = subprocess.run(
        ["git", *args],
        cwd=repository.root / folder,
        env=repository.environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def push(repository, *args):
    return git(repository, "push", "--quiet", "origin", *args)


class TestCommitsAndMerges:
    def test_a_commit_is_judged(self, hooked, add_hardswish):
        hooked.write("README.md", "more\n")
        assert git(hooked, "commit", "--quiet", "--message", "x") == (0, NOTHING)
        add_hardswish(hooked)
        status, said = git(hooked, "commit", "--quiet", "--message", "x")
        assert status == 1
        assert OWED in said

    def test_a_merge_is_judged(self, hooked, branch_that_owes):
        branch_that_owes(hooked, "topic")
        hooked.git("switch", "--quiet", "main")
        hooked.write("README.md", "more\n")
        hooked.commit()
        status, said = git(hooked, "merge", "--no-edit", "topic")
        assert status == 1
        assert OWED in said

    def test_a_branch_without_any_settings_owes_nothing(self, hooked):
        hooked.git("switch", "--quiet", "--orphan", "pages")
        hooked.write("index.html", "x")
        assert git(hooked, "commit", "--quiet", "--message", "x") == (0, NOTHING)

    def test_a_linked_worktree_has_them_too(self, hooked, add_hardswish, tmp_path):
        add_hardswish(hooked)
        diff = hooked.git("diff", "--cached") + "\n"
        hooked.git("reset", "--quiet", "--hard")
        hooked.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
        (tmp_path / "patch").write_text(diff)
        hooked.git("-C", str(tmp_path / "linked"), "apply", "--index", str(tmp_path / "patch"))
        status, said = git(hooked, "commit", "--quiet", "--message", "x", folder="../linked")
        assert status == 1
        assert OWED in said


class TestAPush:
    def test_of_a_new_branch_is_judged_by_what_the_remote_has_not(self, published, branch_that_owes):
        published.git("switch", "--quiet", "--create", "fine")
        published.write("README.md", "more\n")
        published.commit()
        assert push(published, "fine") == (0, NOTHING)
        branch_that_owes(published, "topic")
        published.write("README.md", "and more\n")
        published.commit()
        status, said = push(published, "topic")
        assert status == 1
        assert said.startswith(f"opfixtures: refs/heads/topic\n{VERSION_MAP}:7:27: {OWED}")

    def test_of_several_refs_judges_each(self, published, remote, branch_that_owes):
        first = branch_that_owes(published, "a-first")
        published.git("branch", "b-fine", "main")
        published.git("tag", "--annotate", "--message", "x", "v1", first)
        status, said = push(published, "b-fine", "a-first", "v1", "main:refs/heads/c-fine")
        assert status == 1
        assert said.count(OWED) == 2
        assert "opfixtures: refs/heads/a-first\n" in said
        assert "opfixtures: refs/tags/v1\n" in said
        assert "fine" not in said
        assert remote.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"

    def test_that_goes_on_with_a_branch_is_judged_from_there(self, published, branch_that_owes):
        branch_that_owes(published, "topic")
        published.git("push", "--quiet", "--no-verify", "origin", "topic")
        published.write("README.md", "more\n")
        published.commit()
        assert push(published, "topic") == (0, NOTHING)

    def test_that_is_forced_is_judged_from_where_both_part(self, published, branch_that_owes):
        branch_that_owes(published, "topic")
        published.git("push", "--quiet", "--no-verify", "origin", "topic")
        published.git("commit", "--quiet", "--no-verify", "--amend", "--message", "again")
        status, said = push(published, "--force", "topic")
        assert status == 1
        assert OWED in said

    def test_that_deletes_owes_nothing(self, published, branch_that_owes):
        branch_that_owes(published, "topic")
        published.git("push", "--quiet", "--no-verify", "origin", "topic")
        assert push(published, "--delete", "topic") == (0, NOTHING)
        assert push(published, "main^{tree}:refs/tags/tree") == (0, NOTHING)

    def test_of_the_first_commits_is_judged_whole(self, unpublished, remote, branch_that_owes):
        unpublished.write(
            ".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\ntarget = "origin/main"\n'
        )
        unpublished.commit()
        assert push(unpublished, "main") == (0, NOTHING)
        branch_that_owes(unpublished, "topic")
        remote.git("update-ref", "-d", "refs/heads/main")
        unpublished.git("fetch", "--quiet", "--prune", "origin")
        status, said = push(unpublished, "topic")
        assert status == 1
        assert OWED in said

    def test_that_owes_a_fixture_alone_goes_through_with_a_note(self, unpublished):
        unpublished.git("rm", "--quiet", "test/jit/fixtures/test_versioned_gelu_v9.ptl")
        unpublished.commit()
        status, said = push(unpublished, "main")
        assert status == 0
        assert said.startswith("opfixtures: refs/heads/main\n")
        assert said.splitlines()[-2:] == [
            "opfixtures: 0 errors, 0 warnings, 1 note",
            "next: run `opfixtures generate` and commit what it makes",
        ]

    def test_without_a_default_branch_is_judged_from_any_branch_there(self, unpublished, branch_that_owes):
        unpublished.git("push", "--quiet", "--no-verify", "origin", "main")
        unpublished.write("README.md", "more\n")
        unpublished.commit()
        assert push(unpublished, "main:refs/heads/topic") == (0, NOTHING)
        branch_that_owes(unpublished, "owes")
        assert push(unpublished, "owes")[0] == 1
        unpublished.git("push", "--quiet", "--no-verify", "origin", "owes")
        assert push(unpublished, "owes:refs/heads/same") == (0, NOTHING)

    def test_of_another_history_is_judged_by_itself(self, published):
        published.git("switch", "--quiet", "--orphan", "pages")
        published.write("index.html", "x")
        published.commit()
        assert push(published, "pages") == (0, NOTHING)

    def test_with_settings_that_are_none_says_of_which_ref(self, published, branch_that_owes):
        branch_that_owes(published, "topic")
        published.git("switch", "--quiet", "--create", "broken", "main")
        published.write(".opfixtures.toml", "[tool.opfixtures]\nversion-mop = 1\n")
        published.commit()
        status, said = push(published, "broken", "topic")
        assert status == 1
        assert "opfixtures: error: refs/heads/broken: .opfixtures.toml: [tool.opfixtures]" in said
        assert OWED in said
        assert published.opfixtures("hook", "pre-push", "origin").status == 0

    def test_from_a_shallow_clone_says_that_it_cannot_tell(self, published, remote, tmp_path):
        published.write("README.md", "more\n")
        published.commit()
        published.git("push", "--quiet", "--no-verify", "origin", "main")
        published.git("clone", "--quiet", "--depth", "1", f"file://{remote.root}", str(tmp_path / "shallow"))
        published.git("-C", str(tmp_path / "shallow"), "remote", "rename", "origin", "other")
        line = f"refs/heads/main {published.git('rev-parse', 'main')} refs/heads/x {'0' * 40}\n"
        done = subprocess.run(
            ["opfixtures", "hook", "pre-push", "https://example.org/x.git"],
            cwd=tmp_path / "shallow",
            env=published.environment,
            input=line,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("opfixtures: error: refs/heads/x: no common ancestor of ")

    def test_that_is_none_of_gits_is_an_error(self, hooked):
        done = subprocess.run(
            ["opfixtures", "hook", "pre-push"],
            cwd=hooked.root,
            env=hooked.environment,
            input="one two\n",
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "'one two' is no line of git's" in done.stderr
