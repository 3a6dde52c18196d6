"""Several projects in one repository: each folder with settings, or with PyTorch's paths below it, is one."""

import json
import os
import shutil
import subprocess

import pytest

from tests.monorepo import MAP, PACKAGE, SETTINGS, SUB, TREE, library_files, pytorch_below, version_map
from tests.repositories import zipped_archive
from tests.tree_fixtures import GELU, HARDSWISH, VERSION_MAP

GELU_NAME = "test_versioned_gelu_v9.ptl"
NOTHING = "opfixtures: no problems found\n"


@pytest.fixture(params=["one process", "the first look too"])
def check(request, opfixtures):
    """Runs the check: in this process, which leaves the hook's first look out, or as the hook runs it."""

    def run(repository, *args):
        if request.param == "one process":
            return opfixtures(repository, "check", *args)
        return repository.opfixtures("check", *args, PRE_COMMIT="1")

    return run


def add_entry(repository, folder):
    """Add an entry that owes a fixture entry to one of the projects of `monorepo`; where it stands."""
    if folder == TREE:
        repository.replace(f"{TREE}/{VERSION_MAP}", GELU, GELU + HARDSWISH)
        return f"{TREE}/{VERSION_MAP}:7:27: error OPF201: aten::hardswish "
    first = {PACKAGE: "halve", SUB: "third"}[folder]
    repository.write(f"{folder}/tinyops/versions.py", version_map(**{first: 4, "scale": 5}))
    return f"{folder}/tinyops/versions.py:10:9: error OPF201: tiny::scale "


@pytest.mark.parametrize("folder", [PACKAGE, SUB, TREE])
class TestAProjectInAFolder:
    def test_is_judged_with_paths_from_the_root(self, monorepo, check, folder):
        place = add_entry(monorepo, folder)
        ran = check(monorepo)
        assert (ran.status, ran.err) == (1, "")
        assert ran.out.startswith(place)
        modules = (
            f"{TREE}/test/jit/fixtures_srcs/fixtures_src.py"
            if folder == TREE
            else f"{folder}/fixtures_src/modules.py"
        )
        assert f"\nadd to {modules}:\n" in ran.out
        assert f"\nadd to ALL_MODULES in {folder}/" in ran.out
        assert ran.out.splitlines()[-2] == "opfixtures: 1 error, 0 warnings, 0 notes"

    def test_is_judged_between_revisions(self, monorepo, opfixtures, folder):
        place = add_entry(monorepo, folder)
        monorepo.commit()
        ran = opfixtures(monorepo, "check", "--from-ref", "HEAD~", "--to-ref", "HEAD")
        assert (ran.status, ran.out.startswith(place)) == (1, True)

    def test_is_judged_whole(self, monorepo, opfixtures, folder):
        place = add_entry(monorepo, folder)
        monorepo.commit()
        ran = opfixtures(monorepo, "check", "--all")
        assert (ran.status, ran.out.startswith(place)) == (1, True)

    def test_is_judged_by_a_plain_hook(self, monorepo, folder):
        place = add_entry(monorepo, folder)
        ran = monorepo.opfixtures("hook", "pre-commit")
        assert (ran.status, ran.out.startswith(place)) == (1, True)

    def test_owes_nothing_for_a_commit_of_something_else(self, monorepo, check, folder):
        monorepo.write(f"{folder}/README.md", "more\n")
        ran = check(monorepo)
        assert (ran.status, ran.out, ran.err) == (0, NOTHING, "")

    def test_that_loses_a_published_fixture_is_told_its_path_from_the_root(self, monorepo, check, folder):
        names = {
            PACKAGE: "fixtures/halve_v3",
            SUB: "fixtures/third_v3",
            TREE: "test/jit/fixtures/test_versioned_gelu_v9",
        }
        path = f"{folder}/{names[folder]}.ptl"
        monorepo.git("rm", "--quiet", path)
        ran = check(monorepo)
        assert ran.status == 1
        assert f"{path}:1:1: error OPF306: " in ran.out
        restore = ran.out.partition("restore it: ")[2].split("\n")[0]
        assert restore.endswith(f" -- :/{path}")
        monorepo.git(*restore.split()[1:])
        assert check(monorepo).out == NOTHING

    def test_that_has_moved_is_told_how_to_restore_a_fixture_from_where_it_stood(
        self, monorepo, check, folder
    ):
        name = f"test/jit/fixtures/{GELU_NAME}" if folder == TREE else "fixtures/halve_v3.ptl"
        name = "fixtures/third_v3.ptl" if folder == SUB else name
        monorepo.git("mv", folder, "moved")
        monorepo.git("rm", "--quiet", "--force", f"moved/{name}")
        command = check(monorepo).out.partition("restore it, at the root: ")[2].split("\n")[0]
        subprocess.run(("sh", "-c", command), cwd=monorepo.root, env=monorepo.environment, check=True)
        monorepo.git("add", "--all")
        assert check(monorepo).out == NOTHING

    def test_that_is_taken_away_is_asked_back(self, monorepo, check, folder):
        monorepo.git("rm", "-r", "--quiet", folder)
        ran = check(monorepo)
        assert ran.status == 1
        path = f"{TREE}/{VERSION_MAP}" if folder == TREE else f"{folder}/tinyops/versions.py"
        assert f"{path}:1:1: error OPF109: the published version map is removed\n" in ran.out

    def test_that_has_moved_owes_nothing(self, monorepo, check, folder):
        monorepo.git("mv", folder, "moved")
        ran = check(monorepo)
        assert (ran.status, ran.out, ran.err) == (0, NOTHING, "")

    def test_that_has_moved_is_compared_with_where_it_stood(self, monorepo, check, folder):
        place = add_entry(monorepo, folder)
        monorepo.git("mv", folder, "moved")
        ran = check(monorepo)
        assert (ran.status, ran.out.startswith(place.replace(folder, "moved"))) == (1, True)
        assert ran.out.splitlines()[-2] == "opfixtures: 1 error, 0 warnings, 0 notes"

    def test_that_has_moved_and_lost_an_entry_is_asked_back(self, monorepo, check, folder):
        path = f"{folder}/{VERSION_MAP if folder == TREE else 'tinyops/versions.py'}"
        monorepo.replace(path, "(Tensor ", "(int n, Tensor ")
        monorepo.git("mv", folder, "moved")
        ran = check(monorepo)
        assert ran.status == 1
        assert f"{path}:1:1: error OPF109: the published version map is removed\n" in ran.out


