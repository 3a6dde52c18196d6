"""Which operators torch 2.13.0 upgrades, by what they return: what OPF113 and OPF114 say of it, seen in torch itself.

A process without upgraders saves a model of each operator, as a library's old release would. Another one, in which each
operator has one argument more, an entry at 4 and an upgrader, loads them: as a library of the demonstration does,
through `torch._C._test_only_populate_upgraders` and `torch._C._test_only_add_entry_to_op_version_map`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from opfixtures.change.library_numbers import TORCHSCRIPT
from opfixtures.declarations.returned import not_to_be_upgraded

# What is returned as a schema has it, a value of it, and what an upgrader that returns it says it returns.
RETURNS = {
    "Tensor": ("x", "Tensor"),
    "(Tensor y)": ("x", "Tensor"),
    "Tensor?": ("x", "Optional[Tensor]"),
    "int": ("1", "int"),
    "int?": ("1", "Optional[int]"),
    "Scalar": ("1", "number"),
    "bool": ("True", "bool"),
    "str": ("'a'", "str"),
    "ScalarType": ("torch.float", "int"),
    "()": ("None", "None"),
    "(Tensor, Tensor)": ("(x, x)", "Tuple[Tensor, Tensor]"),
    "(Tensor, Tensor[])": ("(x, [x])", "Tuple[Tensor, List[Tensor]]"),
    "((Tensor, Tensor))": ("(x, x)", "Tuple[Tensor, Tensor]"),
    "Tensor[]": ("[x, x]", "List[Tensor]"),
    "(Tensor[] ys)": ("[x, x]", "List[Tensor]"),
    "Tensor?[]": ("[x]", "List[Optional[Tensor]]"),
    "int[]": ("[1]", "List[int]"),
    "int[]?": ("[1]", "Optional[List[int]]"),
    "Dict(str, Tensor)": ("{'a': x}", "Dict[str, Tensor]"),
    "Union(Tensor, int)": ("x", "Union[Tensor, int]"),
}
# A call of an operator that neither returns nor changes anything is not even stored.
ARGUMENT = {"()": "Tensor(a!) x"}
# torch's own operators: the call of an old model, what its upgrader takes, does and returns.
OWN = {
    "aten::relu(Tensor self) -> Tensor": ("torch.relu(x)", "self: Tensor", "torch.relu(self)", "Tensor"),
    "aten::size(Tensor self) -> int[]": ("x.size()", "self: Tensor", "self.size()", "List[int]"),
    "aten::unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]": (
        "torch.unbind(x, 0)",
        "self: Tensor, dim: int",
        "torch.unbind(self, dim)",
        "List[Tensor]",
    ),
    "aten::frexp.Tensor(Tensor self) -> (Tensor, Tensor)": (
        "torch.ops.aten.frexp(x)",
        "self: Tensor",
        "(self, self)",
        "Tuple[Tensor, Tensor]",
    ),
}
# Of an operator of its own each. It returns a tensor.
BUMPS = (3, 4, 10, 11)
COMMON = """
import io, json, linecache, sys, warnings
warnings.simplefilter("ignore")
import torch

library = torch.library.Library("mylib", "DEF")
RETURNS, ARGUMENT, OWN, BUMPS, folder = json.loads(sys.argv[1])


def define(name, arguments, returned, value):
    library.define(f"{name}({arguments}) -> {returned}")
    library.impl(name, eval(f"lambda x, *, k=0: {value}"), "CompositeExplicitAutograd")


def saved(call, path):
    source = f"class M(torch.nn.Module):\\n    def forward(self, x):\\n        return {call}\\n"
    linecache.cache[path] = len(source), None, source.splitlines(True), path
    classes = {"torch": torch}
    exec(compile(source, path, "exec"), classes)
    torch.jit.save(torch.jit.script(classes["M"]()), f"{folder}/{path}")
"""
OLD = f"""{COMMON}
for number, (returned, (value, _)) in enumerate(RETURNS.items()):
    define(f"f{{number}}", ARGUMENT.get(returned, "Tensor x"), returned, value)
    saved(f"torch.ops.mylib.f{{number}}(x)", f"f{{number}}")
for number, (call, *_) in enumerate(OWN.values()):
    saved(call, f"own{{number}}")
for bump in BUMPS:
    define(f"g{{bump}}", "Tensor x", "Tensor", "x")
    saved(f"torch.ops.mylib.g{{bump}}(x)", f"g{{bump}}")
