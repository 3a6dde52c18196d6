from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import opfixtures
from opfixtures.archives.formats import EXPORT, JIT, LITE
from opfixtures.proving.reproduction import BELIEVED, PUBLISHED, RECORDED
from opfixtures.proving.result import (
    FAILURES,
    Accepted,
    Answer,
    Fact,
    Facts,
    FixtureResult,
    LoaderFacts,
    Made,
    Result,
    Status,
)
from opfixtures.proving.waived_replay import waive_replay
from opfixtures.report import result_text as shown_by
from opfixtures.report.next_step import next_step
from opfixtures.report.result_json import result_json
from opfixtures.report.screen import QUIET, VERBOSE, Screen
from opfixtures.settings.accepted_breaks import Way
from opfixtures.settings.waivers import Waiver

SCHEMA = json.loads(
    (Path(opfixtures.__file__).parent / "report" / "schemas" / "result.schema.json").read_text(
        encoding="utf-8"
    )
)
OF_SCHEMA = jsonschema.Draft202012Validator(SCHEMA)


def result_text(result: Result, screen: Screen = Screen(width=9999, loudness=VERBOSE)) -> str:  # noqa: B008
    """With all facts, each in one line."""
    return shown_by.result_text(result, (), screen).removesuffix("\n")


YES = Fact(Answer.YES)
FACTS_OF_GELU = Facts(
    Fact(Answer.YES, "schema, operator-version"),
    Fact(Answer.YES, "aten::gelu ran, stamped 3"),
    RECORDED,
    {
        JIT: LoaderFacts(YES, Fact(Answer.YES, "1 sample"), YES, Fact(Answer.NOT_APPLICABLE, "no change")),
        LITE: LoaderFacts(YES, YES, Fact(Answer.UNKNOWN, "compiled in"), Fact(Answer.NO, "passes")),
    },
)
VERIFIED = FixtureResult(
    operator="aten::gelu",
    bumped_at_version=10,
    upgrader_name="gelu_0_9",
    status=Status.VERIFIED,
    made=Made.BY_THIS_RUN,
    module="TestVersionedGeluV9",
    fixture="fixtures/test_versioned_gelu_v9.ptl",
    runtime="torch 1.11.0",
    replayed_by="torch 2.13.0",
    facts=FACTS_OF_GELU,
)
REFUSED = FixtureResult(
    operator="aten::stft",
    bumped_at_version=11,
    upgrader_name="stft_0_10",
    status=Status.REFUSED,
    reason="RuntimeError: it does not script\n  return tomorrow(x)",
    module="TestVersionedStftV10",
    fixture="fixtures/test_versioned_stft_v10.ptl",
)
SHADOWED = replace(
    REFUSED,
    reason="shadowed",
    runtime="torch 2.13.0",
    facts=Facts(YES, Fact(Answer.NO, "shadowed"), RECORDED),
)
FOUND = replace(VERIFIED, made=Made.FOUND, facts=replace(FACTS_OF_GELU, reproduced=PUBLISHED))
OTHERS = Fact(Answer.NO, "its samples are others")
DROPPED = Fact(Answer.NO, "argument f is dropped without a word")
RENAMED = Facts(
    YES, YES, PUBLISHED, {"torch.export.load": LoaderFacts(YES, YES, YES, YES, names=DROPPED, defaults=YES)}
)
NO_RECORD = replace(
    FOUND,
    runtime=None,
    status=Status.UNPROVEN,
    reason="not compared: no recorded outputs to compare with",
    facts=Facts(Fact(Answer.UNKNOWN, "no record"), YES, BELIEVED),
)


def test_a_result_reads_like_this_on_a_terminal() -> None:
    assert (
        result_text(Result("86030e3e0799e355efa94eab5d8dbc37604e8167", (VERIFIED, REFUSED)))
        == """\
refused     aten::stft at 11  fixtures/test_versioned_stft_v10.ptl
            RuntimeError: it does not script
              return tomorrow(x)
verified    aten::gelu at 10  fixtures/test_versioned_gelu_v9.ptl
            made by torch 1.11.0: pre-change yes (schema, operator-version)
            covers yes (aten::gelu ran, stamped 3)
            replayed by torch 2.13.0
            torch.jit.load: loads yes, equal yes, applied yes, sensitive not-applicable
              sensitive: no change
            lite: loads yes, equal yes, applied unknown, sensitive no
              applied: compiled in
              sensitive: passes
opfixtures: 1 verified, 1 refused (1 made by this run), pre-change commit 86030e3e0799"""
    )