class TestSeveral:
    def test_are_judged_in_one_list_in_the_order_of_the_files(self, monorepo, opfixtures, findings):
        for folder in (TREE, PACKAGE, SUB):
            add_entry(monorepo, folder)
        assert findings(opfixtures(monorepo, "check", "--format", "json")) == [
            f"OPF201 {MAP}:10",
            "OPF201 sub/tinyops/versions.py:10",
            f"OPF201 {TREE}/{VERSION_MAP}:7",
        ]

    def test_may_stand_beside_one_at_the_root_and_within_each_other(self, new_repository, check):
        files = {
            **library_files("", halve=4),
            **library_files("tinyops/inner", third=4),
            **library_files(PACKAGE, halve=4),
        }
        repository = new_repository(files)
        assert check(repository).out == NOTHING
        repository.write("tinyops/versions.py", version_map(halve=4, scale=5))
        repository.write("tinyops/inner/tinyops/versions.py", version_map(third=4, scale=5))
        ran = check(repository)
        assert [line.partition(" error ")[0] for line in ran.out.splitlines() if " error " in line] == [
            "tinyops/inner/tinyops/versions.py:10:9:",
            "tinyops/versions.py:10:9:",
        ]

    def test_each_counts_its_own_versions(self, monorepo, check):
        """That one library has given out 4 is nothing to another."""
        monorepo.write(MAP, version_map(halve=4, scale=4))
        assert (
            "error OPF108: tiny::scale is bumped at version 4, which tiny::halve has taken"
            in check(monorepo).out
        )
        monorepo.git("reset", "--quiet", "--hard")
        monorepo.write("sub/tinyops/versions.py", version_map(third=4, halve=5))
        assert "OPF108" not in check(monorepo).out

    def test_one_with_unusable_settings_does_not_hide_the_others(self, monorepo, check):
        monorepo.replace("sub/.opfixtures.toml", "registry =", "regsitry =")
        monorepo.replace(f"{PACKAGE}/pyproject.toml", "fixtures =", "fixture =")
        place = add_entry(monorepo, TREE)
        ran = check(monorepo)
        assert ran.status == 2
        assert ran.out.startswith(place)
        assert ran.out.splitlines()[-2] == "opfixtures: 1 error, 0 warnings, 0 notes"
        assert [line.partition(": [tool")[0] for line in ran.err.splitlines()] == [
            f"opfixtures: error: {PACKAGE}/pyproject.toml",
            "opfixtures: error: sub/.opfixtures.toml",
        ]

    def test_without_a_finding_an_error_stands_alone(self, monorepo, check):
        monorepo.replace("sub/.opfixtures.toml", "registry =", "regsitry =")
        ran = check(monorepo)
        assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)

    def test_each_has_a_target_of_its_own(self, monorepo, check):
        monorepo.git("branch", "released")
        monorepo.write("sub/.opfixtures.toml", SETTINGS + 'target = "released"\n')
        monorepo.write("sub/tinyops/versions.py", version_map(third=4, scale=5))
        monorepo.write(MAP, version_map(halve=4, scale=5))
        monorepo.commit()
        # What no release has may be taken back.
        monorepo.git("tag", "v2")
        monorepo.write("sub/tinyops/versions.py", version_map(third=4))
        assert check(monorepo).out == NOTHING
        monorepo.write(MAP, version_map(halve=4))
        ran = check(monorepo)
        assert ran.status == 1
        assert (
            f"{MAP}:3:9: error OPF109: the published entry of tiny::scale at version 5 is removed\n"
            in ran.out
        )
        assert "sub/" not in ran.out

    def test_each_has_its_waivers_whose_paths_are_meant_from_their_folder(self, monorepo, check):
        waiver = "codes = ['OPF307', 'OPF201'], reason = 'known', expires = 2999-01-01"
        waivers = "".join(f"'{key}' = {{ {waiver} }}\n" for key in ("fixtures/orphan_v1.ptl", "tiny::scale"))
        monorepo.write("sub/.opfixtures.toml", f"{SETTINGS}\n[tool.opfixtures.waivers]\n{waivers}")
        for folder in (PACKAGE, SUB):
            monorepo.write(f"{folder}/fixtures/orphan_v1.ptl", zipped_archive(3, "tiny::orphan"))
            add_entry(monorepo, folder)
        lines = [line for line in check(monorepo).out.splitlines() if " OPF" in line and "next: " not in line]
        assert [(line.split(":")[0], line.split()[1:3]) for line in lines] == [
            (f"{PACKAGE}/fixtures/orphan_v1.ptl", ["warning", "OPF307:"]),
            (MAP, ["error", "OPF201:"]),
            ("sub/fixtures/orphan_v1.ptl", ["note", "OPF307:"]),
            ("sub/tinyops/versions.py", ["note", "OPF201:"]),
        ]

    def test_one_may_come(self, monorepo, check):
        for path, content in library_files("packages/new", fresh=4).items():
            monorepo.write(path, content)
        assert check(monorepo).out == NOTHING
        monorepo.write("packages/new/fixtures_src/registry.py", "ALL_MODULES = {}\n")
        assert "packages/new/tinyops/versions.py:3:9: error OPF201: tiny::fresh " in check(monorepo).out


