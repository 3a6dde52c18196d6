"""Merges and pushes of a repository with several projects, and worktrees of it."""

import subprocess
import sys

import pytest

from tests.monorepo import MAP, PACKAGE, SETTINGS, library_files, version_map

NOTHING = "opfixtures: no problems found\n"
OTHER = "sub/tinyops/versions.py"


@pytest.fixture
def branch(monorepo, hooked):
    """The repository on a branch, `branch`, beside a main whose projects have gone on."""
    monorepo.git("checkout", "--quiet", "-b", "branch")
    monorepo.git("checkout", "--quiet", "main")
    monorepo.write(OTHER, version_map(third=4, debt=5))
    monorepo.commit("past the hook")
    monorepo.git("checkout", "--quiet", "branch")
    return hooked(monorepo)


class TestAMerge:
    def test_of_target_answers_for_no_debt_of_target(self, branch, git):
        branch.git("update-ref", "refs/remotes/origin/HEAD", "main")
        branch.write("README.md", "more\n")
        branch.commit("past the hook")
        assert git(branch, "merge", "--quiet", "--no-edit", "main").said == NOTHING
        branch.git("reset", "--quiet", "--hard", "HEAD~")
        branch.write(MAP, version_map(halve=4, mine=5))
        branch.commit("past the hook")
        done = git(branch, "merge", "--quiet", "--no-edit", "main")
        assert done.said.startswith(f"{MAP}:10:9: error OPF201: tiny::mine ")
        assert OTHER not in done.said

    def test_into_target_answers_for_every_project_of_the_branch(self, branch, git):
        branch.git("update-ref", "refs/remotes/origin/HEAD", "main")
        branch.write(MAP, version_map(halve=4, mine=5))
        for path, content in library_files("packages/new", fresh=4).items():
            branch.write(path, content)
        branch.write("packages/new/fixtures_src/registry.py", "ALL_MODULES = {}\n")
        branch.commit("past the hook")
        branch.git("checkout", "--quiet", "main")
        done = git(branch, "merge", "--no-edit", "branch")
        assert done.status == 1
        assert f"{MAP}:10:9: error OPF201: tiny::mine " in done.said
        assert "packages/new/tinyops/versions.py:3:9: error OPF201: tiny::fresh " in done.said
        assert OTHER not in done.said

    def test_of_what_nobody_calls_target_answers_for_what_is_new_beside_both(self, branch, git):
        branch.git("update-ref", "refs/remotes/origin/HEAD", "main~")
        branch.write(MAP, version_map(halve=4, mine=5))
        branch.commit("past the hook")
        git(branch, "merge", "--no-commit", "main")
        assert git(branch, "commit", "--no-edit").status == 0
        branch.git("reset", "--quiet", "--hard", "HEAD~")
        git(branch, "merge", "--no-commit", "main")
        branch.write(OTHER, version_map(third=4, debt=5, new=5))
        done = git(branch, "commit", "--no-edit")
        assert (done.status, f"{OTHER}:17:9: error OPF201: tiny::new " in done.said) == (1, True)
        assert "opfixtures: 1 error, 0 warnings, 0 notes\n" in done.said

    def test_that_loses_a_project_which_target_brings_is_found(self, branch, git):
        branch.git("checkout", "--quiet", "main")
        for path, content in library_files("packages/new", fresh=4).items():
            branch.write(path, content)
        branch.commit("past the hook")
        branch.git("tag", "v2")
        branch.git("update-ref", "refs/remotes/origin/HEAD", "main")
        branch.git("checkout", "--quiet", "branch")
        branch.write("README.md", "more\n")
        branch.commit("past the hook")
        git(branch, "merge", "--no-commit", "main")
        branch.git("rm", "-r", "--quiet", "--force", "packages/new")
        done = git(branch, "commit", "--no-edit")
        assert done.status == 1
        assert (
            "packages/new/tinyops/versions.py:1:1: error OPF109: the published version map is removed\n"
            in done.said
        )

    def test_of_a_side_that_took_a_project_away_answers_for_that_no_more(self, branch, git):
        branch.git("checkout", "--quiet", "main")
        branch.git("rm", "-r", "--quiet", PACKAGE)
        branch.commit("past the hook")
        branch.git("update-ref", "refs/remotes/origin/HEAD", "main")
        branch.git("checkout", "--quiet", "branch")
        branch.write("README.md", "more\n")
        branch.commit("past the hook")
        done = git(branch, "merge", "--quiet", "--no-edit", "main")
        assert (done.status, done.said) == (0, NOTHING)


