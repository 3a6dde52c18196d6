"""What PyTorch's build generates from an operator is declared by its `autogen`, and looks as torch's own code says."""

from __future__ import annotations

import pytest

from opfixtures.declarations.declared_yaml import read_yaml_operators
from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.generated_operators import generated
from opfixtures.declarations.schema_text import schema_text


@pytest.mark.parametrize(
    ("source", "name", "made"),
    [
        (
            "aten::a(Tensor x, int n=1) -> Tensor",
            "a.out",
            "a.out(Tensor x, int n=1, *, Tensor(a!) out) -> Tensor(a!)",
        ),
        (
            "aten::a.b(Tensor x) -> (Tensor first, Tensor second)",
            "a.b_out",
            "a.b_out(Tensor x, *, Tensor(a!) out0, Tensor(b!) out1) -> (Tensor(a!), Tensor(b!))",
        ),
        ("aten::a_(Tensor(a!) self, int n) -> Tensor(a!)", "a", "a(Tensor self, int n) -> Tensor"),
        (
            "aten::a_(Tensor(a!) self, int n) -> Tensor(a!)",
            "a.out",
            "a.out(Tensor self, int n, *, Tensor(a!) out) -> Tensor(a!)",
        ),
        ("aten::a(Tensor(a!) x) -> int", "a_functional", "a_functional(Tensor x) -> (int, Tensor x_out)"),
        ("aten::a(Tensor x, *, Tensor(a!) out) -> Tensor(a!)", "a", None),
        ("aten::a(Tensor x) -> int", "a.out", None),
        ("aten::a(Tensor x) -> Tensor", "b", None),
    ],
)
def test_what_is_generated_says_by_its_name_what_it_is(source: str, name: str, made: str | None) -> None:
    schema = generated(parse_schema(source), name)
    assert (schema and schema_text(schema)) == (made and f"aten::{made}")


def test_of_what_nobody_knows_the_file_says_so() -> None:
    file = read_yaml_operators("a.yaml", b"- func: a(Tensor x) -> int\n  autogen: a.out\n")
    assert [one.operator for one in file.operators] == ["aten::a"]
    (problem,) = file.problems
    assert str(problem.place) == "a.yaml:2:12"
    assert problem.message == "nobody knows here what a.out would be, generated from aten::a"
