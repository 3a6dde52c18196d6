"""What the rules about the version map's entries find, and what they leave alone."""

import shlex

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
TYPE = "std::unordered_map<std::string, std::vector<UpgraderEntry>>"
PYTHON_SETTINGS = f"""\
[tool.opfixtures]
version-map = "{VERSION_MAP.replace(".cpp", ".py")}"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
"""
GELU = '{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},'


def version_map(*lines):
    """A version map of these lines, the first one in line 2."""
    return {VERSION_MAP: "\n".join([f"{TYPE} m({{", *lines, "});"])}


def entry(version, name="", schema="aten::div.Tensor(Tensor self) -> Tensor"):
    return f'{{{version}, "{name or f"div_0_{version - 1}"}", "{schema}"}}'


def div(*entries):
    return f'{{"aten::div.Tensor", {{{", ".join(entries)}}}}},'


def places(findings):
    return [f"{finding.place.line}:{finding.place.column}" for finding in findings]


@pytest.fixture
def added(judged):
    """The findings of one rule about a map that these lines are added to."""

    def find(code, *lines):
        return judged(code, before=version_map(GELU), after=version_map(GELU, *lines))

    return find


@pytest.fixture
def untouched(judged):
    """The findings of one rule where a map of these lines gets one entry of another operator."""

    def find(code, *lines):
        return judged(code, before=version_map(*lines), after=version_map(*lines, GELU))

    return find


class TestOPF102:
    @pytest.mark.parametrize("versions", [(10, 4), (4, 10, 8), (4, 4)])
    def test_an_entry_behind_one_as_high_is_found_where_it_stands(self, added, versions):
        [finding] = added("OPF102", div(*(f"\n{entry(version)}" for version in versions)))
        assert places([finding]) == [f"{len(versions) + 3}:1"]
        assert finding.operator == "aten::div.Tensor"

    def test_the_message_and_the_hint_name_both_versions(self, added):
        [finding] = added("OPF102", div(entry(10), entry(4)))
        assert finding.message == "the entry of aten::div.Tensor at version 4 stands behind one at version 10"
        assert finding.hint == "write its entries in ascending order, 4 before 10"

    def test_ascending_entries_are_in_order(self, added):
        assert added("OPF102", div(entry(4), entry(8), entry(10))) == []

    def test_arms_that_exclude_each_other_are_each_in_order(self, added):
        lines = ["#if X", div(entry(4), entry(10)), "#else", div(entry(4), entry(8)), "#endif"]
        assert added("OPF102", *lines) == []

    @pytest.mark.parametrize(
        ("lines", "place"),
        [
            (["#if X", div(entry(4)), "#else", div(entry(8), entry(4)), "#endif"], "6:82"),
            (["#if X", div(entry(8)), "#endif", div(entry(4))], "6:23"),
            ([div(entry(8)), "#if X", div(entry(4)), "#endif"], "5:23"),
            (["#if X", div(entry(8)), "#endif", "#if Y", div(entry(4)), "#endif"], "7:23"),
        ],
    )
    def test_arms_that_can_be_compiled_together_are_in_one_order(self, added, lines, place):
        assert places(added("OPF102", *lines)) == [place]

    def test_an_old_disorder_is_not_this_changes(self, untouched):
        assert untouched("OPF102", div(entry(10), entry(4))) == []

    def test_it_is_an_audits(self, judged):
        files = version_map(div(entry(10), entry(4)))
        assert len(judged("OPF102", before=files, after=files, everything=True)) == 1


class TestOPF103:
    @pytest.mark.parametrize(
        "name", ["div", "div_0_4", "div_1_3", "div_0_3_", "_0_3", "div_00_3", "div_3", "div_0_3 "]
    )
    def test_a_name_with_another_range_is_found_at_its_entry(self, added, name):
        assert places(added("OPF103", div(entry(4, name)))) == ["3:23"]

    @pytest.mark.parametrize("name", ["div_0_3", "div__Scalar_mode_0_3", "anything_0_0_3"])
    def test_what_stands_before_the_range_is_free(self, added, name):
        assert added("OPF103", div(entry(4, name))) == []

    def test_a_second_entry_starts_where_the_first_one_ends(self, added):
        assert added("OPF103", div(entry(4, "div_0_3"), entry(8, "div_4_7"))) == []
        assert places(added("OPF103", div(entry(4, "div_0_3"), entry(8, "div_0_7")))) == ["3:82"]

    @pytest.mark.parametrize(
        ("name", "mended"),
        [("div_Tensor_0_7", "div_Tensor_0_3"), ("old", "div_Tensor_0_3"), ("", "div_Tensor_0_3")],
    )
    def test_the_hint_is_the_name_and_where_it_goes(self, added, name, mended):
        line = div(entry(4).replace("div_0_3", name))
        [finding] = added("OPF103", line)
        assert finding.hint == (
            f"rename it to {mended} in {VERSION_MAP} and "
            "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
        )

    def test_an_old_name_is_not_this_changes(self, untouched):
        assert untouched("OPF103", div(entry(4, "div"))) == []

    def test_a_name_that_the_change_gives_is(self, judged):
        before, after = version_map(div(entry(4))), version_map(div(entry(4, "div")))
        assert places(judged("OPF103", before=before, after=after)) == ["2:23"]


