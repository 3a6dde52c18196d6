"""What the rules about upgraders and the mobile table find, and what they leave alone."""

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
MOBILE = "torch/csrc/jit/mobile/upgrader_mobile.cpp"
GENERATOR = "torchgen/operator_versions/gen_mobile_upgraders.py"


def version_map(*names):
    """Entries at version 10 whose upgraders are called so, each for an operator of that name."""
    entries = [
        f'{{"aten::{name}", {{{{10, "{name}_0_9", "aten::{name}(Tensor self, *, Scalar s=1) -> int"}}}}}},\n'
        for name in names
    ]
    type_ = "std::unordered_map<std::string, std::vector<UpgraderEntry>>"
    return {VERSION_MAP: f"{type_} m({{\n{''.join(entries)}}});"}


def upgraders(**defined):
    """Upgraders `<name>_0_9` that define the function given; `_` stands for their own."""
    functions = {name: f"{name}_0_9" if function == "_" else function for name, function in defined.items()}
    pairs = [
        f'{{"{name}_0_9", R"(\ndef {function}(self: Tensor):\n  return 1\n)"}},\n'
        for name, function in functions.items()
    ]
    return {UPGRADERS: f"std::unordered_map<std::string, std::string> u({{\n{''.join(pairs)}}});"}


def mobile(*names, excluded=()):
    rows = [
        f'{{std::string("aten::{name}"),\n  std::vector<Upgrader>({{Upgrader({{0, 9, "{name}_0_9"}})}})}},\n'
        for name in names
    ]
    return {
        MOBILE: "".join(rows) + "getUpgraderBytecodeList() {",
        GENERATOR: f"EXCLUDED_OP_SET = {[f'aten::{name}' for name in excluded]}\n",
    }


def shown(findings):
    return [
        f"{finding.severity} {finding.place.path.rpartition('/')[2]}:{finding.place.line}"
        for finding in findings
    ]


BEFORE = {**version_map("a"), **upgraders(a="_", old="_"), **mobile("a", "old")}


class TestOPF104:
    def test_an_upgrader_that_is_not_there_is_found_with_the_lines_to_add(self, judged):
        [finding] = judged("OPF104", before=BEFORE, after={**BEFORE, **version_map("a", "b")})
        assert shown([finding]) == ["error version_map.cpp:3"]
        assert finding.message == f"upgrader b_0_9 of aten::b is not defined in {UPGRADERS}"
        assert finding.hint == (
            f'add to {UPGRADERS}:10:\n\n    {{"b_0_9", R"SCRIPT(\ndef b_0_9(self: Tensor, *, s: number) -> int:\n'
            "  # to fill in: compute what aten::b did before this change\n"
            '  return torch.b(self, s=s)\n)SCRIPT"},'
        )

    def test_an_old_schema_that_does_not_parse_is_corrected_first(self, judged):
        entries = {VERSION_MAP: version_map("a", "b")[VERSION_MAP].replace("aten::b(Tensor", "aten::b((")}
        [finding] = judged("OPF104", before=BEFORE, after={**BEFORE, **entries})
        assert finding.hint == (
            "old_schema of aten::b does not parse (expected a type, found '*'): first correct old_schema"
        )

    def test_one_that_is_there_is_not(self, judged):
        after = {**BEFORE, **version_map("a", "b"), **upgraders(a="_", b="_")}
        assert judged("OPF104", before=BEFORE, after=after) == []

    def test_one_that_defines_another_function_is_found_where_it_stands(self, judged):
        after = {**BEFORE, **version_map("a", "b"), **upgraders(a="_", b="c_0_9")}
        [finding] = judged("OPF104", before=BEFORE, after=after)
        assert shown([finding]) == ["error upgraders_entry.cpp:6"]
        assert finding.message == "the source of upgrader b_0_9 defines c_0_9"

    def test_an_edited_upgrader_is_judged_without_its_entry(self, judged):
        after = {**BEFORE, **upgraders(a="b", old="_")}
        assert shown(judged("OPF104", before=BEFORE, after=after)) == ["error upgraders_entry.cpp:2"]

    @pytest.mark.parametrize("left", [{}, upgraders(old="_")])
    def test_a_change_that_takes_it_away_answers_for_its_entry(self, judged, left):
        after = {**version_map("a"), **left}
        assert shown(judged("OPF104", before=BEFORE, after=after)) == ["error version_map.cpp:2"]

    def test_a_file_that_cannot_be_read_is_the_one_thing_said(self, judged):
        broken = {UPGRADERS: BEFORE[UPGRADERS].replace('"old_0_9"', "OLD")}
        after = {**BEFORE, **version_map("a", "b"), **broken}
        [finding] = judged("OPF104", before=BEFORE, after=after)
        assert finding.message.startswith("`OLD` stands where")

    def test_old_debts_and_trees_without_upgraders_are_not_judged(self, judged):
        before = {**version_map("a", "b"), **upgraders(a="c")}
        assert judged("OPF104", before=before, after={**before, **version_map("a", "b") | {"x": ""}}) == []
        assert judged("OPF104", before={}, after=version_map("a")) == []


