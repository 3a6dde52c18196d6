import json
import subprocess
import sys
from contextlib import suppress
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.function_schema import (
    Alias,
    Argument,
    FunctionSchema,
    SchemaError,
    Type,
    normalised,
    parse_schema,
    same_schema,
)

PIECES = [
    *"()[],:.*=?!|- \n'\"\\",
    *(
        "->",
        "...",
        "x::y(",
        ") -> ()",
        "Tensor",
        "int",
        "Dict(",
        "Union(",
        "a",
        "=",
        "-1",
        "1.",
        "2",
        "None",
        "[]",
        "$",
    ),
]

ALL_SCHEMAS_OF_TORCH = """
import json, torch

def facts(argument):
    alias = argument.alias_info
    return {
        "name": argument.name,
        "type": str(argument.type),
        "size": argument.N,
        "has_default": argument.has_default_value(),
        "kwarg_only": argument.kwarg_only,
        "is_write": alias is not None and alias.is_write,
    }

print(json.dumps([
    {
        "text": str(schema),
        "operator": schema.name + ("." + schema.overload_name if schema.overload_name else ""),
        "arguments": [facts(argument) for argument in schema.arguments],
        "returns": [facts(returned) for returned in schema.returns],
    }
    for schema in torch._C._jit_get_all_schemas()
]))
"""


def facts(argument: Argument) -> dict[str, Any]:
    outer = argument.type.inside[0] if argument.type.name == "Optional" else argument.type
    return {
        "name": argument.name,
        "type": argument.type.annotation,
        "size": outer.size,
        "has_default": argument.default is not None,
        "kwarg_only": argument.kwarg_only,
        "is_write": argument.alias is not None and argument.alias.is_write,
    }


@pytest.mark.torch
def test_every_schema_of_torch_is_read_as_torch_reads_it() -> None:
    command = [sys.executable, "-W", "ignore", "-c", ALL_SCHEMAS_OF_TORCH]
    expected = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert len(expected) > 3000
    for known in expected:
        schema = parse_schema(known["text"])
        read = {
            "text": known["text"],
            "operator": schema.operator,
            "arguments": [facts(argument) for argument in schema.arguments],
            "returns": [facts(returned) for returned in schema.returns],
        }
        assert read == known


def test_a_schema_has_an_operator_with_overload_arguments_and_returns() -> None:
    schema = parse_schema("aten::div.out(Tensor self, *, str? mode='none', Tensor(a!) out) -> Tensor(a!)")
    alias = Alias(("a",), ("a",), is_write=True)
    assert schema == FunctionSchema(
        name="aten::div",
        overload="out",
        arguments=(
            Argument(Type("Tensor"), "self"),
            Argument(Type("Optional", (Type("str"),)), "mode", "'none'", kwarg_only=True),
            Argument(Type("Tensor", alias=alias), "out", kwarg_only=True),
        ),
        returns=(Argument(Type("Tensor", alias=alias), ""),),
    )
    assert schema.operator == "aten::div.out"
    assert schema.arguments[2].alias == alias