class TestOPF105:
    @pytest.mark.parametrize(
        ("schema", "why"),
        [
            ("aten::full(int{} size) -> Tensor", "expected an argument's name, found '{'"),
            ("div_.Scalar(Tensor(a!), Tensor other) -> Tensor(a!)", "expected an argument's name, found ','"),
            ("", "expected an operator"),
        ],
    )
    def test_a_schema_that_does_not_parse_is_found_with_the_reason(self, added, schema, why):
        [finding] = added("OPF105", div(entry(4, schema=schema)))
        assert finding.message.startswith(f"old_schema of aten::div.Tensor does not parse: {why}")
        assert places([finding]) == ["3:23"]

    def test_one_that_parses_is_not(self, added):
        assert added("OPF105", div(entry(4))) == []

    def test_the_hint_is_a_command_for_the_operator(self, added):
        [finding] = added("OPF105", div(entry(4, schema="x")))
        said, command = finding.hint.split("\n")
        assert said == "take it from a build from before the change:"
        words = shlex.split(command)
        assert words[:2] == ["python", "-c"]
        assert "'\"'" not in command
        compile(words[2], "hint", "exec")
        assert '_jit_get_schemas_for_operator("aten::div")' in words[2]

    def test_an_old_schema_that_stood_there_is_not_this_changes(self, untouched):
        assert untouched("OPF105", div(entry(4, schema="x"))) == []


class TestOPF106:
    @pytest.mark.parametrize("named", ["aten::full", "aten::full.names", "aten::div", "div.Tensor"])
    def test_another_operator_or_overload_is_found_and_both_are_named(self, added, named):
        [finding] = added("OPF106", div(entry(4, schema=f"{named}(Tensor self) -> Tensor")))
        assert finding.message == f"old_schema of aten::div.Tensor is that of {named}"
        assert finding.hint == f"correct it: aten::div.Tensor(...), or the key: {named}"
        assert places([finding]) == ["3:23"]

    @pytest.mark.parametrize("schema", ["aten::div.Tensor(Tensor self) -> Tensor", "does not parse"])
    def test_its_own_operator_or_none_at_all_is_not(self, added, schema):
        assert added("OPF106", div(entry(4, schema=schema))) == []

    def test_an_old_entry_is_not_this_changes(self, untouched):
        assert untouched("OPF106", div(entry(4, schema="aten::x() -> Tensor"))) == []


class TestOPF112:
    def test_a_second_key_is_found_where_it_stands_and_names_the_first(self, added):
        [finding] = added("OPF112", div(entry(4)), div(entry(8)))
        assert places([finding]) == ["4:2"]
        assert finding.message == "aten::div.Tensor is listed twice: here and in line 3"

    @pytest.mark.parametrize("lines", [(div(), div(entry(4))), (div(entry(4)), div()), (div(), div())])
    def test_a_second_key_without_entries_is_one(self, added, lines):
        assert places(added("OPF112", *lines)) == ["4:2"]

    def test_a_second_key_without_entries_is_one_in_python(self, judged):
        line = (
            '"mylib::scale": [{"bumped_at_version": 4, "upgrader_name": "scale_0_3", "old_schema": "s"}],\n'
        )
        before = {VERSION_MAP.replace(".cpp", ".py"): f"OPERATOR_VERSIONS = {{\n{line}}}\n"}
        after = {path: text.replace("\n}", '\n"mylib::scale": [],\n}') for path, text in before.items()}
        settings = {".opfixtures.toml": PYTHON_SETTINGS}
        assert places(judged("OPF112", before=before | settings, after=after | settings)) == ["3:1"]

    def test_two_entries_under_one_key_are_listed_once(self, added):
        assert added("OPF112", div(entry(4), entry(8))) == []

    def test_the_two_arms_of_one_if_are_once(self, added):
        lines = ["#if X", div(entry(4)), "#elif Y", div(entry(4)), "#else", div(entry(4)), "#endif"]
        assert added("OPF112", *lines) == []

    @pytest.mark.parametrize(
        ("lines", "place"),
        [
            (["#if X", div(entry(4)), "#else", div(entry(4)), div(entry(8)), "#endif"], "7:2"),
            (["#if X", "#else", div(entry(4)), div(entry(8)), "#endif"], "6:2"),
            (["#if X", div(entry(4)), "#else", div(entry(4)), "#endif", div(entry(8))], "8:2"),
            (["#if X", div(entry(4)), "#endif", "#if Y", div(entry(8)), "#endif"], "7:2"),
        ],
    )
    def test_two_keys_that_can_be_compiled_together_are_twice(self, added, lines, place):
        assert places(added("OPF112", *lines)) == [place]

    def test_an_old_repetition_is_not_this_changes_wherever_it_moves(self, judged):
        lines = [div(entry(4)), div(entry(8))]
        assert judged("OPF112", before=version_map(*lines), after=version_map(GELU, *lines)) == []
