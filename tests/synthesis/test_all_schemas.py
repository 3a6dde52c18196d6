"""Every schema of torch 2.13 and 1.11: what is made of it scripts and compiles, but for what is listed here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from opfixtures.declarations.function_schema import FunctionSchema, parse_schema
from opfixtures.declarations.names import class_name_for
from opfixtures.synthesis.module_text import module_text
from opfixtures.synthesis.modules import modules_for
from opfixtures.synthesis.skeletons import skeleton
from tests.synthesis.in_torch import RELEASES, in_torch, schemas_of

# For each text the overload that TorchScript calls under the operator's own name, or why it does not script.
SCRIPTED = """
import json, linecache, sys, types, torch

def called(name, text, own):
    path = f"<{name}>"
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    module = types.ModuleType("modules")
    module.__file__ = path
    module.torch = torch
    sys.modules["modules"] = module
    try:
        exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)
        nodes = torch.jit.script(module.__dict__[name]()).inlined_graph.nodes()
        found = [node.schema().partition("(")[0] for node in nodes if node.schema() != "(no schema)"]
    except Exception as error:
        return "error: " + str(error)
    return next((one for one in found if one.partition(".")[0] == own.partition(".")[0]), "something else")

print(json.dumps([called(*one) for one in json.load(open(sys.argv[1]))]))
"""
# For each skeleton the same, with `torch` as PyTorch's upgraders_entry.cpp has it: the operators of aten.
COMPILED = """
import json, sys, torch

class Operators(type(sys)):
    def __getattr__(self, name):
        is_operator = torch._C._jit_get_schemas_for_operator("aten::" + name)
        return getattr(torch.ops.aten if is_operator else torch, name)

seen = {"torch": Operators("torch")}

def called(text, own):
    unit = torch._C.CompilationUnit()
    try:
        unit.define(text, lambda word: seen.get(word))
        nodes = unit.find_function("upgrader_0_9").graph.nodes()
        found = [node.schema().partition("(")[0] for node in nodes if node.schema() != "(no schema)"]
    except Exception as error:
        return "error: " + str(error)
    return next((one for one in found if one.partition(".")[0] == own.partition(".")[0]), "something else")

print(json.dumps([called(*one) for one in json.load(open(sys.argv[1]))]))
"""
# TorchScript has no such types, and no type variables, in what it compiles.
NO_TYPES = ("Storage", "QScheme", "AnyEnumType", "t", "t1", "tVal", "Generator")
# Another overload takes every call, or takes it first; or the schema itself is at odds with its operator.
HIDDEN = {
    "aten::all.all_out",
    "aten::any.all_out",
    "aten::max.unary_out",
    "aten::min.unary_out",
    "aten::range",
    "aten::range.out_",
    "aten::set.out",
    "aten::view.dtype",
    "prims::var",
    "static_runtime::clamp_nan_to_num",
}
HIDDEN_IN_UPGRADERS = HIDDEN | {
    "aten::Float.int",
    "aten::copy_.Tensor",
    "aten::dequantize.list",
    "aten::dequantize.tensor",
    "aten::len.any",
    "aten::mH.a",
    "aten::mT.a",
    "aten::matrix_H.a",
    "aten::numpy_T.a",
    "aten::pow.int_to_int",
    "aten::split",
    "aten::sym_is_contiguous",
}


InTorch = Callable[[str, str, object], Any]


@pytest.fixture
def run_in(tmp_path: Path) -> InTorch:
    """Runs a program in a release, with data in a JSON file."""

    def run(release: str, program: str, data: object) -> Any:
        file = tmp_path / "data.json"
        file.write_text(json.dumps(data), encoding="utf-8")
        return in_torch(release, program, file)

    return run


def by_name(schemas: Sequence[FunctionSchema]) -> dict[str, list[FunctionSchema]]:
    found = defaultdict(list)
    for one in schemas:
        found[one.name].append(one)
    return found


def unexplained(operators: Sequence[str], told: Sequence[str], hidden: set[str]) -> dict[str, str]:
    """What torch says of the operators for which neither a type nor the list is an explanation."""
    found = {}
    for operator, text in zip(operators, told, strict=True):
        named = any(f"Unknown type name '{name}'" in text for name in NO_TYPES)
        # An alias becomes what it stands for; a call that returns nothing and writes nothing is left out.
        if text not in (operator, "something else") and not named and operator not in hidden:
            found[operator] = text
    return found


@pytest.mark.torch
@pytest.mark.thorough
@pytest.mark.parametrize("release", RELEASES)
def test_every_module_scripts_and_calls_its_overload(release: str, run_in: InTorch) -> None:
    schemas = [parse_schema(text) for text, own in schemas_of(release) if own]
    siblings = by_name(schemas)
    modules = [
        module
        for schema in schemas
        for module in modules_for(schema, class_name_for(schema.operator, 9), siblings[schema.name])
    ]
    operators = [one.schema.operator for one in modules]
    data = [(one.class_name, module_text(one), one.schema.operator) for one in modules]
    told = run_in(release, SCRIPTED, data)
    assert unexplained(operators, told, HIDDEN) == {}
    assert sum(one == text for one, text in zip(operators, told, strict=True)) > 0.9 * len(told)


@pytest.mark.torch
@pytest.mark.parametrize("release", RELEASES)
def test_every_skeleton_compiles_and_calls_its_overload(release: str, run_in: InTorch) -> None:
    schemas = [parse_schema(text) for text, _ in schemas_of(release)]
    siblings = by_name(schemas)
    data = [(skeleton(one, None, "upgrader_0_9", siblings[one.name]), one.operator) for one in schemas]
    operators = [one.operator for one in schemas]
    told = run_in(release, COMPILED, data)
    assert unexplained(operators, told, HIDDEN_IN_UPGRADERS) == {}
    assert sum(one == text for one, text in zip(operators, told, strict=True)) > 0.85 * len(told)