def test_an_operator_may_lack_overload_and_namespace() -> None:
    assert parse_schema("aten::gelu(Tensor self) -> Tensor").operator == "aten::gelu"
    assert parse_schema("forward() -> ()").operator == "forward"


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("int[2]", "List[int]"),
        ("int[]?", "Optional[List[int]]"),
        ("Tensor?[]", "List[Optional[Tensor]]"),
        ("SymInt[1]?", "Optional[List[int]]"),
        ("(str, (int, t)[])", "Tuple[str, List[Tuple[int, t]]]"),
        ("Dict(str, Tensor[])", "Dict[str, List[Tensor]]"),
        ("Union(int, Scalar)", "Union[int, number]"),
        ("Future(t)", "Future[t]"),
        ("__torch__.torch.classes.quantized.Conv2dPackedParamsBase", None),
        ("NoneType", None),
        ("Layout", "int"),
    ],
)
def test_a_type_is_annotated_as_torchscript_writes_it(text: str, annotation: str | None) -> None:
    [argument] = parse_schema(f"x::y({text} a) -> ()").arguments
    assert argument.type.annotation == (annotation or text)


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("Tensor(a)", Alias(("a",), ("a",), is_write=False)),
        ("Tensor(a!)?", Alias(("a",), ("a",), is_write=True)),
        ("Tensor(a!)[]", Alias(("a",), ("a",), is_write=True)),
        ("Tensor[](a!)", Alias(("a",), ("a",), is_write=True)),
        ("Tensor(a -> *)", Alias(("a",), ("*",), is_write=False)),
        ("Tensor(d|c|b|a! -> c|*|a)", Alias(("a", "b", "c", "d"), ("*", "a", "c"), is_write=True)),
        ("Dict(str, t)(a!)", Alias(("a",), ("a",), is_write=True)),
        ("Tensor!", Alias(("$0",), (), is_write=True)),
        ("Tensor", None),
        ("(Tensor(a), Tensor(b))", None),
    ],
)
def test_an_alias_annotation_is_read(text: str, alias: Alias | None) -> None:
    assert parse_schema(f"x::y({text} a) -> ()").arguments[0].alias == alias


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("None", "None"),
        ("True", "True"),
        ("-1", "-1"),
        ("10.", "10.0"),
        (".5", "0.5"),
        ("1.0000000000000001e-05", "1e-05"),
        ("-1E3", "-1000.0"),
        ("2.5j", "2.5j"),
        ("'none'", "'none'"),
        ('"none"', "'none'"),
        (r'"\"\'\\"', repr("\"'\\")),
        (r'" \n\t\f\v\101"', repr(" \n\t\f\vA")),
        ("Mean", "Mean"),
        ("[]", ()),
        ("[0, -1]", ("0", "-1")),
        ("9223372036854775807", "9223372036854775807"),
    ],
)
def test_a_default_is_read(text: str, default: str | tuple[str, ...]) -> None:
    assert parse_schema(f"x::y(int a={text}) -> ()").arguments[0].default == default


def test_returns_may_be_none_one_several_named_or_any_number() -> None:
    def returns(text: str) -> list[tuple[str, str]]:
        schema = parse_schema(f"x::y() -> {text}")
        return [(returned.type.annotation, returned.name) for returned in schema.returns]

    assert returns("()") == []
    assert returns("Tensor[]") == [("List[Tensor]", "")]
    assert returns("(Tensor values, Tensor indices)") == [("Tensor", "values"), ("Tensor", "indices")]
    assert returns("((int, int))") == [("Tuple[int, int]", "")]
    for text in ("...", "(...)"):
        assert returns(text) == []
        assert parse_schema(f"x::y(...) -> {text}").is_varret
    assert parse_schema("x::y(Tensor a, ...) -> ()").is_vararg


@pytest.mark.parametrize(
    ("text", "found_at", "message"),
    [
        # Both got into PyTorch's version map once.
        ("aten::full(int{} size) -> Tensor", "{", "expected an argument's name, found '{'"),
        (
            "aten::div_.Scalar(Tensor(a!), Tensor other) -> ()",
            ", Tensor",
            "expected an argument's name, found ','",
        ),
        ("", "", "expected an operator, found the end"),
        ("aten::div", "", "expected '(', found the end"),
        ("aten:div(Tensor a) -> Tensor", "div(", "expected '::', found 'div'"),
        ("aten::div.default(Tensor a) -> Tensor", "default", "'default' cannot name an overload"),
        ("aten::div.__a(Tensor a) -> Tensor", "__a", "'__a' cannot name an overload"),
        ("x::y(Tenosr a) -> ()", "Tenosr", "Tenosr is not a type"),
        ("x::y(Tensor a) > ()", "> (", "expected '->', found '>'"),
        ("x::y(Tensor a,) -> ()", ") ->", "expected a type, found ')'"),
        ("x::y(Tensor in) -> ()", "in)", "expected an argument's name, found 'in'"),
        ("x::y(Tensor Ellipsis) -> ()", "Ell", "expected an argument's name, found 'Ellipsis'"),
        ("x::y(..., int a) -> ()", ", int", "nothing can follow '...', found ','"),
        ("x::y(int a) -> (..., int)", ", int", "nothing can follow '...', found ','"),
        ("x::y(Dict(str) a) -> ()", "Dict", "Dict cannot have 1 types inside"),
        ("x::y(Union() a) -> ()", "Union", "Union cannot have 0 types inside"),
        ("x::y(int[2.] a) -> ()", "2.", "2. is not the size of a list"),
        ("x::y(int[12345678901] a) -> ()", "123", "12345678901 is not the size of a list"),
        ("x::y(int a='b\n') -> ()", "'b", 'expected a default, found "\'"'),
        (r"x::y(int a='\x41') -> ()", r"\x", r"\x is not an escape"),
        (r"x::y(int a='\777') -> ()", r"\777", r"\777 is not an escape"),
        ("x::y(int a=9223372036854775808) -> ()", "922", "this number does not fit into 64 bits"),
        ("x::y(float a=1e999) -> ()", "1e9", "this number does not fit into 64 bits"),
        ("x::y(int a) -> Tensor b c", "c", "expected the end of the schema, found 'c'"),
        ("x::y(int é) -> ()", "é", "expected an argument's name, found 'é'"),
    ],
)
def test_what_is_not_a_schema_is_refused_where_it_shows(text: str, found_at: str, message: str) -> None:
    with pytest.raises(SchemaError) as refused:
        parse_schema(text)
    assert refused.value.message == message
    assert refused.value.offset == (text.index(found_at) if found_at else len(text))


