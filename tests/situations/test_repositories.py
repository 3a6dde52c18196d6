"""Every kind of repository and clone, and the names that files may have."""

import re
import shlex
import shutil

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
OWED = "error OPF201: aten::relu is bumped at version 11 "
NOTHING = "opfixtures: no problems found\n"


def test_linked_worktree(hooked, pytorch, git, tmp_path):
    hooked(pytorch)
    pytorch.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    pytorch.git("-C", str(tmp_path / "linked"), "rm", "--quiet", VERSION_MAP)
    done = git(pytorch, "commit", "--message", "x", folder="../linked")
    assert (done.status, "error OPF109" in done.said) == (1, True)
    assert git(pytorch, "commit", "--quiet", "--allow-empty", "--message", "x").said == NOTHING


class TestSubmodule:
    @pytest.fixture
    def superproject(self, new_repository, pytorch, hooked):
        """A PyTorch tree that has another one as its submodule `sub`, both with the hook."""
        superproject = new_repository({"README.md": "outside\n"}, name="super")
        allowed = ("-c", "protocol.file.allow=always")
        superproject.git(*allowed, "submodule", "--quiet", "add", str(pytorch.root), "sub")
        shutil.copytree(pytorch.root / "torch", superproject.root / "torch")
        superproject.git("add", "--all")
        superproject.commit()
        return hooked(superproject)

    @pytest.fixture
    def submodule(self, superproject, hooked):
        return hooked(type(superproject)(superproject.root / "sub", superproject.environment))

    def test_commit_in_a_submodule(self, submodule, git, add_entry, add_fixture_entry):
        assert (submodule.root / ".git").is_file()
        assert git(submodule, "commit", "--quiet", "--allow-empty", "--message", "x").said == NOTHING
        add_entry(submodule, "relu")
        refused = git(submodule, "commit", "--message", "x")
        assert (refused.status, OWED in refused.said) == (1, True)
        add_fixture_entry(submodule, "relu")
        assert git(submodule, "commit", "--quiet", "--message", "x").said == NOTHING

    def test_commit_that_moves_a_submodule(self, superproject, submodule, git, add_entry):
        add_entry(submodule, "relu")
        submodule.commit("past the hook")
        superproject.git("add", "sub")
        assert git(superproject, "commit", "--quiet", "--message", "x").said == NOTHING
        superproject.git("rm", "--quiet", VERSION_MAP)
        done = git(superproject, "commit", "--message", "x")
        assert (done.status, "error OPF109" in done.said) == (1, True)


class TestClonesThatLackSomething:
    """What is missing is named with the command that fetches it, and the command does."""

    @pytest.fixture
    def origin(self, pytorch, add_entry):
        """main and branch have gone apart; the branch owes a fixture entry."""
        pytorch.git("config", "uploadpack.allowFilter", "true")
        pytorch.git("checkout", "--quiet", "-b", "branch")
        add_entry(pytorch, "relu")
        pytorch.commit("past the hook")
        pytorch.git("checkout", "--quiet", "main")
        pytorch.write("README.md", "more\n")
        pytorch.commit()
        return pytorch

    @pytest.fixture
    def clone(self, origin, tmp_path):
        def run(*options):
            origin.git("clone", "--quiet", *options, f"file://{origin.root}", str(tmp_path / "clone"))
            return type(origin)(tmp_path / "clone", origin.environment)

        return run

    REFS = ("check", "--from-ref", "origin/main", "--to-ref", "origin/branch")

    def test_shallow(self, clone, opfixtures):
        shallow = clone("--depth=1", "--no-single-branch")
        ran = opfixtures(shallow, *self.REFS)
        assert (ran.status, ran.out) == (2, "")
        assert "no common ancestor of origin/main and origin/branch in this history: " in ran.err
        shallow.git(*advised(ran))
        assert OWED in opfixtures(shallow, *self.REFS).out

    @pytest.mark.parametrize("by", ["name", "id"])
    def test_shallow_with_a_single_branch(self, clone, opfixtures, origin, by):
        origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
        main = "origin/main" if by == "name" else origin.git("rev-parse", "main")
        single = clone("--depth=1", "--branch=branch")
        refs = ("check", "--from-ref", main, "--to-ref", "origin/branch")
        for missing in (f"{main} names no commit in this clone: ", "no common ancestor of "):
            ran = opfixtures(single, *refs)
            assert (ran.status, ran.out, missing in ran.err) == (2, "", True)
            single.git(*advised(ran))
        assert OWED in opfixtures(single, *refs).out

    def test_shallow_commit(self, clone, hooked, git, add_entry):
        shallow = hooked(clone("--depth=1"))
        assert git(shallow, "commit", "--quiet", "--allow-empty", "--message", "x").said == NOTHING
        add_entry(shallow, "relu")
        done = git(shallow, "commit", "--message", "x")
        assert (done.status, OWED in done.said) == (1, True)

    def test_blobless(self, clone, opfixtures, origin, tmp_path):
        blobless = clone("--filter=blob:none", "--no-checkout")
        away = tmp_path / "out of reach"
        for _ in range(10):
            # Older gits fetch by themselves what they reach.
            shutil.move(origin.root, away)
            ran = opfixtures(blobless, *self.REFS)
            shutil.move(away, origin.root)
            if ran.status != 2:
                break
            assert re.search(r" of commit \w{7} is not in this partial clone: `git ", ran.err)
            blobless.git(*advised(ran))
        assert (ran.status, OWED in ran.out) == (1, True)


