import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.names import (
    class_name_for,
    fixture_stem,
    module_of_version,
    module_version,
    numbered,
    suggested_module,
    suggested_row,
    upgrader_of_range,
)

ENTRIES_OF_TORCH = """
import json, torch

def today(operator):
    name, _, overload = operator.partition(".")
    schemas = torch._C._jit_get_schemas_for_operator(name)
    return next(str(schema) for schema in schemas if schema.overload_name == overload)

print(json.dumps([
    (operator, entry.bumped_at_version, entry.old_schema, today(operator))
    for operator, entries in torch._C._get_operator_version_map().items()
    for entry in entries
]))
"""

OPERATORS_CALLED = """
import importlib.util, inspect, io, json, sys, torch
from torch.jit.mobile import _export_operator_list, _load_for_lite_interpreter

spec = importlib.util.spec_from_file_location("suggestions", sys.argv[1])
suggestions = importlib.util.module_from_spec(spec)
spec.loader.exec_module(suggestions)

def called(module):
    try:
        scripted = torch.jit.script(module())
    except RuntimeError as error:
        return [str(error)]
    archive = io.BytesIO(scripted._save_to_buffer_for_lite_interpreter())
    return sorted(_export_operator_list(_load_for_lite_interpreter(archive)))

print(json.dumps({name: called(module) for name, module in inspect.getmembers(suggestions, inspect.isclass)}))
"""


def in_torch(program: str, *args: str) -> Any:
    command = [sys.executable, "-W", "ignore", "-c", program, *args]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.parametrize(
    ("class_name", "stem"),
    [
        ("TestVersionedSTFTV10", "test_versioned_s_t_f_t_v10"),
        ("TestVersionedDivTensorExampleV7", "test_versioned_div_tensor_example_v7"),
        ("TestVersionedGeluOutV9", "test_versioned_gelu_out_v9"),
        ("_Underscored_NameV1", "underscored__name_v1"),
        ("TestÉtéŠΩV3", "test_été_š_ω_v3"),
        ("Testǅ", "testǅ"),
        ("lower", "lower"),
    ],
)
def test_a_fixture_is_named_as_pytorch_names_it(class_name: str, stem: str) -> None:
    assert fixture_stem(class_name) == stem


@pytest.mark.parametrize(
    ("class_name", "version"),
    [
        ("TestVersionedGeluV9", 9),
        ("TestVersionedV2ThingV10", 10),
        ("V0", 0),
        ("TestVersionedGelu", None),
        ("TestVersionedV9Gelu", None),
        ("TestVersionedGeluv9", None),
        ("TestVersionedGeluV", None),
        ("TestVersionedGeluV٣", None),
        ("TestVersionedGeluV-1", None),
        ("TestVersionedGeluV" + "9" * 5000, None),
    ],
)
def test_a_modules_version_is_its_suffix(class_name: str, version: int | None) -> None:
    assert module_version(class_name) == version


@pytest.mark.parametrize(
    ("operator", "version", "class_name"),
    [
        ("aten::gelu", 9, "TestVersionedGeluV9"),
        ("aten::gelu.out", 9, "TestVersionedGeluOutV9"),
        ("aten::div_.Tensor", 3, "TestVersionedDivInplaceTensorV3"),
        ("aten::div.Scalar_mode", 3, "TestVersionedDivScalarModeV3"),
        ("mylib::my_scale", 3, "TestVersionedMyScaleV3"),
        ("aten::__iand__.Scalar", 3, "TestVersionedIandScalarV3"),
        ("div.Tensor", 3, "TestVersionedDivTensorV3"),
        ("", 0, "TestVersionedV0"),
    ],
)
def test_a_class_is_named_after_operator_and_version(operator: str, version: int, class_name: str) -> None:
    assert class_name_for(operator, version) == class_name


@given(st.text(), st.integers(-2, 10**8))
def test_whatever_the_operator_the_suggested_lines_are_python(operator: str, version: int) -> None:
    name = class_name_for(operator, version)
    assert name.isidentifier()
    assert module_version(name) == max(version, 0)
    [module] = ast.parse(suggested_module(None, operator, name)).body
    assert isinstance(module, ast.ClassDef)
    assert module.name == name
    registry = ast.parse(f"ALL_MODULES = {{\n{suggested_row(operator, name)}\n}}").body[0]
    assert isinstance(registry, ast.Assign)
    assert isinstance(registry.value, ast.Dict)
    assert ast.literal_eval(registry.value.values[0]) == operator


@pytest.mark.parametrize(
    ("name", "another"),
    [("TestVersionedGeluV9", "TestVersionedGelu2V9"), ("TestVersionedGelu", "TestVersionedGelu2")],
)
def test_a_class_is_told_apart_in_front_of_its_suffix(name: str, another: str) -> None:
    assert numbered(name, 2) == another


@pytest.mark.parametrize(
    ("operator", "row"),
    [
        ("aten::gelu", '    TestVersionedGeluV9(): "aten::gelu",'),
        ('a"b', "    TestVersionedABV9(): 'a\"b',"),
        ("a\\b\n", "    TestVersionedABV9(): 'a\\\\b\\n',"),
    ],
)
def test_a_row_is_written_as_pytorch_writes_it(operator: str, row: str) -> None:
    assert suggested_row(operator, class_name_for(operator, 9)) == row


