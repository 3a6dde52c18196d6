"""A waived finding is a note until its day is past; a waiver that is over, or that nothing needs, is said."""

import json
from datetime import date, timedelta

import pytest

from opfixtures.errors import ConfigurationError
from opfixtures.proving.result import Answer, Fact, Facts, FixtureResult, LoaderFacts
from opfixtures.proving.result import Status as ResultStatus
from opfixtures.proving.waived_replay import waive_replay
from opfixtures.rules import RULES
from opfixtures.rules.waived import check_codes
from opfixtures.settings.waivers import Waiver, waiver_for
from tests.repositories import REGISTRY, config_of

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
GELU = "test/jit/fixtures/test_versioned_gelu_v9.ptl"
ORPHAN = "test/jit/fixtures/test_orphan_v1.ptl"
SETTINGS = '[tool.opfixtures]\npreset = "pytorch"\n\n[tool.opfixtures.waivers]\n'
# Far enough from midnight for a test that runs over it.
TODAY = date.today()
LATER, EARLIER = TODAY + timedelta(days=9), TODAY - timedelta(days=9)


def waiver(key, *codes, expires=LATER, reason="known"):
    return f'"{key}" = {{ codes = {json.dumps(codes)}, reason = "{reason}", expires = {expires} }}\n'


@pytest.fixture
def found(opfixtures):
    """Code, severity, message and line of each finding with these waivers staged too."""

    def find(repository, waivers, *args):
        repository.write(".opfixtures.toml", SETTINGS + waivers)
        ran = opfixtures(repository, "check", "--format", "json", *args)
        assert ran.err == ""
        rows = json.loads(ran.out)["findings"]
        assert ran.status == any(row["severity"] == "error" for row in rows)
        return [(row["code"], row["severity"], row["message"], row["line"]) for row in rows]

    return find


class TestAWaivedFinding:
    def test_is_a_note_that_says_until_when_and_why(self, pytorch, found, add_hardswish):
        add_hardswish(pytorch)
        [(code, severity, message, _)] = found(pytorch, waiver("aten::hardswish", "OPF201"))
        assert (code, severity) == ("OPF201", "note")
        assert message.endswith(f"one whose module ends in V0 to V10 (waived until {LATER}: known)")

    def test_is_waived_for_its_operator_and_code_alone(self, pytorch, found, add_hardswish):
        add_hardswish(pytorch)
        waivers = waiver("aten::relu", "OPF201") + waiver("aten::hardswish", "OPF202")
        assert [row[:2] for row in found(pytorch, waivers)] == [("OPF201", "error")]

    def test_of_no_operator_is_waived_by_its_path(self, pytorch, found):
        pytorch.write(ORPHAN, "no archive")
        rows = found(pytorch, waiver(ORPHAN, "OPF307"))
        assert [row[:2] for row in rows] == [("OPF302", "error"), ("OPF307", "note")]

    def test_stays_one_where_fixtures_are_required(self, pytorch, found):
        pytorch.write(GELU.replace("gelu", "other"), "")
        pytorch.git("rm", "--quiet", GELU, "--force")
        pytorch.commit()
        pytorch.git("rm", "--quiet", "--cached", VERSION_MAP)
        pytorch.commit()
        pytorch.git("add", VERSION_MAP)
        rows = found(pytorch, waiver("aten::gelu", "OPF301"), "--require-fixtures")
        assert [row[:2] for row in rows] == [("OPF301", "note")]
        assert [row[:2] for row in found(pytorch, "", "--require-fixtures")] == [("OPF301", "error")]