def advised(ran):
    """The arguments of the git command that an error names."""
    (command,) = re.findall("`git ([^`]+)`", ran.err)
    return shlex.split(command)


def test_sha256_repository(hooked, new_repository, pytorch, git, opfixtures, add_entry, add_fixture_entry):
    repository = hooked(new_repository(name="sha256", options=("--object-format=sha256",)))
    shutil.copytree(pytorch.root, repository.root, dirs_exist_ok=True, ignore=lambda *_: [".git"])
    repository.git("add", "--all")
    assert git(repository, "commit", "--quiet", "--message", "first").said == NOTHING
    add_entry(repository, "relu")
    refused = git(repository, "commit", "--message", "x")
    assert (refused.status, OWED in refused.said) == (1, True)
    repository.commit("past the hook")
    ran = opfixtures(repository, "check", "--from-ref", "HEAD~", "--to-ref", "HEAD")
    assert (ran.status, OWED in ran.out) == (1, True)
    add_fixture_entry(repository, "relu")
    repository.commit()
    ran = opfixtures(repository, "check", "--from-ref", "HEAD~2", "--to-ref", "HEAD", "--require-fixtures")
    assert (ran.status, ran.out) == (0, NOTHING)


class TestNames:
    def test_spaces_and_umlauts(self, library, hooked, git):
        hooked(library)
        entry = (
            '{"bumped_at_version": 4, "upgrader_name": "f_0_3", "old_schema": "mylib::f(Tensor x) -> Tensor"}'
        )
        library.write("my lib/versiöns.py", f'OPERATOR_VERSIONS = {{"mylib::f": [{entry}]}}\n')
        done = git(library, "commit", "--message", "x")
        assert done.status == 1
        assert done.said.startswith("my lib/versiöns.py:1:35: error OPF201: mylib::f ")
        assert "\nclass TestVersionedFV3(torch.nn.Module):\n" in done.said
        library.git("rm", "--quiet", "--force", "my lib/versiöns.py")
        assert "my lib/versiöns.py:1:1: error OPF109: " in git(library, "commit", "--message", "x").said

    @pytest.mark.parametrize("name", ["two\nlines", "ends in a newline\n", "spaces  and ümläuts", "-q"])
    def test_root(self, hooked, new_repository, pytorch, git, add_entry, name):
        repository = hooked(new_repository(name=name))
        shutil.copytree(pytorch.root, repository.root, dirs_exist_ok=True, ignore=lambda *_: [".git"])
        repository.git("add", "--all")
        repository.commit()
        repository.write("README.md", "more\n")
        assert git(repository, "commit", "--quiet", "--message", "x").said == NOTHING
        add_entry(repository, "relu")
        done = git(repository, "commit", "--message", "x", folder="test")
        assert (done.status, OWED in done.said) == (1, True)

    def test_line_break_in_a_name_beside_the_map(self, hooked, pytorch, git, add_entry):
        hooked(pytorch)
        beside = f"{VERSION_MAP}\nerror OPF109"
        pytorch.write(beside, "no version map\n")
        assert git(pytorch, "commit", "--quiet", "--message", "x").said == NOTHING
        pytorch.git("rm", "--quiet", beside)
        assert git(pytorch, "commit", "--quiet", "--message", "x").said == NOTHING
        pytorch.write(beside, "no version map\n")
        add_entry(pytorch, "relu")
        done = git(pytorch, "commit", "--message", "x")
        assert done.status == 1
        assert done.said.splitlines()[-2] == "opfixtures: 1 error, 0 warnings, 0 notes"

    @pytest.mark.parametrize("key", ["version-map", "registry", "fixtures"])
    def test_line_break_in_a_name_of_the_settings_is_one_sentence(self, library, opfixtures, key):
        settings = re.sub(
            f"^{key} = .*", rf'{key} = "two\\\\nlines"', library.read(".opfixtures.toml"), flags=re.M
        )
        library.write(".opfixtures.toml", settings)
        ran = opfixtures(library, "check")
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.count("\n") == 1
        assert f"{key} must be" in ran.err