class TestWhatIsNoProject:
    def test_a_submodule(self, monorepo, new_repository, check):
        inner = new_repository(library_files("", inner=4), name="inner")
        monorepo.git(
            "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "module"
        )
        monorepo.commit()
        module = type(monorepo)(monorepo.root / "module", monorepo.environment)
        module.write("tinyops/versions.py", version_map(inner=4, scale=5))
        module.commit()
        monorepo.git("add", "module")
        assert check(monorepo).out == NOTHING

    @pytest.mark.parametrize("ignored", ["", "vendored\n"])
    def test_what_git_does_not_hold(self, monorepo, check, opfixtures, ignored):
        monorepo.write(".gitignore", ignored)
        for path, content in {
            **library_files("vendored", scale=5),
            **pytorch_below("vendored/torch"),
        }.items():
            file = monorepo.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        (monorepo.root / "vendored/fixtures_src/registry.py").write_text("")
        assert check(monorepo).out == NOTHING
        folders = [
            one["folder"]
            for one in json.loads(opfixtures(monorepo, "status", "--format", "json").out)["projects"]
        ]
        assert folders == [PACKAGE, SUB, TREE]

    def test_a_link_that_has_a_name_of_settings(self, monorepo, check):
        os.symlink("../pyproject.toml", monorepo.root / "packages/pyproject.toml")
        monorepo.git("add", "--all")
        assert check(monorepo).out == NOTHING
        monorepo.commit()
        monorepo.write("README.md", "more\n")
        assert check(monorepo).out == NOTHING

    def test_a_link_that_may_have_settings_is_no_less(self, monorepo, check):
        """None is followed, and none is passed by."""
        os.symlink("../sub/.opfixtures.toml", monorepo.root / "packages/.opfixtures.toml")
        monorepo.git("add", "--all")
        monorepo.commit()
        monorepo.write("README.md", "more\n")
        ran = check(monorepo)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith(
            "opfixtures: error: packages/.opfixtures.toml is a symbolic link in the index, to ../sub/"
        )

    def test_settings_of_another_tool_and_files_whose_names_end_alike(self, monorepo, check):
        monorepo.write("packages/other/pyproject.toml", "[tool.black]\nopfixtures = ''\n")
        monorepo.write("packages/other/my.opfixtures.toml", SETTINGS)
        monorepo.write(f"packages/other/my_{VERSION_MAP}", "")
        monorepo.commit()
        monorepo.write("README.md", "more\n")
        assert check(monorepo).out == NOTHING