class TestOPF401:
    def test_an_expired_waiver_waives_nothing_and_is_said_where_it_stands(
        self, pytorch, found, add_hardswish
    ):
        add_hardswish(pytorch)
        waivers = waiver("aten::gelu", "OPF302") + waiver("aten::hardswish", "OPF201", expires=EARLIER)
        expired, owed = found(pytorch, waivers)
        message = f"the waiver for aten::hardswish expired on {EARLIER}: known"
        assert expired == ("OPF401", "warning", message, 6)
        assert owed[:2] == ("OPF201", "error")

    def test_an_audit_says_what_nothing_needs(self, pytorch, found):
        pytorch.write(GELU, "no archive")
        waivers = waiver("aten::gelu", "OPF302", "OPF303", "replay.lite") + waiver(ORPHAN, "OPF307")
        waivers += waiver("aten::gone", "replay.lite")
        rows = [row for row in found(pytorch, waivers, "--all") if row[0] == "OPF401"]
        assert rows == [
            ("OPF401", "warning", "nothing needs the waiver for aten::gelu: OPF303", 5),
            ("OPF401", "warning", f"nothing needs the waiver for {ORPHAN}: OPF307", 6),
            ("OPF401", "warning", "nothing needs the waiver for aten::gone: replay.lite", 7),
        ]

    def test_a_guard_may_need_one_for_what_its_replay_comes_to(self, pytorch, found):
        waivers = waiver("aten::relu", "replay.torch.export.load")
        assert "OPF401" in [row[0] for row in found(pytorch, waivers, "--all")]
        pytorch.replace(REGISTRY, "    TestV", '    Relu(): "aten::relu",\n    TestV')
        assert "OPF401" not in [row[0] for row in found(pytorch, waivers, "--all")]

    def test_what_a_sweep_finds_only_a_sweep_can_tell(self, pytorch, found):
        assert found(pytorch, waiver("mylib::scale", "sweep.values"), "--all") == []

    def test_a_change_does_not(self, pytorch, found):
        assert found(pytorch, waiver("aten::gelu", "OPF302")) == []

    def test_a_map_that_cannot_be_read_may_have_the_operator(self, pytorch, found):
        pytorch.replace(VERSION_MAP, "    });", "    MACRO});")
        rows = found(pytorch, waiver("aten::gone", "replay.lite"), "--all")
        assert [row[0] for row in rows] == ["OPF101"]


UNTIL = date(2027, 6, 30)


def waived(status, *codes, reproduced=Answer.NOT_APPLICABLE, equal=Answer.YES, today=UNTIL, facts=True):
    """What is put up with of a replay, with one waiver for aten::gelu."""
    no_record = Facts(
        Fact(Answer.YES),
        Fact(Answer.YES),
        Fact(reproduced),
        {"lite": LoaderFacts(Fact(Answer.YES), Fact(equal), Fact(Answer.YES), Fact(Answer.NO))},
    )
    result = FixtureResult("aten::gelu", 10, "gelu_0_9", status, facts=no_record if facts else None)
    return waive_replay(result, [Waiver("aten::gelu", codes, "no input shows it", UNTIL)], today).waived


class TestWhatNobodyCanProve:
    said = "waived until 2027-06-30: no input shows it"

    def test_is_waived_until_its_day(self):
        assert waived(ResultStatus.UNPROVEN, "replay.unproven") == self.said
        assert waived(ResultStatus.UNPROVEN, "OPF301", "replay.unproven") == self.said
        assert waived(ResultStatus.UNPROVEN, "replay.unproven", today=date(2027, 7, 1)) == ""

    def test_is_waived_for_what_this_run_made_or_made_again(self):
        assert waived(ResultStatus.UNPROVEN, "replay.unproven", reproduced=Answer.YES) == self.said

    @pytest.mark.parametrize("reproduced", [Answer.NO, Answer.UNKNOWN])
    @pytest.mark.parametrize("status", [ResultStatus.UNPROVEN, ResultStatus.MISMATCH])
    def test_is_not_waived_where_nobody_reproduced_it(self, status, reproduced):
        codes = ("replay.unproven", "replay.lite")
        assert waived(status, *codes, reproduced=reproduced, equal=Answer.NO) == ""

    @pytest.mark.parametrize("code", ["replay.lite", "replay.torch.jit.load", "OPF301"])
    def test_is_waived_by_its_own_code_alone(self, code):
        assert waived(ResultStatus.UNPROVEN, code) == ""

    def test_is_no_waiver_for_what_differs(self):
        assert waived(ResultStatus.MISMATCH, "replay.unproven", equal=Answer.NO) == ""
        assert waived(ResultStatus.MISMATCH, "replay.lite", equal=Answer.NO) == self.said

    @pytest.mark.parametrize(
        "status", [one for one in ResultStatus if one not in (ResultStatus.UNPROVEN, ResultStatus.MISMATCH)]
    )
    def test_nothing_else_is_waived(self, status):
        assert waived(status, "replay.unproven", "replay.lite", equal=Answer.NO) == ""

    def test_nor_is_what_could_not_be_looked_at(self):
        assert waived(ResultStatus.MISMATCH, "replay.unproven", "replay.lite", facts=False) == ""

    def test_may_be_waived_in_the_settings(self):
        text = SETTINGS + waiver("aten::gelu", "replay.unproven")
        [found] = config_of(Files({".opfixtures.toml": text})).waivers
        assert found.codes == ("replay.unproven",)


