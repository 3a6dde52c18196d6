"""What today's schemas make of an exported program: arguments that are dropped, missing, or got another default."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.formats import EXPORT, JIT
from opfixtures.archives.model import Archive, Call, Program
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.exported_facts import defaults_fact, names_fact, order_fact
from opfixtures.proving.replay_facts import OPERATOR_UNUSED, replay_facts
from opfixtures.proving.result import Answer, Fact, Facts, LoaderFacts, Status
from opfixtures.proving.verdicts import Evidence, verdicts
from opfixtures.worker.observations import (
    MarkerSeen,
    OperatorSeen,
    RanSeen,
    Replayed,
    RowReplayed,
    RuntimeSeen,
)

THEN = "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2]) -> Tensor"


def runtime(*schemas: str) -> RuntimeSeen:
    operators = {schema.partition("(")[0]: OperatorSeen(schema, (), False) for schema in schemas}
    return RuntimeSeen("2.13.0", "git", "3.11", "Linux", 10, None, operators)


def program(*arguments: str, operator: str = "m::scale") -> Program:
    return Program((8, 20), (Call(operator, arguments),))


def test_each_argument_is_one_of_today() -> None:
    assert names_fact(program("x", "f"), runtime(THEN)) == Fact(Answer.YES)


def test_a_renamed_argument_is_dropped_without_a_word() -> None:
    today = "m::scale(Tensor x, float factor=2.0) -> Tensor"
    fact = names_fact(program("x", "f"), runtime(today))
    assert fact == Fact(Answer.NO, f"argument f of m::scale is dropped without a word: today it is {today}")
    assert names_fact(program("x"), runtime(today)).value is Answer.YES


def test_of_another_operator_as_well() -> None:
    calls = (Call("m::scale", ("x",)), Call("m::add", ("a", "b")))
    fact = names_fact(Program((8, 20), calls), runtime(THEN, "m::add(Tensor a, Tensor c) -> Tensor"))
    assert fact.value is Answer.NO
    assert fact.reason.startswith("argument b of m::add is dropped")


def test_an_argument_that_is_asked_for_today_is_not_there() -> None:
    fact = names_fact(program("x", "f"), runtime("m::scale(Tensor x, int k, float f=2.0) -> Tensor"))
    assert fact.value is Answer.NO
    assert fact.reason.startswith("argument k of m::scale has no default, and the program does not store it")


def test_an_operator_is_gone() -> None:
    assert names_fact(program("x"), runtime()) == Fact(Answer.NO, "there is no operator m::scale any more")
    assert defaults_fact("m::scale", program("x"), THEN, runtime()).value is Answer.UNKNOWN


def test_a_schema_that_does_not_parse_says_nothing() -> None:
    fact = names_fact(program("x"), runtime("m::scale(Tensor"))
    assert fact == Fact(Answer.UNKNOWN, "the schema 'm::scale(Tensor' does not parse")


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (
            "m::scale(Tensor x, float f=3.0, int[] sizes=[1, 2]) -> Tensor",
            "f was left out, it was 2.0 then and is 3.0",
        ),
        (
            "m::scale(Tensor x, float f=2.0, int[] sizes=[1]) -> Tensor",
            "sizes was left out, it was [1, 2] then and is",
        ),
        ("m::scale(Tensor x, float f=2., int[] sizes=[1, 2]) -> Tensor", ""),
        ("m::scale(Tensor x, int[] sizes=[1, 2]) -> Tensor", ""),
        ("m::scale(Tensor x, float f, int[] sizes=[1, 2]) -> Tensor", ""),
        (
            "m::scale(Tensor x, float factor=3.0, int[] sizes=[1, 2]) -> Tensor",
            "f was left out, it was 2.0 then and is 3.0 now, as factor",
        ),
        ("m::scale(Tensor x, float factor=2.0, int[] sizes=[1, 2]) -> Tensor", ""),
        ("m::scale(Tensor x, int n=3, int[] sizes=[1, 2]) -> Tensor", ""),
    ],
)
def test_what_was_left_out_is_what_it_was(today: str, said: str) -> None:
    fact = defaults_fact("m::scale", program("x"), THEN, runtime(today))
    assert fact.value is (Answer.NO if said else Answer.YES)
    assert fact.reason.startswith(said)


def test_what_was_stored_has_no_default() -> None:
    today = "m::scale(Tensor x, float f=3.0, int[] sizes=[1, 2]) -> Tensor"
    assert defaults_fact("m::scale", program("x", "f"), THEN, runtime(today)) == Fact(Answer.YES)


def test_what_other_operators_left_out_is_not_recorded() -> None:
    calls = (Call("m::scale", ("x",)), Call("m::add", ("x",)), Call("m::abs", ("x",)))
    today = runtime(THEN, "m::add(Tensor x, float y=1.0) -> Tensor", "m::abs(Tensor x) -> Tensor")
    fact = defaults_fact("m::scale", Program((8, 20), calls), THEN, today)
    assert fact == Fact(Answer.YES, "of m::scale; nobody recorded those of m::add")


@pytest.mark.parametrize("then", [None, "m::scale("])
def test_without_the_schema_of_then_nothing_is_known(then: str | None) -> None:
    fact = defaults_fact("m::scale", program("x"), then, runtime(THEN))
    assert fact == Fact(Answer.UNKNOWN, "which defaults the operator had then is not known")


CLIP = "m::clip(Tensor x, float? lo=None, float? hi=None) -> Tensor"


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (
            "m::clip(Tensor x, float? hi=None, float? lo=None) -> Tensor",
            "argument lo of m::clip is taken for hi where",
        ),
        (CLIP, ""),
        ("m::clip(Tensor x, float? lo=None, *, float? hi=None) -> Tensor", ""),
        ("m::clip(Tensor x, float? lo=None, bool inner=False, float? hi=None) -> Tensor", ""),
        ("m::clip(Tensor x, float? hi=None) -> Tensor", ""),
    ],
)
def test_arguments_stand_in_the_order_of_then(today: str, said: str) -> None:
    """A program that stores all of them, or none, does not feel it; one of somebody else does."""
    fact = order_fact("m::clip", CLIP, runtime(today))
    assert fact.value is (Answer.NO if said else Answer.YES)
    assert fact.reason.startswith(said)


def test_without_a_schema_there_is_no_order() -> None:
    assert order_fact("m::clip", None, runtime(CLIP)) == Fact(Answer.YES)


SAME, OTHER = Replayed((None,)), Replayed(("element 0: 5.0 then, 2.0 now",))
OWNER = Owner(FixtureEntry("Scale", "m::scale", Place("registry.py", 1, 1)), "fixtures/scale.pt2")


def row(today: str, written: Replayed = SAME, multiplied: Replayed = OTHER) -> LoaderFacts:
    archive = Archive(None, None, frozenset({"m::scale"}), "", 1, program=program("x", "f"))
    replayed = RowReplayed(
        {EXPORT: written}, {}, MarkerSeen(), RanSeen(True), multiplied=multiplied, by_one=SAME
    )
    return replay_facts(OWNER, archive, runtime(today), replayed, THEN)[EXPORT]


def verdict(facts: LoaderFacts) -> tuple[Status, str]:
    yes, none = Fact(Answer.YES), Fact(Answer.NOT_APPLICABLE)
    return verdicts([Evidence(OWNER, Facts(none, yes, none, {EXPORT: facts}))])[0]


class TestTheVerdict:
    def test_is_verified_by_names_and_defaults(self) -> None:
        facts = row(THEN)
        assert (facts.applied.value, facts.sensitive.value) == (Answer.NOT_APPLICABLE, Answer.NOT_APPLICABLE)
        assert facts.applied.reason == "torch.export.load applies no upgrader"
        assert verdict(facts) == (Status.VERIFIED, "")

    def test_of_an_entry_it_needs_a_fixture_that_upgraders_are_applied_to(self) -> None:
        """A branch that asks for .pt2 alone would have no upgrader looked at."""
        entry = MapEntry("m::scale", 4, "scale_0_3", THEN, OWNER.row.place)
        program, model = (
            replace(OWNER, path=f"fixtures/scale.{ending}", entry=entry, covers=range(4), last_bump=4)
            for ending in ("pt2", "ptl")
        )
        yes, none = Fact(Answer.YES), Fact(Answer.NOT_APPLICABLE)
        of_program = Evidence(program, Facts(none, yes, none, {EXPORT: row(THEN)}))
        of_model = Evidence(model, Facts(none, yes, none, {JIT: LoaderFacts(yes, yes, yes, yes)}))
        status, reason = verdicts([of_program])[0]
        assert (status, reason.partition(",")[0]) == (Status.UNPROVEN, "no upgrader is applied to a .pt2")
        assert verdicts([of_program, of_model]) == [(Status.VERIFIED, ""), (Status.VERIFIED, "")]

    def test_is_a_mismatch_where_a_name_is_lost_though_outputs_agree(self) -> None:
        status, reason = verdict(row("m::scale(Tensor x, float factor=2.0) -> Tensor"))
        assert status is Status.MISMATCH
        assert reason.startswith("torch.export.load: argument f of m::scale is dropped without a word")
        assert "then" not in reason

    def test_says_what_came_of_it(self) -> None:
        status, reason = verdict(row("m::scale(Tensor x, float factor=2.0) -> Tensor", OTHER))
        assert status is Status.MISMATCH
        assert reason.endswith("(sample 1: element 0: 5.0 then, 2.0 now)")

    def test_is_a_mismatch_where_outputs_differ(self) -> None:
        assert verdict(row(THEN, OTHER))[1].startswith("torch.export.load: not equal: sample 1: element 0")

    def test_is_unproven_where_the_operator_is_not_looked_at(self) -> None:
        status, reason = verdict(row(THEN, multiplied=SAME))
        assert (status, reason.startswith(OPERATOR_UNUSED)) == (Status.UNPROVEN, True)

    def test_is_unproven_where_nobody_knows_the_defaults(self) -> None:
        facts = row(THEN)
        unknown = Fact(Answer.UNKNOWN, "which defaults the operator had then is not known")
        status, reason = verdict(
            LoaderFacts(facts.loads, facts.equal, facts.applied, facts.sensitive, facts.names, unknown)
        )
        assert (status, reason) == (Status.UNPROVEN, unknown.reason)