@pytest.mark.parametrize("command", [("check",), ("hook", "pre-commit"), ("check", "--all"), ("status",)])
def test_git_is_asked_as_often_however_many_folders_have_settings_of_other_tools(monorepo, tmp_path, command):
    log = tmp_path / "log"
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$*" >> "{log}"\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)
    path = f"{git.parent}:{os.environ['PATH']}"

    def asked():
        log.write_text("")
        monorepo.opfixtures(*command, PATH=path)
        return len(log.read_text().splitlines())

    add_entry(monorepo, PACKAGE)
    few = asked()
    for number in range(20):
        monorepo.write(f"packages/other{number}/pyproject.toml", "[tool.black]\n")
    monorepo.git("reset", "--quiet", "--", MAP)
    monorepo.commit()
    monorepo.git("add", MAP)
    assert asked() == few < 20


class TestExcludedFolders:
    EXCLUDE = "[tool.opfixtures]\nexclude = ['packages', 'third_party/pytorch']\n"

    @pytest.fixture
    def excluding(self, monorepo):
        monorepo.write(".opfixtures.toml", self.EXCLUDE.replace("'", '"'))
        monorepo.commit()
        return monorepo

    def test_hold_no_project(self, excluding, check):
        add_entry(excluding, PACKAGE)
        add_entry(excluding, TREE)
        assert check(excluding).out == NOTHING
        place = add_entry(excluding, SUB)
        ran = check(excluding)
        assert (ran.status, ran.out.startswith(place)) == (1, True)
        assert ran.out.splitlines()[-2] == "opfixtures: 1 error, 0 warnings, 0 notes"

    def test_leave_no_project_where_settings_say_nothing_else(self, excluding, opfixtures):
        reported = json.loads(opfixtures(excluding, "status", "--format", "json").out)
        assert [one["folder"] for one in reported["projects"]] == [SUB]

    def test_may_be_named_by_any_settings_in_their_folder(self, monorepo, check):
        for path, content in library_files("sub/inner", inner=4).items():
            monorepo.write(path, content)
        monorepo.write("sub/.opfixtures.toml", SETTINGS + 'exclude = ["inner"]\n')
        monorepo.commit()
        monorepo.write("sub/inner/tinyops/versions.py", version_map(inner=4, scale=5))
        assert check(monorepo).out == NOTHING

    def test_are_judged_once_more_by_the_change_that_excludes_them(self, monorepo, check, opfixtures):
        """What it breaks there, too."""
        monorepo.write(".opfixtures.toml", self.EXCLUDE)
        assert check(monorepo).out == NOTHING
        place = add_entry(monorepo, PACKAGE)
        ran = check(monorepo)
        assert (ran.status, ran.out.startswith(place)) == (1, True)
        assert opfixtures(monorepo, "check", "--all").out == NOTHING

    @pytest.mark.parametrize("command", ["generate", "verify"])
    @pytest.mark.parametrize("how", ["exclude", "take away"])
    def test_are_missed_by_what_replays_fixtures(self, new_repository, opfixtures, command, how):
        repository = new_repository({**library_files(""), **library_files("sub", scale=4)})
        repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        # Nothing in the other project needs a runtime.
        assert command == "verify" or opfixtures(repository, command).status == 0
        if how == "exclude":
            repository.write("pyproject.toml", SETTINGS + 'exclude = ["sub"]\n')
            reason = "this change excludes the project in sub, and nothing replays it"
        else:
            repository.write("sub/pyproject.toml", "")
            reason = "this change takes the settings of the project in sub away, and nothing replays it"
        repository.commit("out of sight")
        ran = opfixtures(repository, command)
        assert ran.status == 1
        assert "mismatch    tiny::scale at 4  sub/fixtures/scale_v3.ptl\n" in ran.out
        assert reason in ran.out
        assert "1 mismatch" in ran.out
        assert "nothing to do" not in ran.out

    @pytest.mark.parametrize("command", ["generate", "verify"])
    def test_that_hold_the_only_project_are_named(self, new_repository, opfixtures, command):
        files = {
            **library_files("sub", scale=4),
            "sub/other/pyproject.toml": "[tool.other]\n",
            "pyproject.toml": '[tool.opfixtures]\nexclude = ["sub"]\n',
        }
        repository = new_repository(files)
        ran = opfixtures(repository, command)
        assert (ran.status, ran.err) == (
            2,
            "opfixtures: error: nothing to check: `exclude` in the settings leaves out sub, and no other folder of "
            "the work tree has [tool.opfixtures]\n",
        )
        repository.write("sub/pyproject.toml", "[tool.opfixtures")
        assert "nothing to check: no [tool.opfixtures]" in opfixtures(repository, command).err

    def test_that_are_no_list_are_an_error(self, monorepo, check):
        monorepo.write(".opfixtures.toml", "[tool.opfixtures]\nexclude = 'packages'\n")
        ran = check(monorepo)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith(
            "opfixtures: error: .opfixtures.toml: [tool.opfixtures]: exclude must be a list"
        )

    def test_are_no_patterns(self, monorepo, check):
        monorepo.write(".opfixtures.toml", '[tool.opfixtures]\nexclude = ["*"]\n')
        monorepo.commit()
        assert check(monorepo).err == (
            "opfixtures: error: .opfixtures.toml: [tool.opfixtures]: exclude takes the names of folders and "
            "no patterns, not '*'\n"
        )


