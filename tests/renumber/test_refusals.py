"""What cannot be renumbered as a whole is not renumbered at all, and one sentence says why."""

import os
import stat
from dataclasses import replace

import pytest

from opfixtures.change.changes import Change
from opfixtures.declarations.read import read_declarations, read_sources
from opfixtures.errors import UserError
from opfixtures.renumber.choose import choose
from opfixtures.synthesis.rewrite import plan_edits, rewrite, written
from tests.renumber.conftest import BAR, FOO, FOO_OUT, GELU, MAP, MODULES, REGISTRY, UPGRADERS, VERSIONS, tree
from tests.repositories import config_of

BY_HAND = "is not one plain literal or name here: write it as one, or edit it by hand"


@pytest.fixture
def claimed(branches):
    """foo and foo.out at 11, not committed, where bar has landed at 11."""
    branches.land(tree(BAR, GELU, produced=11))
    branches.lay(tree(GELU, FOO, FOO_OUT, produced=11))
    return branches


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (MAP, '"foo_0_10"', '"foo_" "0_10"', f"{MAP}:4:20: foo_0_10 {BY_HAND}"),
        (MAP, '"foo_0_10"', '"foo\\1370_10"', f"{MAP}:4:20: foo_0_10 {BY_HAND}"),
        (MAP, '"foo_0_10"', 'R"foo_0_10(foo_0_10)foo_0_10"', f"{MAP}:4:20: foo_0_10 {BY_HAND}"),
        (MAP, '{11, "foo_0_10"', '{1\\\n1, "foo_0_10"', f"{MAP}:4:20: 11 {BY_HAND}"),
        (UPGRADERS, '"foo_0_10", R', '"foo_" "0_10", R', f"{UPGRADERS}:6:6: foo_0_10 {BY_HAND}"),
        (
            UPGRADERS,
            'R"SCRIPT(\ndef foo_0_10(',
            '"def foo_0" R"SCRIPT(_10(',
            f"{UPGRADERS} would not say the same with other numbers or names: nothing is changed, edit it by hand "
            "(and please report it)",
        ),
        (
            MAP,
            '{11, "foo_0_10"',
            "{11, NAME",
            f"{MAP}:4:25: `NAME` stands where upgrader_name, a string literal,",
        ),
        (UPGRADERS, '"foo_0_10", R', "NAME, R", f"{UPGRADERS}:6:6: `NAME` stands where"),
        (VERSIONS, "ProducedFileFormatVersion = 0xBL", "ProducedFileFormatVersion = B", f"{VERSIONS}:4:49: "),
        (REGISTRY, "TestVersionedFooV10()", "new()()", f"{REGISTRY}:5:5: this key is not a class"),
        (MODULES, "import torch", "import (torch", f"{MODULES}:1:8: Python cannot parse this file"),
    ],
)
def test_what_is_not_written_plainly_is_named_by_its_place(claimed, path, old, new, said):
    claimed.put(path, old, new)
    assert claimed.refused().startswith(said)


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (
            UPGRADERS,
            '{"gelu_0_9",',
            '{"foo_0_11", "def foo_0_11(): pass"}, {"gelu_0_9",',
            f"{MAP}:4:20: upgrader foo_0_10 would be foo_0_11, which is there already: rename that one first",
        ),
        (
            MAP,
            '"foo_out_0_10"',
            '"foo_0_9"',
            f"{MAP}:4:20: upgrader foo_0_10 would be foo_0_11, which is there already: rename that one first",
        ),
        (
            MAP,
            '{10, "gelu_0_9"',
            '{10, "foo_0_10"',
            f"{MAP}:4:20: upgrader foo_0_10 would be foo_0_11 here and foo_0_10 elsewhere: give each entry one of "
            "its own",
        ),
        (
            MODULES,
            "import torch\n",
            "import torch\nclass TestVersionedFooV11: pass\n",
            f"{REGISTRY}:5:5: module TestVersionedFooV10 would be TestVersionedFooV11, which is there already: "
            "rename that one first",
        ),
        (
            REGISTRY,
            'TestVersionedGeluV9(): "aten::gelu"',
            'TestVersionedFooV10(): "aten::gelu"',
            f"{REGISTRY}:5:5: module TestVersionedFooV10 would be TestVersionedFooV11 here and TestVersionedFooV10 "
            "elsewhere: give each entry one of its own",
        ),
    ],
)
def test_a_name_that_would_not_be_clear(claimed, path, old, new, said):
    claimed.put(path, old, new)
    assert claimed.refused() == said


def test_an_upgrader_that_two_entries_of_the_branch_share_is_renamed_once(claimed):
    claimed.put(MAP, '"foo_out_0_10"', '"foo_0_10"')
    claimed.put(UPGRADERS, '{"foo_out_0_10"', '{"baz_0_10"')
    claimed.renumber("--apply")
    after = claimed.state()
    assert after[MAP].count(b'12, "foo_0_11"') == 2
    assert after[UPGRADERS].count(b"foo_0_11") == 2


