"""What `verify` believes of a record about the runtime that made the fixture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.declarations.model import MapEntry, Place
from opfixtures.record import Record
from opfixtures.result import Answer
from opfixtures.verify import recorded_proof

ENTRY = MapEntry("aten::gelu", 10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor", Place("map.cpp", 1, 1))


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
    fact = recorded_proof(ENTRY, record)
    assert (fact.value, said in fact.reason) == (answer, True)


def test_without_a_record_nothing_is_known() -> None:
    assert recorded_proof(ENTRY, None).value is Answer.UNKNOWN
