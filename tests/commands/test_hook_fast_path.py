"""The first look says that nothing changed only where nothing did."""

import os
import shutil
import subprocess

import pytest

from opfixtures.commands import hook_fast_path
from tests.monorepo import MAP, PACKAGE, SUB, TREE, library_files, version_map

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
            seen = hook_fast_path.first_look(list(args or ["check"]))
            return seen is not None and not seen[0]

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


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_LITERAL_PATHSPECS", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"],
)
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
        ("registry =", '"registry" ='),
        ("registry =", 'exclude = "a"\nexclude ='),
        ("dev = [", 'tool = { opfixtures = "x" }\ndev = ['),
        ("dev = [", 'tool.opfixtures.preset = "x"\ndev = ['),
    ],
)
def test_settings_in_an_unusual_form_are_left_to_the_whole_check(library, nothing_changed, old, new):
    library.replace("pyproject.toml", old, new)
    library.commit()
    assert not nothing_changed(library)


@pytest.mark.parametrize(
    "more",
    [
        '[tool.opfixtures.waivers."mylib::scale"]\ncodes = ["OPF201"]\nreason = "it isn\'t released, größer"\n',
        'identity-upgraders = { scale_0_3 = "it\'s the same" }\n',
        'operators = ["mylib/ops/*.yaml"]\n',
        '[tool.opfixtures.accepted-breaks."mylib::norm"]\nhow = "does not load"\nreason = "they don\'t"\n',
    ],
)
def test_waivers_and_notes_are_read_by_the_first_look_as_well(new_repository, nothing_changed, more):
    """Words in them are none of TOML's quotes, and no paths."""
    place = 'fixtures = "fixtures"\n' if more[0] != "[" else "[project.optional-dependencies]\n"
    settings = SETTINGS.replace(place, f"{place}{more}" if more[0] != "[" else f"{more}{place}")
    library = new_repository({**LIBRARY, "pyproject.toml": settings}, name="waived")
    library.write("mylib/ops.py", "more\n")
    assert nothing_changed(library)
    library.write("mylib/versions.py", "OPERATOR_VERSIONS = {1: 2}\n")
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


@pytest.mark.parametrize("key", ["registry", "fixture-modules", "upgraders", "versions", "mobile-upgraders"])
def test_a_file_that_the_settings_name_and_git_does_not_hold_counts(library, nothing_changed, key):
    """A whole check complains of it, whatever a commit touches."""
    line = f'{key} = ["gone.py"]' if key == "fixture-modules" else f'{key} = "gone.py"'
    text = library.read("pyproject.toml").replace(
        'fixture-modules = [\n    "fixtures_src/modules.py",\n]\n', ""
    )
    text = text.replace('registry = "fixtures_src/registry.py"\n', "")
    library.write("pyproject.toml", text.replace('fixtures = "', f'{line}\nfixtures = "'))
    (library.root / "gone.py").write_text("")
    library.commit()
    assert not nothing_changed(library)
    library.write("gone.py", "")
    library.commit()
    assert nothing_changed(library)


class TestWhatOnlyTheWorkTreeHas:
    def test_is_no_part_of_the_next_commit(self, library, nothing_changed):
        (library.root / "fixtures/new.ptl").write_text("new")
        (library.root / "mylib/versions.py").write_text("OPERATOR_VERSIONS = 1")
        (library.root / "fixtures_src/registry.py").unlink()
        assert nothing_changed(library)
        assert library.opfixtures("check").out == "opfixtures: no problems found\n"

    @pytest.mark.parametrize("text", ["", SETTINGS.replace('"fixtures"', '"other"'), None])
    def test_is_no_settings(self, library, nothing_changed, text):
        """They name what is looked at: where they are others than those of the index, nothing is certain."""
        (library.root / "pyproject.toml").unlink()
        if text is not None:
            (library.root / "pyproject.toml").write_text(text)
        assert not nothing_changed(library)

    def test_is_no_settings_where_the_index_has_none(self, pytorch, nothing_changed):
        (pytorch.root / "pyproject.toml").write_text("[tool.black]\n")
        assert nothing_changed(pytorch)
        (pytorch.root / "pyproject.toml").write_text('[tool.opfixtures]\npreset = "pytorch"\n')
        assert not nothing_changed(pytorch)

    def test_is_no_settings_through_a_link(self, library, nothing_changed):
        library.git("mv", "pyproject.toml", "settings.toml")
        os.symlink("settings.toml", library.root / "pyproject.toml")
        library.git("add", "--all")
        library.commit()
        assert not nothing_changed(library)

    def test_is_no_settings_where_the_index_has_a_link(self, pytorch, nothing_changed):
        """A file system without links has a file with the path of the target in its place."""
        pytorch.git("config", "core.symlinks", "false")
        (pytorch.root / "pyproject.toml").write_text("other.toml")
        oid = pytorch.git("hash-object", "-w", "pyproject.toml")
        pytorch.git("update-index", "--add", "--cacheinfo", f"120000,{oid},pyproject.toml")
        pytorch.commit()
        assert not nothing_changed(pytorch)
        assert pytorch.opfixtures("check").status == 2

    @pytest.mark.parametrize("path", ["fixtures_src/registry.py", "mylib/versions.py"])
    def test_is_no_file_that_settings_name_where_the_index_has_a_link(self, library, nothing_changed, path):
        library.git("mv", path, "moved.py")
        os.symlink("../moved.py", library.root / path)
        library.git("add", "--all")
        library.commit()
        assert not nothing_changed(library)

    def test_is_no_settings_without_an_end(self, library, nothing_changed):
        (library.root / "pyproject.toml").unlink()
        os.symlink("/dev/zero", library.root / "pyproject.toml")
        assert not nothing_changed(library)

    def test_is_no_second_file_of_settings(self, monorepo, nothing_changed):
        (monorepo.root / PACKAGE / ".opfixtures.toml").write_text(SETTINGS)
        assert not nothing_changed(monorepo)

    def test_is_no_tree_with_pytorchs_paths(self, pytorch, nothing_changed):
        pytorch.git("mv", "torch", "other")
        pytorch.git("mv", "test", "tests")
        pytorch.commit()
        (pytorch.root / "torch").symlink_to("other")
        assert not nothing_changed(pytorch)


