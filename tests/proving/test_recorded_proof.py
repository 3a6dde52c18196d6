"""What `verify` believes of a record about the runtime that made the fixture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.result import Answer, Fact
from opfixtures.proving.verify import recorded_proof
from opfixtures.records.record import Record

ENTRY = MapEntry("aten::gelu", 10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor", Place("map.cpp", 1, 1))

GUARD = Owner(FixtureEntry("TestVersionedGeluV9", "aten::gelu", Place("registry.py", 1, 1)), "a.ptl")
OWNER = replace(GUARD, entry=ENTRY, covers=range(10), last_bump=10)


@pytest.mark.parametrize(
    ("schema", "by", "answer", "said"),
    [
        ("aten::gelu(Tensor self) -> (Tensor)", ("schema",), Answer.YES, "recorded: schema"),
        (
            "aten::gelu(Tensor self, *, str approximate='none') -> Tensor",
            ("schema",),
            Answer.NO,
            "was made with",
        ),
        ("aten::gelu(", ("schema",), Answer.UNKNOWN, "does not parse"),
        ("aten::gelu(Tensor self) -> Tensor", (), Answer.NOT_APPLICABLE, "version record was altered"),
    ],
)
def test_the_recorded_proof_has_to_fit_the_entry(
    gelu_record: Record, schema: str, by: tuple[str, ...], answer: Answer, said: str
) -> None:
    record = replace(gelu_record, pre_change=replace(gelu_record.pre_change, schema=schema, proven_by=by))
    fact = recorded_proof(OWNER, record)
    assert (fact.value, said in fact.reason) == (answer, True)


def test_without_a_record_nothing_is_known() -> None:
    assert recorded_proof(OWNER, None) == recorded_proof(GUARD, None) == Fact(Answer.UNKNOWN, "no record")


def test_of_a_guard_the_record_has_the_schema_that_its_operator_had(gelu_record: Record) -> None:
    schema = gelu_record.pre_change.schema

    assert recorded_proof(GUARD, gelu_record) == Fact(Answer.NOT_APPLICABLE, f"a guard, made with {schema}")


def test_a_guard_whose_entry_has_come_since_has_to_fit_the_entry(gelu_record: Record) -> None:
    """PyTorch's order: the row comes first, and with it the fixture."""
    of_guard = replace(
        gelu_record,
        entry=replace(gelu_record.entry, bumped_at_version=None, upgrader_name=None),
        pre_change=replace(gelu_record.pre_change, proven_by=()),
    )
    other = replace(of_guard, pre_change=replace(of_guard.pre_change, schema="aten::gelu(int a) -> Tensor"))

    assert recorded_proof(OWNER, of_guard) == Fact(Answer.NOT_APPLICABLE, "made as a guard")
    assert recorded_proof(OWNER, other).value is Answer.NO
