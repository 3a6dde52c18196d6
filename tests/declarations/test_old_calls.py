"""What becomes of old calls when a schema changes; held against torch's own rule for all pairs of two releases."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.old_calls import Loader, broken_calls
from tests.releases import python_of

OLD = "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2], *, str mode='a') -> Tensor"
SCRIPTED, EXPORTED = Loader.SCRIPTED, Loader.EXPORTED
# The new schema, what a model of TorchScript feels, and one of torch.export.
CHANGED = {
    "a default changes": (
        "m::scale(Tensor x, float f=3.0, int[] sizes=[1, 2], *, str mode='a') -> Tensor",
        ["f was 2.0 by default and is 3.0 now: a model that leaves it out gets 3.0, without a word"],
        None,
    ),
    "a default is removed": (
        "m::scale(Tensor x, float f, int[] sizes, *, str mode='a') -> Tensor",
        [
            "f was 2.0 by default and has no default now: a model that leaves it out fails",
            "sizes was [1, 2] by default and has no default now: a model that leaves it out fails",
        ],
        None,
    ),
    "an argument is removed": (
        "m::scale(Tensor x, float f=2.0, *, str mode='a') -> Tensor",
        ["sizes is gone: a model that gives sizes does not load"],
        ["sizes is gone: torch.export.load drops it without a word"],
    ),
    "an argument before others is removed": (
        "m::scale(Tensor x, int[] sizes=[1, 2], *, str mode='a') -> Tensor",
        [
            "f is gone: a model that gives f does not load",
            "sizes stands in another place now: a model that gives it by its place gives it to another argument",
        ],
        ["f is gone: torch.export.load drops it without a word"],
    ),
    "two arguments change places": (
        "m::scale(Tensor x, int[] sizes=[1, 2], float f=2.0, *, str mode='a') -> Tensor",
        [
            "f stands in another place now: a model that gives it by its place gives it to another argument",
            "sizes stands in another place now: a model that gives it by its place gives it to another argument",
        ],
        None,
    ),
    "an argument is renamed": (
        "m::scale(Tensor x, float factor=2.0, int[] sizes=[1, 2], *, str mode='a') -> Tensor",
        [],
        ["f is called factor now: torch.export.load drops f without a word"],
    ),
    "one without a default is renamed": (
        "m::scale(Tensor self, float f=2.0, int[] sizes=[1, 2], *, str mode='a') -> Tensor",
        [],
        ["x is called self now: a model that gives x does not load"],
    ),
    "one behind the star is renamed": (
        "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2], *, str how='a') -> Tensor",
        ["mode is called how now: a model that gives mode does not load"],
        ["mode is called how now: torch.export.load drops mode without a word"],
    ),
    "an argument has to be named": (
        "m::scale(Tensor x, float f=2.0, *, int[] sizes=[1, 2], str mode='a') -> Tensor",
        ["sizes has to be named now: a model that gives it by its place fails"],
        None,
    ),
    "a type is narrowed": (
        "m::scale(Tensor x, int f=2, int[] sizes=[1, 2], *, str mode='a') -> Tensor",
        [
            "f was float and is int now: a model that gives another float fails",
            "f was 2.0 by default and is 2 now: a model that leaves it out gets 2, without a word",
        ],
        None,
    ),
    "the return changes": (
        "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2], *, str mode='a') -> (Tensor, Tensor)",
        ["it gave Tensor and gives (Tensor, Tensor) now: a model gets another thing to go on with"],
        None,
    ),
    "an argument without a default is added": (
        "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2], *, float g, str mode='a') -> Tensor",
        ["g is new and has no default: no old model gives it"],
        None,
    ),
    "an argument is put before others": (
        "m::scale(Tensor x, bool b=False, float f=2.0, int[] sizes=[1, 2], *, str mode='a') -> Tensor",
        [
            "f stands in another place now: a model that gives it by its place gives it to another argument",
            "sizes stands in another place now: a model that gives it by its place gives it to another argument",
        ],
        None,
    ),
    "an argument is written to": (
        "m::scale(Tensor(a!) x, float f=2.0, int[] sizes=[1, 2], *, str mode='a') -> Tensor",
        ["x is written to now: a model that goes on with it has another value"],
        None,
    ),
    "any number of arguments is taken": (
        "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2], *, str mode='a', ...) -> Tensor",
        ["it takes or gives any number of values on one side alone"],
        None,
    ),
}
ALIKE = (
    OLD,
    "m::scale(Tensor x, float f=2, SymInt[] sizes=[1, 2], *, str mode='a') -> Tensor",
    "m::scale(Tensor? x, Scalar f=2.0, int[] sizes=[1, 2], *, str? mode='a') -> Tensor",
    "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2], bool b=True, *, int n=0, str mode='a') -> Tensor",
    "m::scale(Tensor x, float f=2.0, int[] sizes=[1, 2], str mode='a') -> Tensor",
)


@pytest.mark.parametrize("what", CHANGED)
def test_what_old_models_feel_is_said(what: str) -> None:
    new, scripted, exported = CHANGED[what]
    assert list(broken_calls(parse_schema(OLD), parse_schema(new), SCRIPTED)) == scripted
    told = list(broken_calls(parse_schema(OLD), parse_schema(new), EXPORTED))
    assert told == (scripted if exported is None else exported)


@pytest.mark.parametrize("new", ALIKE)
@pytest.mark.parametrize("loader", Loader)
def test_what_no_old_model_feels_is_not_said(new: str, loader: Loader) -> None:
    assert list(broken_calls(parse_schema(OLD), parse_schema(new), loader)) == []


@pytest.mark.parametrize(
    ("then", "now"), [("int", "float"), ("Tensor?", "Tensor"), ("Scalar", "float"), ("Tensor[]", "Tensor?[]")]
)
def test_a_type_that_takes_less_is_felt(then: str, now: str) -> None:
    old, new = (parse_schema(f"m::f({one} x) -> Tensor") for one in (then, now))
    assert list(broken_calls(old, new, EXPORTED)) == [
        f"x was {then} and is {now} now: a model that gives another {then} fails"
    ]


SCHEMAS = """
import json, sys, torch
found = {}
for schema in torch._C._jit_get_all_schemas():
    if schema.name.startswith("aten::"):
        found[schema.name + ("." + schema.overload_name if schema.overload_name else "")] = str(schema)
