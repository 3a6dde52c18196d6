from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opfixtures
from opfixtures.records.json_layout import laid_out
from opfixtures.records.record import (
    Record,
    RecordedAlteration,
    RecordError,
    dump_record,
    load_record,
    record_path,
)
from opfixtures.records.recorded_values import DTYPES, LAYOUTS, TENSOR_DTYPES

SCHEMA = json.loads(
    (Path(opfixtures.__file__).parent / "report" / "schemas" / "record.schema.json").read_text(
        encoding="utf-8"
    )
)
OF_SCHEMA = jsonschema.Draft202012Validator(SCHEMA)

AS_WRITTEN = """\
{
  "schema": 1,
  "entry": {
    "operator": "aten::gelu",
    "bumped_at_version": 10,
    "upgrader_name": "gelu_0_9",
    "old_schema": "aten::gelu(Tensor self) -> Tensor"
  },
  "module": {
    "name": "TestVersionedGeluV9",
    "path": "test/fixtures_src.py",
    "sha256": "1212121212121212121212121212121212121212121212121212121212121212"
  },
  "archive": {
    "file": "test_versioned_gelu_v9.ptl",
    "sha256": "abababababababababababababababababababababababababababababababab",
    "size": 2308,
    "version": 3,
    "bytecode_version": 7,
    "operators": ["aten::gelu"]
  },
  "runtime": {
    "kind": "release",
    "name": "torch 1.11.0",
    "torch": "1.11.0+cu102",
    "torch_git": "bc2c6eda",
    "python": "3.8.18",
    "platform": "Linux-x86_64"
  },
  "pre_change": {
    "commit": "8686868686868686868686868686868686868686",
    "proven_by": ["schema", "operator-version"],
    "schema": "aten::gelu(Tensor self) -> Tensor",
    "max_operator_version": 9
  },
  "synthetic": [
    {"altered": "bytecode version", "was": 7, "now": 5, "why": "lite applies the upgrader to 5"}
  ],
  "tolerances": {"float32": [5e-06, 1e-07]},
  "samples": [
    {
      "inputs": [
        {"tensor": "float32", "shape": [2, 2], "values": [-1.25, 0.5, "nan", "-inf"]},
        true,
        2
      ],
      "output": {
        "tensor": "float32",
        "shape": [12],
        "values": [
          0.13206231594085693, 0.13206231594085693, 0.13206231594085693, 0.13206231594085693,
          0.13206231594085693, 0.13206231594085693, 0.13206231594085693, 0.13206231594085693,
          0.13206231594085693, 0.13206231594085693, 0.13206231594085693, 0.13206231594085693
        ]
      }
    }
  ],
  "checksum": "CHECKSUM"
}
"""


def test_a_record_reads_like_this_in_a_review(gelu_record: Record) -> None:
    blank = AS_WRITTEN.replace("CHECKSUM", "0" * 64)
    checksum = hashlib.sha256(blank.encode()).hexdigest()

    assert dump_record(gelu_record).decode() == AS_WRITTEN.replace("CHECKSUM", checksum)


def exactly(value: object) -> str:
    """Text that differs where two values do, also between -0.0 and 0.0, 1 and 1.0, True and 1."""
    return repr(value)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_read_is_what_was_written(records: st.SearchStrategy[Record], data: st.DataObject) -> None:
    record = data.draw(records)
    written = dump_record(record)

    assert exactly(load_record(written)) == exactly(record)
    assert dump_record(load_record(written)) == written


@given(st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_every_record_is_of_the_published_form(
    records: st.SearchStrategy[Record], data: st.DataObject
) -> None:
    OF_SCHEMA.validate(json.loads(dump_record(data.draw(records))))


def test_the_record_of_a_guard_has_neither_entry_nor_proof(gelu_record: Record) -> None:
    entry = replace(gelu_record.entry, bumped_at_version=None, upgrader_name=None)
    guard = replace(
        gelu_record,
        entry=entry,
        pre_change=replace(gelu_record.pre_change, proven_by=()),
        synthetic=(),
    )
    written = dump_record(guard)

    assert load_record(written) == guard
    OF_SCHEMA.validate(json.loads(written))


@pytest.mark.parametrize(
    "half", [{"bumped_at_version": None}, {"upgrader_name": None}], ids=lambda half: next(iter(half))
)
def test_half_an_entry_is_none(gelu_record: Record, half: dict[str, Any]) -> None:
    """One that named an upgrader and no version would be compared with no entry of the version map."""
    written = dump_record(replace(gelu_record, entry=replace(gelu_record.entry, **half)))

    with pytest.raises(RecordError, match=r"its entry has one of bumped_at_version and upgrader_name"):
        load_record(written)
    assert not OF_SCHEMA.is_valid(json.loads(written))


def test_a_record_of_an_entry_names_a_proof_unless_its_version_record_was_altered(
    gelu_record: Record,
) -> None:
    unproven = replace(gelu_record, pre_change=replace(gelu_record.pre_change, proven_by=()))
    patched = RecordedAlteration("version record", 4, 3, "no release stamps 3")

    assert load_record(dump_record(replace(unproven, synthetic=(patched,)))).pre_change.proven_by == ()
    with pytest.raises(RecordError, match=r"its pre_change\.proven_by names no proof"):
        load_record(dump_record(unproven))


def test_the_published_form_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_published_form_names_every_dtype_and_layout() -> None:
    forms = SCHEMA["$defs"]
    wrapped = forms["wrapped"]["properties"]

    assert set(forms["dtype"]["enum"]) == TENSOR_DTYPES
    assert set(forms["dtype"]["enum"]) | set(wrapped["dtype"]["anyOf"][1]["enum"]) == DTYPES
    assert set(wrapped["layout"]["enum"]) == LAYOUTS


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=50))
def test_no_line_is_long(gelu_record: Record, numbers: list[float]) -> None:
    tensor = {"tensor": "float64", "shape": [len(numbers)], "values": numbers}
    pairs = {"tensor": "complex128", "shape": [len(numbers)], "values": [[number, 0.5] for number in numbers]}
    record = replace(
        gelu_record, samples=({"inputs": [[tensor, {"tuple": [pairs, 1]}]], "output": numbers[0]},)
    )

    assert max(map(len, dump_record(record).decode().splitlines())) <= 100


def test_an_empty_list_has_no_lines_of_its_own() -> None:
    assert laid_out({"a" * 120: []}) == '{\n  "' + "a" * 120 + '": []\n}'


def test_a_record_stands_beside_its_fixture() -> None:
    assert record_path("fixtures/test_versioned_gelu_v9.ptl") == "fixtures/test_versioned_gelu_v9.ptl.json"