"""
NEW = f"""{COMMON}
# torch fills its table of upgraders when it loads the first module.
saved("x", "empty")
torch.jit.load(f"{{folder}}/empty")


def add(name, bump, schema, parameters, body, returned):
    source = f"def {{name}}_0({{parameters}}) -> {{returned}}:\\n  {{body}}\\n"
    graph = getattr(torch.jit.CompilationUnit(source), f"{{name}}_0").graph
    torch._C._test_only_populate_upgraders({{f"{{name}}_0": str(graph)}})
    entry = torch._C._UpgraderEntry(bump, f"{{name}}_0", schema)
    torch._C._test_only_add_entry_to_op_version_map(schema.partition("(")[0], entry)


def loaded(path):
    try:
        torch.jit.load(f"{{folder}}/{{path}}")(torch.ones(2, 2))
    except RuntimeError as error:
        return str(error)
    return "loads"


found = {{}}
for number, (returned, (value, annotation)) in enumerate(RETURNS.items()):
    argument = ARGUMENT.get(returned, "Tensor x")
    define(f"f{{number}}", f"{{argument}}, *, int k", returned, value)
    call, schema = f"torch.ops.mylib.f{{number}}(x, k=1)", f"mylib::f{{number}}({{argument}}) -> {{returned}}"
    if annotation == "None":
        try:
            add(f"h{{number}}", 4, f"mylib::h(Tensor x) -> ()", "x: Tensor", call, annotation)
        except RuntimeError as error:
            found["a call that returns nothing"] = str(error)
    add(f"f{{number}}", 4, schema, "x: Tensor", "pass" if annotation == "None" else f"return {{call}}", annotation)
    found[schema] = loaded(f"f{{number}}")
for number, (schema, (_, parameters, body, annotation)) in enumerate(OWN.items()):
    add(f"own{{number}}", 4, schema, parameters, f"return {{body}}", annotation)
    found[schema] = loaded(f"own{{number}}")
for bump in BUMPS:
    define(f"g{{bump}}", "Tensor x, *, int k", "Tensor", "x")
    call = f"torch.ops.mylib.g{{bump}}(x, k=1)"
    add(f"g{{bump}}", bump, f"mylib::g{{bump}}(Tensor x) -> Tensor", "x: Tensor", f"return {{call}}", "Tensor")
    saved(call, f"new{{bump}}")
    found[f"old model, bumped at {{bump}}"] = loaded(f"g{{bump}}")
    found[f"new model, bumped at {{bump}}"] = loaded(f"new{{bump}}")
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What torch says when it loads the model of an operator, by the operator's old schema."""
    folder = str(tmp_path_factory.mktemp("models"))
    arguments = json.dumps([RETURNS, ARGUMENT, OWN, BUMPS, folder])
    for program in (OLD, NEW):
        run = (sys.executable, "-c", program, arguments)
        done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "schema",
    [
        *(f"mylib::f{at}({ARGUMENT.get(one, 'Tensor x')}) -> {one}" for at, one in enumerate(RETURNS)),
        *OWN,
    ],
)
def test_torch_upgrades_what_no_rule_finds(found: dict[str, str], schema: str) -> None:
    says = found[schema]
    assert says == "loads" or re.match(
        r"new_outputs(\.size\(\) == old_outputs\.size\(\)|\[i\]->type\(\) == old_outputs\[i\]->type\(\)) "
        "INTERNAL ASSERT FAILED",
        says,
    )
    assert (says == "loads") == (not_to_be_upgraded(schema) == "")


@pytest.mark.parametrize("bump", BUMPS)
def test_torch_upgrades_old_models_and_loads_new_ones_from_4_to_10(found: dict[str, str], bump: int) -> None:
    old, new = (found[f"{which} model, bumped at {bump}"] for which in ("old", "new"))
    if bump in TORCHSCRIPT:
        assert (old, new) == ("loads", "loads")
    elif bump < TORCHSCRIPT[0]:
        # No upgrader is applied: the old call lacks what has been added since.
        assert "Argument k not provided" in old
    else:
        assert f"maximum supported version for reading is {TORCHSCRIPT[-1]}" in new


def test_torch_takes_no_upgrader_that_calls_what_returns_nothing(found: dict[str, str]) -> None:
    assert "expected ident but found '='" in found["a call that returns nothing"]
