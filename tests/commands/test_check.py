"""`opfixtures check` in real repositories: what it says of a change, and how to mend it."""

import json
import re

import pytest

from opfixtures.commands.hook_fast_path import NOTHING_STAGED
from opfixtures.declarations.names import fixture_stem
from tests.repositories import zipped_archive
from tests.tree_fixtures import GELU

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
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

HARDSWISH_ARCHIVE = zipped_archive(3, "aten::hardswish")


def add_fixture_entry(repository):
    """Add module and row for aten::hardswish and stage them."""
    module = (
        "\n\nclass TestVersionedHardswishV10(torch.nn.Module):\n"
        "    def forward(self, x):\n        return torch.ops.aten.hardswish(x)\n"
    )
    repository.write(MODULES, repository.read(MODULES) + module)
    repository.replace(REGISTRY, "\n}", '\n    TestVersionedHardswishV10(): "aten::hardswish",\n}')


class TestAnEditedVersionMap:
    def test_an_added_entry_owes_a_fixture_entry_and_the_report_shows_the_lines(
        self, pytorch, opfixtures, add_hardswish
    ):
        add_hardswish(pytorch)
        ran = opfixtures(pytorch, "check")
        assert ran.status == 1
        assert ran.out.startswith(
            f"{VERSION_MAP}:7:27: error OPF201: aten::hardswish is bumped at version 11 without a matching "
            f"fixture entry, one whose module ends in V0 to V10\nopfixtures new aten::hardswish\n"
            f"shows the lines and, with --apply, writes them; by hand that is\nadd to {MODULES}:\n\n"
            "class TestVersionedHardswishV10(torch.nn.Module):\n"
        )
        assert f"\nadd to ALL_MODULES in {REGISTRY}:5:\n\n" in ran.out
        assert '\n    TestVersionedHardswishV10(): "aten::hardswish",\n' in ran.out
        assert ran.out.splitlines()[-2] == "opfixtures: 1 error, 0 warnings, 0 notes"

    def test_what_is_committed_is_mended_by_the_command_that_is_shown(
        self, pytorch, opfixtures, add_hardswish
    ):
        add_hardswish(pytorch)
        pytorch.commit("the change")
        assert opfixtures(pytorch, "check", "--fix").out == "opfixtures: no problems found\n"
        refs = ("--from-ref", "HEAD~1", "--to-ref", "HEAD")
        ran = opfixtures(pytorch, "check", *refs)
        assert (
            "next: `opfixtures check --fix --from-ref 'HEAD~1' --to-ref HEAD` writes what it can" in ran.out
        )
        assert opfixtures(pytorch, "check", "--fix", *refs).status == 1
        pytorch.git("add", "--all")
        pytorch.commit("mended")
        assert opfixtures(pytorch, "check", "--from-ref", "HEAD~2", "--to-ref", "HEAD").status == 0

    @pytest.mark.parametrize(
        ("rows", "where"),
        [
            ('{\n    TestVersionedGeluV9(): "aten::gelu",  # one\n}', ":"),
            ('{\n    TestVersionedGeluV9(): "aten::gelu"  # one,\n}', ", behind a comma:"),
            ('{TestVersionedGeluV9(): "aten::gelu"}', ", inside its braces, behind a comma:"),
            ('{TestVersionedGeluV9(): "aten::gelu",}', ", inside its braces:"),
            ('{\n    TestVersionedGeluV9(): "é",}', ", inside its braces:"),
            ("{}", ", inside its braces:"),
            ("{\n}", ":"),
        ],
    )
    def test_the_report_says_what_to_mind_where_the_row_goes(
        self, pytorch, opfixtures, add_hardswish, rows, where
    ):
        add_hardswish(pytorch)
        pytorch.write(REGISTRY, f"ALL_MODULES = {rows}\n")
        line = rows.count("\n") + 1
        assert f"\nadd to ALL_MODULES in {REGISTRY}:{line}{where}\n" in opfixtures(pytorch, "check").out

    def test_operators_whose_classes_would_be_called_alike_get_different_ones(self, pytorch, opfixtures):
        names = ("scale", "_scale", "n.x", "n_x", "N_x")
        entry = '{{"npu::{0}", {{{{11, "x_0_10", "npu::{0}(Tensor self) -> Tensor"}}}}}},\n'
        pytorch.replace(VERSION_MAP, GELU, GELU + "".join(entry.format(name) for name in names))
        classes = re.findall(r"class (\w+)\(", opfixtures(pytorch, "check").out)
        assert len({fixture_stem(name) for name in classes}) == len(names)
        rows = re.findall(r"(\w+)\(\): ", opfixtures(pytorch, "check").out)
        assert sorted(rows) == sorted(classes)

    def test_with_module_and_row_only_the_fixture_is_missing(self, pytorch, opfixtures, add_hardswish):
        add_hardswish(pytorch)
        add_fixture_entry(pytorch)
        ran = opfixtures(pytorch, "check")
        assert ran.status == 0
        assert ran.out == (
            f"{REGISTRY}:5:5: note OPF301: the fixture of TestVersionedHardswishV10 is not there yet: "
            "test/jit/fixtures/test_versioned_hardswish_v10.ptl\n"
            "    opfixtures generate --operator aten::hardswish\n"
            "opfixtures: 0 errors, 0 warnings, 1 note\n"
            "next: run `opfixtures generate` and commit what it makes\n"
        )
        assert opfixtures(pytorch, "check", "--require-fixtures").status == 1

    def test_with_the_fixture_nothing_is_owed(self, pytorch, opfixtures, add_hardswish):
        add_hardswish(pytorch)
        add_fixture_entry(pytorch)
        pytorch.write("test/jit/fixtures/test_versioned_hardswish_v10.ptl", HARDSWISH_ARCHIVE)
        ran = opfixtures(pytorch, "check", "--require-fixtures")
        assert (ran.status, ran.out) == (0, "opfixtures: no problems found\n")

    def test_the_lines_of_the_hint_mend_the_finding(self, pytorch, opfixtures, findings, add_hardswish):
        add_hardswish(pytorch)
        hint = json.loads(opfixtures(pytorch, "check", "--format", "json").out)["findings"][0]["hint"]
        module = hint.partition("fixtures_src.py:\n\n")[2].partition("\nadd to ALL_MODULES")[0]
        row = hint.rpartition("\n")[2]
        pytorch.write(MODULES, f"{pytorch.read(MODULES)}\n\n{module}")
        pytorch.replace(REGISTRY, "\n}", f"\n{row}\n}}")
        assert findings(opfixtures(pytorch, "check", "--format", "json")) == [f"OPF301 {REGISTRY}:5"]


