"""What the rules about versions find when a change is laid beside what is published."""

import pytest

from opfixtures.declarations.version_map import read_version_map

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
VERSIONS = "caffe2/serialize/versions.h"
TYPE = "std::unordered_map<std::string, std::vector<UpgraderEntry>>"
PUBLISHED = {"aten::div.Tensor": 4, "aten::linspace": 8, "aten::gelu": 10}


def tree(operators=PUBLISHED, produced=None, maximum=None):
    """A tree whose operators are bumped at these versions, with versions.h where `produced` is given."""
    lines = [
        f'{{"{operator}", {{{{{version}, "u_0_{version - 1}", "{operator}(Tensor self) -> Tensor"}}}}}},'
        for operator, version in operators.items()
    ]
    files = {VERSION_MAP: "\n".join([f"{TYPE} m({{", *lines, "});"])}
    if produced:
        constants = {
            "kProducedFileFormatVersion": produced,
            "kMaxSupportedFileFormatVersion": maximum or produced,
        }
        files[VERSIONS] = "".join(
            f"constexpr uint64_t {name} = {value};\n" for name, value in constants.items()
        )
    return files


def adding(*operators, version, produced=None, **options):
    return tree({**PUBLISHED, **dict.fromkeys(operators, version)}, produced, **options)


def without(operator, produced=None):
    return tree({name: version for name, version in PUBLISHED.items() if name != operator}, produced)


def messages(findings):
    return [finding.message for finding in findings]


