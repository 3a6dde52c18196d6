"""Two changes claimed one version, as two of PyTorch's claimed 10 (61439, 72191): the second one renumbers."""

import json
import re

import pytest

from tests.renumber.conftest import BAR, FOO, FOO_OUT, GELU, MAP, MODULES, REGISTRY, UPGRADERS, VERSIONS, tree
from tests.repositories import zipped_archive

DIFF = """\
--- a/caffe2/serialize/versions.h
+++ b/caffe2/serialize/versions.h
@@ -1,4 +1,4 @@
 // The version that is produced, and the versions that can be read.
 constexpr uint64_t kMinSupportedFileFormatVersion = 0x1L;
-constexpr uint64_t kMaxSupportedFileFormatVersion = 0xBL;
-constexpr uint64_t kProducedFileFormatVersion = 0xBL;
+constexpr uint64_t kMaxSupportedFileFormatVersion = 0xCL;
+constexpr uint64_t kProducedFileFormatVersion = 0xCL;
"""
ENDING = """\
aten::foo at 11 becomes 12: aten::bar has 11
aten::foo.out at 11 becomes 12: aten::bar has 11
opfixtures: 5 files to change: run again with --apply to write it
"""


def files(*bumps, produced):
    """What the tree should hold, as bytes."""
    return {path: text.encode() for path, text in tree(*bumps, produced=produced).items()}


def test_the_diff_is_shown_and_nothing_is_written(rebased):
    before = rebased.state()
    shown = rebased.renumber()
    assert DIFF in shown
    assert shown.endswith(ENDING)
    changed = [line.removeprefix("+++ b/") for line in shown.splitlines() if line.startswith("+++ ")]
    assert sorted(changed) == sorted([MAP, UPGRADERS, VERSIONS, REGISTRY, MODULES])
    assert rebased.state() == before


def test_the_rebased_branch_gets_the_next_version_everywhere_and_owes_nothing_more(rebased):
    assert rebased.errors() == ["OPF108"]
    assert rebased.renumber("--apply").endswith("opfixtures: 5 files written\n")
    assert rebased.state() == files(BAR, GELU, ("foo", 12), ("foo.out", 12), produced=12)
    assert rebased.git("diff", "--cached", "--name-only") == ""
    assert rebased.errors() == []


def test_a_second_run_finds_nothing_to_do(rebased):
    rebased.renumber("--apply")
    rebased.git("add", "--all")
    assert rebased.renumber() == rebased.renumber("--apply") == "opfixtures: nothing to renumber\n"


def test_what_is_staged_and_what_lies_there_have_one_answer(rebased):
    rebased.renumber("--apply")
    sentence = (
        f"{MAP} needs other versions in the index, which `opfixtures check` reads, than in the work tree: "
        f"`git add {MAP} {VERSIONS}` first"
    )
    # The index still has 11, and a check of it says 12.
    assert rebased.refused() == sentence
    rebased.git(*sentence.split("`")[3].split()[1:])
    assert rebased.renumber() == "opfixtures: nothing to renumber\n"
    rebased.git("restore", "--source=HEAD", "--worktree", ".")
    assert rebased.refused() == sentence


def test_a_header_that_only_lies_there_is_staged_first(rebased):
    rebased.put(VERSIONS, "ProducedFileFormatVersion = 0xBL", "ProducedFileFormatVersion = 0xCL")
    assert f"`git add {MAP} {VERSIONS}` first" in rebased.refused()


def test_what_differs_and_is_no_number_need_not_be_staged(rebased):
    rebased.put(MAP, "    {\n", "    {\n    // more\n")
    assert rebased.renumber().endswith(ENDING)


def test_an_index_whose_map_cannot_be_read_has_no_answer_yet(rebased):
    rebased.put(MAP, "    });", "    MACRO });")
    rebased.git("add", MAP)
    rebased.put(MAP, "    MACRO });", "    });")
    assert f"`git add {MAP} {VERSIONS}` first" in rebased.refused()


def test_check_names_the_versions_that_are_written(branches):
    branches.commit(tree(GELU, FOO, ("baz", 12), ("qux", 17), produced=17))
    branches.land(tree(BAR, GELU, produced=11))
    found = branches.run("check", "--from-ref", "origin/HEAD", "--to-ref", "HEAD", "--format", "json")
    named = [
        re.findall(r"(aten::\w+) is .* next free version is (\d+)", finding["message"])[0]
        for finding in json.loads(found.out)["findings"]
        if finding["code"] == "OPF108"
    ]
    assert named == [("aten::foo", "12"), ("aten::baz", "13"), ("aten::qux", "14")]
    shown = branches.renumber()
    moved = re.findall(r"^(aten::\w+) at \d+ becomes (\d+)", shown, re.MULTILINE)
    assert moved == named
    lines = {line for one in json.loads(found.out)["findings"] for line in one["hint"].split("\n")}
    constants = {line.split(": ")[1] for line in lines if "FileFormatVersion = 0x" in line}
    assert constants == set(re.findall(r"^\+constexpr uint64_t (k\w+ = 0xEL;)", shown, re.MULTILINE))
    assert len(constants) == 2