class TestSettingsThatAreTakenAway:
    @pytest.mark.parametrize("folder", ["", PACKAGE])
    def test_leave_a_published_map_that_nobody_reads(self, new_repository, check, folder):
        repository = new_repository(library_files(folder, halve=4))
        source = f"{folder}/pyproject.toml".lstrip("/")
        repository.write(source, "[tool.other]\n")
        ran = check(repository)
        path = f"{folder}/tinyops/versions.py".lstrip("/")
        assert (ran.status, ran.out) == (
            1,
            f"{path}:1:1: error OPF109: no settings name the published version map any more\n"
            f"    name it as `version-map` in [tool.opfixtures] of {source}\n"
            "opfixtures: 1 error, 0 warnings, 0 notes\n"
            "next: mend it and `git add` that; `opfixtures explain OPF109` says more\n",
        )

    def test_may_move_to_the_other_file_and_to_another_folder(self, new_repository, check):
        repository = new_repository(library_files("", halve=4))
        repository.git("mv", "pyproject.toml", ".opfixtures.toml")
        assert check(repository).out == NOTHING
        repository.git("rm", "--quiet", "--force", ".opfixtures.toml")
        settings = SETTINGS.replace("tinyops/", "")
        repository.write("tinyops/pyproject.toml", settings.replace('"fixtures', '"tests/fixtures'))
        for name in ("fixtures", "fixtures_src"):
            (repository.root / "tinyops/tests").mkdir(exist_ok=True)
            repository.git("mv", name, f"tinyops/tests/{name}")
        assert check(repository).out == NOTHING

    def test_may_go_where_they_never_could_be_used(self, monorepo, check):
        monorepo.write("broken/.opfixtures.toml", "[tool.opfixtures]\nversion-mop = 1\n")
        monorepo.commit()
        assert check(monorepo).status == 2
        monorepo.git("rm", "--quiet", "broken/.opfixtures.toml")
        assert check(monorepo).out == NOTHING

    def test_a_project_that_has_moved_is_judged_against_where_target_has_it(self, monorepo, check):
        monorepo.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        monorepo.git("mv", PACKAGE, "moved")
        monorepo.commit()
        monorepo.write("README.md", "more\n")
        assert check(monorepo).out == NOTHING
        ran = check(monorepo, "--from-ref", "origin/HEAD", "--to-ref", "HEAD")
        assert (ran.status, ran.out) == (0, NOTHING)