LONG = replace(
    VERIFIED,
    operator="aten::div_.Scalar_mode",
    fixture="fixtures/test_versioned_div_inplace_scalar_mode_float_v3.ptl",
)
MISMATCH = replace(
    LONG,
    status=Status.MISMATCH,
    made=Made.FOUND,
    reason="torch.jit.load: not equal: sample 2: int64 then, float32 now, which is another type than was recorded",
)


def test_a_short_table_fits_80_columns_and_what_is_not_green_has_its_path_whole() -> None:
    text = shown_by.result_text(Result(None, (LONG, VERIFIED, MISMATCH)))

    assert (
        text
        == """\
mismatch    aten::div_.Scalar_mode at 10
            fixtures/test_versioned_div_inplace_scalar_mode_float_v3.ptl
            torch.jit.load: not equal: sample 2: int64 then, float32 now, which
                is another type than was recorded
verified    aten::div_.Scalar_mode at 10  test_versioned_div...mode_float_v3.ptl
verified    aten::gelu at 10              fixtures/test_versioned_gelu_v9.ptl
opfixtures: 2 verified, 1 mismatch (2 made by this run, 1 found)
"""
    )


def test_with_colours_and_marks_what_is_wrong_is_red_and_no_wider() -> None:
    rows = (LONG, VERIFIED, MISMATCH, replace(VERIFIED, status=Status.GENERATED))
    text = shown_by.result_text(Result(None, rows), (), Screen(80, colour=True, marks=True))

    assert text.startswith("\x1b[1;31m✗ \x1b[0m\x1b[1;31mmismatch   \x1b[0m aten::div_.Scalar_mode at 10\n")
    assert ("\x1b[32m✓ " in text, "\x1b[1;33m○ " in text) == (True, True)
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 80 for line in text.splitlines())


def test_when_it_is_quiet_only_what_is_wrong_is_said() -> None:
    quiet = Screen(loudness=QUIET)

    assert shown_by.result_text(Result(None, (VERIFIED,)), ["a note"], quiet, "commit") == ""
    assert "verified  " not in shown_by.result_text(Result(None, (VERIFIED, MISMATCH)), (), quiet)
    assert "not equal" in shown_by.result_text(Result(None, (VERIFIED, MISMATCH)), (), quiet)


def test_every_fact_is_told_and_none_twice() -> None:
    assert (
        result_text(Result(None, (SHADOWED,)))
        == """\
refused     aten::stft at 11  fixtures/test_versioned_stft_v10.ptl
            shadowed
            made by torch 2.13.0: pre-change yes
            covers no
            reproduced yes (its outputs were recorded by this run)
opfixtures: 1 refused"""
    )


def test_a_reason_that_several_facts_share_is_told_once() -> None:
    compiled_in = Fact(Answer.NOT_APPLICABLE, "compiled in")
    facts = Facts(YES, YES, RECORDED, {LITE: LoaderFacts(Fact(Answer.NO, "cut"), *[compiled_in] * 3)})

    assert result_text(Result(None, (replace(VERIFIED, facts=facts),))).endswith("""\
            lite: loads no, equal not-applicable, applied not-applicable, sensitive not-applicable
              loads: cut
              equal, applied, sensitive: compiled in
opfixtures: 1 verified (1 made by this run)""")


def test_a_loader_that_can_judge_nothing_is_left_out() -> None:
    nothing = LoaderFacts(YES, *[Fact(Answer.NOT_APPLICABLE, "lite knows no upgraders but torch's own")] * 3)
    facts = Facts(YES, YES, RECORDED, {JIT: LoaderFacts(*[YES] * 4), LITE: nothing})
    text = result_text(Result(None, (replace(VERIFIED, facts=facts),)))

    assert ("torch.jit.load: loads yes" in text, "lite" in text) == (True, False)


@pytest.mark.parametrize(("shared", "told"), [(None, 1), ("c0ffee" * 10, 0)])
def test_a_pre_change_commit_is_told_with_its_fixture_where_others_have_another(
    shared: str | None, told: int
) -> None:
    result = Result(shared, (replace(VERIFIED, pre_change_commit="c0ffee" * 10), VERIFIED))

    assert result_text(result).count("\n            pre-change commit c0ffeec0ffee\n") == told