def test_a_branch_whose_version_is_free_keeps_it(branches):
    branches.commit(tree(GELU, FOO, produced=11))
    assert branches.renumber() == "opfixtures: nothing to renumber\n"


def test_before_the_rebase_too(branches):
    branches.commit(tree(GELU, FOO, produced=11))
    branches.land(tree(BAR, GELU, produced=11))
    assert branches.errors() == ["OPF108"]
    branches.renumber("--apply")
    assert branches.state() == files(GELU, ("foo", 12), produced=12)
    assert branches.errors() == []


def test_a_merge_is_resolved_first_and_renumbered_before_it_is_committed(branches):
    branches.commit(tree(GELU, FOO, produced=11))
    branches.land(tree(GELU, BAR, produced=11))
    with pytest.raises(AssertionError, match="merge"):
        branches.git("merge", "--quiet", "main")
    assert branches.refused() == (
        f"{MAP}:4: a conflict begins or ends here: resolve it, keep the entries of both sides, and then renumber"
    )
    branches.lay(tree(GELU, BAR, FOO, produced=11))
    branches.renumber("--apply")
    assert branches.state() == files(GELU, BAR, ("foo", 12), produced=12)
    assert branches.errors() == []


def test_changes_that_build_upon_each_other_keep_their_order(branches):
    branches.commit(tree(GELU, FOO, ("baz", 12), produced=12))
    branches.land(tree(BAR, GELU, produced=11))
    branches.git("rebase", "--quiet", "-X", "theirs", "main")
    branches.renumber("--apply")
    assert branches.state() == files(BAR, GELU, ("foo", 12), ("baz", 13), produced=13)
    assert branches.errors() == []


def test_two_bumps_of_one_operator_move_on_into_each_others_names(branches):
    stack = "aten::foo(Tensor self) -> Tensor"
    one, two = f'{{11, "foo_0_10", "{stack}"}}', f'{{12, "foo_11_11", "{stack}"}}'
    branches.land(tree(BAR, GELU, produced=11))
    branches.commit(tree(GELU, FOO, ("foo", 12, 11), produced=12))
    two_entries = f'    {{"aten::foo", {{{two}}}}},\n'
    branches.put(MAP, two_entries, "")
    branches.put(MAP, one, f"{one}, {two}")
    branches.renumber("--apply")
    after = branches.state()
    assert b'{12, "foo_0_11", ' in after[MAP]
    assert b'{13, "foo_12_12", ' in after[MAP]
    expected = files(GELU, ("foo", 12), ("foo", 13, 12), produced=13)
    del after[MAP], expected[MAP]
    assert after == expected
    assert branches.errors() == []


def test_a_skipped_version_is_taken_back_with_the_produced_one(branches):
    branches.commit(tree(GELU, ("foo", 12), produced=12))
    assert branches.errors() == ["OPF108"]
    assert "aten::foo at 12 becomes 11: a version was skipped\n" in branches.renumber("--apply")
    assert branches.state() == files(GELU, FOO, produced=11)
    assert branches.errors() == []


def test_a_version_that_only_the_header_gave_out_is_taken(branches):
    branches.commit(tree(GELU, FOO, produced=11))
    branches.land(tree(GELU, produced=11))
    assert "aten::foo at 11 becomes 12: target has 11\n" in branches.renumber()


def test_a_maximum_above_the_produced_version_stays(branches):
    mine, landed = tree(GELU, FOO, produced=11), tree(BAR, GELU, produced=11)
    maximum = "kMaxSupportedFileFormatVersion"
    for each in (mine, landed):
        each[VERSIONS] = each[VERSIONS].replace(f"{maximum} = 0xB", f"{maximum} = 0xF")
    branches.commit(mine)
    branches.land(landed)
    branches.renumber("--apply")
    assert branches.state()[VERSIONS] == mine[VERSIONS].replace("0xBL", "0xCL").encode()


def test_a_backfill_keeps_its_version(branches):
    branches.commit(tree(("full", 5), ("gelu.out", 10), GELU, FOO, produced=11))
    branches.land(tree(GELU, BAR, produced=11))
    branches.renumber("--apply")
    assert branches.state() == files(("full", 5), ("gelu.out", 10), GELU, ("foo", 12), produced=12)