class TestSettingsThatOnlyTheWorkTreeHas:
    @pytest.fixture
    def bare(self, new_repository):
        return new_repository(
            {"README.md": "Nothing yet.\n", "packages/tinyops/pyproject.toml": "[project]\n"}
        )

    @pytest.fixture(
        params=[
            "pyproject.toml",
            f"{PACKAGE}/.opfixtures.toml",
            f"{PACKAGE}/pyproject.toml",
            f"{TREE}/{VERSION_MAP}",
        ]
    )
    def path(self, request, bare):
        """One that is not in the index, or not as it is in the work tree."""
        file = bare.root / request.param
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SETTINGS)
        return request.param

    def test_are_named_with_the_command_that_adds_them(self, bare, path, check):
        ran = check(bare)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err == (
            f"opfixtures: error: nothing to check: {path} is not in the index as it stands in the work tree: "
            f"`git add {path}`\n"
        )
        bare.git(*ran.err.partition("`git ")[2].rstrip("`\n").split())
        assert "nothing to check" not in check(bare).err

    def test_stop_no_commit(self, bare, path):
        ran = bare.opfixtures("hook", "pre-commit")
        assert (ran.status, ran.out) == (0, NOTHING)
        assert ran.err.startswith(f"opfixtures: warning: nothing to check: {path} is not in the index ")

    @pytest.mark.usefixtures("path")
    def test_are_no_business_of_two_commits(self, bare, opfixtures):
        ran = opfixtures(bare, "check", "--from-ref", "HEAD", "--to-ref", "HEAD")
        assert (ran.status, "git add" in ran.err) == (2, False)
        assert ran.err.startswith(
            "opfixtures: error: nothing to check: no [tool.opfixtures] in pyproject.toml or "
        )

    def test_that_cannot_be_used_are_named_too(self, bare, check):
        (bare.root / "sub").mkdir()
        (bare.root / "sub/.opfixtures.toml").write_text("= no TOML")
        assert "`git add sub/.opfixtures.toml`" in check(bare).err

    def test_beside_a_project_have_no_part_in_the_check_which_says_so(self, monorepo, pytorch, check):
        (monorepo.root / PACKAGE / ".opfixtures.toml").write_text(SETTINGS)
        monorepo.replace("sub/.opfixtures.toml", "fixtures_src/registry.py", "fixtures_src/other.py")
        (monorepo.root / "sub/.opfixtures.toml").write_text(SETTINGS + "# not staged\n")
        assert check(monorepo).err == (
            f"opfixtures: warning: the settings in {PACKAGE}/.opfixtures.toml have no part in this: "
            f"`git add {PACKAGE}/.opfixtures.toml`\n"
        )
        (pytorch.root / "pyproject.toml").write_text('[tool.opfixtures]\npreset = "pytorch"\n')
        ran = check(pytorch)
        assert (ran.status, ran.out) == (0, NOTHING)
        assert "the settings in pyproject.toml have no part in this: `git add pyproject.toml`" in ran.err
        assert check(pytorch, "--from-ref", "HEAD", "--to-ref", "HEAD").err == ""

    def test_of_another_project_have_no_part_in_the_check_which_says_so(self, monorepo, check):
        monorepo.write("new lib/ops/versions.py", "OPERATOR_VERSIONS = {}\n")
        (monorepo.root / "new lib/pyproject.toml").write_text(SETTINGS)
        monorepo.replace("sub/.opfixtures.toml", "fixtures_src/registry.py", "fixtures_src/other.py")
        assert check(monorepo).err == (
            "opfixtures: warning: the settings in new lib/pyproject.toml have no part in this: "
            "`git add 'new lib/pyproject.toml'`\n"
        )
        # Also where git knows the file.
        monorepo.git("add", "--all")
        monorepo.write("new lib/pyproject.toml", "[project]\n")
        monorepo.commit()
        monorepo.replace("sub/.opfixtures.toml", "fixtures_src/other.py", "fixtures_src/registry.py")
        monorepo.write("new lib/ops/versions.py", "OPERATOR_VERSIONS: dict = {}\n")
        (monorepo.root / "new lib/pyproject.toml").write_text(SETTINGS)
        assert "the settings in new lib/pyproject.toml have no part" in check(monorepo).err
        (monorepo.root / ".git/info/exclude").write_text("new lib\n")
        monorepo.git("rm", "--quiet", "--cached", "new lib/pyproject.toml")
        assert check(monorepo).err == ""

    def test_a_version_map_that_is_not_staged_is_named(self, monorepo, check):
        monorepo.git("rm", "--quiet", "--cached", MAP)
        monorepo.commit()
        ran = check(monorepo)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.endswith(f"in the index: `git add {MAP}`: only the work tree has it\n")

    @pytest.mark.parametrize("command", [("status",), ("renumber",)])
    def test_in_a_folder_are_none_for_commands_that_read_the_work_tree_either(
        self, bare, opfixtures, command
    ):
        (bare.root / "sub").mkdir()
        (bare.root / "sub/.opfixtures.toml").write_text(SETTINGS)
        ran = opfixtures(bare, *command)
        assert (ran.status, ran.out) == (2, "")
        assert "`git add sub/.opfixtures.toml`" in ran.err


