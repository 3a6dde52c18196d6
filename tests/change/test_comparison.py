"""Which states are compared, whatever is checked out, and when a version map counts as gone."""

import os

import pytest

from tests.tree_fixtures import LIBRARY

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
OWED = f"OPF201 {VERSION_MAP}:7"
SCALE = """\
OPERATOR_VERSIONS = {
    "mylib::scale": [
        {
            "bumped_at_version": 4,
            "upgrader_name": "scale_0_3",
            "old_schema": "mylib::scale(Tensor x) -> Tensor",
        },
    ],
}
"""


class TestWhatIsCompared:
    def test_pre_commits_variables_count_as_refs(self, pytorch, opfixtures, findings, add_hardswish):
        add_hardswish(pytorch)
        pytorch.commit()
        refs = {"PRE_COMMIT_FROM_REF": "HEAD~", "PRE_COMMIT_TO_REF": "HEAD"}
        assert findings(opfixtures(pytorch, "check", "--format", "json", **refs)) == [OWED]

    def test_all_judges_old_debts_too(self, pytorch, opfixtures, findings, add_hardswish):
        add_hardswish(pytorch)
        pytorch.commit()
        assert opfixtures(pytorch, "check").status == 0
        assert findings(opfixtures(pytorch, "check", "--all", "--format", "json")) == [OWED]

    def test_all_misses_a_map_that_is_gone(self, pytorch, opfixtures, findings):
        pytorch.git("rm", "--quiet", VERSION_MAP)
        assert findings(opfixtures(pytorch, "check", "--all", "--format", "json")) == [
            f"OPF109 {VERSION_MAP}:1"
        ]

    def test_a_folder_below_the_root_sees_the_same(self, pytorch, opfixtures, findings, add_hardswish):
        add_hardswish(pytorch)
        assert findings(opfixtures(pytorch, "check", "--format", "json", folder="test/jit")) == [OWED]

    def test_a_root_that_is_reached_through_a_link_is_the_same(
        self, pytorch, opfixtures, tmp_path, findings, add_hardswish
    ):
        add_hardswish(pytorch)
        os.symlink(pytorch.root, tmp_path / "link")
        assert findings(opfixtures(pytorch, "check", "--format", "json", folder="../link")) == [OWED]


class TestAVersionMapThatIsGone:
    def test_renamed_together_with_the_settings_it_is_still_there(self, library, opfixtures):
        library.write("my lib/versiöns.py", SCALE)
        library.commit()
        library.git("mv", "my lib/versiöns.py", "my lib/moved.py")
        assert opfixtures(library, "check").status == 1
        library.replace(".opfixtures.toml", "versiöns.py", "moved.py")
        assert opfixtures(library, "check").out == "opfixtures: no problems found\n"

    def test_renamed_on_this_branch_and_then_deleted_it_is_asked_back_where_target_has_it(
        self, library, opfixtures, findings
    ):
        library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        library.git("mv", "my lib/versiöns.py", "my lib/moved.py")
        library.replace(".opfixtures.toml", "versiöns.py", "moved.py")
        library.commit()
        library.git("rm", "--quiet", "my lib/moved.py")
        ran = opfixtures(library, "check", "--format", "json")
        assert findings(ran) == ["OPF109 my lib/versiöns.py:1"]

    def test_what_only_this_branch_brought_may_go(self, library, opfixtures):
        library.git("rm", "--quiet", "my lib/versiöns.py")
        library.commit()
        library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        library.write("my lib/versiöns.py", SCALE)
        library.commit()
        library.git("rm", "--quiet", "my lib/versiöns.py")
        assert opfixtures(library, "check").out == "opfixtures: no problems found\n"

    def test_target_is_the_branch_the_settings_name(self, library, opfixtures):
        library.git("branch", "release")
        settings = library.read(".opfixtures.toml").replace(
            "[tool.opfixtures]\n", "[tool.opfixtures]\ntarget = 'NAME'\n"
        )
        library.write(".opfixtures.toml", settings.replace("NAME", "release"))
        library.commit()
        library.git("rm", "--quiet", "my lib/versiöns.py")
        assert opfixtures(library, "check").status == 1
        library.write(".opfixtures.toml", settings.replace("NAME", "gone"))
        library.commit()
        library.write("my lib/versiöns.py", SCALE)
        ran = opfixtures(library, "check")
        assert (ran.status, ran.out) == (2, "")
        assert "target 'gone' of .opfixtures.toml is not in this clone" in ran.err


