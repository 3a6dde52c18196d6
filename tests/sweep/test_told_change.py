"""What a sweep tells whoever changed a library."""

from __future__ import annotations

from datetime import date

import pytest

from opfixtures.declarations.place import Place
from opfixtures.report.hint_parts import hint_parts
from opfixtures.rules import RULES
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.waived import SWEEPS, check_codes
from opfixtures.sweep.judgement import CHANGED
from opfixtures.sweep.told_change import sweep_findings
from tests.repositories import config_of
from tests.tree_fixtures import Files

AT = Place("mylib/ops.py", 3, 1)
TODAY = date(2026, 11, 26)
SETTINGS = """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
unversioned-operators = ["mylib::_*"]
"""


def settings_of(more=""):
    return config_of(Files({".opfixtures.toml": SETTINGS + more}))


def found(*rows, settings="", known=(), versioned=False):
    told = {
        "operators": [
            {"operator": one, "status": status, "detail": detail, "versioned": versioned}
            for one, status, detail in rows
        ]
    }
    return sweep_findings(told, settings_of(settings), lambda _: AT, known, TODAY)


@pytest.mark.parametrize("status", CHANGED)
def test_each_change_is_an_error_of_its_own_code(status):
    (one,) = found(("mylib::scale", status, ""))
    assert (one.code, one.severity, one.place) == (f"sweep.{status}", Severity.ERROR, AT)
    assert one.code in SWEEPS
    assert "opfixtures new mylib::scale --behaviour --apply" in one.hint


def test_the_message_says_what_changed():
    (one,) = found(("mylib::scale", "values", "sample 2: 2.0 then, 3.0 now"))
    assert one.message == (
        "mylib::scale gives other results (sample 2: 2.0 then, 3.0 now), and no upgrader keeps old models as they were"
    )


def test_of_an_operator_that_has_an_upgrader_it_is_the_upgrader_that_is_to_be_mended():
    """`opfixtures new` has nothing to add to its entry."""
    (one,) = found(("mylib::scale", "values", ""), versioned=True)
    assert (
        one.message
        == "mylib::scale gives other results, and its upgrader does not keep old models as they were"
    )
    assert "opfixtures new" not in one.hint
    assert one.hint.startswith("mend the upgrader that its entry names, or the operator,")


@pytest.mark.parametrize("versioned", [True, False])
def test_what_to_do_is_prose_in_a_comment(versioned):
    (one,) = found(("mylib::scale", "values", ""), versioned=versioned)
    commands = ["```sh\nopfixtures new mylib::scale --behaviour --apply\n```"] * (not versioned)
    *shown, prose = hint_parts(one.hint)
    assert shown == commands
    assert "`" not in prose


def test_what_did_not_change_is_not_told():
    assert (
        found(
            ("mylib::scale", "same", ""), ("mylib::halve", "no-model", "x"), ("mylib::a", "not-unique", "x")
        )
        == []
    )
    assert sweep_findings({}, settings_of(), lambda _: AT, (), TODAY) == []


def test_internal_operators_accepted_breaks_and_what_the_check_says_already_are_left_out():
    settings = """
[tool.opfixtures.accepted-breaks]
"mylib::broken" = { how = "does not load", release = "mylib 2.0", reason = "meant" }
"""
    told = Finding("OPF502", Severity.ERROR, "mylib::gone", AT, "it is gone", "")
    rows = [(f"mylib::{name}", "gone", "") for name in ("_internal", "broken", "gone", "other")]
    assert [one.operator for one in found(*rows, settings=settings, known=[told])] == ["mylib::other"]


@pytest.mark.parametrize(
    ("how", "accepted"),
    [
        ('"does not load"', ["gone", "load"]),
        ('{ raises = "no such factor" }', ["raises"]),
        ('{ raises = "another error" }', []),
        ('"other results"', ["dtype", "shape", "values"]),
    ],
)
def test_a_break_is_accepted_in_the_way_that_it_says_and_in_no_other(how, accepted):
    settings = f"""
[tool.opfixtures.accepted-breaks]
"mylib::scale" = {{ how = {how}, release = "mylib 2.0", reason = "meant" }}
"""
    rows = [("mylib::scale", status, "RuntimeError: no such factor") for status in CHANGED]
    left = [one.code.removeprefix("sweep.") for one in found(*rows, settings=settings)]
    assert left == [status for status in CHANGED if status not in accepted]


def test_a_waiver_makes_it_a_note_until_its_day():
    waiver = '"mylib::scale" = {{ codes = ["sweep.values"], reason = "meant", expires = {} }}\n'
    settings = f"\n[tool.opfixtures.waivers]\n{waiver}"
    for day, severity in (("2026-11-26", Severity.NOTE), ("2026-11-25", Severity.ERROR)):
        check_codes(settings_of(settings.format(day)), RULES)
        (one,) = found(("mylib::scale", "values", ""), settings=settings.format(day))
        assert one.severity is severity
