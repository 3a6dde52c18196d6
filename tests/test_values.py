"""Classes of opfixtures.values do what those of the standard library do, and the hook imports no other."""

from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import subprocess
import sys
from functools import cached_property
from typing import Any

import pytest

from opfixtures import values

SPELLED = """
class One:
    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list)
    d: int = field(default=0, compare=False)
    e: int = field(default=0, repr=False)
class Alone:
    a: int
class Nothing:
    pass
class Ordered:
    a: int
    b: int
class Told:
    a: int
    def __repr__(self): return "told"
"""


def classes(made_by: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"field": made_by.field, "__name__": __name__}
    exec(SPELLED, found)
    return {
        name: made_by.dataclass(frozen=True, slots=True, **({"order": True} if name == "Ordered" else {}))(
            one
        )
        for name, one in found.items()
        if isinstance(one, type)
    }


OWN, STANDARD = classes(values), classes(dataclasses)


def each(name: str, *several: tuple[tuple[Any, ...], dict[str, Any]]) -> list[tuple[list[Any], list[Any]]]:
    return [([OWN[name](*a, **b)], [STANDARD[name](*a, **b)]) for a, b in several]


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("One", [((1,), {}), ((1,), {"b": "b"}), ((1, "x"), {"c": [1]}), ((1,), {"d": 5}), ((2,), {})]),
        ("Alone", [((1,), {}), ((2,), {}), ((1.0,), {})]),
        ("Nothing", [((), {}), ((), {})]),
        ("Ordered", [((1, 2), {}), ((1, 3), {}), ((0, 9), {}), ((1, 2), {})]),
        ("Told", [((1,), {})]),
    ],
)
def test_they_show_and_compare_as_those_of_the_standard_library(name: str, several: Any) -> None:
    own, standard = ([made[name](*a, **b) for a, b in several] for made in (OWN, STANDARD))
    assert [*map(repr, own)] == [*map(repr, standard)]
    for compare in (
        "__eq__",
        "__ne__",
        *(("__lt__", "__le__", "__gt__", "__ge__") if name == "Ordered" else ()),
    ):
        answers = [
            [getattr(one, compare)(other) for one in some for other in some] for some in (own, standard)
        ]
        seen = [[bool(answer) for answer in some if answer is not NotImplemented] for some in answers]
        if NotImplemented not in answers[0]:
            assert seen[0] == seen[1]
    for one, other in zip(own, standard, strict=True):
        assert one != other
        assert dataclasses.astuple(one) == dataclasses.astuple(other)
        assert [field.name for field in dataclasses.fields(one)] == [*type(one).__slots__]
        assert type(one).__match_args__ == type(other).__match_args__
        assert copy.deepcopy(one) == one
    if name == "Ordered":
        assert [repr(one) for one in sorted(own)] == [repr(one) for one in sorted(standard)]
        assert own[0] >= own[2]
        with pytest.raises(TypeError):
            _ = own[0] < 1


def test_equal_ones_have_one_hash_and_nothing_sets_an_attribute() -> None:
    one, other = OWN["Ordered"](1, 2), OWN["Ordered"](1, 2)
    assert hash(one) == hash(other)
    assert {one: 1}[other] == 1
    for change in (lambda: setattr(one, "a", 3), lambda: delattr(one, "a"), lambda: setattr(one, "z", 3)):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            change()
    assert dataclasses.replace(one, b=3) == OWN["Ordered"](1, 3)
    fresh = [OWN["One"](1).c for _ in range(2)]
    assert fresh[0] is not fresh[1]
    with pytest.raises(TypeError):
        OWN["One"]()


def test_they_are_pickled() -> None:
    from opfixtures.declarations.place import Place

    place = Place("a", 1, 2)
    assert pickle.loads(pickle.dumps(place)) == place


def test_what_can_be_changed_and_what_has_a_cache() -> None:
    class Counter:
        seen: int
        names: list[str] = values.field(default_factory=list)

    mutable: Any = values.dataclass(slots=True, eq=False)(Counter)
    counter = mutable(1)
    counter.seen += 1
    assert (counter.seen, counter.names, counter == counter.__class__(2)) == (2, [], False)
    with pytest.raises(AttributeError):
        counter.other = 1

    class Cached:
        a: int
        calls: list[int]

        @cached_property
        def double(self) -> int:
            self.calls.append(1)
            return 2 * self.a

    frozen: Any = values.dataclass(frozen=True)(Cached)
    cached = frozen(2, [])
    assert (cached.double, cached.double, cached.calls) == (4, 4, [1])
    with pytest.raises(dataclasses.FrozenInstanceError):
        cached.a = 3
    assert values.replace(cached, a=5).double == 10
    assert copy.copy(counter).seen == 2


def test_what_is_not_made_here_is_refused() -> None:
    class Mixed:
        a: int = dataclasses.field(default=1)

    with pytest.raises(TypeError, match="take field from opfixtures"):
        values.dataclass(frozen=True, slots=True)(Mixed)
    with pytest.raises(TypeError, match="eq=False"):
        values.dataclass(slots=True)
    with pytest.raises(TypeError, match="unexpected"):
        values.replace(OWN["Alone"](1), z=2)


def test_those_of_the_standard_library_are_replaced_too() -> None:
    one = STANDARD["Ordered"](1, 2)
    assert values.replace(one, b=3) == dataclasses.replace(one, b=3)


ASKED = """\
import sys
from opfixtures.commands import check
from opfixtures.rules import lines_to_add
print(*(name for name in ("dataclasses", "inspect") if name in sys.modules))
"""


def test_the_hook_does_without_the_module_of_the_standard_library() -> None:
    """It imports `inspect`, which takes as long as a tenth of a check."""
    # Coverage imports both itself.
    environment = {**os.environ, "COVERAGE_PROCESS_CONFIG": ""}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
