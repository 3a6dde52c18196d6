"""Merges, rebases and cherry-picks, with the check as a hook: what a commit answers for, and what runs no hook."""

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
NOTHING = "opfixtures: no problems found\n"


@pytest.fixture
def repository(hooked, pytorch):
    """A PyTorch tree with the hook, and a branch `branch` that is checked out."""
    pytorch.git("checkout", "--quiet", "-b", "branch")
    return hooked(pytorch)


@pytest.fixture
def on_main(repository):
    """Commits on main, past the hook, what a function stages; `publish` moves origin/HEAD there."""

    def commit(stage, publish=True):
        repository.git("checkout", "--quiet", "main")
        stage()
        repository.commit("on main")
        if publish:
            repository.git("update-ref", "refs/remotes/origin/HEAD", "main")
        repository.git("checkout", "--quiet", "branch")

    return commit


def conflict(repository, git, *command):
    """Run a git command that stops at a conflict of the version map."""
    assert git(repository, *command).status != 0
    assert VERSION_MAP in repository.git("diff", "--name-only", "--diff-filter=U").splitlines()


def resolve(repository, side):
    """Take the version map of HEAD (`ours`), or of the other side (`theirs`)."""
    repository.git("checkout", f"--{side}", VERSION_MAP)
    repository.git("add", VERSION_MAP)


def resolve_with_both(repository):
    """Keep what either side added to the version map."""
    kept = [line for line in repository.read(VERSION_MAP).splitlines() if line[:7] not in CONFLICT]
    # Either side opened the braces with its own entry.
    opened = [number for number, line in enumerate(kept) if line.startswith("    {{")]
    kept[opened[1]] = kept[opened[1]].replace("    {{", "     {")
    repository.write(VERSION_MAP, "\n".join(kept) + "\n")


CONFLICT = {"<<<<<<<", "=======", ">>>>>>>"}


class TestMergeOfTarget:
    @pytest.fixture(autouse=True)
    def published_debt(self, repository, on_main, add_entry):
        """Target has an entry that owes a fixture entry."""
        on_main(lambda: add_entry(repository, "relu"))

    def test_what_is_published_is_not_held_against_a_clean_merge(self, repository, git):
        repository.commit()
        done = git(repository, "merge", "--quiet", "main")
        assert (done.status, done.said) == (0, NOTHING)

    def test_nor_against_one_with_a_conflict(self, repository, git):
        repository.replace(VERSION_MAP, "    {{", "    // gelu\n    {{")
        repository.commit()
        conflict(repository, git, "merge", "main")
        resolve(repository, "theirs")
        done = git(repository, "commit", "--quiet", "--no-edit")
        assert (done.status, done.said) == (0, NOTHING)

    @pytest.mark.parametrize("conclude", [("commit", "--no-edit"), ("merge", "--continue")])
    def test_a_resolution_that_loses_a_published_entry_is_found(self, repository, git, conclude):
        repository.replace(VERSION_MAP, "    {{", "    // gelu\n    {{")
        repository.commit()
        conflict(repository, git, "merge", "main")
        resolve(repository, "ours")
        done = git(repository, *conclude)
        assert done.status == 1
        assert "error OPF109: the published entry of aten::relu at version 11 is removed\n" in done.said

    def test_a_version_that_was_taken_meanwhile_is_found(self, repository, git, add_entry, add_fixture_entry):
        add_entry(repository, "elu")
        add_fixture_entry(repository, "elu")
        repository.commit("before main had another")
        conflict(repository, git, "merge", "main")
        resolve_with_both(repository)
        done = git(repository, "commit", "--no-edit")
        assert done.status == 1
        assert "error OPF108: aten::elu is bumped at version 11, which aten::relu has taken" in done.said
        assert "1 error, 0 warnings, 0 notes" in done.said


