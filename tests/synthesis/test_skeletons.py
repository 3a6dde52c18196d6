"""Skeletons of upgraders; that each compiles is in test_all_schemas.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.synthesis.skeletons import skeleton, what_it_is
from tests.synthesis.in_torch import in_torch

FILL_IN = "  # to fill in: compute what x::y did before this change\n"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (
            "x::y(Tensor x, float f=2.) -> Tensor",
            None,
            f"def y_0_3(x: Tensor, f: float) -> Tensor:\n{FILL_IN}  return torch.ops.x.y(x, f)\n",
        ),
        (
            "x::y(Tensor x, *, str? mode=None) -> (Tensor, int[])",
            None,
            "def y_0_3(x: Tensor, *, mode: Optional[str]) -> Tuple[Tensor, List[int]]:\n"
            f"{FILL_IN}  return torch.ops.x.y(x, mode=mode)\n",
        ),
        (
            "x::y(Tensor from, Device? print) -> ()",
            None,
            "def y_0_3(from_: Tensor, print_: Optional[Device]) -> None:\n"
            f"{FILL_IN}  torch.ops.x.y(from_, print_)\n",
        ),
        (
            "x::y(Tensor x, float f, Tensor[] gone) -> Tensor",
            "x::y(Tensor x, int f=1, int[2] sizes=[1, 2], *, Device d, int n, float[] s, Tensor? o) -> Tensor",
            "def y_0_3(x: Tensor, f: float, gone: List[Tensor]) -> Tensor:\n"
            + FILL_IN
            + "  # f has another type: it is left at its default, 1\n"
            "  # sizes is new: it is left at its default, [1, 2]\n"
            "  # d is new: say what it is for old models\n"
            "  # n is new: say what it is for old models\n"
            "  # s is new: say what it is for old models\n"
            "  # o is new: say what it is for old models\n"
            "  # gone is gone: old models pass it\n"
            "  return torch.ops.x.y(x, d=torch.device('cpu'), n=0, s=[0.0], o=None)\n",
        ),
        (
            "x::y(Tensor x, int times=1, *, float f) -> Tensor",
            "x::y(Tensor x, int count=2, *, float g=0.5) -> Tensor",
            "def y_0_3(x: Tensor, times: int, *, f: float) -> Tensor:\n"
            + FILL_IN
            + "  # times is called count now\n"
            "  # f is called g now\n"
            "  return torch.ops.x.y(x, times, g=f)\n",
        ),
        # Old models store the defaults that they relied on.
        (
            "x::y(Tensor x, float f=2.0, *, int n=1) -> Tensor",
            "x::y(Tensor x, float f, *, int n=3) -> Tensor",
            "def y_0_3(x: Tensor, f: float, *, n: int) -> Tensor:\n"
            "  # complete, unless x::y computes something else now\n"
            "  return torch.ops.x.y(x, f, n=n)\n",
        ),
        # Nothing but the behaviour can have changed.
        (
            "x::y(Tensor x, float f=2.0) -> Tensor",
            "x::y(Tensor x, float f=2.0) -> Tensor",
            f"def y_0_3(x: Tensor, f: float) -> Tensor:\n{FILL_IN}  return torch.ops.x.y(x, f)\n",
        ),
        (
            "x::y(Tensor x, float f) -> Tensor",
            "x::y(Tensor x, Tensor f) -> Tensor",
            "def y_0_3(x: Tensor, f: float) -> Tensor:\n"
            + FILL_IN
            + "  # f has another type: say what it is for old models\n"
            "  return torch.ops.x.y(x, torch.zeros([0]))\n",
        ),
        (
            "x::y(Tensor x, float lambda=0.5) -> Tensor",
            "x::y(Tensor x, float k=1, int[2] n=0, float lambda=0.5, int after=1) -> Tensor",
            "def y_0_3(x: Tensor, lambda_: float) -> Tensor:\n"
            + FILL_IN
            + "  # k is new: it is left at its default, 1\n"
            "  # n is new: it is left at its default, 0\n"
            "  # after is new: it is left at its default, 1\n"
            "  return torch.ops.x.y(x, 1.0, 0, lambda_)\n",
        ),
    ],
)
def test_it_calls_the_operator_of_today_and_says_what_could_not_be_mapped(
    old: str, new: str | None, text: str
) -> None:
    assert skeleton(parse_schema(old), parse_schema(new) if new else None, "y_0_3") == text


def test_it_is_said_to_be_filled_in_where_that_is_left_to_do() -> None:
    old, other, new = (parse_schema(f"x::y(Tensor x, {f}) -> Tensor") for f in ("int f=1", "int f", "str f"))
    assert what_it_is(skeleton(old, other, "y_0_3")) == "complete, unless it computes something else now"
    assert what_it_is(skeleton(old, new, "y_0_3")) == "a skeleton to fill in"


def test_long_lines_are_wrapped() -> None:
    names = [f"an_argument_with_a_long_name_{number}" for number in range(3)]
    schema = parse_schema(f"gelu({', '.join(f'Tensor {name}' for name in names)}) -> Tensor")
    assert skeleton(schema, None, "gelu_0_9") == (
        "def gelu_0_9(\n"
        f"    {names[0]}: Tensor,\n"
        f"    {names[1]}: Tensor,\n"
        f"    {names[2]}: Tensor\n"
        "  ) -> Tensor:\n"
        "  # to fill in: compute what gelu did before this change\n"
        f"  return torch.gelu(\n    {names[0]},\n    {names[1]},\n    {names[2]}\n  )\n"
    )


@pytest.mark.parametrize(
    ("old", "returned"),
    [
        ("x::y(Tensor x, int n) -> Tensor", "return x"),
        ("x::y(int n) -> Tensor", "return torch.zeros([0])"),
        ("x::y(Tensor x, float f) -> (Tensor, int[])", "return x, [0]"),
        ("x::y(Tensor x) -> ()", "return"),
    ],
)
def test_of_an_operator_that_is_gone_nothing_is_called(old: str, returned: str) -> None:
    text = skeleton(parse_schema(old), None, "y_0_3", is_gone=True)
    assert text.endswith(f"{FILL_IN}  # it is gone: call what has its place\n  {returned}\n")
    assert "torch.ops.x.y" not in text


# What an operator gave and gives, and what is given in its place.
RETURNS = (
    ("x::y(Tensor x, float s) -> Tensor", "x::y(Tensor x, float s) -> (int, Tensor)", "return result[1]"),
    ("x::y(Tensor result) -> Tensor", "x::y(Tensor result) -> Tensor[]", "return result"),
    ("x::y(Tensor x) -> Tensor", "x::y(Tensor x) -> Tensor?", "return x"),
    ("x::y(int n) -> int[]", "x::y(int n) -> Tensor", "return [0]"),
    ("x::y(Tensor(a!) x) -> Tensor(a!)", "x::y(Tensor(a!) x) -> ()", "return x"),
    ("x::y(Tensor x) -> ()", "x::y(Tensor x) -> Tensor", "torch.ops.x.y(x)"),
    (
        "x::y(Tensor x) -> Tensor",
        "x::y(Tensor x, Scalar[] s, Tensor?[] t) -> Tensor",
        "return torch.ops.x.y(x, [], [])",
    ),
)
COMPILED = """
import json, sys, torch
library = torch.library.Library("x", "DEF")
for name, schema, text in json.load(open(sys.argv[1])):
    library.define(schema.replace("x::y", name))
    torch.jit.CompilationUnit(text.replace("ops.x.y", f"ops.x.{name}"))
json.dump("compiled", sys.stdout)
"""


@pytest.mark.parametrize(("old", "new", "returned"), RETURNS)
def test_what_the_operator_gives_now_is_not_taken_for_what_it_gave(old: str, new: str, returned: str) -> None:
    text = skeleton(parse_schema(old), parse_schema(new), "y_0_3")
    assert text.endswith(f"  {returned}\n")
    changed = parse_schema(old).returns != parse_schema(new).returns
    assert ("now: give the " in text) is changed


@pytest.mark.torch
def test_it_compiles_whatever_the_operator_gives_now(tmp_path: Path) -> None:
    texts = [skeleton(parse_schema(old), parse_schema(new), "y_0_3") for old, new, _ in RETURNS]
    data = [(f"y{number}", RETURNS[number][1], text) for number, text in enumerate(texts)]
    file = tmp_path / "data.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    assert in_torch("2.13.0", COMPILED, file) == "compiled"