class TestOPF110:
    def test_an_added_upgrader_without_an_entry_is_a_warning(self, judged):
        after = {**BEFORE, **upgraders(a="_", old="_", b="_")}
        [finding] = judged("OPF110", before=BEFORE, after=after)
        assert shown([finding]) == ["warning upgraders_entry.cpp:10"]
        assert finding.message == "no entry of the version map uses upgrader b_0_9"

    def test_one_whose_entry_goes_is_too(self, judged):
        after = {**BEFORE, **version_map("b")}
        assert shown(judged("OPF110", before=BEFORE, after=after)) == ["warning upgraders_entry.cpp:2"]

    def test_one_that_comes_with_its_entry_is_used(self, judged):
        after = {**version_map("a", "b"), **upgraders(a="_", old="_", b="_")}
        assert judged("OPF110", before=BEFORE, after=after) == []

    def test_an_old_one_is_an_audits(self, judged):
        after = {**BEFORE, **version_map("a", "b")}
        assert judged("OPF110", before=BEFORE, after=after) == []
        [finding] = judged("OPF110", before=BEFORE, after=BEFORE, everything=True)
        assert "old_0_9" in finding.message


class TestOPF111:
    def test_an_entry_that_is_not_in_the_table_is_found_with_the_command(self, judged):
        [finding] = judged("OPF111", before=BEFORE, after={**BEFORE, **version_map("a", "b")})
        assert shown([finding]) == ["error version_map.cpp:3"]
        assert finding.message == f"upgrader b_0_9 of aten::b is not in {MOBILE} for versions 0 to 9"
        assert finding.hint == f"build this change, and run: python {GENERATOR}"

    def test_with_the_table_regenerated_nothing_is_owed(self, judged):
        after = {**BEFORE, **version_map("a", "b"), **mobile("a", "b")}
        assert judged("OPF111", before=BEFORE, after=after) == []

    @pytest.mark.parametrize(("old", "new"), [('9, "b', '8, "b'), ("b_0_9", "c_0_9"), ("aten::b", "aten::c")])
    def test_a_row_for_something_else_does_not_serve(self, judged, old, new):
        table = mobile("a", "b")
        after = {**BEFORE, **version_map("a", "b"), MOBILE: table[MOBILE].replace(old, new)}
        assert shown(judged("OPF111", before=BEFORE, after=after)) == ["error version_map.cpp:3"]

    def test_an_excluded_operator_is_found_with_the_place_that_excludes_it(self, judged):
        after = {**BEFORE, **version_map("a", "b"), **mobile("a", excluded=["b"])}
        [finding] = judged("OPF111", before=BEFORE, after=after)
        assert finding.message == "aten::b is excluded from the mobile upgraders"
        assert finding.hint.startswith(
            f"take it out of {GENERATOR}:1:20, then build this change, and run: python"
        )

    def test_an_operator_that_becomes_excluded_or_loses_its_row_is_judged(self, judged):
        for table in (mobile("a", excluded=["a"]), mobile()):
            assert shown(judged("OPF111", before=BEFORE, after={**BEFORE, **table})) == [
                "error version_map.cpp:2"
            ]

    def test_a_row_whose_entry_goes_is_found_in_the_table(self, judged):
        after = {**BEFORE, **version_map()}
        assert shown(judged("OPF111", before=BEFORE, after=after)) == ["error upgrader_mobile.cpp:2"]
        assert judged("OPF111", before=BEFORE, after={**after, **mobile("old")}) == []

    def test_old_debts_and_trees_without_the_table_are_not_judged(self, judged):
        before = {**BEFORE, **version_map("a", "b")}
        assert judged("OPF111", before=before, after={**before, **version_map("b", "a")}) == []
        assert judged("OPF111", before={}, after=version_map("a")) == []