def test_a_synthetic_fixture_says_what_was_altered() -> None:
    altered = replace(VERIFIED, synthetic=("bytecode version altered from 7 to 5: lite",))

    assert "            synthetic: bytecode version altered from 7 to 5: lite\n" in result_text(
        Result(None, (altered,))
    )


def test_a_waived_mismatch_stands_below_those_that_fail() -> None:
    mismatch = replace(VERIFIED, status=Status.MISMATCH)
    waived = replace(mismatch, waived="waived until 2027-06-30: not for mobile")
    text = result_text(Result(None, (VERIFIED, waived, mismatch)))

    assert text.index("waived until 2027-06-30: not for mobile\n") > text.index("mismatch ", 1)
    assert text.endswith("opfixtures: 1 verified, 2 mismatch, 1 of them waived (3 made by this run)")
    assert not Result(None, (waived,)).failed


@pytest.mark.parametrize(
    ("codes", "differing", "today", "waived"),
    [
        (("replay.lite",), {LITE}, date(2027, 6, 30), True),
        (("replay.lite",), {LITE}, date(2027, 7, 1), False),
        (("replay.lite",), {LITE, JIT}, date(2027, 6, 30), False),
        (("replay.lite", "replay.torch.jit.load"), {LITE, JIT}, date(2027, 6, 30), True),
        (("OPF303",), {LITE}, date(2027, 6, 30), False),
        (("replay.lite",), set(), date(2027, 6, 30), False),
    ],
)
def test_a_replay_is_waived_where_each_loader_that_differs_is(
    codes: tuple[str, ...], differing: set[str], today: date, waived: bool
) -> None:
    no = LoaderFacts(YES, Fact(Answer.NO), YES, YES)
    loaders = {loader: no if loader in differing else LoaderFacts(*[YES] * 4) for loader in (JIT, LITE)}
    result = replace(VERIFIED, status=Status.MISMATCH, facts=Facts(YES, YES, PUBLISHED, loaders))
    waivers = (Waiver("aten::gelu", codes, "not for mobile", date(2027, 6, 30)),)

    expected = "waived until 2027-06-30: not for mobile" if waived else ""
    assert waive_replay(result, waivers, today).waived == expected
    assert waive_replay(replace(result, facts=None), waivers, today).waived == ""


def test_a_fixture_without_record_says_so() -> None:
    assert "            found: pre-change unknown (no record)\n" in result_text(Result(None, (NO_RECORD,)))


def test_an_entry_without_fixture_entry_says_so() -> None:
    orphan = replace(REFUSED, module=None, fixture=None, reason="")

    assert result_text(Result(None, (orphan,))).startswith("refused     aten::stft at 11  no fixture entry\n")


def test_no_fixture_is_nothing_to_do() -> None:
    assert result_text(Result(None, ())) == "opfixtures: nothing to do"


@given(st.text())
def test_no_text_of_a_repository_can_forge_a_line(text: str) -> None:
    fact = Fact(Answer.NO, text)
    hostile = FixtureResult(
        text,
        1,
        text,
        Status.MISMATCH,
        text,
        Made.FOUND,
        text,
        text,
        text,
        text,
        (text,),
        Facts(fact, fact, fact, {text: LoaderFacts(*[fact] * 4)}),
        text,
        text,
    )

    lines = result_text(Result(None, (hostile, VERIFIED))).split("\n")

    assert all(line.isprintable() for line in lines)
    assert [line.split() for line in lines if line.startswith("verified")] == [
        ["verified", "aten::gelu", "at", "10", "fixtures/test_versioned_gelu_v9.ptl"]
    ]


def test_a_result_has_these_members_for_programs() -> None:
    report = json.loads(result_json(Result("c0ffee", (VERIFIED,))))

    (fixture,) = report.pop("fixtures")
    facts = fixture.pop("facts")
    assert report == {"schema": 3, "pre_change_commit": "c0ffee"}
    assert list(fixture.items()) == [
        ("operator", "aten::gelu"),
        ("bumped_at_version", 10),
        ("upgrader_name", "gelu_0_9"),
        ("module", "TestVersionedGeluV9"),
        ("fixture", "fixtures/test_versioned_gelu_v9.ptl"),
        ("made", "by this run"),
        ("status", "verified"),
        ("reason", ""),
        ("runtime", "torch 1.11.0"),
        ("replayed_by", "torch 2.13.0"),
        ("pre_change_commit", None),
        ("synthetic", []),
        ("waived", ""),
        ("accepted", None),
    ]
    assert list(facts) == ["pre-change", "covers", "reproduced", "loaders"]
    assert facts["pre-change"] == {"value": "yes", "reason": "schema, operator-version"}
    assert facts["loaders"]["lite"]["sensitive"] == {"value": "no", "reason": "passes"}
    assert list(facts["loaders"]) == ["torch.jit.load", "lite"]