class TestEveryKindOfIndex:
    @pytest.mark.parametrize(
        "kind",
        [("--index-version", "4"), ("--split-index",), ("--untracked-cache",), ("--force-untracked-cache",)],
    )
    def test_is_read_by_git(self, monorepo, nothing_changed, kind):
        monorepo.git("update-index", *kind)
        monorepo.write("README.md", "more\n")
        assert nothing_changed(monorepo)
        monorepo.write(MAP, "OPERATOR_VERSIONS = 1\n")
        assert not nothing_changed(monorepo)

    def test_with_ids_of_64_digits_too(self, new_repository, nothing_changed):
        repository = new_repository(LIBRARY, options=("--object-format=sha256",))
        assert nothing_changed(repository)
        repository.write("fixtures/scale.ptl", "more\n")
        assert not nothing_changed(repository)

    def test_with_a_conflict_is_left_to_the_whole_check(self, library, nothing_changed):
        library.git("checkout", "--quiet", "-b", "branch")
        library.replace("pyproject.toml", '"fixtures"', '"one"')
        library.commit()
        library.git("checkout", "--quiet", "main")
        library.replace("pyproject.toml", '"fixtures"', '"other"')
        library.commit()
        conflicting = subprocess.run(["git", "merge", "branch"], cwd=library.root, env=library.environment)
        assert conflicting.returncode
        (library.root / ".git/MERGE_HEAD").unlink()
        assert not nothing_changed(library)


