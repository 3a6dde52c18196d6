"""The first look says that nothing changed only where nothing did."""

import os
import shutil

import pytest

from opfixtures import hook_fast_path

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
SETTINGS = """\
# It's read by `opfixtures check`.
[tool.other]
text = '''
[tool]'''

[tool.opfixtures]
# It's all a check needs.
version-map = "mylib/versions.py"
registry = "fixtures_src/registry.py"
fixture-modules = [
    "fixtures_src/modules.py",
]
fixtures = "fixtures"

[[tool.opfixtures.runtimes]]
kind = "checkout"
setup = [["pip", "install", "."]]
import = "mylib"

[project.optional-dependencies]
dev = [
    "opfixtures>=0.1",
]
"""
LIBRARY = {
    "pyproject.toml": SETTINGS,
    "mylib/versions.py": "OPERATOR_VERSIONS = {}\n",
    "mylib/ops.py": "",
    "fixtures_src/registry.py": "ALL_MODULES = {}\n",
    "fixtures_src/modules.py": "",
    "fixtures/scale.ptl": "",
}


@pytest.fixture
def nothing_changed(inside):
    """The first look in a folder of a repository."""

    def look(repository, *args, folder=".", **environment):
        with inside(repository, folder, **environment):
            return hook_fast_path.differing(list(args or ["check"])) == []

    return look


@pytest.fixture
def library(new_repository):
    """A library with settings in pyproject.toml."""
    return new_repository(LIBRARY, name="library")


def test_a_commit_of_something_else_changes_nothing(pytorch, library, nothing_changed):
    pytorch.write("README.md", "more\n")
    library.write("mylib/ops.py", "more\n")
    assert nothing_changed(pytorch)
    assert nothing_changed(pytorch, "hook", "pre-commit", folder="test/jit")
    assert not nothing_changed(pytorch, "hook", "pre-push", "origin")
    assert nothing_changed(library)


def test_what_is_in_none_of_its_files_but_in_its_index_is_seen(pytorch, nothing_changed):
    text = pytorch.read(VERSION_MAP)
    pytorch.write(VERSION_MAP, f"{text}// more\n")
    (pytorch.root / VERSION_MAP).write_text(text)
    assert not nothing_changed(pytorch)


@pytest.mark.parametrize(
    "path", [*sorted(set(LIBRARY) - {"mylib/ops.py"}), "fixtures/new.ptl", ".opfixtures.toml"]
)
def test_every_file_of_a_library_that_a_check_reads_counts(library, nothing_changed, path):
    library.write(path, LIBRARY.get(path, "") + "\n# more\n")
    assert not nothing_changed(library)


@pytest.mark.parametrize(
    "path",
    [
        VERSION_MAP,
        "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp",
        "caffe2/serialize/versions.h",
        "torch/csrc/jit/mobile/upgrader_mobile.cpp",
        "torchgen/operator_versions/gen_mobile_upgraders.py",
        "test/jit/fixtures_srcs/generate_models.py",
        "test/jit/fixtures_srcs/fixtures_src.py",
        "test/jit/fixtures/new.ptl",
        "pyproject.toml",
        ".opfixtures.toml",
    ],
)
def test_every_file_of_a_pytorch_tree_that_a_check_reads_counts(pytorch, nothing_changed, path):
    pytorch.write(path, "changed\n")
    assert not nothing_changed(pytorch)


def test_a_change_is_seen_from_a_folder_below_the_root(pytorch, nothing_changed):
    pytorch.write(VERSION_MAP, "changed\n")
    assert not nothing_changed(pytorch, folder="test/jit")


def test_a_name_that_could_be_a_pattern_is_a_name(library, nothing_changed):
    library.git("mv", "fixtures_src", ":!src")
    library.replace("pyproject.toml", "fixtures_src/", ":!src/")
    library.commit()
    assert nothing_changed(library)
    library.write("./:!src/modules.py", "changed\n")
    assert not nothing_changed(library)


def test_a_version_map_that_is_gone_counts(pytorch, nothing_changed):
    pytorch.git("rm", "--quiet", VERSION_MAP)
    assert not nothing_changed(pytorch)
    pytorch.commit()
    assert not nothing_changed(pytorch)


@pytest.mark.parametrize("ignored", ["", "mylib/versions.py\n"])
def test_a_version_map_that_git_does_not_hold_counts(library, nothing_changed, ignored):
    library.git("rm", "--quiet", "--cached", "mylib/versions.py")
    library.write(".gitignore", ignored)
    library.commit()
    assert not nothing_changed(library)


def test_the_first_commit_counts(new_repository, nothing_changed):
    repository = new_repository()
    repository.write(VERSION_MAP, "")
    assert not nothing_changed(repository)


def test_only_a_plain_check_is_answered(pytorch, nothing_changed):
    assert not nothing_changed(pytorch, "check", "--all")
    assert not nothing_changed(pytorch, "explain")


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"])
def test_an_environment_that_means_another_state_is_left_to_the_whole_check(pytorch, nothing_changed, name):
    assert not nothing_changed(pytorch, **{name: ".git"})


def test_the_index_of_a_hook_is_the_one_that_counts(pytorch, nothing_changed):
    (pytorch.root / ".git/other").write_bytes((pytorch.root / ".git/index").read_bytes())
    pytorch.write(VERSION_MAP, "changed\n")
    pytorch.git("checkout", "--quiet", "HEAD", "--", VERSION_MAP)
    assert nothing_changed(pytorch, GIT_INDEX_FILE=".git/other")
    pytorch.git("rm", "--quiet", "--cached", VERSION_MAP)
    assert nothing_changed(pytorch, GIT_INDEX_FILE=".git/other")
    assert not nothing_changed(pytorch)