TEXTS = st.text()


def with_accepted(row: FixtureResult) -> st.SearchStrategy[FixtureResult]:
    """The row, with an accepted break where that is its status."""
    if row.status is not Status.ACCEPTED:
        return st.just(row)
    accepted = st.builds(Accepted, st.sampled_from(Way), TEXTS, TEXTS, TEXTS, TEXTS, st.booleans())
    return accepted.map(lambda one: replace(row, accepted=one))


FACTS = st.builds(Fact, st.sampled_from(Answer), TEXTS)
OF_ONE = st.builds(LoaderFacts, FACTS, FACTS, FACTS, FACTS) | st.builds(
    LoaderFacts, FACTS, FACTS, FACTS, FACTS, FACTS, FACTS
)
LOADERS = st.dictionaries(st.sampled_from([JIT, LITE, EXPORT]), OF_ONE)
FIXTURES = st.builds(
    FixtureResult,
    operator=TEXTS,
    bumped_at_version=st.none() | st.integers(min_value=0),
    upgrader_name=st.none() | TEXTS,
    status=st.sampled_from(Status),
    reason=TEXTS,
    made=st.none() | st.sampled_from(Made),
    module=st.none() | TEXTS,
    fixture=st.none() | TEXTS,
    runtime=st.none() | TEXTS,
    replayed_by=st.none() | TEXTS,
    synthetic=st.lists(TEXTS).map(tuple),
    facts=st.none() | st.builds(Facts, FACTS, FACTS, FACTS, LOADERS),
    pre_change_commit=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
).flatmap(with_accepted)


@given(
    st.builds(
        Result,
        st.none() | st.text("0123456789abcdef", min_size=40, max_size=40),
        st.lists(FIXTURES, max_size=3).map(tuple),
    )
)
def test_every_result_is_of_the_published_form(result: Result) -> None:
    text = result_json(result)

    assert text.isascii()
    OF_SCHEMA.validate(json.loads(text))


def test_the_published_form_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("status", Status)
def test_a_result_failed_if_a_fixture_is_not_green_and_not_waived(status: Status) -> None:
    other = replace(VERIFIED, status=status)

    assert Result(None, (VERIFIED, other)).failed is (
        status not in (Status.VERIFIED, Status.ACCEPTED, Status.GENERATED)
    )
    assert (status in FAILURES) is other.failed
    assert not replace(other, waived="waived until 2027-06-30: known").failed


@pytest.mark.parametrize(
    ("made", "reproduced", "is_new"),
    [
        (Made.BY_THIS_RUN, Answer.YES, True),
        (Made.FOUND, Answer.NOT_APPLICABLE, False),
        (Made.FOUND, Answer.YES, True),
        (Made.FOUND, Answer.UNKNOWN, True),
        (Made.FOUND, Answer.NO, True),
        (Made.AGAIN, Answer.YES, True),
        (Made.AGAIN, Answer.NOT_APPLICABLE, False),
        (None, Answer.YES, False),
    ],
)
def test_a_fixture_that_target_does_not_hold_is_new(
    made: Made | None, reproduced: Answer, is_new: bool
) -> None:
    facts = Facts(YES, YES, Fact(reproduced))

    assert replace(VERIFIED, made=made, facts=facts).is_new is is_new


def test_what_was_found_and_cannot_be_looked_at_is_not_known_to_be_new() -> None:
    assert not replace(VERIFIED, made=Made.FOUND, facts=None).is_new
    assert replace(VERIFIED, made=Made.BY_THIS_RUN, facts=None).is_new


def test_a_fixture_that_was_found_says_who_made_it_and_whether_it_was_reproduced() -> None:
    lines = result_text(Result(None, (FOUND,))).splitlines()

    assert lines[1] == "            found, made by torch 1.11.0: pre-change yes (schema, operator-version)"
    assert lines[3] == "            reproduced not-applicable (target has it: it was judged when it came in)"
    assert lines[-1] == "opfixtures: 1 verified (1 found)"


