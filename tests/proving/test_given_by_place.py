"""What torch gives by its place comes to the place that today's schema has for it, as torch lines it up.

By `deserialize_inputs` in torch/_export/serde/serialize.py of torch 2.13.0; tests/end_to_end/test_exported_programs.py
has what comes of it there.
"""

from __future__ import annotations

import pytest

from opfixtures.archives.model import Call, Program
from opfixtures.proving.exported_facts import names_fact
from opfixtures.proving.result import Answer
from opfixtures.worker.observations import OperatorSeen, RuntimeSeen

F, X_F = frozenset({"f"}), frozenset({"x", "f"})


def misplaced(today: str, *arguments: str, by_place: frozenset[str], by_name: frozenset[str]) -> str:
    """Why a program's call does not fit the schema of today; empty where it does."""
    schema = f"mylib::scale({today}) -> Tensor"
    operators = {"mylib::scale": OperatorSeen(schema, None, is_torchs=False)}
    runtime = RuntimeSeen("2.13.0", "", "3.11", "Linux", 10, None, operators)
    call = Call("mylib::scale", arguments, by_place, by_name)
    fact = names_fact(Program((8, 20), (call,)), runtime)
    assert (fact.value is Answer.NO) == bool(fact.reason)
    return fact.reason.removeprefix("argument ").removesuffix(f": today it is {schema}")


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        ("Tensor x, float f=2.", ""),
        ("Tensor x, float f=2., float offset=0.", ""),
        ("Tensor x, float f=2., *, float offset=0.", ""),
        (
            "Tensor x, float offset=0., float f=2.",
            "f of mylib::scale is taken for offset, which is in its place",
        ),
        (
            "float offset=0., Tensor x, float f=2.",
            "x of mylib::scale is taken for offset, which is in its place",
        ),
        (
            "Tensor x, *, float f=2.",
            "f of mylib::scale has to be named, and the program gives it by its place",
        ),
        # Both are there: torch takes them in the order of today.
        ("float f, Tensor x", ""),
    ],
)
def test_what_is_given_by_its_place_comes_to_that_place(today: str, reason: str) -> None:
    assert misplaced(today, "x", "f", by_place=X_F, by_name=frozenset()) == reason


@pytest.mark.parametrize("today", ["Tensor x, float offset=0., float f=2.", "Tensor x, *, float f=2."])
def test_what_is_given_by_name_has_no_place(today: str) -> None:
    assert misplaced(today, "x", "f", by_place=frozenset({"x"}), by_name=F) == ""


def test_where_a_program_does_not_say_so_what_has_a_default_is_given_by_name() -> None:
    def early(today: str) -> str:
        return misplaced(today, "x", "f", by_place=frozenset(), by_name=frozenset())

    assert early("Tensor x, float offset=0., float f=2.") == ""
    assert early("Tensor x, *, float f") == ""
    found = early("Tensor x, float offset=0., float f")
    assert found == "f of mylib::scale is taken for offset, which is in its place"
