"""A schema written as text reads as the same schema."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.function_schema import Alias, Argument, FunctionSchema, Type, parse_schema
from opfixtures.declarations.schema_text import schema_text, short_text

SCHEMAS = [
    "aten::div.Tensor(Tensor self, Tensor other) -> Tensor",
    'aten::gelu.out(Tensor self, *, str approximate="none", Tensor(a!) out) -> Tensor(a!)',
    "x::y(Tensor(a!) self, int[2] x=[1, 1], Tensor(a! -> a|b)[] z, Dict(str, Tensor) d) -> (Tensor(a!) r, int[] q)",
    "x::y((int, float)? t, float? q=None, Union(int, str) u, ...) -> ((int, int)[])",
    "x::y(Tensor! x) -> (...)",
    "x::y() -> ()",
    'x::strip(str chars=" \\n\\t\\f\\v\\"\\\\") -> str?',
    "x::y(__torch__.torch.classes.a.B b, t x, int e=Mean) -> t",
]


@pytest.mark.parametrize("text", SCHEMAS)
def test_the_text_of_a_schema_is_what_was_read(text):
    assert schema_text(parse_schema(text)) == text
    assert short_text(parse_schema(text)) == text.partition("::")[2]


NAMES = st.sampled_from(["a", "self", "x_1"])
TYPES = st.recursive(
    st.builds(Type, st.sampled_from(["Tensor", "int", "Scalar", "str", "t"])),
    lambda inner: (
        st.builds(lambda one: Type("Optional", (one,)), inner)
        | st.builds(lambda one: Type("List", (one,)), inner)
        | st.builds(lambda one, other: Type("Tuple", (one, other)), inner, inner)
    ),
    max_leaves=4,
)
ARGUMENTS = st.builds(
    Argument, TYPES, NAMES, st.none() | st.sampled_from(["None", "1", "-2.5", ("1", "'a'")])
)


@given(
    st.lists(ARGUMENTS, max_size=3),
    st.lists(st.builds(Argument, TYPES, st.just("")), max_size=3),
    st.text(max_size=3),
)
def test_any_schema_reads_as_it_was(arguments, returns, default):
    text = Argument(Type("str"), "s", repr(default) if default.isprintable() else None)
    written = Argument(Type("Tensor", alias=Alias(("a",), ("a",), True)), "w", None, kwarg_only=True)
    schema = FunctionSchema("x::y", "", (*arguments, text, written), tuple(returns))
    assert parse_schema(schema_text(schema)) == schema


@pytest.mark.parametrize(
    "text",
    [
        "aten::div.Tensor(Tensor self, Tensor other) -> Tensor",
        "f() -> ()",
        "f(Tensor self, *, str approximate='none') -> Tensor",
        "f(Tensor(a!) self, Tensor(a -> *) b, Tensor(a|b -> c) d, Tensor! e) -> Tensor(a!)",
        "f(int[2] stride=1, int[2]? size=None, int[] dims=[0, 1], Tensor?[] some, float eps=1e-05) -> (Tensor, int)",
        "f(Scalar x, ScalarType? dtype=None, MemoryFormat m=contiguous_format, bool b=True) -> (Tensor values)",
        "f((int, Tensor)[] x, Dict(str, Tensor) d, Union(int, str) u, __torch__.torch.classes.a.B c, t y) -> t[]",
        "f(*, Generator? generator=None) -> (Tensor values, Tensor indices)",
        "f(Tensor x, ...) -> ...",
        "f(Tensor x) -> (Tensor, ...)",
        "f(str s='a\\'b\"c') -> Tensor(a)[]",
    ],
)
def test_what_is_written_is_read_as_the_same(text: str) -> None:
    schema = parse_schema(text)
    assert parse_schema(schema_text(schema)) == schema


@pytest.mark.torch
def test_every_operator_that_pytorch_declares_is_written_as_torch_reads_it() -> None:
    found = find_spec("torchgen")
    assert found is not None
    assert found.submodule_search_locations is not None
    file = Path(found.submodule_search_locations[0], "packaged", "ATen", "native", "native_functions.yaml")
    declared = read_declared_operators(file.name, file.read_bytes())
    assert len(declared.operators) > 2500
    for one in declared.operators:
        assert parse_schema(schema_text(one.schema)) == one.schema
