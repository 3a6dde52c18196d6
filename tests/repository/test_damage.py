"""What git cannot read is never taken for what is not there: exit status 2, with the object that is at fault."""

import os
import re
import subprocess
import zlib

import pytest

from opfixtures.errors import GitError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_references import may_know
from opfixtures.repository.git_snapshot import GitObjects
from tests.repositories import MODULES, REGISTRY, VERSION_MAP

FSCK = "`git fsck` tells what is broken in this repository\n"
SETTINGS = ".opfixtures.toml"
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"


def lose(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


def fill_with_garbage(path):
    path.write_bytes(b"garbage")


def cut(path):
    path.write_bytes(path.read_bytes()[:-8])


def forge(path):
    """A whole object, of another kind than is asked for."""
    path.write_bytes(zlib.compress(b"blob 7\0no tree"))


DAMAGES = [lose, empty, fill_with_garbage, cut]


@pytest.fixture
def damage():
    """Damages the loose object of a repository that git calls by a name; returns its id."""

    def spoil(repository, name, how=lose):
        oid = repository.git("rev-parse", name)
        path = repository.root / ".git/objects" / oid[:2] / oid[2:]
        path.chmod(0o644)
        how(path)
        return oid

    return spoil


def refused(ran, *said):
    """Asserts one sentence with status 2 that says this."""
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    for text in said:
        assert text in ran.err


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("path", [VERSION_MAP, REGISTRY, MODULES, UPGRADERS])
def test_a_file_of_before(pytorch, opfixtures, damage, how, path):
    pytorch.write(UPGRADERS, "std::unordered_map<std::string, std::string> m({});\n")
    pytorch.commit()
    oid = damage(pytorch, f"HEAD:{path}", how)
    pytorch.write(path, "")
    refused(opfixtures(pytorch, "check"), f"git cannot read object {oid}, {path} of HEAD: {FSCK}")


@pytest.mark.parametrize("how", DAMAGES)
def test_the_settings_of_before(library, opfixtures, damage, how):
    oid = damage(library, f"HEAD:{SETTINGS}", how)
    library.write(SETTINGS, library.read(SETTINGS) + "# more\n")
    refused(opfixtures(library, "check"), f"git cannot read object {oid}, {SETTINGS} of HEAD: {FSCK}")


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("path", [VERSION_MAP, REGISTRY, MODULES])
def test_a_file_of_the_index(pytorch, opfixtures, damage, how, path):
    pytorch.write(path, "// staged\n")
    oid = damage(pytorch, f":{path}", how)
    refused(opfixtures(pytorch, "check"), f"git cannot read object {oid}, {path} of the index: {FSCK}")


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("ref", ["HEAD~", "HEAD"])
def test_a_file_of_two_commits_that_are_compared(pytorch, opfixtures, damage, how, ref):
    pytorch.write(VERSION_MAP, pytorch.read(VERSION_MAP) + "// more\n")
    pytorch.commit()
    oid = damage(pytorch, f"{ref}:{VERSION_MAP}", how)
    ran = opfixtures(pytorch, "check", "--from-ref", "HEAD~", "--to-ref", "HEAD")
    refused(ran, f"git cannot read object {oid}, {VERSION_MAP} of commit ", FSCK)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("tree", ["HEAD:", "HEAD:torch", "HEAD:torch/csrc/jit", "HEAD:test/jit/fixtures"])
def test_a_folder_of_before(pytorch, opfixtures, damage, how, tree):
    oid = damage(pytorch, tree, how)
    pytorch.write(VERSION_MAP, pytorch.read(VERSION_MAP) + "// more\n")
    pytorch.write("test/jit/fixtures/test_versioned_gelu_v9.ptl", "no archive")
    refused(opfixtures(pytorch, "check"), oid)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_fixture(pytorch, opfixtures, damage, how):
    path = "test/jit/fixtures/test_versioned_gelu_v9.ptl"
    oid = damage(pytorch, f"HEAD:{path}", how)
    refused(
        opfixtures(pytorch, "check", "--all"), f"git cannot read object {oid}, {path} of the index: {FSCK}"
    )


class TestAsTheHookRunsIt:
    """With what its first look has seen: outside of that the index is as HEAD."""

    @pytest.mark.sampled(6)
    @pytest.mark.parametrize("how", DAMAGES)
    @pytest.mark.parametrize("path", [VERSION_MAP, REGISTRY, MODULES, UPGRADERS])
    def test_a_file_that_is_staged(self, pytorch, damage, how, path):
        pytorch.write(path, "// staged\n")
        oid = damage(pytorch, f":{path}", how)
        refused(pytorch.opfixtures("check"), f"git cannot read object {oid}, {path} of the index: {FSCK}")

    @pytest.mark.sampled(6)
    @pytest.mark.parametrize("how", DAMAGES)
    @pytest.mark.parametrize("path", [REGISTRY, MODULES, SETTINGS, "pyproject.toml"])
    def test_a_file_that_the_change_leaves_as_it_is(self, pytorch, damage, how, path):
        if path == SETTINGS:
            pytorch.write(path, '[tool.opfixtures]\npreset = "pytorch"\n')
        if path == "pyproject.toml":
            pytorch.write(path, "[project]\n")
        pytorch.commit()
        oid = damage(pytorch, f"HEAD:{path}", how)
        pytorch.write(VERSION_MAP, pytorch.read(VERSION_MAP) + "// more\n")
        refused(pytorch.opfixtures("check"), f"git cannot read object {oid}, {path} of ", FSCK)

    def test_a_folder_above_what_is_not_there(self, pytorch, damage):
        pytorch.write("caffe2/other", "")
        pytorch.commit()
        oid = damage(pytorch, "HEAD:caffe2")
        pytorch.write(VERSION_MAP, pytorch.read(VERSION_MAP) + "// more\n")
        refused(
            pytorch.opfixtures("check"), f"git cannot read object {oid}, the folder caffe2 of HEAD: {FSCK}"
        )

    def test_what_is_taken_away_or_becomes_a_folder_is_not_damaged(self, pytorch):
        pytorch.write(UPGRADERS, "std::unordered_map<std::string, std::string> m({});\n")
        pytorch.write("pyproject.toml", "[project]\n")
        pytorch.commit()
        pytorch.git("rm", "--quiet", UPGRADERS, REGISTRY)
        pytorch.write(VERSION_MAP, pytorch.read(VERSION_MAP) + "// more\n")
        assert pytorch.opfixtures("check").err == ""
        pytorch.write(f"{REGISTRY}/file", "")
        said = f"{REGISTRY} is a folder in the index: name the real path in the configuration\n"
        refused(pytorch.opfixtures("check"), said)


def test_an_object_of_another_kind_is_no_folder(pytorch, git_environment, damage):
    oid = damage(pytorch, "HEAD:torch", forge)
    repository = Repository.discover(str(pytorch.root), git_environment)
    with GitObjects(repository) as objects, pytest.raises(GitError, match=oid):
        objects.head().read("torch/none")


class TestCommits:
    @pytest.mark.parametrize("how", DAMAGES)
    @pytest.mark.parametrize("command", ["check", "status", "renumber"])
    def test_head(self, pytorch, opfixtures, damage, how, command):
        oid = damage(pytorch, "HEAD", how)
        refused(opfixtures(pytorch, command), oid)

    def test_a_reference_that_a_crash_left_empty_is_no_first_commit(self, pytorch, opfixtures):
        (pytorch.root / ".git/refs/heads/main").write_text("")
        refused(opfixtures(pytorch, "check"), "HEAD cannot be read: `git fsck` tells what is broken")

    @pytest.mark.parametrize("how", DAMAGES)
    def test_target_is_not_head_because_its_commit_is_lost(self, pytorch, opfixtures, damage, how):
        first = pytorch.git("rev-parse", "HEAD")
        pytorch.commit("second")
        pytorch.git("update-ref", "refs/remotes/origin/main", first)
        pytorch.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        damage(pytorch, first, how)
        pytorch.replace(VERSION_MAP, "gelu_0_9", "other_0_9")
        refused(opfixtures(pytorch, "check"), first)

    def test_nor_because_its_reference_is_broken(self, pytorch, opfixtures):
        pytorch.git("update-ref", "refs/remotes/origin/main", "HEAD")
        pytorch.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        (pytorch.root / ".git/refs/remotes/origin/main").write_text("")
        pytorch.replace(VERSION_MAP, "gelu_0_9", "other_0_9")
        said = "origin/HEAD cannot be read: refs/remotes/origin/main is a broken reference, which `git fetch` may "
        refused(opfixtures(pytorch, "check"), said)

    def test_a_reference_that_leads_nowhere_names_nothing(self, pytorch, opfixtures):
        pytorch.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
        pytorch.replace(VERSION_MAP, "gelu_0_9", "other_0_9")
        assert "OPF109" in opfixtures(pytorch, "check").out

    def test_a_common_ancestor_is_not_missing_because_history_is(self, pytorch, opfixtures, damage):
        base = pytorch.git("rev-parse", "HEAD")
        pytorch.commit("ours")
        pytorch.git("checkout", "--quiet", "-b", "other", base)
        pytorch.commit("theirs")
        damage(pytorch, base)
        ran = opfixtures(pytorch, "check", "--from-ref", "main", "--to-ref", "other")
        refused(ran, f"git merge-base failed: Could not read {base}")

    def test_what_is_merged(self, pytorch, opfixtures, damage):
        pytorch.git("checkout", "--quiet", "-b", "branch")
        pytorch.write("README.md", "theirs\n")
        pytorch.commit()
        pytorch.git("checkout", "--quiet", "main")
        pytorch.write("README.md", "ours\n")
        pytorch.commit()
        pytorch.git("merge", "--no-commit", "--strategy=ours", "branch")
        branch = damage(pytorch, "branch")
        refused(opfixtures(pytorch, "check"), branch)
        (pytorch.root / ".git/MERGE_HEAD").unlink()
        refused(opfixtures(pytorch, "check", **{f"GITHEAD_{branch}": "branch"}), branch)

    def test_the_days_of_fixtures(self, pytorch, opfixtures, damage):
        first = pytorch.git("rev-parse", "HEAD")
        pytorch.commit("second")
        damage(pytorch, first)
        refused(opfixtures(pytorch, "status"), f"git log failed: Could not read {first}")


class TestAPush:
    @pytest.fixture
    def push(self, pytorch):
        """Has the pre-push hook judge these objects, each pushed to a branch of its own."""

        def run(*oids):
            lines = [
                f"refs/heads/x {oid} refs/heads/{number} {'0' * 40}\n" for number, oid in enumerate(oids)
            ]
            command = ("python", "-m", "opfixtures", "hook", "pre-push", "origin")
            return subprocess.run(
                command,
                cwd=pytorch.root,
                env=pytorch.environment,
                input="".join(lines),
                capture_output=True,
                text=True,
            )

        return run

    @pytest.mark.parametrize("how", DAMAGES)
    def test_a_commit_that_is_lost_is_not_passed_and_the_others_are_judged(self, pytorch, damage, push, how):
        pytorch.replace(VERSION_MAP, "10, ", "11, ")
        good = pytorch.commit()
        bad = damage(pytorch, pytorch.commit("another"), how)
        done = push(bad, good)
        assert done.returncode == 2
        assert re.fullmatch(rf"opfixtures: error: refs/heads/0: .*{bad}.*\n", done.stderr)
        assert done.stdout.startswith("opfixtures: refs/heads/1\n")

    def test_a_tag_of_a_commit_that_is_lost(self, pytorch, damage, push):
        tagged = pytorch.commit()
        pytorch.git("tag", "--annotate", "--message", "x", "v1")
        damage(pytorch, tagged)
        pytorch.git("symbolic-ref", "HEAD", "refs/heads/unborn")
        done = push(pytorch.git("rev-parse", "v1"))
        assert (done.returncode, f"cannot read object {tagged}, refs/heads/0: " in done.stderr) == (2, True)

    def test_what_is_no_commit_is_not_judged(self, pytorch, push):
        done = push("0" * 40, pytorch.git("rev-parse", "HEAD:"), pytorch.git("rev-parse", f"HEAD:{REGISTRY}"))
        assert (done.returncode, done.stdout) == (0, "opfixtures: no problems found\n")


class TestAPartialClone:
    """One that reaches nobody."""

    @pytest.fixture
    def clone(self, pytorch, tmp_path):
        def make(left_out):
            pytorch.git("config", "uploadpack.allowFilter", "true")
            pytorch.write("later", "")
            pytorch.commit()
            options = ("--quiet", "--no-checkout", f"--filter={left_out}")
            pytorch.git("clone", *options, pytorch.root.as_uri(), str(tmp_path / "clone"))
            cloned = type(pytorch)(tmp_path / "clone", pytorch.environment)
            cloned.git("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
            return cloned

        return make

    def test_names_the_file_that_it_lacks(self, clone, opfixtures):
        blobless = clone("blob:none")
        ran = opfixtures(blobless, "check", "--from-ref", "HEAD~", "--to-ref", "HEAD")
        oid = blobless.git("rev-parse", f"HEAD:{VERSION_MAP}")
        refused(
            ran,
            f"{VERSION_MAP} of commit ",
            f"is not in this partial clone: `git cat-file -e {oid}` fetches it",
        )

    def test_names_the_folder_that_it_lacks(self, clone, opfixtures):
        ran = opfixtures(clone("tree:0"), "check", "--from-ref", "HEAD~", "--to-ref", "HEAD")
        refused(ran, " is not in this partial clone", "`git fetch --refetch --no-filter` fetches it")

    def test_has_no_days_to_tell_without_folders(self, clone, opfixtures):
        treeless = clone("tree:0")
        treeless.git("symbolic-ref", "HEAD", "refs/remotes/origin/main")
        treeless.write(VERSION_MAP, "")
        refused(
            opfixtures(treeless, "status"),
            "this partial clone lacks the history of test/jit/fixtures (git log",
        )


class TestReferencesSeenWithoutGit:
    @pytest.fixture
    def known(self, pytorch, git_environment):
        def ask(rev, root=None, **environment):
            return may_know(str(root or pytorch.root), {**git_environment, **environment}, rev)

        return ask

    @pytest.mark.parametrize("rev", ["HEAD", "main", "heads/main", "HEAD~3", "a..b", "@{u}", "v1.0"])
    def test_what_may_be_there(self, known, rev):
        assert known(rev)

    @pytest.mark.parametrize("rev", ["MERGE_HEAD", "origin/HEAD", "mai"])
    def test_what_is_not_there(self, known, rev):
        assert not known(rev)

    def test_packed_references_and_those_of_linked_worktrees(self, pytorch, known, tmp_path):
        pytorch.git("update-ref", "refs/remotes/origin/main", "HEAD")
        pytorch.git("pack-refs", "--all")
        assert known("origin/main")
        assert not known("origin/mai")
        pytorch.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
        assert known("origin/main", tmp_path / "linked")
        assert not known("MERGE_HEAD", tmp_path / "linked")

    def test_another_place_is_git_alone_to_tell(self, pytorch, known, tmp_path):
        assert known("gone", GIT_COMMON_DIR="elsewhere")
        (tmp_path / "file").write_text("gitdir: nowhere\n")
        assert not known("gone", GIT_DIR=str(pytorch.root / ".git"))
        assert known("gone", GIT_DIR=str(tmp_path / "file") + "/below")

    def test_references_kept_in_another_way_are_git_alone_to_tell(self, pytorch, known):
        os.mkdir(pytorch.root / ".git/reftable")
        assert known("gone")