class TestProjectsInFolders:
    @pytest.fixture
    def look(self, inside):
        def run(repository):
            with inside(repository):
                return hook_fast_path.first_look(["check"])

        return run

    def test_are_all_known(self, monorepo, look):
        assert look(monorepo) == ([], [PACKAGE, SUB, TREE])
        monorepo.write("README.md", "more\n")
        assert look(monorepo) == ([], [PACKAGE, SUB, TREE])
        monorepo.write(MAP, version_map(halve=4, scale=5))
        assert look(monorepo) == ([MAP], [PACKAGE, SUB, TREE])

    def test_are_known_beside_one_at_the_root(self, new_repository, look):
        repository = new_repository({**LIBRARY, **library_files(PACKAGE)})
        assert look(repository) == ([], ["", PACKAGE])
        repository.write("mylib/versions.py", "more\n")
        repository.write(MAP, version_map(scale=5))
        assert look(repository) == (["mylib/versions.py", MAP], ["", PACKAGE])

    @pytest.mark.parametrize("folder", [PACKAGE, SUB, TREE])
    def test_count_with_every_file_that_a_check_reads(self, monorepo, nothing_changed, folder):
        files = [
            path
            for path in monorepo.git("ls-files", folder).splitlines()
            if not path.endswith(("ops.py", ".md"))
        ]
        assert len(files) >= 4
        for path in files:
            monorepo.git("rm", "--quiet", path)
            assert not nothing_changed(monorepo), path
            monorepo.git("reset", "--quiet", "--hard")
            monorepo.write(path, "more\n")
            assert not nothing_changed(monorepo), path
            monorepo.git("reset", "--quiet", "--hard")
        monorepo.write(f"{folder}/tinyops/ops.py", "more\n")
        assert nothing_changed(monorepo)

    @pytest.mark.parametrize("path", ["new/pyproject.toml", "new/.opfixtures.toml", f"new/{VERSION_MAP}"])
    def test_count_where_one_comes_or_goes(self, monorepo, nothing_changed, path):
        monorepo.write(path, SETTINGS)
        assert not nothing_changed(monorepo)
        monorepo.commit()
        monorepo.git("rm", "--quiet", path)
        assert not nothing_changed(monorepo)
        monorepo.commit()
        assert nothing_changed(monorepo)

    @pytest.mark.parametrize(
        "name", ["tinyops/versions.py", "fixtures_src/registry.py", "fixtures_src/modules.py"]
    )
    def test_count_where_they_name_a_file_that_git_does_not_hold(self, monorepo, nothing_changed, name):
        monorepo.git("rm", "--quiet", "--cached", f"{PACKAGE}/{name}")
        monorepo.commit()
        assert not nothing_changed(monorepo)

    @pytest.mark.parametrize("text", ["", "[tool.opfixtures]\nversion-map = 'x'\n", None])
    def test_have_the_settings_of_the_index(self, monorepo, nothing_changed, text):
        file = monorepo.root / PACKAGE / "pyproject.toml"
        file.unlink()
        if text is not None:
            file.write_text(text)
        assert not nothing_changed(monorepo)

    def test_are_none_in_folders_that_settings_exclude(self, monorepo, look):
        monorepo.write(
            "pyproject.toml", f'[tool.opfixtures]\nexclude = [\n    "packages",  # old\n    "{TREE}",\n]\n'
        )
        monorepo.replace(
            f"{PACKAGE}/pyproject.toml", '"fixtures"', "'in a form that only the whole check reads'"
        )
        monorepo.write(f"{PACKAGE}/.opfixtures.toml", "settings twice")
        assert look(monorepo) is None
        monorepo.commit()
        assert look(monorepo) == ([], [SUB])
        monorepo.write(MAP, "more\n")
        monorepo.git("rm", "--quiet", f"{TREE}/test/jit/fixtures_srcs/generate_models.py")
        assert look(monorepo) == ([], [SUB])
        monorepo.write(
            "sub/.opfixtures.toml", monorepo.read("sub/.opfixtures.toml") + 'exclude = ["inner"]\n'
        )
        for path, content in library_files("sub/inner").items():
            monorepo.write(path, content)
        monorepo.commit()
        assert look(monorepo) == ([], [SUB])

    @pytest.mark.parametrize("path", ["fixtures", "tinyops/versions.py", "fixtures_src/modules.py"])
    def test_count_with_files_that_lie_in_folders_that_settings_exclude(self, monorepo, look, path):
        settings = f"{PACKAGE}/pyproject.toml"
        monorepo.write(settings, f'{monorepo.read(settings)}exclude = ["{path}"]\n')
        monorepo.commit()
        file = f"{PACKAGE}/fixtures/halve_v3.ptl" if path == "fixtures" else f"{PACKAGE}/{path}"
        monorepo.write(file, "more\n")
        assert look(monorepo) == ([file], [PACKAGE, SUB, TREE])

    def test_count_with_what_a_preset_names_and_settings_exclude(self, pytorch, look):
        pytorch.write(
            ".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\nexclude = ["test/jit/fixtures"]\n'
        )
        pytorch.commit()
        pytorch.write("test/jit/fixtures/test_versioned_gelu_v9.ptl", "more\n")
        assert look(pytorch) == (["test/jit/fixtures/test_versioned_gelu_v9.ptl"], [""])

    def test_of_no_repository_that_has_any_are_left_to_the_whole_check(self, new_repository, look):
        repository = new_repository({"README.md": "", "packages/other/pyproject.toml": "[tool.black]\n"})
        assert look(repository) is None
        repository.write(".opfixtures.toml", '[tool.opfixtures]\nexclude = ["packages"]\n')
        repository.commit()
        assert look(repository) is None

    def test_that_only_a_registry_gives_away_are_left_to_the_whole_check(self, pytorch, look):
        """At the root alone: a check complains that there is no version map."""
        pytorch.git("rm", "--quiet", VERSION_MAP)
        pytorch.commit()
        assert look(pytorch) is None
        (pytorch.root / "test/jit/fixtures_srcs/generate_models.py").unlink()
        for path, content in library_files(PACKAGE).items():
            pytorch.write(path, content)
        pytorch.commit()
        assert look(pytorch) is None


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

    def test_other_settings_are_followed(self, library, opfixtures):
        """Fixtures in a folder that nobody looked at are those of the index."""
        library.write("other/test_versioned_scale_v3.ptl", "")
        library.commit()
        library.replace("pyproject.toml", '"fixtures"', '"other"')
        told = library.opfixtures("check")
        assert "other/test_versioned_scale_v3.ptl:1:1: " in told.out
        assert told == opfixtures(library, "check")

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

    def test_more_than_the_first_look_takes_in_is_left_to_the_whole_check(self, pytorch, inside, monkeypatch):
        folder = pytorch.root / "test/jit/fixtures"
        for number in range(100):
            (folder / f"{'x' * 90}{number}").touch()
        pytorch.git("add", "--all")
        monkeypatch.setattr(hook_fast_path, "_MOST_BYTES", 1 << 13)
        with inside(pytorch):
            assert hook_fast_path.first_look(["check"]) is None
        pytorch.write("test/jit/fixtures/zz_v1.ptl", "no archive")
        assert "zz_v1.ptl:1:1: error OPF302: " in pytorch.opfixtures("check").out