def test_a_waiver_holds_through_its_last_day():
    one = Waiver("aten::gelu", ("replay.lite",), "known", date(2027, 6, 30))

    def found(code="replay.lite", operator="aten::gelu", path="x", today=date(2027, 6, 30)):
        return waiver_for([one], code, operator, path, today)

    assert found() is one
    assert found(today=date(2027, 7, 1)) is None
    assert found(code="replay.torch.jit.load") is None
    assert found(operator="aten::relu") is None
    assert found(operator=None, path="aten::gelu") is one
    assert found(operator="aten::relu", path="aten::gelu") is None


class Files(dict):
    name = "these files"

    def read(self, path):
        text = self.get(path)
        return None if text is None else text.encode()

    has = dict.__contains__


@pytest.mark.parametrize(
    ("waivers", "sentence"),
    [
        ('"a" = 1', "a must be a table"),
        ('"a" = { codes = ["OPF303"], reasom = "x" }', "[a]: unknown key 'reasom', the nearest known one is"),
        ('"a" = { codes = [], reason = "x", expires = 2027-06-30 }', "[a]: codes must be a list of codes"),
        ('"a" = { codes = "OPF303" }', "[a]: codes must be a list of codes"),
        ('"a" = { codes = [303] }', "[a]: codes must be a list of codes"),
        (
            '"a" = { codes = ["OPF330"], reason = "x", expires = 2027-06-30 }',
            "[a]: unknown code 'OPF330', the nearest known one is 'OPF30",
        ),
        (
            '"a" = { codes = ["replay.lit"], reason = "x", expires = 2027-06-30 }',
            "[a]: unknown code 'replay.lit', the nearest known one is 'replay.lite'",
        ),
        (
            '"a" = { codes = ["OPF101"], reason = "x", expires = 2027-06-30 }',
            "[a]: OPF101 cannot be waived: what cannot be read could hide any",
        ),
        (
            '"a" = { codes = ["OPF206"], reason = "x", expires = 2027-06-30 }',
            "[a]: OPF206 cannot be waived: what cannot be read could hide any",
        ),
        (
            '"a" = { codes = ["OPF401"], reason = "x", expires = 2027-06-30 }',
            "[a]: OPF401 cannot be waived: renew the waiver, or take it away",
        ),
        ('"a" = { codes = ["OPF303"], expires = 2027-06-30 }', "[a]: reason is missing"),
        ('"a" = { codes = ["OPF303"], reason = "x" }', "[a]: expires must be a date"),
        ('"a" = { codes = ["OPF303"], reason = "x", expires = "2027-06-30" }', "[a]: expires must be a date"),
        (
            '"a" = { codes = ["OPF303"], reason = "x", expires = 2027-06-30T00:00:00Z }',
            "[a]: expires must be",
        ),
    ],
)
def test_a_waiver_that_cannot_be_used_is_refused(waivers, sentence):
    with pytest.raises(ConfigurationError) as caught:
        check_codes(config_of(Files({".opfixtures.toml": SETTINGS + waivers})), RULES)
    assert str(caught.value).startswith(".opfixtures.toml: [tool.opfixtures]: [waivers]: " + sentence)


def test_a_waiver_in_another_form_is_read_and_stands_in_the_first_line():
    text = SETTINGS + f'[tool.opfixtures.waivers."aten::gelu"]\n{waiver("x", "OPF303")[7:-3]}'
    text = text.replace(", reason", "\nreason").replace(", expires", "\nexpires")
    text += '\n["tool".opfixtures.waivers.\'aten::relu\']\ncodes = ["OPF303"]\nreason = "x"\nexpires = 2027-06-30\n'
    config = config_of(Files({".opfixtures.toml": text}))
    assert [(one.key, one.codes, one.line) for one in config.waivers] == [
        ("aten::gelu", ("OPF303",), 5),
        ("aten::relu", ("OPF303",), 1),
    ]