class TestOPF107:
    def test_an_entry_above_the_produced_version_is_found_with_the_lines_to_change(self, judged):
        after = adding("aten::hardswish", version=11, produced=10)
        [finding] = judged("OPF107", before=tree(produced=10), after=after)
        assert finding.message == (
            "aten::hardswish is bumped at version 11, above kProducedFileFormatVersion, which is 10"
        )
        assert (finding.place.path, finding.place.line) == (VERSION_MAP, 5)
        assert finding.hint == (
            f"in {VERSIONS}:1:49: kProducedFileFormatVersion = 0xBL;\n"
            f"in {VERSIONS}:2:53: kMaxSupportedFileFormatVersion = 0xBL;"
        )

    def test_one_above_the_version_that_can_be_read_does_not_load(self, judged):
        after = adding("aten::hardswish", version=11, produced=11, maximum=10)
        [finding] = judged("OPF107", before=tree(produced=10), after=after)
        assert "above kMaxSupportedFileFormatVersion, which is 10" in finding.message

    def test_several_entries_above_it_have_one_answer_the_highest(self, judged):
        after = tree({**PUBLISHED, "aten::hardswish": 11, "aten::relu": 12}, produced=10)
        hints = {finding.hint for finding in judged("OPF107", before=tree(produced=10), after=after)}
        assert hints == {
            f"in {VERSIONS}:1:49: kProducedFileFormatVersion = 0xCL;\n"
            f"in {VERSIONS}:2:53: kMaxSupportedFileFormatVersion = 0xCL;"
        }

    def test_for_one_that_has_to_be_renumbered_it_says_what_is_needed_then(self, judged):
        before, after = tree(produced=10), adding("aten::hardswish", version=14, produced=10)
        lines = f"in {VERSIONS}:1:49: kProducedFileFormatVersion = 0xBL;"
        above, skipped = judged("OPF107", "OPF108", before=before, after=after)
        assert (above.code, above.hint.splitlines()[0]) == ("OPF107", lines)
        assert (skipped.code, skipped.hint.splitlines()[3]) == ("OPF108", lines)
        after = adding("aten::hardswish", version=14, produced=11)
        [above] = judged("OPF107", before=before, after=after)
        assert above.hint == "opfixtures renumber gives it the next free version"

    def test_where_targets_map_cannot_be_read_the_entries_here_tell(self, judged):
        target = tree(produced=10)
        target[VERSION_MAP] = target[VERSION_MAP].replace('"aten::gelu', "GELU")
        after = adding("aten::hardswish", version=14, produced=10)
        [finding] = judged("OPF107", before=target, after=after)
        assert finding.hint.splitlines()[0].endswith("kProducedFileFormatVersion = 0xEL;")

    def test_raised_in_the_same_change_both_allow_it(self, judged):
        after = adding("aten::hardswish", version=11, produced=11)
        assert judged("OPF107", before=tree(produced=10), after=after) == []

    def test_a_produced_version_that_falls_leaves_entries_above_it(self, judged):
        [finding] = judged("OPF107", before=tree(produced=10), after=tree(produced=9))
        assert finding.operator == "aten::gelu"

    def test_a_tree_without_the_header_is_not_judged(self, judged):
        assert judged("OPF107", before=tree(), after=adding("aten::hardswish", version=11)) == []

    def test_a_header_that_cannot_be_read_is_found_where_it_stands(self, judged):
        after = adding("aten::hardswish", version=11, produced="kOther", maximum=11)
        [finding] = judged("OPF107", before=tree(produced=10), after=after)
        assert str(finding.place) == f"{VERSIONS}:1:49"

    @pytest.mark.parametrize("also", [{}, {"caffe2/serialize/other.h": "moved"}])
    def test_a_header_that_is_taken_away_or_moved_is_found(self, judged, also):
        [finding] = judged("OPF107", before=tree(produced=10), after=tree() | also)
        assert str(finding.place) == f"{VERSIONS}:1:1"
        assert finding.message == f"the change removes {VERSIONS}, which sets kProducedFileFormatVersion = 10"
        assert finding.hint == (
            "bring it back, or name its new path as `versions` in [tool.opfixtures] of pyproject.toml"
        )

    def test_a_header_that_an_earlier_commit_took_away_is_found_where_the_map_changes(self, judged):
        assert judged("OPF107", before=tree(), after=tree(), target=tree(produced=10)) == []
        after = adding("aten::hardswish", version=11)
        [finding] = judged("OPF107", before=tree(), after=after, target=tree(produced=10))
        assert finding.message.startswith(f"the change removes {VERSIONS}")

    def test_a_header_that_no_settings_name_any_more_is_found(self, new_repository, opfixtures):
        repository = new_repository(tree(produced=10))
        paths = {"version-map": VERSION_MAP, "registry": "r.py", "fixtures": "fixtures"}
        named = "".join(f'{key} = "{path}"\n' for key, path in paths.items())
        repository.write("r.py", "ALL_MODULES = {}\n")
        repository.write("m.py", "")
        repository.write(".opfixtures.toml", f'[tool.opfixtures]\n{named}fixture-modules = ["m.py"]\n')
        ran = opfixtures(repository, "check")
        assert f"no settings name {VERSIONS}, which sets kProducedFileFormatVersion = 10" in ran.out
        assert "    name it as `versions` in [tool.opfixtures] of .opfixtures.toml\n" in ran.out

    def test_a_version_that_can_be_read_and_is_not_set_any_more_is_found(self, judged):
        after = tree(produced=10)
        after[VERSIONS] = after[VERSIONS].replace("kMaxSupported", "kMax")
        [finding] = judged("OPF107", before=tree(produced=10), after=after)
        assert finding.message == "kMaxSupportedFileFormatVersion, which was 10, is not set here any more"
        assert finding.hint == "set it as before: kMaxSupportedFileFormatVersion = 0xAL;"

    def test_a_header_that_goes_with_the_map_is_another_finding(self, judged):
        assert judged("OPF107", before=tree(produced=10), after={"README.md": ""}) == []

    def test_an_old_debt_is_not_this_changes(self, judged):
        before, after = tree(produced=9), adding("aten::hardswish", version=9, produced=9)
        assert judged("OPF107", before=before, after=after) == []


