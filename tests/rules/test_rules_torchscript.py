"""What TorchScript cannot upgrade, and names it does not know, found in a library and in a PyTorch tree."""

import pytest

from opfixtures.declarations.function_schema import parse_schema
from tests.rules.test_every_rule import BEFORE, COMPLETE, LIBRARY, LIBRARY_BEFORE, MAP

SCHEMA = "mylib::scale(Tensor x) -> Tensor"


def returning(returned):
    return {**LIBRARY, "map.py": LIBRARY["map.py"].replace(SCHEMA, f"mylib::scale(Tensor x) -> {returned}")}


def messages(findings):
    return [finding.message for finding in findings]


class TestOPF114:
    @pytest.mark.parametrize(
        "returned", ["Tensor", "(Tensor y)", "Tensor(a!)", "Tensor?", "int", "Scalar?", "Any"]
    )
    def test_what_torch_upgrades_is_no_finding(self, judged, returned):
        assert judged("OPF114", before=LIBRARY_BEFORE, after=returning(returned)) == []

    @pytest.mark.parametrize(
        ("returned", "said"),
        [
            ("(Tensor, Tensor)", "several values"),
            ("(Tensor a, int b)", "several values"),
            ("...", "several values"),
            ("()", "nothing"),
            ("Tensor[]", "a list"),
            ("(Tensor(a!)[] ys)", "a list"),
            ("int[2]", "a list"),
            ("int[]?", "a list"),
            ("((Tensor, Tensor))", "a tuple"),
            ("(())", "a tuple"),
            ("Dict(str, Tensor)", "a dict"),
            ("Union(Tensor, int)", "a union"),
        ],
    )
    def test_what_it_does_not_is_found_with_what_to_do_instead(self, judged, returned, said):
        [finding] = judged("OPF114", before=LIBRARY_BEFORE, after=returning(returned))
        assert finding.message == f"torch cannot upgrade mylib::scale, which returns {said} in its old_schema"
        assert str(finding.place) == "map.py:3:9"
        assert finding.hint == (
            "leave the operator as it is, and add an overload that no old model calls, such as mylib::scale.v2; "
            "take this entry away"
        )

    def test_torchs_own_operators_are_no_exception(self, judged):
        after = COMPLETE[MAP].replace(
            "hardswish(Tensor self) -> Tensor", "hardswish(Tensor self) -> Tensor[]"
        )
        assert messages(judged("OPF114", before=BEFORE, after={**COMPLETE, MAP: after})) == [
            "torch cannot upgrade aten::hardswish, which returns a list in its old_schema"
        ]

    @pytest.mark.parametrize(
        ("operator", "other"),
        [("mylib::scale", "mylib::scale.v2"), ("mylib::scale.out", "mylib::scale.out_2")],
    )
    def test_the_overload_to_add_is_one(self, judged, operator, other):
        files = returning("Tensor[]")
        files["map.py"] = files["map.py"].replace("mylib::scale", operator)
        [finding] = judged("OPF114", before=LIBRARY_BEFORE, after=files)
        assert f", such as {other}; " in finding.hint
        assert parse_schema(f"{other}(Tensor x) -> Tensor[]").operator == other

    def test_an_old_debt_is_not_this_changes(self, judged):
        assert judged("OPF114", before=returning("Tensor[]"), after=returning("Tensor[]")) == []
        assert len(judged("OPF114", before=LIBRARY, after=returning("Tensor[]"), everything=True)) == 1

    def test_what_does_not_parse_is_another_finding(self, judged):
        assert judged("OPF114", before=LIBRARY_BEFORE, after=returning("Tensor[")) == []


class TestOPF115:
    def named(self, path, old, new):
        assert old in LIBRARY[path]
        return {**LIBRARY, path: LIBRARY[path].replace(old, new)}

    def test_full_names_are_no_finding(self, judged):
        assert judged("OPF115", before=LIBRARY_BEFORE, after=LIBRARY) == []

    @pytest.mark.parametrize("name", ["scale", "::scale"])
    def test_a_key_without_a_namespace_is_found(self, judged, name):
        [finding] = judged(
            "OPF115", before=LIBRARY_BEFORE, after=self.named("map.py", '"mylib::scale"', f'"{name}"')
        )
        assert finding.message == f"operator {name} of the version map has no namespace"
        assert (str(finding.place), finding.hint) == (
            "map.py:3:9",
            "write its full name, such as mylib::scale",
        )

    def test_an_old_schema_without_one_is_found(self, judged):
        after = self.named("map.py", '"mylib::scale(', '"scale.Tensor(')
        [finding] = judged("OPF115", before=LIBRARY_BEFORE, after=after)
        assert finding.message == "old_schema of mylib::scale names scale.Tensor, which has no namespace"
        assert finding.hint == "write its full name, such as mylib::scale.Tensor"

    @pytest.mark.parametrize("name", ["scale", "mylib::"])
    def test_a_row_without_one_is_found(self, judged, name):
        after = self.named("registry.py", '"mylib::scale"', f'"{name}"')
        [finding] = judged("OPF115", before=LIBRARY_BEFORE, after=after)
        assert finding.message == f"TestScaleV4 is registered for {name}, which has no namespace"
        assert (finding.operator, str(finding.place)) == (name, "registry.py:2:5")

    def test_the_namespace_of_most_operators_is_taken_for_that_of_the_others(self, judged):
        after = {**COMPLETE, MAP: COMPLETE[MAP].replace('"aten::hardswish"', '"hardswish"')}
        [finding] = judged("OPF115", before=BEFORE, after=after)
        assert finding.hint == "write its full name, such as aten::hardswish"

    def test_where_there_is_none_a_name_is_shown_all_the_same(self, judged):
        files = {
            path: text.replace("mylib::scale", "") for path, text in LIBRARY.items() if isinstance(text, str)
        }
        hints = [finding.hint for finding in judged("OPF115", before=LIBRARY_BEFORE, after=files)]
        assert hints == ["write its full name, such as mylib::sharpen"] * 2

    def test_an_old_debt_is_not_this_changes(self, judged):
        after = self.named("map.py", '"mylib::scale"', '"scale"')
        assert judged("OPF115", before=after, after=after) == []
