"""A sweep as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from opfixtures import report
from opfixtures.errors import UserError
from opfixtures.report.sweep_json import sweep_json
from opfixtures.report.sweep_text import sweep_text
from opfixtures.sweep.judgement import STATUSES, Verdict
from opfixtures.sweep.swept import Sweep, Swept, told_value
from opfixtures.sweep.witness import Sides

SCHEMA = json.loads((Path(report.__file__).parent / "schemas/sweep.schema.json").read_text())
SIDES = Sides("torch 1.11.0", "torch 2.13.0", "1.11.0", "2.13.0")


def swept(operator: str, status: str, detail: str = "", versioned: bool = False) -> Swept:
    return Swept(operator, Verdict(status, detail), f"{operator}() -> Tensor", None, versioned, None)


@pytest.fixture
def sweep() -> Sweep:
    """One operator of each status."""
    rows = [swept(f"aten::{status}", status, f"why {status}") for status in STATUSES]
    rows += [swept("aten::floor_divide", "values", "sample 1: value 0: element 3: -0.0 then, -1.0 now", True)]
    rows += [
        swept(
            "aten::with_a_name_that_is_longer_than_most",
            "gone",
            "old models do not load: RuntimeError: no " + "x" * 99,
        )
    ]
    return Sweep(SIDES, "pt", rows, {"aten::rand": "random"}, (61.5, 120.2))


def test_the_text_has_a_line_for_each_that_changed_and_counts_the_rest(sweep):
    assert sweep_text(sweep) == TEXT
    assert max(map(len, TEXT.splitlines())) <= 80


def test_nothing_changed():
    text = sweep_text(Sweep(SIDES, "pt", [], {}, (1.0, 1.0)))
    assert "0 operators, 0 with a model, 0 left out\n0 changed, 0 of them in the version map\n" in text


def test_no_name_reaches_the_terminal_as_it_is():
    text = sweep_text(Sweep(SIDES, "pt", [swept("a\x1b[2J", "gone", "b\x1b[2J")], {}, (1.0, 1.0)))
    assert "\x1b" not in text


def test_the_json_keeps_to_its_schema(sweep):
    told = json.loads(sweep_json(sweep))
    jsonschema.validate(told, SCHEMA)
    assert [one["status"] for one in told["operators"]][: len(STATUSES)] == list(STATUSES)
    assert told["left_out"] == [{"operator": "aten::rand", "reason": "random"}]
    assert (told["wall_seconds"], told["cpu_seconds"]) == (61.5, 120.2)


def test_the_schema_knows_each_status():
    assert set(SCHEMA["$defs"]["operator"]["properties"]["status"]["enum"]) == set(STATUSES)


def test_what_a_sample_gave_is_told_without_what_a_replay_needs():
    assert told_value({"inputs": [1], "output": 2, "inputs_after": [3]}) == {"output": 2, "inputs_after": [3]}
    assert told_value({"raises": "RuntimeError: no"}) == {"raises": "RuntimeError: no"}
    assert told_value(None) is None


def test_what_was_not_swept_says_why(sweep):
    assert sweep.named("aten::floor_divide").versioned
    with pytest.raises(UserError, match="aten::rand is not swept: random"):
        sweep.named("aten::rand")
    with pytest.raises(UserError, match=r"aten::none is not swept: torch 1[.]11[.]0 has no such operator"):
        sweep.named("aten::none")


TEXT = """\
torch 1.11.0 against torch 2.13.0:
13 operators, 0 with a model (0 %), 1 left out
  1 left out: random
9 changed, 1 of them in the version map
  crash   aten::crash                       why crash
  gone    aten::gone                        why gone
  gone    aten::with_a_name_that_is_longer_than_most
                                            no xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
  load    aten::load                        why load
  raises  aten::raises                      why raises
  dtype   aten::dtype                       why dtype
  shape   aten::shape                       why shape
  values  aten::floor_divide                -0.0 then, -1.0 now
  values  aten::values                      why values
1 give the same
1 refuse input that was wrong before
1 give what is not unique by definition
1 have no model
62 s, of which the workers computed 120 s
"""
