"""Operators that C++ declares in TORCH_LIBRARY: every form that is read, and what only a build could tell."""

from __future__ import annotations

import pytest

from opfixtures.declarations.declared_operators import DeclaredOperators, read_declared_operators
from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.place import Place

SCALE = parse_schema("mylib::scale(Tensor x, float factor=1.0) -> Tensor")
TEXT = '"scale(Tensor x, float factor=1.0) -> Tensor"'


def read(source: str | bytes, path: str = "csrc/ops.cpp") -> DeclaredOperators:
    return read_declared_operators(path, source if isinstance(source, bytes) else source.encode())


@pytest.mark.parametrize("path", [f"csrc/ops.{ending}" for ending in ("cpp", "cc", "cxx", "cu", "h", "hpp")])
@pytest.mark.parametrize(
    "source",
    [
        f"TORCH_LIBRARY(mylib, m) {{ m.def({TEXT}); }}",
        f"TORCH_LIBRARY_FRAGMENT(mylib, ops) {{\n  ops.def({TEXT}, &scale);\n}}\n",
        f"STABLE_TORCH_LIBRARY(mylib, m) {{ m.def({TEXT}); }}",
        f"#include <torch/library.h>\nnamespace mylib {{ TORCH_LIBRARY ( mylib , m )\n{{ m . def ( {TEXT} ) ; }} }}",
        'TORCH_LIBRARY(mylib, m) { m.def(R"(scale(Tensor x, float factor=1.0) -> Tensor)"); }',
        'TORCH_LIBRARY(mylib, m) { m.def(R"a(scale(Tensor x,)a" // why\n   " float factor=1.0)"  " -> Tensor"); }',
        'TORCH_LIBRARY(mylib, m) { m.def("mylib::scale(Tensor x, \\\n   float factor=1.0) -> Tensor"); }',
        f"TORCH_LIBRARY(mylib, m) {{ m.def(TORCH_SELECTIVE_SCHEMA({TEXT})); }}",
        f"TORCH_LIBRARY(mylib, m) {{ m.def(torch::schema({TEXT}, c10::AliasAnalysisKind::FROM_SCHEMA), {{tag}}); }}",
        f"TORCH_LIBRARY(mylib, m) {{ m.def(::torch::schema(TORCH_SELECTIVE_SCHEMA({TEXT})), [](int a) {{ f(a); }}); }}",
        f'TORCH_LIBRARY(mylib, m) {{ m.set_python_module("x"); if (a) {{ m.def({TEXT}); }} }}',
        f'TORCH_LIBRARY(mylib, m) {{ m.impl("other", f(m2)).def({TEXT}).fallback(g()); }}',
        f'TORCH_LIBRARY(mylib, m) {{ m.stack(1).def("push(int x) -> ()"); m.set_python_module("x").def({TEXT}); }}',
        f'#if A\nTORCH_LIBRARY(mylib, m) {{\n#ifdef B\n  /* m.def("x()") */ m.def({TEXT});\n#endif\n}}\n#endif',
        f'#if 0\nTORCH_LIBRARY(no, m) {{ m.def("no() -> ()"); }}\n#endif\nTORCH_LIBRARY(mylib, m) {{ m.def({TEXT}); }}',
        'TORCH_LIBRARY_FRAGMENT(_, m) { m.def("mylib::scale(Tensor x, float factor=1.0) -> Tensor"); }',
        'TORCH_LIBRARY(mylib, m) { m.def("mylib::scale(Tensor x, float factor=1.0) -> Tensor"); }',
        f'TORCH_LIBRARY(mylib, m) {{ m.class_<C>("C").def("push(int x) -> ()", &C::push); m.def({TEXT}); }}',
        f'TORCH_LIBRARY(mylib, m) {{ x.m.def("no() -> ()"); x->m.def("no() -> ()"); m.def({TEXT}); }}',
        f'TORCH_LIBRARY_IMPL(mylib, CPU, m) {{ m.impl("scale", &f); }} TORCH_LIBRARY(mylib, m) {{ m.def({TEXT}); }}',
        f'#define TORCH_LIBRARY(a, b) nothing\nTORCH_LIBRARY(mylib, m) {{ log("m.def("); m.def({TEXT}); }}',
    ],
)
def test_each_way_to_declare_is_read(source: str, path: str) -> None:
    declared = read(source, path)
    assert declared.problems == ()
    assert [(one.operator, one.schema) for one in declared.operators] == [("mylib::scale", SCALE)]