class TestAChangeDoesNotChooseWhatItIsJudgedAgainst:
    """Its own settings name its own tip, as target, and it changes a published entry."""

    CI = ("check", "--from-ref", "main", "--to-ref", "topic", "--format", "json")
    CHANGED = f"OPF109 {VERSION_MAP}:6"

    def change(self, repository, target):
        """A branch of two commits, `topic`, the first of which has a tag; `ID` in `target` stands for its id."""
        repository.git("switch", "--quiet", "--create", "topic")
        repository.replace(VERSION_MAP, "aten::gelu(Tensor self)", "aten::gelu(Tensor x)")
        settings = f"[tool.opfixtures]\npreset = 'pytorch'\ntarget = '{target}'\n"
        changed = repository.commit()
        repository.git("tag", "changed")
        repository.write(".opfixtures.toml", settings.replace("ID", changed))
        repository.commit()

    @pytest.mark.parametrize(
        "target", ["HEAD", "@", "HEAD~0", "topic", "refs/heads/topic", "changed", "refs/tags/changed", "ID"]
    )
    @pytest.mark.parametrize("published", [None, "", "target = 'main'\n"])
    def test_its_settings_do_not_name_target(self, pytorch, opfixtures, findings, target, published):
        if published is not None:
            pytorch.write(".opfixtures.toml", f"[tool.opfixtures]\npreset = 'pytorch'\n{published}")
            pytorch.commit()
        self.change(pytorch, target)
        assert findings(opfixtures(pytorch, *self.CI)) == [self.CHANGED]

    def test_it_may_mend_the_name_of_a_target_that_is_not_here(self, pytorch, opfixtures, findings):
        pytorch.write(".opfixtures.toml", "[tool.opfixtures]\npreset = 'pytorch'\ntarget = 'gone'\n")
        pytorch.commit()
        self.change(pytorch, "gone")
        ran = opfixtures(pytorch, *self.CI)
        assert (ran.status, "target 'gone' of .opfixtures.toml is not in this clone" in ran.err) == (2, True)
        pytorch.replace(".opfixtures.toml", "gone", "HEAD")
        pytorch.commit()
        assert findings(opfixtures(pytorch, *self.CI)) == [self.CHANGED]

    def test_where_nothing_had_settings_its_own_name_target(self, new_repository, opfixtures):
        repository = new_repository({"a.txt": "a library\n"})
        repository.git("switch", "--quiet", "--create", "topic")
        for path, text in {**LIBRARY, "my lib/versiöns.py": SCALE}.items():
            repository.write(path, text)
        repository.replace(".opfixtures.toml", "[tool.opfixtures]\n", "[tool.opfixtures]\ntarget = 'gone'\n")
        repository.commit()
        ran = opfixtures(repository, *self.CI)
        assert (ran.status, "target 'gone' of .opfixtures.toml is not in this clone" in ran.err) == (2, True)


def test_a_librarys_upgraders_in_python_are_not_read(library, opfixtures, findings):
    library.replace(".opfixtures.toml", "registry =", 'upgraders = "my lib/upgraders.py"\nregistry =')
    library.write("my lib/upgraders.py", "def scale_0_3(x):\n    return x\n")
    library.write("my lib/versiöns.py", SCALE)
    assert findings(opfixtures(library, "check", "--format", "json")) == ["OPF201 my lib/versiöns.py:3"]
    library.commit()
    library.git("rm", "--quiet", "my lib/upgraders.py")
    assert findings(opfixtures(library, "check", "--format", "json")) == ["OPF402 .opfixtures.toml:3"]