class TestOPF108:
    def test_the_next_free_version_is_right_for_all_entries_of_a_change(self, judged):
        after = adding("aten::hardswish", "aten::relu", version=11)
        assert judged("OPF108", before=tree(), after=after) == []

    def test_a_skipped_version_is_found_and_the_next_free_one_named(self, judged):
        after = adding("aten::hardswish", version=12, produced=12)
        [finding] = judged("OPF108", before=tree(produced=10), after=after)
        assert finding.message == (
            "aten::hardswish is bumped at version 12, and 10 is the last one given out: "
            "the next free version is 11"
        )
        assert finding.hint == (
            "opfixtures renumber\n"
            "shows the diff and, with --apply, writes it; by hand that is\n"
            f"in {VERSION_MAP}: bumped_at_version 11, an upgrader whose name ends in _0_10\n"
            f"in {VERSIONS}:1:49: kProducedFileFormatVersion = 0xBL;\n"
            f"in {VERSIONS}:2:53: kMaxSupportedFileFormatVersion = 0xBL;"
        )

    def test_changes_that_build_upon_each_other_take_several_in_a_row(self, judged):
        after = tree({**PUBLISHED, "aten::hardswish": 11, "aten::relu": 12, "aten::elu": 14}, produced=14)
        [finding] = judged("OPF108", before=tree(produced=10), after=after)
        assert finding.message.startswith(
            "aten::elu is bumped at version 14, and 10 is the last one given out: the next free version is 13"
        )

    def test_one_that_is_free_until_another_entry_of_the_branch_moves_there_moves_on(self, judged):
        landed = adding("aten::relu", version=11)
        after = tree({**PUBLISHED, "aten::hardswish": 11, "aten::hardswish_": 12, "aten::elu": 12})
        found = judged("OPF108", before=tree(), after=after, landed=landed)
        assert messages(found) == [
            "aten::hardswish is bumped at version 11, which aten::relu has taken already: "
            "the next free version is 12",
            "aten::hardswish_ is bumped at version 12, which aten::hardswish gets in place of 11: "
            "the next free version is 13",
            "aten::elu is bumped at version 12, which aten::hardswish gets in place of 11: "
            "the next free version is 13",
        ]

    def test_what_earlier_commits_of_the_branch_brought_keeps_its_version(self, judged):
        before = adding("aten::relu", version=11, produced=11)
        after = tree({**PUBLISHED, "aten::relu": 11, "aten::elu": 13}, produced=13)
        [finding] = judged("OPF108", before=before, after=after, target=tree(produced=10))
        assert finding.message.endswith("the next free version is 12")

    def test_where_targets_map_cannot_be_read_nothing_is_said_of_what_it_gave_out(self, judged):
        target = tree()
        target[VERSION_MAP] = target[VERSION_MAP].replace('"aten::gelu', "GELU")
        after = adding("aten::hardswish", version=10)
        assert judged("OPF108", before=target, after=after) == []
        assert judged("OPF108", before=tree(), after=after, landed=target) == []

    def test_a_map_alone_does_not_tell_what_is_skipped(self, judged):
        assert judged("OPF108", before=tree(), after=adding("aten::hardswish", version=12)) == []

    def test_the_produced_version_counts_where_it_is_above_the_map(self, judged):
        before, after = tree(produced=12), adding("aten::hardswish", version=11, produced=13)
        assert judged("OPF108", before=before, after=after) == []
        after = adding("aten::hardswish", version=14, produced=14)
        [finding] = judged("OPF108", before=before, after=after)
        assert finding.message.endswith("and 12 is the last one given out: the next free version is 13")
        assert finding.hint.endswith(
            f"in {VERSIONS}:1:49: kProducedFileFormatVersion = 0xDL;\n"
            f"in {VERSIONS}:2:53: kMaxSupportedFileFormatVersion = 0xDL;"
        )

    def test_a_version_that_target_gave_to_another_operator_is_taken(self, judged):
        [finding] = judged("OPF108", before=tree(), after=adding("aten::hardswish", version=10))
        assert finding.message == (
            "aten::hardswish is bumped at version 10, which aten::gelu has taken already: "
            "the next free version is 11"
        )

    def test_a_version_that_landed_on_the_target_branch_meanwhile_is_taken(self, judged):
        landed = adding("aten::relu", version=11)
        after = adding("aten::hardswish", version=11)
        [finding] = judged("OPF108", before=tree(), after=after, landed=landed)
        assert finding.message.endswith(
            "version 11, which aten::relu has taken already: the next free version is 12"
        )
        assert (
            judged("OPF108", before=tree(), after=adding("aten::hardswish", version=12), landed=landed) == []
        )

    def test_what_landed_itself_meanwhile_took_its_version_from_nobody(self, judged):
        after = adding("aten::hardswish", version=11)
        assert judged("OPF108", before=tree(), after=after, landed=after) == []

    @pytest.mark.parametrize(
        ("operator", "version"),
        [
            ("aten::div.Tensor_mode", 4),
            ("aten::div_.Scalar", 4),
            ("aten::forgotten", 5),
            ("aten::gelu.out", 10),
            ("aten::gelu_", 10),
        ],
    )
    def test_a_backfill_is_no_finding(self, judged, operator, version):
        assert judged("OPF108", before=tree(), after=adding(operator, version=version)) == []

    def test_the_second_commit_of_a_branch_may_add_at_the_version_of_the_first(self, judged):
        before = adding("aten::hardswish", version=11)
        after = adding("aten::hardswish", "aten::relu", version=11)
        assert judged("OPF108", before=before, after=after, target=tree()) == []

    def test_an_audit_leaves_what_is_published_alone(self, judged):
        assert judged("OPF108", before=tree(), after=tree(), everything=True) == []

    def test_the_first_entry_of_all_may_have_any_version(self, judged):
        assert judged("OPF108", before={}, after=tree({"mylib::scale": 4})) == []