def test_an_upgrader_named_without_a_range_keeps_its_name(claimed):
    for path, old, new in ((MAP, '"foo_0_10"', '"_10"'), (UPGRADERS, '{"foo_0_10"', '{"_10"')):
        claimed.put(path, old, new)
    claimed.renumber("--apply")
    assert b'12, "_10"' in claimed.state()[MAP]


def test_a_map_alone_is_renumbered_alone(branches):
    branches.git("rm", "--quiet", REGISTRY, MODULES, UPGRADERS, VERSIONS)
    branches.repository.commit()
    branches.land({MAP: tree(BAR, GELU, produced=11)[MAP]})
    branches.lay({MAP: tree(GELU, FOO, produced=11)[MAP].replace("foo_0_10", "foo")})
    assert branches.renumber("--apply").endswith("opfixtures: 1 file written\n")
    assert b'{12, "foo", ' in branches.state()[MAP]


def test_another_change_of_the_operator_has_landed(branches):
    landed = {**tree(GELU, FOO, produced=11)}
    branches.land({**landed, MAP: landed[MAP].replace("foo(Tensor self", "foo(Tensor other")})
    branches.lay(landed)
    assert branches.refused() == (
        f"{MAP}:4:20: another change of aten::foo at version 11 has landed: rebase, and let your entry, "
        "its old_schema too, build upon that one"
    )


def test_a_backfill_that_would_pass_a_later_entry(branches):
    branches.commit(
        {
            **tree(GELU, produced=10),
            MAP: tree(("gelu", 8), produced=10)[MAP].replace("    });", "")
            + tree(GELU, produced=10)[MAP].splitlines(keepends=True)[2]
            + "    });\n",
        }
    )
    assert branches.refused("--operator", "aten::gelu") == (
        f"{MAP}:3:21: at version 11 this entry of aten::gelu would come behind the one at 10: it is a backfill, "
        "and keeps its version"
    )


def test_a_text_that_would_not_stay_the_same_in_its_encoding(claimed):
    content = (claimed.root / MODULES).read_bytes()
    (claimed.root / MODULES).write_bytes(b"# coding: cp932\n# \x87\x90\n" + content)
    assert claimed.refused() == f"{MODULES} would not stay the same in its encoding cp932: save it as UTF-8"


def test_a_folder_without_a_version_map(new_repository, opfixtures):
    ran = opfixtures(new_repository({"README.md": ""}), "renumber")
    assert (ran.status, "nothing to check" in ran.err) == (2, True)


def test_a_repository_without_commits_has_given_out_nothing(new_repository, opfixtures):
    repository = new_repository()
    for path, text in tree(FOO, produced=11).items():
        repository.write(path, text)
    assert opfixtures(repository, "renumber").out == "opfixtures: nothing to renumber\n"


def test_a_file_that_cannot_be_replaced_leaves_all_as_they_were(claimed, monkeypatch):
    replace, calls = os.replace, []

    def full(old, new):
        calls.append(new)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")
        replace(old, new)

    before = claimed.state()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        ran = claimed.run("renumber", "--apply")
    assert (ran.status, ran.err) == (2, f"opfixtures: error: {calls[3]}: No space left on device\n")
    assert claimed.state() == before


def test_a_program_stays_one(claimed):
    (claimed.root / REGISTRY).chmod(0o755)
    claimed.renumber("--apply")
    assert stat.S_IMODE((claimed.root / REGISTRY).stat().st_mode) == 0o755


class Files(dict):
    name = "these files"

    def read(self, path):
        return self[path].encode() if path in self else None

    has = dict.__contains__


@pytest.fixture
def planned():
    """A change, its renumbering, the sources and the edits."""
    target, mine = Files(tree(BAR, GELU, produced=11)), Files(tree(BAR, GELU, FOO, produced=11))
    config = config_of(mine)
    before, after = (read_declarations(snapshot, config) for snapshot in (target, mine))
    change = Change(config, before, after, frozenset(), lambda: before, mine.has, lambda: before)
    renumbering, sources = choose(change), read_sources(mine, config)
    assert renumbering is not None
    return change, renumbering, sources, plan_edits(change, renumbering, sources)


def test_each_edit_is_needed_and_the_check_before_the_diff_misses_none(planned):
    change, renumbering, sources, edits = planned
    assert written(change, renumbering, sources, edits) == rewrite(change, renumbering, sources)
    assert sum(map(len, edits.values())) == 8
    for path, found in edits.items():
        for edit in found:
            with pytest.raises(UserError, match="would not say the same with other numbers or names"):
                written(change, renumbering, sources, {**edits, path: found - {edit}})
            for shift in (-1, 1):
                elsewhere = found - {edit} | {replace(edit, start=edit.start + shift)}
                with pytest.raises(UserError, match="where it was read: edit it by hand"):
                    written(change, renumbering, sources, {**edits, path: elsewhere})