class TestOneSideOfTheRegistry:
    """Both sides add an entry with its fixture entry, and ALL_MODULES is resolved with one side only."""

    @pytest.fixture
    def both(self, repository, on_main, add_entry, add_fixture_entry):
        def stage(name, version):
            add_entry(repository, name, version)
            add_fixture_entry(repository, name, version)

        def start(publish):
            if not publish:
                repository.git("update-ref", "refs/remotes/origin/HEAD", "main")
            on_main(lambda: stage("relu", 11), publish=publish)
            stage("elu", 12)
            repository.commit("of the branch")

        return start

    @pytest.mark.parametrize("publish", [True, False], ids=["main is published", "neither side is"])
    @pytest.mark.parametrize(("side", "lost"), [("ours", "relu"), ("theirs", "elu")])
    def test_what_the_other_side_loses_is_found(self, repository, git, both, publish, side, lost):
        both(publish)
        conflict(repository, git, "merge", "main")
        resolve_with_both(repository)
        repository.write(MODULES, without_markers(repository.read(MODULES)))
        repository.git("checkout", f"--{side}", REGISTRY)
        repository.git("add", REGISTRY)
        done = git(repository, "commit", "--no-edit")
        assert done.status == 1
        assert f"error OPF201: aten::{lost} is bumped at version " in done.said
        assert done.said.count("error OPF201") == 1
        assert "1 error" in done.said

    def test_the_worst_of_what_a_loss_is_beside_either_side_counts(self, repository, git, both):
        both(publish=False)
        conflict(repository, git, "merge", "main")
        # The entry of relu is lost, its row stays: a guard beside one side, beside the other a loss.
        repository.git("checkout", "--ours", VERSION_MAP)
        for path in (MODULES, REGISTRY):
            repository.write(path, without_markers(repository.read(path)))
        repository.git("add", VERSION_MAP)
        done = git(repository, "commit", "--no-edit")
        assert (done.status, "error OPF203: aten::relu of " in done.said) == (1, True)


def without_markers(text):
    return "".join(line for line in text.splitlines(keepends=True) if line[:7] not in CONFLICT)


def test_merge_into_target_answers_for_what_the_branch_brings(repository, on_main, git, add_entry):
    on_main(lambda: repository.write("README.md", "more\n"))
    add_entry(repository, "relu")
    repository.commit("past the hook")
    repository.git("checkout", "--quiet", "main")
    done = git(repository, "merge", "branch")
    assert (done.status, "error OPF201: aten::relu " in done.said) == (1, True)


class TestMergeOfWhatNobodyCallsTarget:
    """As in a fork whose origin is behind the project: neither side is known to be published."""

    @pytest.fixture(autouse=True)
    def debts_of_both_sides(self, repository, on_main, add_entry):
        repository.git("update-ref", "refs/remotes/origin/HEAD", "main")
        on_main(lambda: add_entry(repository, "relu"), publish=False)
        add_entry(repository, "elu")
        repository.commit("past the hook")

    def test_it_answers_for_the_debts_of_neither_side(self, repository, git):
        conflict(repository, git, "merge", "main")
        resolve_with_both(repository)
        done = git(repository, "commit", "--quiet", "--no-edit")
        assert (done.status, done.said) == (0, NOTHING)

    def test_it_answers_for_what_is_new_beside_both(self, repository, git):
        conflict(repository, git, "merge", "main")
        resolve(repository, "theirs")
        repository.replace(VERSION_MAP, '"aten::relu"', '"aten::selu"')
        repository.replace(VERSION_MAP, "aten::relu(", "aten::selu(")
        done = git(repository, "commit", "--no-edit")
        assert (done.status, "error OPF201: aten::selu " in done.said) == (1, True)
        assert "1 error, 0 warnings, 0 notes" in done.said


class TestConflictState:
    @pytest.mark.parametrize(
        ("here", "there"), [("edit", "edit"), ("rm", "edit"), ("edit", "rm"), ("mv a.cpp", "mv b.cpp")]
    )
    def test_an_unmerged_map_is_one_sentence(
        self, repository, on_main, git, opfixtures, add_entry, here, there
    ):
        def change(how, name):
            command, *to = how.split()
            if command == "edit":
                add_entry(repository, name)
            else:
                repository.git(command, VERSION_MAP, *to)

        on_main(lambda: change(there, "relu"))
        change(here, "elu")
        repository.commit("past the hook")
        conflict(repository, git, "merge", "main")
        ran = opfixtures(repository, "check")
        sentence = (
            f"opfixtures: error: {VERSION_MAP} has a merge conflict: resolve it and `git add` it first\n"
        )
        assert (ran.status, ran.out, ran.err) == (2, "", sentence)


