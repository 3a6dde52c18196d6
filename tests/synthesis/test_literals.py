"""Values in the call of a module, and that the call stays that of the same overload."""

from __future__ import annotations

from typing import Any

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.synthesis.literals import with_literals
from opfixtures.synthesis.module_text import Layout, function_lines
from opfixtures.synthesis.modules import modules_for

TENSOR = {"tensor": "float32", "shape": [1], "values": [0.5]}
HALF = {"float": 0.5}


def lines(
    inputs: list[Any], *schemas: str, width: int = 100, scripts: bool = True, exact: bool = False
) -> list[str]:
    """The function of the last of these overloads for these inputs."""
    siblings = [parse_schema(one) for one in schemas]
    module = modules_for(siblings[-1], "YGuard", siblings, scripts=scripts)[0]
    return function_lines(with_literals(module, inputs, exact=exact), Layout(width, fills=True))


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("int", 3, "3"),
        ("ScalarType", 6, "6"),
        ("float", HALF, "0.5"),
        ("bool", True, "True"),
        ("str", "mean", '"mean"'),
        ("Scalar", 2, "2"),
        ("Scalar?", HALF, "0.5"),
        ("int[]?", None, "None"),
        ("int[2]", [1, 2], "[1, 2]"),
        ("float[]?", [HALF], "[0.5]"),
    ],
)
def test_what_is_no_tensor_stands_in_the_call_and_needs_no_type(type_, value, text):
    assert lines([TENSOR, value], f"x::y(Tensor a, {type_} b) -> Tensor") == [
        "def forward(a):",
        f"    return torch.ops.x.y(a, {text})",
    ]


def test_a_tensor_for_an_optional_one_is_one():
    assert lines([TENSOR, TENSOR], "x::y(Tensor a, Tensor? b) -> Tensor")[0] == "def forward(a, b):"


@pytest.mark.parametrize(
    ("type_", "value", "annotation"),
    [
        ("int[]", [], "List[int]"),
        ("Tensor?[]", [TENSOR, None], "List[Optional[Tensor]]"),
        ("Scalar[]", [1, 2], "List[number]"),
        ("complex", {"complex": [1.0, 2.0]}, "complex"),
        ("float", {"float": "inf"}, "float"),
    ],
)
def test_what_torchscript_would_take_for_another_type_stays_a_parameter(type_, value, annotation):
    text = "\n".join(lines([TENSOR, value], f"x::y(Tensor a, {type_} b) -> Tensor"))
    assert annotation in text
    assert "torch.ops.x.y(a, b)" in text


def test_what_would_choose_another_overload_stays_a_parameter_and_the_others_do_not():
    rival = "x::y.int(Tensor a, int b, int? c, bool d) -> Tensor"
    assert lines([TENSOR, 2, None, True], rival, "x::y(Tensor a, Scalar b, float? c, bool d) -> Tensor") == [
        "def forward(a, c):",
        "    # type: (Tensor, Optional[float]) -> Tensor",
        "    return torch.ops.x.y(a, 2, c, True)",
    ]


def test_a_call_that_names_its_overload_has_no_rivals():
    schemas = ("x::y.int(Tensor a, int b) -> Tensor", "x::y.other(Tensor a, Scalar b) -> Tensor")
    assert lines([TENSOR, 2], *schemas, scripts=False)[1] == "    return torch.ops.x.y.other(a, 2)"


def test_what_is_written_to_keeps_its_type_and_its_clone():
    assert lines([TENSOR, TENSOR], "x::y(Tensor(a!) a, *, Tensor(b!)? out) -> Tensor(a!)") == [
        "def forward(a, out):",
        "    # type: (Tensor, Optional[Tensor]) -> Tensor",
        "    a = a.clone()",
        "    return torch.ops.x.y(a, out=out)",
    ]


def test_a_call_that_is_too_long_fills_its_lines():
    assert lines(
        [TENSOR] * 4, "x::y(Tensor aaaa, Tensor bbbb, Tensor cccc, Tensor d) -> Tensor", width=32
    ) == [
        "def forward(",
        "    aaaa, bbbb, cccc, d",
        "):",
        "    return torch.ops.x.y(",
        "        aaaa, bbbb, cccc, d",
        "    )",
    ]
    assert lines([TENSOR] * 4, "x::y(Tensor aaaa, Tensor bbbb, Tensor cccc, Tensor d) -> Tensor", width=23)[
        :4
    ] == [
        "def forward(",
        "    aaaa, bbbb, cccc,",
        "    d",
        "):",
    ]


@pytest.mark.parametrize(
    ("type_", "default", "value"),
    [
        ("int", "Mean", 1),
        ("bool", "False", False),
        ("int[]?", "None", None),
        ("int[2]", "1", [1, 1]),
        ("float", "1e-05", {"float": 1e-05}),
    ],
)
def test_a_default_stays_a_parameter_as_an_archive_would_leave_it_out(type_, default, value):
    schema = f"x::y(Tensor a, {type_} b={default}) -> Tensor"
    assert lines([TENSOR, value], schema)[-1] == "    return torch.ops.x.y(a, b)"


def test_exact_leaves_every_other_type_as_the_schema_has_it():
    schema = "x::y(Tensor a, Tensor? b, Scalar c, int d) -> Tensor"
    assert lines([TENSOR, TENSOR, 2, 3], schema, exact=True) == [
        "def forward(a, b, c):",
        "    # type: (Tensor, Optional[Tensor], number) -> Tensor",
        "    return torch.ops.x.y(a, b, c, 3)",
    ]