class TestAPush:
    @pytest.fixture
    def push(self, monorepo, new_repository):
        """Pushes past no hook, to a remote that has main."""
        remote = new_repository(name="remote.git", options=("--bare",))
        monorepo.git("remote", "add", "origin", str(remote.root))
        monorepo.git("push", "--quiet", "origin", "main")
        monorepo.git("remote", "set-head", "origin", "main")
        hook = monorepo.root / ".git/hooks/pre-push"
        hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m opfixtures hook pre-push "$@"\n')
        hook.chmod(0o755)

        def run(*args):
            done = subprocess.run(
                ["git", "push", "--quiet", "origin", *args],
                cwd=monorepo.root,
                env=monorepo.environment,
                capture_output=True,
                text=True,
            )
            return done.returncode, done.stdout + done.stderr

        return run

    def test_is_judged_project_by_project(self, monorepo, push):
        monorepo.write("README.md", "more\n")
        monorepo.commit()
        assert push("main") == (0, NOTHING)
        monorepo.write(MAP, version_map(halve=4, mine=5))
        monorepo.write("sub/.opfixtures.toml", "[tool.opfixtures]\nversion-mop = 1\n")
        monorepo.commit()
        status, said = push("main")
        assert status == 1
        assert f"opfixtures: refs/heads/main\n{MAP}:10:9: error OPF201: tiny::mine " in said
        assert (
            "opfixtures: error: refs/heads/main: sub/.opfixtures.toml: [tool.opfixtures]: unknown key" in said
        )

    def test_of_a_new_branch_is_judged_beside_the_target_of_each(self, monorepo, push):
        monorepo.write(OTHER, version_map(third=4, debt=5))
        monorepo.write("sub/.opfixtures.toml", SETTINGS + 'target = "released"\n')
        monorepo.write(MAP, version_map(halve=4, mine=5))
        monorepo.commit()
        monorepo.git("branch", "released")
        monorepo.write("README.md", "more\n")
        monorepo.commit()
        status, said = push("HEAD:refs/heads/topic")
        assert (status, "error OPF201: tiny::mine " in said, OTHER in said) == (1, True, False)


def test_a_push_from_a_shallow_clone_finds_the_target_that_the_settings_name(
    monorepo, new_repository, tmp_path
):
    """Nothing else of what the remote has is here."""
    monorepo.write("sub/.opfixtures.toml", SETTINGS + 'target = "other/released"\n')
    monorepo.git("rm", "-r", "--quiet", PACKAGE, "third_party")
    monorepo.commit()
    remote = new_repository(name="remote.git", options=("--bare",))
    monorepo.git("push", "--quiet", str(remote.root), "main", "main:released")
    monorepo.git("clone", "--quiet", "--depth", "1", f"file://{remote.root}", str(tmp_path / "shallow"))
    shallow = type(monorepo)(tmp_path / "shallow", monorepo.environment)
    shallow.git("remote", "rename", "origin", "other")
    shallow.git("update-ref", "refs/remotes/other/released", "HEAD")
    shallow.git("update-ref", "-d", "refs/remotes/other/main")
    shallow.git("remote", "set-head", "other", "--delete")
    shallow.write(OTHER, version_map(third=4, mine=5))
    line = f"refs/heads/main {shallow.commit()} refs/heads/x {'0' * 40}\n"
    done = subprocess.run(
        [sys.executable, "-m", "opfixtures", "hook", "pre-push", "https://example.org/x.git"],
        cwd=shallow.root,
        env=shallow.environment,
        input=line,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{OTHER}:10:9: error OPF201: tiny::mine " in done.stdout


def test_a_linked_worktree_has_the_same_projects(monorepo, hooked, git, tmp_path):
    hooked(monorepo)
    monorepo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = type(monorepo)(tmp_path / "linked", monorepo.environment)
    linked.write("README.md", "more\n")
    assert git(linked, "commit", "--quiet", "--message", "x").said == NOTHING
    linked.write(MAP, version_map(halve=4, mine=5))
    done = git(linked, "commit", "--message", "x")
    assert (done.status, f"{MAP}:10:9: error OPF201: tiny::mine " in done.said) == (1, True)