class TestNothingStaged:
    @pytest.fixture
    def committed(self, pytorch, add_hardswish):
        add_hardswish(pytorch)
        pytorch.commit("as `git commit -a` does")
        return pytorch

    @pytest.mark.parametrize("options", [(), ("--fix",), ("-v",)])
    def test_whoever_asks_is_told_what_looks_at_a_commit(self, committed, opfixtures, options):
        ran = opfixtures(committed, "check", *options)
        assert (ran.status, ran.out) == (0, "opfixtures: no problems found\n")
        assert ran.err == NOTHING_STAGED
        assert opfixtures(committed, "check", "--from-ref", "HEAD~1", "--to-ref", "HEAD").status == 1

    @pytest.mark.parametrize("options", [("-q",), ("--format", "json"), ("--all",)])
    def test_nothing_is_said_of_it_to_a_program_and_where_the_index_is_no_matter(
        self, committed, opfixtures, options
    ):
        assert opfixtures(committed, "check", *options).err == ""

    def test_a_hook_is_not_told(self, committed, opfixtures):
        assert opfixtures(committed, "hook", "pre-commit").err == ""
        for options in ((), ("-v",)):
            ran = committed.opfixtures("check", *options, PRE_COMMIT="1")
            assert (ran.status, ran.out, ran.err) == (0, "opfixtures: no problems found\n", "")

    def test_what_is_staged_before_the_first_commit_is_something(self, pytorch, opfixtures):
        pytorch.git("update-ref", "-d", "HEAD")
        assert opfixtures(pytorch, "check", "-v").err == ""


class TestALibrary:
    def test_a_registry_that_must_be_run_cannot_be_judged(self, library, opfixtures, findings):
        library.write("my lib/versiöns.py", SCALE)
        library.write("my lib/registry.py", "ALL_MODULES = make_them()\n")
        ran = opfixtures(library, "check", "--format", "json")
        assert (ran.status, findings(ran)) == (1, ["OPF206 my lib/registry.py:1"])

    def test_settings_that_arrive_with_the_change_are_used_for_both_sides(self, library, opfixtures):
        settings = library.read(".opfixtures.toml")
        library.git("rm", "--quiet", ".opfixtures.toml")
        library.write("my lib/versiöns.py", SCALE)
        library.commit()
        library.write(".opfixtures.toml", settings)
        assert opfixtures(library, "check").out == "opfixtures: no problems found\n"

    def test_a_change_may_mend_broken_settings(self, library, opfixtures):
        library.replace(".opfixtures.toml", "version-map", "version-mop")
        library.commit()
        library.replace(".opfixtures.toml", "version-mop", "version-map")
        assert opfixtures(library, "check").out == "opfixtures: no problems found\n"

    def test_settings_that_go_with_the_change_still_hold_for_it(self, library, opfixtures):
        library.git("rm", "--quiet", ".opfixtures.toml", "my lib/versiöns.py")
        assert "OPF109" in opfixtures(library, "check").out

    def test_what_a_pull_request_names_cannot_forge_a_line_of_the_report(self, library, opfixtures):
        library.write("my lib/versiöns.py", SCALE.replace("mylib::scale", r"mylib::a\n::error::\x1b[2J"))
        out = opfixtures(library, "check").out
        assert r"mylib::a\n::error::\x1b[2J is bumped at version 4" in out
        assert "\x1b" not in out
        assert not any(line.strip().startswith("::error") for line in out.splitlines())


def test_the_findings_of_nothing_keep_to_the_schema_too(pytorch, opfixtures, findings):
    assert findings(opfixtures(pytorch, "check", "--format", "json")) == []
