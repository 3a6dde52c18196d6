"""What is told of a row of a sweep has the form that it should have, or is no answer."""

from __future__ import annotations

from typing import Any

import pytest

from opfixtures.sweep.told import is_kept, is_refusal, read_told

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


@pytest.mark.parametrize(
    ("why", "kept"),
    [
        ("no value is known for x, of type Storage", True),
        ("TorchScript does not call aten::abs here, it calls aten::neg", True),
        ("crashed: SIGKILL", False),
        ("did not end within 20 seconds", False),
        ("exited before it was done", False),
        ("there was no time to try it", False),
        ("the worker ended early (killed by SIGKILL)", False),
        ("the rows of a runtime took more than 3600 seconds together: name some operators", False),
        ("its samples or its archive take more than 16 MiB", False),
        ("no process could be started for it: Resource temporarily unavailable", False),
    ],
)
def test_a_machine_has_no_say_in_the_next_sweep(why: str, kept: bool) -> None:
    assert is_kept("sweep", {"refused": why}) is kept
    assert not is_kept("rerun", {"refused": why})
    assert is_kept("rerun", {"load_error": why})