def test_several_libraries_and_both_arms_of_an_if_with_places() -> None:
    declared = read(
        'TORCH_LIBRARY(a, m) {\n  m.def("f() -> ()");\n#if X\n  m.def("g.x(Tensor é) -> ()");\n#else\n'
        '  m.def("g.x() -> ()"); m.def(\n    torch::schema(\n      "h() -> int"));\n#endif\n}\n'
        'TORCH_LIBRARY_FRAGMENT(b, n) { m.def("no() -> ()"); n.def("f() -> ()"); }\n'.replace("é", "e")
    )
    assert declared.problems == ()
    assert [(one.operator, one.place.line, one.place.column) for one in declared.operators] == [
        ("a::f", 2, 9),
        ("a::g.x", 4, 9),
        ("a::g.x", 6, 9),
        ("a::h", 8, 7),
        ("b::f", 11, 59),
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('m.def("scale", &scale);', "the schema of `scale` is inferred from C++: write it, scale(Tensor x)"),
        ('m.def(TORCH_SELECTIVE_NAME("scale"), &scale);', "the schema of `scale` is inferred from C++"),
        ("m.def(kSchema);", "`kSchema` stands where a schema, a string literal, was expected"),
        ("m.def(schemas::scale(), f);", "`schemas::scale()` stands where a schema"),
        (
            'm.def("scale(" ARGUMENTS ") -> Tensor");',
            "stands where a schema in one string literal was expected",
        ),
        (
            'm.def(std::string("scale") + arguments);',
            "stands where a schema, a string literal, was expected",
        ),
        (
            f"m.def({'torch::schema(' * 6}{TEXT}{')' * 6});",
            "stands where a schema, a string literal, was expected",
        ),
        ('m.def("scale(Tensor x -> Tensor");', "this schema cannot be read"),
        ('m.def("other::scale(Tensor x) -> Tensor");', "this schema is of other, in a library of mylib"),
        ('m.def("scale(Tensor \\y) -> Tensor");', "is no escape sequence for a character"),
        ("register_scale(m);", "what is declared where `m` is handed on to is not read"),
        ("register_scale(1, m, 2);", "what is declared where `m` is handed on to is not read"),
    ],
)
def test_what_cannot_be_read_is_a_problem_at_its_place(body: str, message: str) -> None:
    declared = read(f'TORCH_LIBRARY(mylib, m) {{\n  {body}\n  m.def("last() -> ()");\n}}\n')
    assert [one.operator for one in declared.operators] == ["mylib::last"]
    assert [problem.place.line for problem in declared.problems] == [2]
    assert message in declared.problems[0].message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            'TORCH_LIBRARY_EXPAND(NAME, m) { m.def("f() -> ()"); }',
            "only a build knows what `TORCH_LIBRARY_EXPAND`",
        ),
        ('TORCH_LIBRARY("a", m) { }', '`"a"` stands where a namespace was expected'),
        ("TORCH_LIBRARY(a) { }", "`)` stands where `,` was expected"),
        ("TORCH_LIBRARY(a, m);", "`;` stands where `{` was expected"),
        ("TORCH_LIBRARY(a, 1) {}", "`1` stands where the name of a library was expected"),
        (
            'TORCH_LIBRARY(_, m) { m.def("f() -> ()"); }',
            "this library has no namespace: write one in front of f",
        ),
        ("TORCH_LIBRARY(a, m) {} /* no end", "a comment begins here and does not end"),
        ('TORCH_LIBRARY(a, m) { m.def("f(', "a literal begins here and has no closing quote on its line"),
    ],
)
def test_a_library_that_cannot_be_read_is_a_problem(source: str, message: str) -> None:
    declared = read(source)
    assert declared.operators == ()
    assert declared.problems[0].message.startswith(message)


def test_a_file_without_a_library_or_of_another_kind() -> None:
    assert read('/* "unclosed') == DeclaredOperators("csrc/ops.cpp")
    (problem,) = read("TORCH_LIBRARY(a, m)".encode("utf-16")).problems
    assert problem.message == "this file is UTF-16: save it as UTF-8"
    (problem,) = read("TORCH_LIBRARY", "ops.rs").problems
    assert problem.place == Place("ops.rs", 1, 1)
    assert problem.message.startswith("operators are not read from such a file: name one that ends in .cpp")