class TestFilesThatTheSettingsName:
    """OPF402: what is not found declares nothing, and of nothing no rule finds fault."""

    @pytest.mark.sampled(8)
    @pytest.mark.parametrize(
        ("line", "place"),
        [
            ('registry = "fixtures_src/registy.py"', "3:13"),
            ('fixture-modules = ["fixtures_src/modules.py", "gone.py"]', "4:48"),
            ('upgraders = "upgraders.cpp"', "6:14"),
            ('versions = "versions.h"', "6:13"),
            ('mobile-upgraders = "mobile.cpp"', "6:21"),
            ('mobile-upgraders-generator = "generate.py"', "6:31"),
        ],
    )
    @pytest.mark.parametrize("folder", ["", PACKAGE])
    def test_are_missed_at_their_place_whatever_the_commit_is(
        self, new_repository, check, folder, line, place
    ):
        repository = new_repository(library_files(folder, halve=4))
        source = f"{folder}/pyproject.toml".lstrip("/")
        key = line.partition(" =")[0]
        kept = [one for one in SETTINGS.splitlines() if not one.startswith(f"{key} =")]
        number = int(place.partition(":")[0]) - 1
        repository.write(source, "\n".join([*kept[:number], line, *kept[number:]]) + "\n")
        path = f"{folder}/{line.split(chr(34))[-2]}".lstrip("/")
        wanted = (
            f"{source}:{place}: error OPF402: `{key}` names {path}, which is not there\n"
            f"    correct the path, or bring the file: git add {path}\n"
        )
        assert wanted in check(repository).out
        repository.commit()
        repository.write("README.md", "something else\n")
        ran = check(repository)
        assert (ran.status, ran.out.startswith(wanted)) == (1, True)
        repository.write(path, "")
        assert "OPF402" not in check(repository).out

    def test_that_only_the_work_tree_has_are_not_there(self, monorepo, check):
        path = f"{PACKAGE}/fixtures_src/registry.py"
        monorepo.git("rm", "--quiet", "--cached", path)
        monorepo.commit()
        ran = check(monorepo)
        assert (ran.status, f"OPF402: `registry` names {path}, which is not there\n" in ran.out) == (1, True)
        monorepo.git(*ran.out.partition("bring the file: git ")[2].split("\n")[0].split())
        assert "OPF402" not in check(monorepo).out

    def test_written_as_nobody_expects_are_missed_in_the_first_line(self, monorepo, check):
        monorepo.replace(f"{PACKAGE}/pyproject.toml", '"fixtures_src/registry.py"', r'"\u0067one.py"')
        assert (
            f"{PACKAGE}/pyproject.toml:1:1: error OPF402: `registry` names {PACKAGE}/gone.py"
            in check(monorepo).out
        )

    def test_that_a_preset_names_are_not_missed(self, pytorch, check):
        pytorch.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\n')
        assert check(pytorch).out == NOTHING
        pytorch.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\nversions = "versions.h"\n')
        assert ".opfixtures.toml:3:13: error OPF402: " in check(pytorch).out
