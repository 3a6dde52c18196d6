"""Operators of PyTorch's native_functions.yaml: the lines that declare them, and nothing else of YAML."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from opfixtures.declarations.declared_operators import DeclaredOperators, read_declared_operators
from opfixtures.declarations.function_schema import parse_schema, same_schema
from opfixtures.declarations.place import Place

ABS = parse_schema('aten::abs(Tensor self, *, str how="a\'b") -> Tensor')
TEXT = 'abs(Tensor self, *, str how="a\'b") -> Tensor'


def read(source: str | bytes) -> DeclaredOperators:
    return read_declared_operators(
        "a/native_functions.yaml", source if isinstance(source, bytes) else source.encode()
    )


@pytest.mark.parametrize(
    "source",
    [
        f"- func: {TEXT}\n",
        f"\ufeff- func: {TEXT}\r\n  variants: function, method\r\n",
        f"-   func  :   {TEXT}   # a comment\n",
        f"- variants: method\n  func: {TEXT}\n\n",
        f'- "func": {TEXT}',
        '- func: abs(Tensor self, *,\n    # a comment\n\n    str how="a\'b") # more\n    -> Tensor\n  dispatch: {}\n',
        "- func: 'abs(Tensor self, *, str how=\"a''b\") -> Tensor' # a comment\n",
        "- func: 'abs(Tensor self, *,\n    str how=\"a''b\") -> Tensor'\n",
        '- func: "abs(Tensor self, *, str how=\\"a\'b\\") \\\n    -> Tensor"\n',
        f"- func: >-\n    {TEXT[:20]}\n    {TEXT[20:]}\n  variants: method\n",
        f"- func: | # a comment\n    {TEXT}\n",
        f"- func: aten::{TEXT}\n",
    ],
)
def test_a_function_is_read_in_each_scalar(source: str) -> None:
    declared = read(source)
    assert declared.problems == ()
    assert [one.schema for one in declared.operators] == [ABS]


def test_places_and_namespaces() -> None:
    declared = read(
        "# - func: no(Tensor self) -> ()\n- func: a.b(Tensor self) -> ()\n- func: custom::c() -> int\n"
    )
    assert [(one.operator, one.place) for one in declared.operators] == [
        ("aten::a.b", Place("a/native_functions.yaml", 2, 9)),
        ("custom::c", Place("a/native_functions.yaml", 3, 9)),
    ]
    assert read("- name: abs(Tensor self) -> Tensor\n  self: grad\n") == DeclaredOperators(
        "a/native_functions.yaml"
    )


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("\n- func: abs(Tensor self -> Tensor\n", 2, "this schema cannot be read"),
        ("- func: *anchor\n", 1, "this is no text that is read here"),
        ("- func:\n", 1, "this is no text that is read here"),
        ("- func: 'abs(Tensor self) -> Tensor\n", 1, "this is no text that is read here"),
        ("- func: 'abs() -> ()' 'abs() -> ()'\n", 1, "this is no text that is read here"),
        ('- func: "abs(\\x41 self) -> Tensor"\n', 1, "this is no text that is read here"),
        ("- {func: abs(Tensor self) -> Tensor}\n", 1, "this is no text that is read here"),
        (b"- func: abs(Tensor \xff) -> ()\n", 1, "this file is not UTF-8"),
    ],
)
def test_what_is_not_read_is_a_problem_at_its_place(source: str | bytes, line: int, message: str) -> None:
    declared = read(source)
    assert [problem.place.line for problem in declared.problems] == [line]
    assert declared.problems[0].message.startswith(message)
    assert declared.operators == ()


TORCHS = """
import json, pathlib, torch, torchgen
path = pathlib.Path(torchgen.__file__).parent / "packaged/ATen/native/native_functions.yaml"
schemas = [str(schema) for schema in torch._C._jit_get_all_schemas() if schema.name.startswith("aten::")]
print(json.dumps([path.read_text(), schemas]))
"""


@pytest.mark.torch
def test_pytorchs_own_file_is_read_whole_and_equal_to_what_torch_says() -> None:
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", TORCHS], capture_output=True, check=True)
    text, printed = json.loads(run.stdout)
    declared = read(text)
    assert declared.problems == ()
    lines = text.split("\n")
    generated = {one for one in declared.operators if "autogen:" in lines[one.place.line - 1]}
    assert len(declared.operators) - len(generated) == text.count("\n- func: ") > 2_500
    torchs = {schema.operator: schema for schema in map(parse_schema, printed)}
    differing = [
        (one.operator, one.schema, torchs.get(one.operator))
        for one in declared.operators
        # What is composed of other operators is generated, and not registered.
        if not (one in generated and one.operator not in torchs)
        if one.operator not in torchs or not same_schema(one.schema, torchs[one.operator])
    ]
    assert differing == []
    assert sum(one.operator in torchs for one in generated) > 500