@pytest.mark.parametrize(
    "type_", ["(" * 10_000, "Future(" * 10_000, "Tensor" + "[]" * 10_000, "int" + "?" * 10_000]
)
def test_types_that_nest_without_end_are_refused(type_: str) -> None:
    with pytest.raises(SchemaError, match="nest deeper than 16"):
        parse_schema(f"x::y({type_} a) -> ()")


def test_the_deepest_type_that_is_read_can_be_compared_hashed_and_shown() -> None:
    type_ = "int"
    for level in range(16):
        type_ = f"({type_}){'?' * level}"
    schema = parse_schema(f"x::y({type_} a) -> ()")
    assert same_schema(schema, schema)
    assert hash(schema)
    assert repr(schema)
    assert schema.arguments[0].type.annotation.count("Optional") == 120


@pytest.mark.parametrize(
    "text",
    [
        "x::y(" + " " * 200_000,
        "x::y(" + "*, " * 70_000,
        "x::y(" + "int[2] a=[1, 2], " * 10_000 + "...) -> ()",
        "x::y(Tensor(" + "a|" * 100_000 + "b) a) -> ()",
        "x::y(Union(" + "int, " * 40_000 + "int) a) -> ()",
        "x::y(int a=" + "9" * 200_000 + ") -> ()",
        "x::y(str a=" + '"\\"' * 70_000,
    ],
)
def test_long_texts_take_no_longer_than_their_length(text: str) -> None:
    # A reader quadratic in the tokens takes minutes.
    started = process_time()
    with suppress(SchemaError):
        parse_schema(text)
    assert process_time() - started < 60


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_a_schema_or_refused_at_a_place_inside_it(text: str) -> None:
    try:
        schema, offset = parse_schema(text), 0
    except SchemaError as error:
        schema, offset = None, error.offset
    assert schema is None or normalised(normalised(schema)) == normalised(schema)
    assert 0 <= offset <= len(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("( Tensor self,int a ) ->Tensor\n", "(Tensor self, int a) -> Tensor"),
        ("() -> Tensor", "() -> (Tensor)"),
        ("(ScalarType? a, Layout? b, MemoryFormat? c) -> ()", "(int? a, int? b, int? c) -> ()"),
        ("(ScalarType a, Layout[] b, MemoryFormat c) -> ()", "(int a, int[] b, int c) -> ()"),
        (
            "(SymInt a, SymInt[] b, SymInt? c, SymInt[2]? d) -> SymInt",
            "(int a, int[] b, int? c, int[2]? d) -> int",
        ),
        ("(float a=10.) -> ()", "(float a=10.0) -> ()"),
        ("(float a=1, float[] b=[1, 2]) -> ()", "(float a=1.0, float[] b=[1., 2.]) -> ()"),
        ("(float a=1e-05) -> ()", "(float a=1.0000000000000001e-05) -> ()"),
        ("(str a='none') -> ()", '(str a="none") -> ()'),
        ("(int a=Mean, ScalarType b=long) -> ()", "(int a=1, int b=4) -> ()"),
        ("(ScalarType a=float32, ScalarType? b=bfloat16) -> ()", "(int a=6, int? b=15) -> ()"),
        ("(ScalarType a=half, ScalarType b=double) -> ()", "(ScalarType a=float16, ScalarType b=7) -> ()"),
        ("(*, MemoryFormat a=contiguous_format) -> ()", "(*, int a=0) -> ()"),
        ("(int[2] a=1, float[2] b=0) -> ()", "(int[2] a=[1, 1], float[2] b=[0., 0.]) -> ()"),
        ("(int a=[1], (int, int) b=[1, 2]) -> ()", "(int a=[ 1 ], (int, int) b=[1,2]) -> ()"),
        ("(Dimname[]? a) -> None", "(str[]? a) -> NoneType"),
        ("(Tensor(a!) a) -> Tensor(a!)", "(Tensor(a!) a) -> Tensor"),
        ("() -> (Tensor(a)[], (Tensor(b), int))", "() -> (Tensor[], (Tensor, int))"),
    ],
)
def test_schemas_that_differ_in_writing_only_are_the_same(one: str, other: str) -> None:
    assert same_schema(parse_schema(f"x::y{one}"), parse_schema(f"x::y{other}"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x::y() -> ()", "x::z() -> ()"),
        ("x::y() -> ()", "x::y.out() -> ()"),
        ("x::y(Tensor a) -> ()", "x::y(Tensor b) -> ()"),
        ("x::y(Tensor a) -> ()", "x::y(Tensor(a!) a) -> ()"),
        ("x::y(Tensor(a) a) -> ()", "x::y(Tensor(a!) a) -> ()"),
        ("x::y(Tensor a) -> ()", "x::y(Tensor? a) -> ()"),
        ("x::y(Tensor a) -> ()", "x::y(*, Tensor a) -> ()"),
        ("x::y(Tensor a) -> ()", "x::y(Tensor a, ...) -> ()"),
        ("x::y() -> ()", "x::y() -> ..."),
        ("x::y(int[] a) -> ()", "x::y(int[2] a) -> ()"),
        ("x::y(int[2] a=1) -> ()", "x::y(int[2] a=[1]) -> ()"),
        ("x::y(int[2] a=1) -> ()", "x::y(int[2] a=[1, 2]) -> ()"),
        ("x::y(int[] a=1) -> ()", "x::y(int[] a=[1]) -> ()"),
        ("x::y(int? a) -> ()", "x::y(int? a=None) -> ()"),
        ("x::y(int a=1) -> ()", "x::y(int a=True) -> ()"),
        ("x::y(Scalar a=1) -> ()", "x::y(Scalar a=1.) -> ()"),
        ("x::y(str a='1') -> ()", "x::y(str a=1) -> ()"),
        ("x::y() -> Tensor", "x::y() -> (Tensor, Tensor)"),
        ("x::y() -> Tensor values", "x::y() -> Tensor"),
    ],
)
def test_schemas_that_mean_something_else_are_not_the_same(one: str, other: str) -> None:
    assert not same_schema(parse_schema(one), parse_schema(other))