class TestASecondCommit:
    """The branch has brought an entry with its fixture entry and its fixture."""

    @pytest.fixture(autouse=True)
    def first(self, repository, add_entry, add_fixture_entry):
        repository.git("update-ref", "refs/remotes/origin/HEAD", "main")
        add_entry(repository, "relu")
        add_fixture_entry(repository, "relu")
        repository.commit("with all that it owes")

    def test_that_drops_row_and_fixture_is_found_then_and_for_the_branch(self, repository, git, opfixtures):
        repository.replace(REGISTRY, '    TestVersionedReluV10(): "aten::relu",\n', "")
        repository.git("rm", "--quiet", "test/jit/fixtures/test_versioned_relu_v10.ptl")
        done = git(repository, "commit", "--message", "x")
        assert done.status == 1
        lost = "aten::relu is bumped at version 11, and its fixture entry is taken away: TestVersionedReluV10"
        assert f"error OPF201: {lost}\n" in done.said
        repository.commit("past the hook")
        ran = opfixtures(repository, "check", "--from-ref", "main", "--to-ref", "HEAD")
        assert (ran.status, "error OPF201: aten::relu is bumped at version 11 without" in ran.out) == (
            1,
            True,
        )

    def test_that_drops_the_entry_with_them_owes_nothing(self, repository, git):
        repository.git("revert", "--no-commit", "HEAD")
        done = git(repository, "commit", "--quiet", "--message", "x")
        assert (done.status, done.said) == (0, NOTHING)


class TestReplayedCommits:
    """A rebase, a cherry-pick and a revert make commits anew. Few of them run a hook."""

    @pytest.fixture(autouse=True)
    def debt_of_the_branch(self, repository, add_entry):
        add_entry(repository, "elu")
        repository.commit("past the hook")

    @pytest.fixture
    def conflicting(self, repository, on_main):
        on_main(lambda: repository.replace(VERSION_MAP, "    {{", "    // gelu\n    {{"))

    @pytest.fixture
    def of_the_branch(self, opfixtures, repository):
        """Whether a check of the branch against main finds the debt."""

        def found():
            ran = opfixtures(repository, "check", "--from-ref", "main", "--to-ref", "HEAD")
            return ran.status == 1 and "error OPF201: aten::elu " in ran.out

        return found

    def test_clean_rebase_runs_no_hook(self, repository, on_main, git, of_the_branch):
        on_main(lambda: repository.write("README.md", "more\n"))
        done = git(repository, "rebase", "main")
        assert (done.status, "OPF" in done.said) == (0, False)
        assert of_the_branch()

    @pytest.mark.usefixtures("conflicting")
    def test_rebase_continued_after_a_conflict_runs_no_hook(self, repository, git, of_the_branch):
        conflict(repository, git, "rebase", "main")
        resolve(repository, "theirs")
        done = git(repository, "rebase", "--continue")
        assert (done.status, "OPF" in done.said) == (0, False)
        assert of_the_branch()

    @pytest.mark.usefixtures("conflicting")
    def test_commit_while_a_rebase_stands_still_is_judged(self, repository, git):
        conflict(repository, git, "rebase", "main")
        resolve(repository, "theirs")
        done = git(repository, "commit", "--message", "elu")
        assert (done.status, "error OPF201: aten::elu " in done.said) == (1, True)

    def test_clean_cherry_pick_runs_no_hook(self, repository, git, of_the_branch):
        repository.git("checkout", "--quiet", "-b", "other", "main")
        done = git(repository, "cherry-pick", "branch")
        assert (done.status, "OPF" in done.said) == (0, False)
        assert of_the_branch()

    @pytest.mark.usefixtures("conflicting")
    @pytest.mark.parametrize("conclude", [("commit", "--no-edit"), ("cherry-pick", "--continue")])
    def test_cherry_pick_with_a_conflict_is_judged(self, repository, git, conclude):
        repository.git("checkout", "--quiet", "-b", "other", "main")
        conflict(repository, git, "cherry-pick", "branch")
        resolve(repository, "theirs")
        done = git(repository, *conclude)
        assert (done.status, "error OPF201: aten::elu " in done.said) == (1, True)

    def test_revert_of_what_is_published_is_judged_with_a_conflict_alone(
        self, repository, git, opfixtures, add_entry
    ):
        repository.git("update-ref", "refs/remotes/origin/HEAD", "branch")
        git(repository, "revert", "--no-edit", "HEAD")
        ran = opfixtures(repository, "check", "--from-ref", "branch~", "--to-ref", "branch")
        assert "error OPF109: the published entry of aten::elu at version 11 is removed\n" in ran.out
        repository.git("reset", "--hard", "--quiet", "HEAD~")
        add_entry(repository, "relu")
        repository.commit("past the hook")
        conflict(repository, git, "revert", "--no-edit", "HEAD~")
        resolve(repository, "theirs")
        done = git(repository, "revert", "--continue")
        assert (done.status, "error OPF109: the published entry of aten::elu " in done.said) == (1, True)