def test_a_module_takes_what_has_no_default_and_omits_the_rest() -> None:
    schema = parse_schema(
        "mylib::scale.two(Tensor x, int dim, bool b, float by=2., *, Tensor(a!) out) -> Tensor(a!)"
    )
    assert suggested_module(schema, "mylib::scale.two", "TestVersionedScaleTwoV3") == (
        "class TestVersionedScaleTwoV3(torch.nn.Module):\n"
        "    def forward(self, x, dim: int, b: bool, out):\n"
        "        return torch.ops.mylib.scale(x, dim, b, out=out)\n"
    )


def test_types_that_would_need_an_import_stand_in_a_type_comment() -> None:
    schema = parse_schema("aten::full(int[] size, Scalar fill_value, *, ScalarType? dtype=None) -> Tensor")
    assert suggested_module(schema, "aten::full", "TestVersionedFullV4") == (
        "class TestVersionedFullV4(torch.nn.Module):\n"
        "    def forward(self, size, fill_value):\n"
        "        # type: (List[int], number) -> Tensor\n"
        "        return torch.ops.aten.full(size, fill_value)\n"
    )


@pytest.mark.parametrize(
    ("returns", "comment"),
    [("()", "None"), ("(Tensor a, int[] b)", "Tuple[Tensor, List[int]]"), ("int?", "Optional[int]")],
)
def test_a_type_comment_names_what_is_returned(returns: str, comment: str) -> None:
    schema = parse_schema(f"x::y(int? a) -> {returns}")
    assert f"        # type: (Optional[int]) -> {comment}\n" in suggested_module(
        schema, "x::y", "TestVersionedYV3"
    )


def test_names_that_forward_cannot_have_are_changed() -> None:
    schema = parse_schema(
        "x::y(Tensor self, int from, *, Tensor input, Tensor torch, Tensor lambda) -> Tensor"
    )
    assert suggested_module(schema, "x::y", "TestVersionedYV3") == (
        "class TestVersionedYV3(torch.nn.Module):\n"
        "    def forward(self, input_, from_: int, lambda_, input, torch_):\n"
        "        return torch.ops.x.y(input_, from_, lambda_, input=input, torch=torch_)\n"
    )


def test_long_lines_are_wrapped() -> None:
    names = [f"an_argument_with_a_long_name_{number}" for number in range(3)]
    tensors = ", ".join(f"Tensor {name}" for name in names)
    assert suggested_module(parse_schema(f"x::y({tensors}) -> Tensor"), "x::y", "TestVersionedYV3") == (
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
    )
    lists = ", ".join(f"Tensor[] a{number}" for number in range(5))
    assert suggested_module(parse_schema(f"x::y({lists}) -> Tensor"), "x::y", "TestVersionedYV3") == (
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
    )


@pytest.mark.parametrize(
    ("operator", "call"),
    [
        ("mylib::div_.Tensor", "torch.ops.mylib.div_(input)"),
        ("mylib::lambda", "torch.ops.mylib.lambda_(input)"),
        ("my-lib::2d", "torch.ops.my_lib._2d(input)"),
        ("::", "torch.ops._._(input)"),
    ],
)
def test_the_operator_is_called_without_its_overload_under_a_name_python_can_read(
    operator: str, call: str
) -> None:
    assert f"        return {call}\n" in suggested_module(None, operator, "Test")


def test_without_a_schema_forward_takes_a_tensor() -> None:
    assert suggested_module(None, "aten::gelu.out", "TestVersionedGeluOutV9") == (
        "class TestVersionedGeluOutV9(torch.nn.Module):\n"
        "    def forward(self, input):\n"
        "        return torch.ops.aten.gelu(input)\n"
    )


@pytest.mark.torch
def test_suggestions_for_all_of_pytorchs_entries_script_and_call_the_operator(tmp_path: Path) -> None:
    entries = in_torch(ENTRIES_OF_TORCH)
    assert len(entries) == 18
    source = ["import torch\n"]
    expected = {}
    for operator, bumped_at_version, old_schema, todays_schema in entries:
        # Where the change took a default away, today's torch cannot be called as the old one was.
        schema = todays_schema if "steps=None" in old_schema else old_schema
        name = class_name_for(operator, bumped_at_version - 1)
        source.append(suggested_module(parse_schema(schema), operator, name))
        expected[name] = [operator]
    file = tmp_path / "suggestions.py"
    file.write_text("\n\n".join(source), encoding="utf-8")
    assert in_torch(OPERATORS_CALLED, str(file)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gelu_0_9", "gelu_4_11"),
        ("div__Tensor_0_3", "div__Tensor_4_11"),
        ("f_1_2_0_3", "f_1_2_4_11"),
        ("gelu_0_9_", "gelu_0_9_"),
        ("gelu_9", "gelu_9"),
        ("_9", "_9"),
        ("gelu", "gelu"),
        ("gelu_0_x", "gelu_0_x"),
    ],
)
def test_an_upgrader_is_named_after_another_range(name: str, expected: str) -> None:
    assert upgrader_of_range(name, range(4, 12)) == expected


def test_a_module_is_named_after_another_version() -> None:
    assert module_of_version("TestVersionedV2GeluV9", 11) == "TestVersionedV2GeluV11"