@pytest.mark.parametrize(
    ("old_schema", "printed", "is_same"),
    [
        (
            "aten::gelu.out(Tensor self, *, Tensor(a!) out) -> Tensor",
            "aten::gelu.out(Tensor self, *, Tensor(a!) out) -> (Tensor(a!))",
            True,
        ),
        (
            "aten::gelu.out(Tensor self, *, Tensor(a!) out) -> Tensor",
            'aten::gelu.out(Tensor self, *, str approximate="none", Tensor(a!) out) -> Tensor(a!)',
            False,
        ),
        (
            "aten::full(int[] size, Scalar value, *, ScalarType? dtype=None, Layout? layout=None) -> Tensor",
            "aten::full(int[] size, Scalar value, *, int? dtype=None, int? layout=None) -> (Tensor)",
            True,
        ),
        (
            "aten::logspace.out(Scalar start, Scalar end, int? steps=None, float base=10.0) -> Tensor(a!)",
            "aten::logspace.out(Scalar start, Scalar end, int? steps=None, float base=10.) -> (Tensor(a!))",
            True,
        ),
        (
            "aten::logspace.out(Scalar start, Scalar end, int? steps=None, float base=10.0) -> Tensor(a!)",
            "aten::logspace.out(Scalar start, Scalar end, int steps=100, float base=10.) -> (Tensor(a!))",
            False,
        ),
    ],
)
def test_what_releases_print_is_held_against_pytorchs_old_schemas(
    old_schema: str, printed: str, is_same: bool
) -> None:
    assert same_schema(parse_schema(old_schema), parse_schema(printed)) is is_same
