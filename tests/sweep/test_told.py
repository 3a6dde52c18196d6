"""What is told of a row of a sweep has the form that it should have, or is no answer."""

from __future__ import annotations

from typing import Any

import pytest

from opfixtures.sweep.told import is_refusal, read_told

ROW = {"key": "a", "samples": [{"inputs": [], "output": 1}]}
SAME = {"output": 1, "difference": None}


def rerun(*samples: Any) -> dict[str, Any]:
    return {"load_error": None, "samples": list(samples)}


@pytest.mark.parametrize(
    "told",
    [
        rerun(SAME),
        rerun({"output": 2, "difference": "element 0: 1.0 then, 2.0 now", "inputs_after": [1]}),
        rerun({"raises": "RuntimeError: no"}),
        {"load_error": "RuntimeError: no"},
        {"refused": "crashed: SIGSEGV"},
    ],
)
def test_what_a_worker_tells_is_taken_as_it_is(told: dict[str, Any]) -> None:
    assert read_told("rerun", ROW, told) == told


@pytest.mark.parametrize(
    "told",
    [
        *(5, "text", [], {}, None, {"refused": 5}, {"load_error": 5}, {"load_error": "\ud800"}),
        *(rerun(), rerun(SAME, SAME), {"load_error": None, "samples": {}}),
        *(rerun(5), rerun({}), rerun({"raises": {}}), rerun({**SAME, "difference": 5})),
        *(rerun({"difference": None}), rerun({**SAME, "output": {"tensor": "x"}})),
        *(rerun({**SAME, "inputs_after": 5}), rerun({**SAME, "difference": "\ud800"})),
    ],
)
def test_what_has_another_form_is_no_answer(told: Any) -> None:
    assert is_refusal(read_told("rerun", ROW, told))


@pytest.mark.parametrize("told", [5, None, {"refused": None}])
def test_what_others_read_has_to_be_an_object(told: Any) -> None:
    assert is_refusal(read_told("sweep", ROW, told))
    assert read_told("list", ROW, {"schemas": 5}) == {"schemas": 5}