def test_a_fixture_that_was_made_again_says_by_whom() -> None:
    again = replace(FOUND, made=Made.AGAIN, facts=replace(FACTS_OF_GELU, reproduced=YES))
    text = result_text(Result(None, (again,)))

    assert "            made again by torch 1.11.0: pre-change yes" in text
    assert "            reproduced yes\n" in text
    assert text.endswith("opfixtures: 1 verified (1 made again)")


def test_how_all_fixtures_were_come_by_is_counted() -> None:
    rows = (VERIFIED, FOUND, FOUND, replace(FOUND, made=Made.AGAIN), REFUSED)

    assert result_text(Result(None, rows)).endswith(
        "opfixtures: 4 verified, 1 refused (1 made by this run, 2 found, 1 made again)"
    )


def test_a_guard_is_named_one() -> None:
    guard = replace(FOUND, bumped_at_version=None, upgrader_name=None)

    assert result_text(Result(None, (guard,))).startswith("verified    aten::gelu, a guard  fixtures/")


NO_MODULE = "torch 2.13.0 cannot be used: ImportError: no_such_module\n  in mylib/__init__.py"


def failing(number: int, reason: str = NO_MODULE, status: Status = Status.FAILED) -> FixtureResult:
    unknown = Fact(Answer.UNKNOWN, f"the side after the change failed: {reason}")
    return replace(
        FOUND,
        fixture=f"fixtures/f{number}.ptl",
        status=status,
        reason=reason,
        replayed_by=None,
        facts=Facts(unknown, YES, PUBLISHED),
    )


def test_one_cause_is_told_once() -> None:
    assert (
        result_text(Result(None, tuple(map(failing, range(3)))))
        == """\
failed      aten::gelu at 10  fixtures/f0.ptl
failed      aten::gelu at 10  fixtures/f1.ptl
failed      aten::gelu at 10  fixtures/f2.ptl
            torch 2.13.0 cannot be used: ImportError: no_such_module
              in mylib/__init__.py
opfixtures: 3 failed (3 found)"""
    )


def test_one_cause_is_told_once_whatever_stands_between() -> None:
    rows = (failing(1), REFUSED, failing(2, "another cause"), VERIFIED, failing(3))
    text = result_text(Result(None, rows))

    assert text.count("no_such_module") == text.count("another cause") == 1
    assert text.index("f1.ptl") < text.index("f3.ptl") < text.index("no_such_module")


def test_a_runtime_that_cannot_be_had_is_told_once_too() -> None:
    no_torch = [
        replace(REFUSED, fixture=f"fixtures/r{number}.ptl", reason="torch 1.5.1 cannot be had: no network")
        for number in range(3)
    ]
    text = result_text(Result(None, tuple(no_torch)))

    assert (text.count("no network"), text.count("refused     aten::stft at 11")) == (1, 3)


def test_two_fixtures_that_differ_alike_are_told_with_all_their_facts() -> None:
    rows = [failing(number, "lite: not equal", Status.MISMATCH) for number in range(2)]
    text = result_text(Result(None, tuple(rows)))

    assert text.count("            lite: not equal\n") == text.count("reproduced not-applicable") == 2


def test_what_is_told_together_loses_nothing_of_its_own() -> None:
    """Only what says the same of itself is told together."""
    rows = tuple(replace(REFUSED, pre_change_commit=digit * 40) for digit in "ab")
    text = result_text(Result(None, rows))

    assert "pre-change commit aaaaaaaaaaaa" in text
    assert "pre-change commit bbbbbbbbbbbb" in text


@pytest.mark.parametrize(
    "own",
    [{"waived": "waived until 2027-06-30: known"}, {"synthetic": ("version record altered",)}],
    ids=lambda own: next(iter(own)),
)
def test_what_has_more_to_tell_is_told_alone(own: dict[str, Any]) -> None:
    rows = tuple(replace(failing(number), **own) for number in range(2))
    text = own["synthetic"][0] if "synthetic" in own else own["waived"]

    assert result_text(Result(None, rows)).count(f"{text}\n") == 2