json.dump(found, sys.stdout)
"""
COMPARED = """
import json, sys, torch
parse = torch._C.parse_schema
pairs = json.load(sys.stdin)
json.dump([parse(new).is_backward_compatible_with(parse(old)) for old, new in pairs], sys.stdout)
"""


def told(python: str, code: str, given: str = "") -> object:
    command = (python, "-W", "ignore", "-c", code)
    return json.loads(subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout)


# What torch's rule refuses, and no old model of TorchScript feels: it wants names to be equal, arguments to be added
# behind `*` only, and the aliases of results to be those of then.
LAXER = {
    "another name": lambda old, new: (
        not {one.name for one in old.arguments} <= {one.name for one in new.arguments}
    ),
    "appended before the star": lambda old, new: len(new.arguments) > len(old.arguments),
    "aliases of results": lambda old, new: (
        [one.type for one in old.returns] != [one.type for one in new.returns]
    ),
}


@pytest.mark.torch
def test_of_all_operators_of_two_releases_torch_says_the_same_but_for_three_kinds() -> None:
    before, after = (told(python, SCHEMAS) for python in (python_of("1.11.0"), sys.executable))
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    pairs = {name: (before[name], after[name]) for name in before if name in after}
    compatible = told(sys.executable, COMPARED, json.dumps(list(pairs.values())))
    assert isinstance(compatible, list)
    other: dict[str, list[str]] = {"stricter": [], **{kind: [] for kind in LAXER}}
    for (name, pair), torch_says in zip(pairs.items(), compatible, strict=True):
        old, new = map(parse_schema, pair)
        broken = any(broken_calls(old, new, SCRIPTED))
        if broken is not torch_says:
            continue
        kind = (
            next((kind for kind, holds in LAXER.items() if holds(old, new)), "none")
            if not broken
            else "stricter"
        )
        other[kind].append(name)
    assert len(pairs) > 2_500
    assert compatible.count(False) > 100
    assert {kind: len(names) > 0 for kind, names in other.items()} == {
        "stricter": False,
        **dict.fromkeys(LAXER, True),
    }
    assert "aten::nansum" in other["appended before the star"]
