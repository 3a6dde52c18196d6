"""The text of fixture modules. What torch says of it is in test_all_schemas.py."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.names import class_name_for
from opfixtures.synthesis.module_text import module_text
from opfixtures.synthesis.modules import Module, modules_for
from opfixtures.synthesis.ways import OTHERS


def texts(schema: str, class_name: str = "TestVersionedYV3", siblings: tuple[str, ...] = ()) -> list[str]:
    return [
        module_text(one)
        for one in modules_for(parse_schema(schema), class_name, tuple(map(parse_schema, siblings)))
    ]


def calls(schema: str, *siblings: str) -> list[str]:
    """The calls of the modules of a schema, among these overloads."""
    return [
        ast.unparse(next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)))
        for text in texts(schema, siblings=siblings)
    ]


def test_one_module_passes_all_and_another_leaves_the_defaults_out() -> None:
    schema = "mylib::scale.two(Tensor x, int dim, bool b, float by=2., *, Tensor(a!) out) -> Tensor(a!)"
    assert texts(schema, "TestVersionedScaleTwoV3") == [
        "class TestVersionedScaleTwoV3(torch.nn.Module):\n"
        "    def forward(self, x, dim: int, b: bool, by: float, out):\n"
        "        return torch.ops.mylib.scale(x, dim, b, by, out=out)\n",
        "class TestVersionedScaleTwoDefaultsV3(torch.nn.Module):\n"
        "    def forward(self, x, dim: int, b: bool, out):\n"
        "        return torch.ops.mylib.scale(x, dim, b, out=out)\n",
    ]


def test_of_several_results_the_first_is_taken_as_a_record_can_hold_it() -> None:
    way = next(one for one in OTHERS if one.name == "a quantized result")
    unpack = "quantized::linear_unpack(__torch__.torch.classes.quantized.LinearPackedParamsBase W) -> (Tensor, Tensor?)"
    [module] = modules_for(parse_schema(unpack), "TestVersionedYV3")
    assert module_text(replace(module, way=way)).endswith(
        "        returned = torch.ops.quantized.linear_unpack(packed)\n"
        "        return (returned[0].dequantize(), returned[1])\n"
    )


def test_types_that_would_need_an_import_stand_in_a_type_comment() -> None:
    schema = "aten::full(int[] size, Scalar fill_value) -> Tensor"
    assert texts(schema, "TestVersionedFullV4") == [
        "class TestVersionedFullV4(torch.nn.Module):\n"
        "    def forward(self, size, fill_value):\n"
        "        # type: (List[int], number) -> Tensor\n"
        "        return torch.ops.aten.full(size, fill_value)\n"
    ]


@pytest.mark.parametrize(
    ("returns", "comment"),
    [("()", "None"), ("(Tensor a, int[] b)", "Tuple[Tensor, List[int]]"), ("int?", "Optional[int]")],
)
def test_a_type_comment_names_what_is_returned(returns: str, comment: str) -> None:
    [text] = texts(f"x::y(int? a) -> {returns}")
    assert f"        # type: (Optional[int]) -> {comment}\n" in text


def test_names_that_forward_cannot_have_are_changed() -> None:
    [text] = texts(
        "x::y(Tensor self, int from, *, Tensor input, Tensor torch, Tensor packed, Tensor quantized) -> Tensor"
    )
    assert "def forward(self, input_, from_: int, input, torch_, packed_, quantized_):" in text.replace(
        "\n        ", " "
    ).replace("forward( self", "forward(self").replace(",\n    )", ")")
    assert ast.unparse(ast.parse(text)).endswith(
        "return torch.ops.x.y(input_, from_, input=input, torch=torch_, packed=packed_, quantized=quantized_)"
    )


def test_long_lines_are_wrapped() -> None:
    names = [f"an_argument_with_a_long_name_{number}" for number in range(3)]
    assert texts(f"x::y({', '.join(f'Tensor {name}' for name in names)}) -> Tensor") == [
        "class TestVersionedYV3(torch.nn.Module):\n"
        "    def forward(\n"
        "        self,\n"
        f"        {names[0]},\n"
        f"        {names[1]},\n"
        f"        {names[2]},\n"
        "    ):\n"
        "        return torch.ops.x.y(\n"
        f"            {names[0]},\n"
        f"            {names[1]},\n"
        f"            {names[2]},\n"
        "        )\n"
    ]
    assert texts(f"x::y({', '.join(f'Tensor[] a{number}' for number in range(5))}) -> Tensor") == [
        "class TestVersionedYV3(torch.nn.Module):\n"
        "    def forward(\n"
        "        self,\n"
        "        a0,  # type: List[Tensor]\n"
        "        a1,  # type: List[Tensor]\n"
        "        a2,  # type: List[Tensor]\n"
        "        a3,  # type: List[Tensor]\n"
        "        a4,  # type: List[Tensor]\n"
        "    ):\n"
        "        # type: (...) -> Tensor\n"
        "        return torch.ops.x.y(a0, a1, a2, a3, a4)\n"
    ]


@pytest.mark.parametrize(
    ("schema", "lines"),
    [
        (
            "x::y_(Tensor(a!) self) -> Tensor(a!)",
            ["input = input.clone()", "return torch.ops.x.y_(input)"],
        ),
        # What is not given back is the input itself: a record has what was written to it.
        ("x::y(Tensor a, Tensor(a!) state) -> Tensor", ["return torch.ops.x.y(a, state)"]),
        (
            "x::y_(Tensor(a!)[] self) -> ()",
            ["input = [one.clone() for one in input]", "torch.ops.x.y_(input)", "return input"],
        ),
        ("x::y(Tensor a, *, Tensor(a!) out) -> Tensor(a!)", ["return torch.ops.x.y(a, out=out)"]),
        ("x::y(Tensor a, *, Tensor(a!) out) -> ()", ["torch.ops.x.y(a, out=out)", "return out"]),
        ("x::y(Tensor a) -> ()", ["torch.ops.x.y(a)", "return"]),
        ("x::y(Tensor a, *, Generator? generator=None) -> Tensor", ["return torch.ops.x.y(a)"]),
        ("x::y(Tensor a, *, Generator? generator) -> Tensor", ["return torch.ops.x.y(a, generator=None)"]),
        ("x::y(Generator? g, Tensor a) -> Tensor", ["return torch.ops.x.y(None, a)"]),
        (
            "quantized::linear(Tensor X, __torch__.torch.classes.quantized.LinearPackedParamsBase W) -> Tensor",
            [
                "quantized = torch.quantize_per_tensor(W, 0.125, 0, 12)",
                "packed = torch.ops.quantized.linear_prepack(quantized, None)",
                "return torch.ops.quantized.linear(X, packed)",
            ],
        ),
        (
            "quantized::embedding_4bit(__torch__.torch.classes.quantized.EmbeddingPackedParamsBase weight, Tensor i)"
            " -> Tensor",
            [
                "quantized = torch.quantize_per_channel(weight, torch.ones(2), torch.zeros(2), 0, torch.quint4x2)",
                "packed = torch.ops.quantized.embedding_bag_prepack(quantized)",
                "return torch.ops.quantized.embedding_4bit(packed, i)",
            ],
        ),
        (
            "sparse::qlinear(Tensor X, __torch__.torch.classes.sparse.LinearPackedParamsBase W_prepack) -> Tensor",
            [
                "quantized = torch.quantize_per_tensor(W_prepack, 0.125, 0, 12)",
                "packed = torch.ops.sparse.qlinear_prepack(quantized, None, 1, 4)",
                "return torch.ops.sparse.qlinear(X, packed)",
            ],
        ),
    ],
)
def test_what_a_call_writes_to_is_given_back_where_it_returns_nothing_and_what_it_needs_is_made(
    schema: str, lines: list[str]
) -> None:
    [text] = texts(schema)
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.ClassDef)
    assert [ast.unparse(line) for line in function.body[0].body] == lines  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("schema", "siblings", "expected"),
    [
        # Nothing was registered before it: it is taken where both fit.
        (
            "x::y(Tensor a, int b=1) -> Tensor",
            ("x::y(Tensor a, int b=1) -> Tensor", "x::y.z(Tensor a) -> Tensor"),
            ["y(a, b)", "y(a)"],
        ),
        # Where the order is not known, all others count.
        ("x::y(Tensor a, int b=1) -> Tensor", ("x::y.z(Tensor a) -> Tensor",), ["y(a, b)"]),
        ("x::y.z(Tensor a) -> Tensor", ("x::y(Tensor a, int b=1) -> Tensor",), ["y(a)"]),
        (
            "x::y.mode(Tensor a, *, str? mode=None) -> Tensor",
            ("x::y(Tensor a) -> Tensor", "x::y.mode(Tensor a, *, str? mode=None) -> Tensor"),
            ["y(a, mode=mode)"],
        ),
        (
            "x::y.tensor(Tensor a, Tensor? low=None) -> Tensor",
            (
                "x::y(Tensor a, Scalar? low=None) -> Tensor",
                "x::y.tensor(Tensor a, Tensor? low=None) -> Tensor",
            ),
            ["y(a, low)"],
        ),
        (
            "x::y.two(Tensor a, int[2] size, int low=0) -> Tensor",
            ("x::y(Tensor a, int[] size, int? low=0, int high=0) -> Tensor",),
            ["y(a, size, low)"],
        ),
        (
            "x::y.b(Tensor a, int b) -> Tensor",
            ("x::y(Tensor a, int[] size) -> Tensor", "x::y.b(Tensor a, int b) -> Tensor"),
            ["y(a, b=b)"],
        ),
        (
            "x::y.n(Tensor a, float n=1) -> Tensor",
            ("x::y(Tensor a, Scalar n) -> Tensor", "x::y.n(Tensor a, float n=1) -> Tensor"),
            ["y(a, n)", "y(a)"],
        ),
        (
            "x::y.n(t[] a, int[1] dim) -> Tensor",
            ("x::y(t[] a, int dim) -> Tensor", "x::y.n(t[] a, int[1] dim) -> Tensor"),
            ["y(a, dim)"],
        ),
    ],
)
def test_a_call_passes_what_selects_its_overload(
    schema: str, siblings: tuple[str, ...], expected: list[str]
) -> None:
    assert calls(schema, *siblings) == [f"torch.ops.x.{call}" for call in expected]


@pytest.mark.parametrize(
    ("operator", "call"),
    [
        ("mylib::div_.Tensor", "torch.ops.mylib.div_(input)"),
        ("mylib::lambda_.x", "torch.ops.mylib.lambda_(input)"),
        ("gelu", "torch.ops.aten.gelu(input)"),
    ],
)
def test_the_operator_is_called_without_its_overload(operator: str, call: str) -> None:
    [text] = texts(f"{operator}(Tensor self) -> Tensor")
    assert f"        return {call}\n" in text


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        # A keyword of Python can be passed by its place alone.
        ("x::y(Tensor a, int k=1, float lambda=0.5) -> Tensor", ["y(a, k, lambda_)", "y(a)"]),
        ("x::y(Tensor a, int k=1, float lambda) -> Tensor", ["y(a, k, lambda_)"]),
        ("x::y(Tensor a, *, float lambda=0.5, int n=1) -> Tensor", ["y(a, n=n)", "y(a)"]),
        ("x::y(Tensor a, *, float lambda) -> Tensor", ["y(a)"]),
    ],
)
def test_a_keyword_of_python_is_passed_by_its_place_or_not_at_all(schema: str, expected: list[str]) -> None:
    assert calls(schema, schema) == [f"torch.ops.x.{call}" for call in expected]


@given(st.sampled_from(["aten::gelu", "x::y.z", "x::_y_.z_"]), st.integers(0, 99), st.lists(st.text()))
def test_samples_stand_in_a_method_of_their_own(operator: str, version: int, samples: list[str]) -> None:
    [module] = modules_for(
        parse_schema(f"{operator}(Tensor self) -> Tensor"), class_name_for(operator, version)
    )
    given_samples = [f"({one!r},)" for one in samples]
    text = f"import torch\n{module_text(module, given_samples)}"
    body = ast.parse(text).body[1]
    assert isinstance(body, ast.ClassDef)
    if samples:
        returned = body.body[1].body[0].value  # type: ignore[attr-defined]
        assert ast.literal_eval(returned) == [(one,) for one in samples]
    assert isinstance(module, Module)
    assert len(body.body) == 1 + bool(samples)


def test_what_nobody_scripts_names_its_overload_where_there_are_several() -> None:
    schemas = [
        parse_schema(text) for text in ("x::y(Tensor a, int n=1) -> Tensor", "x::y.out(Tensor a) -> Tensor")
    ]
    for schema, siblings, called in (
        (schemas[0], schemas, "torch.ops.x.y.default(a, n)"),
        (schemas[1], schemas, "torch.ops.x.y.out(a)"),
        (schemas[0], schemas[:1], "torch.ops.x.y(a, n)"),
    ):
        modules = modules_for(schema, "YGuard", siblings, scripts=False)
        assert f"return {called}\n" in module_text(modules[0])
    # By itself TorchScript takes the first of them.
    assert "torch.ops.x.y(" in module_text(modules_for(schemas[1], "YGuard", schemas)[0])