def test_an_accepted_break_says_what_users_are_told_and_stands_before_what_is_verified() -> None:
    accepted = Accepted(Way.RAISES, "no more", "mylib 2.0", "slow", "pyproject.toml", True)
    reason = "torch.jit.load: not equal: sample 1: raises: ValueError: no more"
    broken = replace(VERIFIED, status=Status.ACCEPTED, reason=reason, accepted=accepted)
    result = Result(None, (VERIFIED, broken, REFUSED))
    text = result_text(result)

    assert result.failed
    assert not Result(None, (VERIFIED, broken)).failed
    assert [line.split()[0] for line in text.split("\n") if line[0] != " "] == [
        "refused",
        "accepted",
        "verified",
        "opfixtures:",
    ]
    assert (
        f"""\
            {reason}
            raises "no more" from mylib 2.0 on: slow (pyproject.toml says so, of this branch: target's settings do not)
"""
        in text
    )
    assert text.endswith("opfixtures: 1 verified, 1 accepted, 1 refused (2 made by this run)")


def test_notes_stand_above_the_counts_and_what_to_do_below() -> None:
    why = "nothing that a fixture rests on differs from commit c0ffee: nothing was built or replayed"
    wide = Screen(width=9999)

    assert shown_by.result_text(Result(None, ()), [why], wide, "nothing to do") == (f"opfixtures: {why}\n")
    assert shown_by.result_text(Result(None, (REFUSED,)), ["a dry run"], wide, "run it").endswith(
        "\nnote: a dry run\nopfixtures: 1 refused\nnext: run it\n"
    )


@pytest.mark.parametrize(
    ("isolation", "told"),
    [
        (None, False),
        (("user namespace", "Landlock"), False),
        (("read-only mounts",), False),
        (("user namespace", "PID namespace"), True),
        ((), True),
    ],
)
def test_what_no_system_limited_is_told(isolation: tuple[str, ...] | None, told: bool) -> None:
    result = Result(None, (VERIFIED,), isolation=isolation)
    said = "this system does not limit what fixture modules write"
    assert (f"\nnote: {said}\nopfixtures: " in result_text(result)) is told
    assert json.loads(result_json(result)).get("isolation") == (None if isolation is None else [*isolation])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            (VERIFIED, REFUSED),
            "mend these fixture modules, or what their `sample_inputs()` give, then run `opfixtures generate` again",
        ),
        ((REFUSED, SHADOWED), "mend what is refused, then run `opfixtures generate` again"),
        (
            (replace(VERIFIED, status=Status.MISMATCH), VERIFIED),
            "mend upgrader gelu_0_9 or the operator until old models ",
        ),
        (
            (replace(VERIFIED, status=Status.MISMATCH, upgrader_name=None),),
            "mend the operator until old models get ",
        ),
        (
            (NO_RECORD,),
            "add to TestVersionedGeluV9 what the reason asks for, then run "
            "`opfixtures generate --regenerate --operator aten::gelu`, with -v ",
        ),
        (
            (replace(FOUND, status=Status.MISMATCH, facts=replace(FACTS_OF_GELU, reproduced=OTHERS)),),
            "make them again with `opfixtures generate --regenerate --operator aten::gelu`, or take back what ",
        ),
        (
            tuple(
                replace(NO_RECORD, operator=f"aten::op{number}", module=f"M{number}") for number in range(4)
            ),
            "add what the reason asks for, then run `opfixtures generate --regenerate`, with -v ",
        ),
        (
            (replace(FOUND, status=Status.MISMATCH, upgrader_name=None, facts=RENAMED),),
            "give the operator its old arguments back, and the new ones to another operator, then run ",
        ),
        (
            (replace(FOUND, status=Status.FAILED),),
            "make the library build and import after the change, then run ",
        ),
        ((replace(FOUND, status=Status.MISMATCH, waived="known"),), "nothing to do"),
        ((VERIFIED,), "`git add 'my fixtures'`, and commit that with the change"),
        ((FOUND,), "nothing to do"),
        ((), "nothing to do"),
    ],
)
def test_the_next_step_is_about_what_is_in_the_way_of_the_others(
    rows: tuple[FixtureResult, ...], said: str
) -> None:
    assert next_step(rows, {"my fixtures"}).startswith(said)
    assert next_step(rows, (), dry_run=True) == "run `opfixtures generate` without --dry-run"


def test_what_is_there_and_not_committed_is_to_be_committed_too() -> None:
    """A mended upgrader makes another run green, which makes nothing."""
    said = "`git add fixtures`, and commit that with the change"
    assert next_step((FOUND,), {"fixtures"}, uncommitted=True) == said
    assert next_step((FOUND, NO_RECORD), {"fixtures"}, uncommitted=True).startswith("add to ")
