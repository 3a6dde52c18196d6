"""`opfixtures status --runtime`: who loads what, as text, for programs, and on the command line."""

from __future__ import annotations

import json

import jsonschema
import pytest

from opfixtures.proving.loaded import Loaded, Outcome
from opfixtures.proving.result import FixtureResult, Made, Result
from opfixtures.proving.result import Status as Verdict
from opfixtures.report.loads_text import loads_text
from opfixtures.report.result_json import result_json
from opfixtures.report.status import ArchiveStatus, EntryStatus, FixtureStatus, OperatorStatus, Status
from opfixtures.report.status_json import status_json
from tests.report.test_status import FIXTURE, SCHEMA

NAMES = ("torch-1.11.0", "torch-2.13.0", "checkout")
SAME, OTHER = Loaded(Outcome.SAME, "", (None,)), Loaded(Outcome.OTHER_RESULTS, "", ("1 then, 2 now",))
GONE = Loaded(Outcome.NOT_LOADED, "no such operator")


def fixture(name: str, *loads: dict[str, Loaded]) -> FixtureStatus:
    shown = dict(zip(NAMES, loads, strict=False))
    return FixtureStatus("M", True, f"fixtures/{name}", ArchiveStatus(3, True), None, loads=shown)


FIXTURES = (
    fixture(
        "same_v3.ptl", {"torch.jit.load": SAME, "lite": SAME}, {"torch.jit.load": OTHER, "lite": OTHER}, {}
    ),
    fixture("apart_v3.ptl", {"torch.jit.load": SAME, "lite": GONE}, {"torch.jit.load": SAME}),
    fixture("a_name_that_is_longer_than_what_80_columns_hold_v3.ptl", {"lite": GONE}),
    FixtureStatus("M", True, "fixtures/not_there.ptl", None, None),
)


def test_a_row_a_fixture_and_one_for_each_loader_where_they_do_not_agree() -> None:
    assert loads_text(FIXTURES, NAMES).splitlines() == [
        "fixture                                       torch-1.11.0   torch-2.13.0   checkout",
        "same_v3.ptl                                   same           other results  -",
        "apart_v3.ptl (torch.jit.load)                 same           same           -",
        "apart_v3.ptl (lite)                           does not load  -              -",
        "…_is_longer_than_what_80_columns_hold_v3.ptl  does not load  -              -",
        "",
        "torch-1.11.0: 2 same, 2 do not load",
        "torch-2.13.0: 1 other results, 1 same, 2 not loaded",
        "checkout: 4 not loaded",
    ]
    assert loads_text(FIXTURES[-1:], NAMES) == "no fixture is there to load\n"


def test_programs_read_what_came_of_each_loader() -> None:
    entry = EntryStatus(4, range(4), "scale_0_3", None, FIXTURES)
    status = Status((OperatorStatus("mylib::scale", (entry,), ()),), (), (), (), (), ())
    report = json.loads(status_json({"": status}))
    jsonschema.validate(report, SCHEMA)
    same, apart, _, missing = report["projects"][0]["operators"][0]["entries"][0]["fixtures"]
    assert same["loads"]["torch-2.13.0"]["lite"] == {
        "outcome": "other results",
        "reason": "",
        "differences": ["1 then, 2 now"],
    }
    assert (same["loads"]["checkout"], apart["loads"]["torch-1.11.0"]["lite"]["reason"]) == (
        {},
        "no such operator",
    )
    assert "loads" not in missing


def test_a_runtime_that_no_settings_have_is_an_error(pytorch, opfixtures):
    ran = opfixtures(pytorch, "status", "--runtime", "nosuch", "--format", "html")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(
        "opfixtures: error: there is no runtime 'nosuch' in the settings: name one of these: "
    )


def test_a_page_is_one_file_with_the_work_tree_and_its_commit(pytorch, opfixtures):
    ran = opfixtures(pytorch, "status", "--format", "html")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("<!doctype html>\n")
    assert '"operator":"aten::gelu"' in ran.out
    assert f'"commit":"{pytorch.git("rev-parse", "HEAD").strip()}"' in ran.out


def test_verdicts_are_taken_from_a_report_that_is_there(pytorch, opfixtures, tmp_path):
    row = FixtureResult("aten::gelu", 10, "gelu_0_9", Verdict.UNPROVEN, "who knows", Made.FOUND, "M", FIXTURE)
    report = tmp_path / "report.json"
    report.write_text(result_json(Result(None, (row,))), encoding="utf-8")
    ran = opfixtures(pytorch, "status", "--format", "json", "--results", str(report))
    (fixture,) = json.loads(ran.out)["projects"][0]["operators"][0]["entries"][0]["fixtures"]
    assert (ran.status, fixture["verdict"], fixture["reason"]) == (0, "unproven", "who knows")


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (None, (), "report.json cannot be read: No such file or directory: name a report"),
        ("{}", (), "report.json is no report of generate or verify: "),
        ("{}", ("--replay",), "--replay and --results both say what came of fixtures"),
    ],
)
def test_what_is_no_report_is_an_error(pytorch, opfixtures, tmp_path, content, options, said):
    if content is not None:
        (tmp_path / "report.json").write_text(content, encoding="utf-8")
    ran = opfixtures(pytorch, "status", *options, "--results", str(tmp_path / "report.json"))
    assert (ran.status, ran.out, said in ran.err) == (2, "", True), ran.err


def test_where_no_fixture_is_there_nobody_asks_for_a_runtime(pytorch, opfixtures):
    (pytorch.root / FIXTURE).unlink()
    ran = opfixtures(pytorch, "status", "--runtime", "torch-1.11.0")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith("\n\nno fixture is there to load\n")