def test_what_looks_like_a_backfill_is_renumbered_when_it_is_named(branches):
    branches.commit(tree(GELU, FOO, FOO_OUT, produced=11))
    branches.land(tree(BAR, ("baz", 12), GELU, produced=12))
    branches.git("rebase", "--quiet", "-X", "ours", "main")
    assert branches.renumber() == "opfixtures: nothing to renumber\n"
    branches.renumber("--apply", "--operator", "aten::foo")
    assert branches.state() == files(BAR, ("baz", 12), GELU, ("foo", 13), FOO_OUT, produced=13)


def test_only_what_the_branch_adds_can_be_named(rebased):
    assert rebased.refused("--operator", "aten::bar").startswith("this branch adds no entry of aten::bar to")


def test_a_tree_without_commits_but_the_target_is_compared_with_it(branches):
    branches.land(tree(BAR, GELU, produced=11))
    branches.git("checkout", "--quiet", "main")
    branches.lay(tree(BAR, GELU, FOO, produced=11))
    branches.renumber("--apply")
    assert branches.state() == files(BAR, GELU, ("foo", 12), produced=12)


def test_a_module_that_landed_before_its_operator_keeps_its_name(branches):
    module_first = tree(GELU, produced=10)
    for path in (REGISTRY, MODULES):
        module_first[path] = tree(GELU, FOO, produced=11)[path]
    branches.land(module_first)
    branches.git("reset", "--quiet", "--hard", "main")
    branches.commit(tree(GELU, FOO, produced=11))
    branches.land({**tree(BAR, GELU, FOO, produced=11), MAP: tree(BAR, GELU, produced=11)[MAP]})
    branches.renumber("--apply")
    after = branches.state()
    assert b'{12, "foo_0_11"' in after[MAP]
    assert after[MODULES].decode() == module_first[MODULES]


def test_a_module_of_an_older_version_keeps_its_name(branches):
    older = {path: text.replace("FooV10", "FooV7") for path, text in tree(GELU, FOO, produced=11).items()}
    branches.commit({**older, "test/jit/fixtures/test_versioned_foo_v7.ptl": zipped_archive(7, "aten::foo")})
    branches.land(tree(BAR, GELU, produced=11))
    shown = branches.renumber("--apply")
    assert "still to do: opfixtures generate --regenerate --operator aten::foo\n" in shown
    assert "TestVersionedFooV7" in branches.state()[MODULES].decode()


def test_a_module_of_a_version_that_its_entry_covers_no_more_moves_on(branches):
    def stack(foo, module, produced):
        files = tree(GELU, ("foo", foo), ("baz", foo + 1), ("foo", foo + 2, foo), produced=produced)
        return {path: text.replace(f"FooV{foo + 1}", f"FooV{module}") for path, text in files.items()}

    branches.land(tree(BAR, GELU, produced=11))
    branches.commit({path: text.replace("FooV10", "FooV9") for path, text in stack(11, 11, 13).items()})
    branches.renumber("--apply")
    expected = {path: text.replace("FooV11", "FooV9") for path, text in stack(12, 12, 14).items()}
    assert branches.state() == {path: text.encode() for path, text in expected.items()}


def test_what_is_left_to_do_is_said(rebased):
    mobile = "torch/csrc/jit/mobile/upgrader_mobile.cpp"
    stem = "test/jit/fixtures/test_versioned_foo_v10.ptl"
    rebased.lay(
        {
            stem: zipped_archive(10, "aten::foo"),
            f"{stem}.json": '{"upgrader_name": "foo_0_10"}',
            mobile: "// foo_0_10\n",
        }
    )
    (rebased.root / "not yet.md").write_text("foo_0_10, foo_0_10, then\nTestVersionedFooV10 and foo_0_100\n")
    rebased.put(
        MODULES, "class TestVersionedFooV10", "# As TestVersionedFooV10 before.\nclass TestVersionedFooV10"
    )
    said = [
        line.removeprefix("still to do: ")
        for line in rebased.renumber().splitlines()
        if "still to do" in line
    ]
    assert said == [
        f"{MODULES}:14 says TestVersionedFooV10",
        "not yet.md:1 says foo_0_10",
        "not yet.md:2 says TestVersionedFooV10",
        f"write {mobile} again: build this change, and run torchgen/operator_versions/gen_mobile_upgraders.py",
        f"remove {stem}, made under the old name",
        f"remove {stem}.json, made under the old name",
        "opfixtures generate --operator aten::foo",
    ]
    assert rebased.errors() == ["OPF108", "OPF111", "OPF305"]
    rebased.renumber("--apply")
    assert (rebased.root / stem).exists()
    assert rebased.errors() == ["OPF111", "OPF305"]


def test_many_places_are_counted(rebased):
    (rebased.root / "notes.txt").write_text("foo_0_10\n" * 23)
    assert "still to do: 3 more places say such names\n" in rebased.renumber()