class TestOPF109:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("u_0_9", "gelu_0_9"),
            ("aten::gelu(Tensor self)", "aten::gelu(Tensor x)"),
            ("gelu(Tensor self", "("),
        ],
    )
    def test_a_changed_entry_is_found_where_it_stands_with_what_stood_there(self, judged, old, new):
        after = {VERSION_MAP: tree()[VERSION_MAP].replace(old, new)}
        [finding] = judged("OPF109", before=tree(), after=after)
        assert finding.message == "the published entry of aten::gelu at version 10 is changed"
        assert (finding.place.line, finding.place.column) == (4, 17)
        assert finding.hint == 'write it as it was: {10, "u_0_9", "aten::gelu(Tensor self) -> Tensor"}'

    def test_a_removed_entry_is_found(self, judged):
        [finding] = judged("OPF109", before=tree(), after=without("aten::linspace"))
        assert finding.message == "the published entry of aten::linspace at version 8 is removed"
        # Where it stood: behind the entry of div, which is still there.
        assert str(finding.place) == f"{VERSION_MAP}:2:23"
        assert finding.hint.splitlines()[0] == (
            'write it as it was: {8, "u_0_7", "aten::linspace(Tensor self) -> Tensor"}'
        )

    @pytest.mark.parametrize(
        ("left", "places"),
        [
            ({"a": 4, "c": 6}, {"b": 2}),
            ({"b": 5, "c": 6}, {"a": 2}),
            ({"a": 4}, {"b": 2, "c": 2}),
            ({"c": 6}, {"a": 2, "b": 2}),
            ({"d": 7, "a": 4, "b": 7}, {"b": 4, "c": 3}),
            ({}, {"a": 1, "b": 1, "c": 1}),
        ],
        ids=[
            "behind a",
            "in front of b",
            "all behind a",
            "all in front of c",
            "at the operator",
            "nothing left",
        ],
    )
    def test_a_removed_entry_is_found_where_it_stood(self, judged, left, places):
        found = judged("OPF109", before=tree({"a": 4, "b": 5, "c": 6}), after=tree(left))
        assert {finding.operator: finding.place.line for finding in found} == places

    def test_a_removed_entry_is_found_at_its_operator_also_where_no_published_one_is_left(self, judged):
        before, after = tree({"aten::gelu": 10}), tree({"aten::hardswish": 11, "aten::gelu": 11})
        [finding] = judged("OPF109", before=before, after=after)
        assert (finding.place.line, finding.message.endswith("at version 10 is removed")) == (3, True)

    def test_another_bump_removes_the_published_one(self, judged):
        after = tree({**PUBLISHED, "aten::gelu": 11})
        assert messages(judged("OPF109", before=tree(), after=after)) == [
            "the published entry of aten::gelu at version 10 is removed"
        ]

    def test_a_revert_that_lowers_the_produced_version_is_quiet(self, judged):
        before = tree(produced=10)
        assert judged("OPF109", before=before, after=without("aten::gelu", produced=9)) == []

    def test_a_revert_that_does_not_lower_it_is_not(self, judged):
        before = tree(produced=10)
        assert len(judged("OPF109", before=before, after=without("aten::gelu", produced=10))) == 1
        assert len(judged("OPF109", before=before, after=without("aten::linspace", produced=9))) == 1

    def test_a_version_that_others_have_come_behind_of_cannot_be_taken_back_by_lowering(self, judged):
        before = adding("aten::hardswish", "aten::relu", version=11, produced=11)
        later = {**PUBLISHED, "aten::hardswish": 11, "aten::elu": 12}
        landed = tree(later, produced=12)
        # Right where nothing else has landed, and wrong once 12 has.
        reverted = tree(produced=10)
        assert judged("OPF109", before=before, after=reverted) == []
        found = judged("OPF109", before=before, after=reverted, landed=landed)
        assert [finding.operator for finding in found] == ["aten::hardswish", "aten::relu"]

    @pytest.mark.parametrize(
        ("published", "left", "what"),
        [
            (
                {"aten::hardswish": 11},
                {},
                "to take the operator's change back, set kProducedFileFormatVersion = 0xAL in the same change",
            ),
            (
                {"aten::hardswish": 11, "aten::elu": 12},
                {"aten::elu": 12},
                "version 11 is given out: to take the operator's change back, keep the entry and add another one "
                "at version 13, whose upgrader gives models of 11 to 12 what they computed",
            ),
            (
                {"aten::hardswish": 11, "aten::relu": 11},
                {"aten::relu": 11},
                "version 11 is given out: to take the operator's change back, keep the entry and add another one "
                "at version 12, whose upgrader gives models of 11 what they computed",
            ),
        ],
    )
    def test_the_hint_says_how_a_change_is_taken_back(self, judged, published, left, what):
        produced = max(published.values())
        before = tree({**PUBLISHED, **published}, produced=produced)
        [finding] = judged("OPF109", before=before, after=tree({**PUBLISHED, **left}, produced=produced))
        assert finding.hint.splitlines()[1] == what

    def test_what_is_written_back_in_is_the_entry_as_it_stood(self, judged):
        before = tree(produced=10)
        [finding] = judged("OPF109", before=before, after=without("aten::linspace", produced=10))
        text = finding.hint.splitlines()[0].removeprefix("write it as it was: ")
        [*_, back] = read_version_map(
            VERSION_MAP, f'{TYPE} m({{{{"aten::linspace", {{{text}}}}}}});'.encode()
        ).entries
        [stood] = [
            entry
            for entry in read_version_map(VERSION_MAP, before[VERSION_MAP].encode()).entries
            if entry.operator == "aten::linspace"
        ]
        assert back.text == stood.text

    def test_what_only_this_branch_brought_may_change_and_go(self, judged):
        before = adding("aten::hardswish", version=11)
        assert (
            judged("OPF109", before=before, after=adding("aten::hardswish", version=12), target=tree()) == []
        )
        assert judged("OPF109", before=before, after=tree(), target=tree()) == []

    def test_what_an_earlier_commit_of_the_branch_took_is_not_said_again(self, judged):
        before = without("aten::gelu")
        after = tree({"aten::div.Tensor": 4, "aten::linspace": 8, "aten::relu": 11})
        assert judged("OPF109", before=before, after=after, target=tree()) == []

    def test_an_audit_says_it_all_the_same(self, judged):
        after = without("aten::gelu")
        assert len(judged("OPF109", before=after, after=after, target=tree(), everything=True)) == 1

    def test_a_schema_may_be_written_otherwise(self, judged):
        schema = "aten::gelu( Tensor  self) -> (Tensor)"
        after = {VERSION_MAP: tree()[VERSION_MAP].replace("aten::gelu(Tensor self) -> Tensor", schema)}
        assert judged("OPF109", before=tree(), after=after) == []

    @pytest.mark.parametrize(
        "faulty", ["aten::gelu(int{} self) -> Tensor", "aten::elu(Tensor self) -> Tensor"]
    )
    def test_a_faulty_schema_may_be_mended(self, judged, faulty):
        before = {VERSION_MAP: tree()[VERSION_MAP].replace("aten::gelu(Tensor self) -> Tensor", faulty)}
        assert judged("OPF109", before=before, after=tree()) == []
        assert len(judged("OPF109", before=before, after=without("aten::gelu"))) == 1

    def test_a_wrong_key_may_be_mended(self, judged):
        before = {VERSION_MAP: tree()[VERSION_MAP].replace('{"aten::gelu"', '{"aten::gelu.names"')}
        assert judged("OPF109", before=before, after=tree()) == []

    def test_a_map_that_cannot_be_read_here_may_have_it_all(self, judged):
        after = {VERSION_MAP: tree()[VERSION_MAP].replace('"u_0_9"', "NAME")}
        assert judged("OPF109", before=tree(), after=after) == []