def test_a_machine_without_git_or_without_a_repository_is_left_to_the_whole_check(
    pytorch, nothing_changed, tmp_path
):
    assert not nothing_changed(pytorch, PATH=str(tmp_path))
    assert not nothing_changed(pytorch, folder="../..")


def test_linked_worktrees_and_sparse_checkouts_are_left_to_the_whole_check(
    pytorch, nothing_changed, tmp_path
):
    pytorch.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    assert not nothing_changed(pytorch, folder="../linked")
    pytorch.git("sparse-checkout", "set", "torch", "test")
    assert not nothing_changed(pytorch)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"fixtures"', "'fixtures'"),
        ('"fixtures"', '"""\nfixtures"""'),
        ('"fixtures"', r'"f\u0069xtures"'),
        ('"mylib/versions.py"', '"mylib/gone.py"'),
        ("version-map =", "# none\n#"),
        ('"fixtures"', '"fïxtures"'),
        ("[tool.opfixtures]\n", "[tool]\nopfixtures.target = 'x'\n[tool.opfixtures]\n"),
        ("[tool.opfixtures]\n", "[ tool . opfixtures ]\n"),
        ("[tool.opfixtures]\n", '[tool."opfixtures"]\n'),
        ("version-map =", 'preset = "pytorch"\n"version-map" ='),
        ("dev = [", 'tool = { opfixtures = "x" }\ndev = ['),
        ("dev = [", 'tool.opfixtures.preset = "x"\ndev = ['),
    ],
)
def test_settings_in_an_unusual_form_are_left_to_the_whole_check(library, nothing_changed, old, new):
    library.replace("pyproject.toml", old, new)
    library.commit()
    assert not nothing_changed(library)


def test_settings_in_both_files_are_left_to_the_whole_check(library, nothing_changed):
    library.write(".opfixtures.toml", SETTINGS)
    library.commit()
    assert not nothing_changed(library)


def test_a_list_within_a_list_does_not_end_the_settings(library, nothing_changed):
    library.replace("pyproject.toml", 'fixtures = "', 'x = [\n["pip"],\n]\nfixtures = "')
    library.commit()
    assert nothing_changed(library)
    library.write("fixtures/new.ptl", "new")
    assert not nothing_changed(library)


def test_a_git_that_fails_is_left_to_the_whole_check(pytorch, nothing_changed):
    (pytorch.root / ".git/index").write_bytes(b"broken")
    assert not nothing_changed(pytorch)


def test_settings_that_are_no_text_are_left_to_the_whole_check(library, nothing_changed):
    (library.root / "pyproject.toml").write_bytes(b"# opfixtures \xff")
    library.git("commit", "--quiet", "--all", "--message", "bytes")
    assert not nothing_changed(library)


def test_a_preset_named_in_settings_is_watched(pytorch, nothing_changed):
    pytorch.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\nfixtures = "mine"\n')
    pytorch.commit()
    assert nothing_changed(pytorch)
    pytorch.write("mine/new.ptl", "new")
    assert not nothing_changed(pytorch)


class TestWhatTheWholeCheckIsToldOf:
    """As the hook runs it, in a process of its own."""

    def test_a_fixture_alone_is_judged(self, pytorch):
        pytorch.write("test/jit/fixtures/test_versioned_gelu_v9.ptl", "no archive")
        assert "test_versioned_gelu_v9.ptl:1:1: error OPF302: " in pytorch.opfixtures("check").out

    def test_a_folder_of_fixtures_that_becomes_a_file_is_seen(self, pytorch):
        pytorch.git("rm", "-r", "--quiet", "test/jit/fixtures")
        pytorch.write("test/jit/fixtures", "a file")
        assert "a published fixture is removed" in pytorch.opfixtures("check").out

    def test_settings_that_name_another_folder_are_followed(self, pytorch):
        pytorch.write("mine/test_orphan_v1.ptl", "no archive")
        pytorch.commit()
        pytorch.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\nfixtures = "mine"\n')
        assert "mine/test_orphan_v1.ptl:1:1: error OPF302: " in pytorch.opfixtures("check").out

    def test_an_index_whose_fixtures_are_as_in_head_is_not_listed(self, pytorch, tmp_path):
        real = shutil.which("git")
        git = tmp_path / "bin/git"
        git.parent.mkdir()
        git.write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/log"\nexec {real} "$@"\n')
        git.chmod(0o755)
        path = f"{git.parent}:{os.environ['PATH']}"
        pytorch.replace(VERSION_MAP, "gelu_0_9", "other_0_9")
        assert "OPF109" in pytorch.opfixtures("check", PATH=path).out
        listing = "ls-files --stage -z -- :(top,literal)test/jit/fixtures/\n"
        assert listing not in (tmp_path / "log").read_text()
        pytorch.write("test/jit/fixtures/test_orphan_v1.ptl", "no archive")
        assert "OPF302" in pytorch.opfixtures("check", PATH=path).out
        assert listing in (tmp_path / "log").read_text()

    def test_more_than_the_first_look_takes_in_is_left_to_the_whole_check(self, pytorch):
        for number in range(800):
            (pytorch.root / f"test/jit/fixtures/{'x' * 90}{number}").touch()
        pytorch.write("test/jit/fixtures/zz_v1.ptl", "no archive")
        assert "zz_v1.ptl:1:1: error OPF302: " in pytorch.opfixtures("check").out
