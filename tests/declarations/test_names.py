import ast
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.names import (
    class_name_for,
    fixture_stem,
    guard_name_for,
    module_of_version,
    module_version,
    numbered,
    span,
    suggested_row,
    upgrader_of_range,
    versions_of,
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
def test_whatever_the_operator_the_suggested_row_is_python(operator: str, version: int) -> None:
    name = class_name_for(operator, version)
    assert name.isidentifier()
    assert module_version(name) == max(version, 0)
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


@pytest.mark.parametrize(
    ("operator", "name"),
    [
        ("mylib::scale", "ScaleGuard"),
        ("mylib::scale.out", "ScaleOutGuard"),
        ("mylib::scale_", "ScaleInplaceGuard"),
        ("mylib::conv.v2", "ConvV2Guard"),
        ("mylib::_3d", "Op3dGuard"),
        ("mylib::none", "NoneGuard"),
        ("mylib::_", "InplaceGuard"),
    ],
)
def test_a_guards_class_is_named_after_its_operator(operator: str, name: str) -> None:
    assert guard_name_for(operator) == name


@given(st.text())
def test_a_guards_class_is_an_identifier_that_ends_in_no_version(operator: str) -> None:
    name = guard_name_for(operator)
    assert name.isidentifier()
    assert module_version(name) is None


@pytest.mark.parametrize(
    ("covers", "said"),
    [(range(4), ("0 to 3", "V0 to V3", "versions 0 to 3")), (range(4, 5), ("4", "V4", "version 4"))],
)
def test_one_version_is_no_span(covers: range, said: tuple[str, str, str]) -> None:
    assert (span(covers), span(covers, "V"), versions_of(covers)) == said
    assert span(range(2), to="-") == "0-1"
