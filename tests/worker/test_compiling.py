"""What torch's own frontend says of a tree's upgraders, beside operators that this torch lacks or has otherwise."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.compiling import TreeOperators, operators_of, questions
from opfixtures.worker import events, packing
from opfixtures.worker.observations import CompiledSeen

Ask = Callable[[Mapping[str, Any]], Mapping[str, CompiledSeen]]
OLD = "aten::hardswish(Tensor self) -> Tensor"
# An argument more, as the tree may declare it.
BETA = {
    "aten::hardswish": "aten::hardswish(Tensor self, *, float beta=1.0) -> Tensor",
    "aten::hardswish.out": "aten::hardswish.out(Tensor self, *, float beta=1.0, Tensor(a!) out) -> Tensor(a!)",
}
REQUIRED = {"aten::relu": "aten::relu(Tensor self, float slope) -> Tensor"}
NEW = {
    "aten::frobnicate": "aten::frobnicate(Tensor self, int n) -> Tensor",
    "aten::frobnicate.two": "aten::frobnicate.two(Tensor self, Tensor other) -> Tensor",
}
OF_A_LIBRARY = {"mylib::scale": "mylib::scale(Tensor x, float by) -> Tensor"}
# What the upgrader returns, what the tree declares, and what is said: nothing where all is well.
CALLS: dict[str, tuple[str, dict[str, str], CompiledSeen | tuple[str, str]]] = {
    "an operator as it is": ("torch.hardswish(self)", {}, CompiledSeen()),
    "one that the tree has as it is": ("torch.hardswish(self)", {"aten::hardswish": OLD}, CompiledSeen()),
    "a new argument": ("torch.hardswish(self, beta=2.0)", BETA, CompiledSeen()),
    "a new argument of a method": ("self.hardswish(beta=2.0)", BETA, CompiledSeen()),
    "the default of a new argument": ("torch.hardswish(self)", BETA, CompiledSeen()),
    "a new argument that is needed": ("torch.relu(self, 1.0)", REQUIRED, CompiledSeen()),
    "a new argument of a method that is needed": ("self.relu(1.0)", REQUIRED, CompiledSeen()),
    "a new operator": ("torch.frobnicate(self, 2)", NEW, CompiledSeen()),
    "a new overload": ("torch.frobnicate(self, self)", NEW, CompiledSeen()),
    "another overload, declared elsewhere": (
        "torch.hardswish(self, out=self)",
        {"aten::hardswish": BETA["aten::hardswish"]},
        CompiledSeen(),
    ),
    "an operator of a library": ("torch.ops.mylib.scale(self, 2.0)", OF_A_LIBRARY, CompiledSeen()),
    "a new argument that nobody declares": (
        "torch.hardswish(self, beta=2.0)",
        {},
        ("problem", "aten::hardswish(Tensor self) -> Tensor: Keyword argument beta unknown."),
    ),
    "a misspelt argument": (
        "torch.hardswish(self, bta=2.0)",
        BETA,
        (
            "problem",
            "aten::hardswish(Tensor self, *, float beta=1.) -> Tensor: Keyword argument bta unknown.",
        ),
    ),
    "a misspelt argument of a method": ("self.hardswish(bta=2.0)", BETA, ("problem", "bta unknown")),
    "a misspelt word": ("torch.hardswish(slef)", BETA, ("problem", "undefined value slef")),
    "an unknown operator": ("torch.hardswsh(self)", BETA, ("problem", "object has no attribute hardswsh")),
    # In C++ `torch` stands for the operators of aten, and has none of Python's modules.
    "an operator by Python's full name": ("torch.ops.aten.relu(self)", {}, ("problem", "no attribute aten")),
    "a module of torch": ("torch.nn.functional.relu(self)", {}, ("problem", "no attribute nn")),
    "torch in a module of torch": (
        "torch.functional.torch.relu(self)",
        {},
        ("problem", "no attribute functional"),
    ),
    "a value of another type": (
        "torch.hardswish(self, beta='x')",
        BETA,
        ("problem", "Expected a value of type 'float' for argument 'beta' but instead found type 'str'."),
    ),
    "an argument that the tree needs": (
        "torch.relu(self)",
        REQUIRED,
        ("problem", "aten::relu(Tensor self, float slope) -> Tensor: Argument slope not provided."),
    ),
    "a new operator's argument": ("torch.frobnicate(self)", NEW, ("problem", "Argument n not provided")),
    "a new method's argument": (
        "self.frobnicate()",
        NEW,
        ("problem", "aten::frobnicate(Tensor self, int n) -> Tensor: Argument n not provided"),
    ),
    "a new method's other overload": (
        "self.frobnicate('x')",
        {"aten::frobnicate.two": "aten::frobnicate.two(Tensor self, int n) -> Tensor"},
        ("problem", "aten::frobnicate.two(Tensor self, int n) -> Tensor: Expected a value of type 'int'"),
    ),
    "no code": ("(", {}, ("problem", "expected")),
    # Whether the tree's relu would take it nobody looked.
    "a method that finds what the tree replaced": (
        "self.relu()",
        REQUIRED,
        ("unseen", "it calls aten::relu in a way that finds this torch's own, which the tree has otherwise"),
    ),
    "a schema that torch does not read": (
        "torch.hardswish(self)",
        {"aten::hardswish": "aten::hardswish(Tensor self, NoSuchType x) -> Tensor"},
        ("unseen", "unknown type specifier"),
    ),
}


@pytest.fixture(scope="session")
def ask(replay: Callable[..., Any]) -> Ask:
    """Asks a worker of today's torch about texts."""
    return lambda texts: replay(sys.executable, {}, module=None, texts=dict(texts))[0].compiled


def question(source: str, operators: Mapping[str, str] = {}, old_schema: str = OLD) -> dict[str, Any]:
    return {"source": source, "old_schema": old_schema, "operators": dict(operators)}


@pytest.fixture(scope="session")
def calls(ask: Ask) -> Mapping[str, CompiledSeen]:
    """What is said of all of them, asked at once: the stubs of one are none for another."""
    text = "def up_0_10(self: Tensor) -> Tensor:\n  return {}\n"
    names = {f"up{number}_0_10": key for number, key in enumerate(CALLS)}
    asked = {
        name: question(text.format(CALLS[key][0]).replace("up_0_10", name), CALLS[key][1])
        for name, key in names.items()
    }
    return {names[name]: seen for name, seen in ask(asked).items()}


@pytest.mark.parametrize("key", CALLS)
def test_a_text_compiles_beside_the_operators_of_its_tree_or_torch_says_why_not(
    calls: Mapping[str, CompiledSeen], key: str
) -> None:
    wanted, seen = CALLS[key][2], calls[key]
    if isinstance(wanted, CompiledSeen):
        assert seen == wanted
        return
    member, text = wanted
    said = getattr(seen, member)
    assert text in said
    assert "\n" not in said
    assert "opfixtures" not in said, "it has the names of the tree"
    # What was looked for in vain is the cause of a problem, and has tests of its own.
    assert replace(seen, missing="") == CompiledSeen(**{member: said})


ADD = "aten::add_up(Tensor self, Tensor other, int? n=None, *, ScalarType? dtype=None) -> Tensor"
# Parameters and result of an upgrader for it, and what is said.
SIGNATURES = {
    "the same": ("self: Tensor, other: Tensor, n: Optional[int], dtype: Optional[int]", "Tensor", ""),
    "by keyword, as torch does not mind": (
        "self: Tensor, other: Tensor, n: Optional[int]=None, *, dtype: Optional[int]=None",
        "Tensor",
        "",
    ),
    "all by keyword": (
        "*, self: Tensor, other: Tensor, n: Optional[int], dtype: Optional[int]",
        "Tensor",
        "",
    ),
    "other names": ("a: Tensor, b: Tensor, c: Optional[int], d: Optional[int]", "Tensor", ""),
    "what takes more": (
        "self: Optional[Tensor], other: Tensor, n: Optional[int], dtype: Optional[int]",
        "Tensor",
        "",
    ),
    "an argument missing": (
        "self: Tensor, other: Tensor, n: Optional[int]",
        "Tensor",
        "it takes 3 arguments, and not dtype, the old schema has 4",
    ),
    "none": ("", "Tensor", "it takes 0 arguments, and not self, other, n, dtype, the old schema has 4"),
    "an argument more": (
        "self: Tensor, other: Tensor, n: Optional[int], dtype: Optional[int], m: int",
        "Tensor",
        "it takes 5 arguments, the old schema has 4",
    ),
    "another order": (
        "other: Tensor, self: Tensor, n: Optional[int], dtype: Optional[int]",
        "Tensor",
        "its argument 1 is other, which is argument 2 of the old schema",
    ),
    "another type": (
        "self: Tensor, other: List[Tensor], n: Optional[int], dtype: Optional[int]",
        "Tensor",
        "its argument other is List[Tensor], the old schema has Tensor",
    ),
    "what takes less": (
        "self: Tensor, other: Tensor, n: int, dtype: Optional[int]",
        "Tensor",
        "its argument n is int, the old schema has Optional[int]",
    ),
    "another result": (
        "self: Tensor, other: Tensor, n: Optional[int], dtype: Optional[int]",
        "List[Tensor]",
        "it gives List[Tensor], the old schema Tensor",
    ),
}


@pytest.fixture(scope="session")
def signatures(ask: Ask) -> Mapping[str, CompiledSeen]:
    names = {f"up{number}_0_10": key for number, key in enumerate(SIGNATURES)}
    asked = {}
    for name, key in names.items():
        taken, given, _ = SIGNATURES[key]
        result = "torch.zeros([2])" if given == "Tensor" else "[torch.zeros([2])]"
        asked[name] = question(f"def {name}({taken}) -> {given}:\n  return {result}\n", old_schema=ADD)
    return {names[name]: seen for name, seen in ask(asked).items()}


@pytest.mark.parametrize("key", SIGNATURES)
def test_a_signature_is_that_of_the_old_schema_as_far_as_torch_minds(
    signatures: Mapping[str, CompiledSeen], key: str
) -> None:
    assert signatures[key] == CompiledSeen(difference=SIGNATURES[key][2])


# Tries in torch what an upgrader of a signature does to an old model.
LOADS = """
import io, sys, torch
library = torch.library.Library("tinyx", "DEF")
library.define("scale(Tensor x, float by=2.0) -> Tensor")
library.impl("scale", lambda x, by=2.0: x * by, "CompositeExplicitAutograd")
class M(torch.nn.Module):
    def forward(self, x):
        return torch.ops.tinyx.scale(x, 4.0)
old = io.BytesIO()
torch.jit.save(torch.jit.script(M()), old)
torch.jit.load(io.BytesIO(old.getvalue()))
graph = torch.jit.CompilationUnit(sys.argv[1]).up.graph
torch._C._test_only_populate_upgraders({"up": str(graph)})
entry = torch._C._UpgraderEntry(4, "up", "tinyx::scale(Tensor x, float by=2.0) -> Tensor")
torch._C._test_only_add_entry_to_op_version_map("tinyx::scale", entry)
print(torch.jit.load(io.BytesIO(old.getvalue()))(torch.ones(1)).item())
"""


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("taken", "result", "loads"),
    [
        ("x: Tensor, by: float", "x * by * 10", True),
        ("x: Tensor, *, by: float", "x * by * 10", True),
        ("y: Tensor, z: float", "y * z * 10", True),
        ("x: Tensor", "x * 10", False),
        ("x: Tensor, by: float, more: int", "x * by * 10", False),
        ("by: float, x: Tensor", "x * by * 10", False),
        ("x: List[Tensor], by: float", "x[0] * by * 10", False),
        ("x: Tensor, by: float", "[x]", False),
    ],
)
def test_torch_minds_what_is_told(ask: Ask, taken: str, result: str, loads: bool, tmp_path: Path) -> None:
    """Keyword or not, and names, are nothing to it: it hands old arguments on by their places."""
    source = f"def up({taken}):\n  return {result}\n"
    # TorchScript reads the source of a class from its file.
    (tmp_path / "loads.py").write_text(LOADS)
    command = (sys.executable, "-W", "ignore", str(tmp_path / "loads.py"), source)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    old_schema = "tinyx::scale(Tensor x, float by=2.0) -> Tensor"
    seen = ask({"up": question(source, old_schema=old_schema)})["up"]
    assert (done.returncode == 0, seen.difference == "") == (loads, loads), (done.stderr, seen)
    assert not loads or done.stdout == "40.0\n"


def test_the_upgraders_of_pytorch_compile_and_have_the_old_signature(ask: Ask, worker: Any) -> None:
    torch = worker.torch
    entries = [
        MapEntry(operator, one.bumped_at_version, one.upgrader_name, one.old_schema, Place("map", 1, 1))
        for operator, some in torch._C._get_operator_version_map().items()
        for one in some
    ]
    texts = dict(torch._C._get_upgraders_entry_map())
    assert len(entries) == 18
    place = Path(find_spec("torchgen").submodule_search_locations[0])  # type: ignore[union-attr, index]
    file = place / "packaged" / "ATen" / "native" / "native_functions.yaml"
    declared = operators_of([read_declared_operators(file.name, file.read_bytes())])
    assert declared.problem == ""
    for operators in (declared, TreeOperators()):
        seen = ask(questions(entries, texts, operators))
        assert set(seen) == {entry.upgrader_name for entry in entries}
        assert set(seen.values()) == {CompiledSeen()}, seen


def test_what_torch_has_itself_is_not_asked_again(replay: Callable[..., Any], worker: Any) -> None:
    text = dict(worker.torch._C._get_upgraders_entry_map())["gelu_0_9"]
    asked = {"gelu_0_9": question(text, old_schema="aten::gelu(Tensor self) -> Tensor")}
    runtime, _ = replay(sys.executable, {}, module=None, upgraders={"gelu_0_9": text}, texts=asked)
    assert (runtime.upgraders["gelu_0_9"].same, runtime.compiled) == (True, {})
    other = {"gelu_0_9": text.replace("'none'", "'tanh'")}
    runtime, _ = replay(sys.executable, {}, module=None, upgraders=other, texts=asked)
    assert runtime.compiled == {"gelu_0_9": CompiledSeen()}


def test_a_text_of_no_entry_has_to_compile_and_stands_in_for_nothing(ask: Ask) -> None:
    texts = {"up": "def up(a: int, b: int) -> int:\n  return {}\n"}
    for result, problem in (("a", ""), ("c", "undefined value c")):
        asked = questions([], {"up": texts["up"].format(result)}, TreeOperators(), {"up"})
        seen = ask(asked)["up"]
        assert (seen.difference, problem in seen.problem, bool(seen.problem)) == ("", True, bool(problem))


def test_a_text_that_crashes_the_frontend_costs_itself(ask: Ask) -> None:
    deep = f"def up(self: Tensor) -> Tensor:\n  return {'(' * 20_000}self{')' * 20_000}\n"
    seen = ask(
        {"up": question(deep), "other": question("def other(self: Tensor) -> Tensor:\n  return self\n")}
    )
    assert seen == {"up": CompiledSeen(problem="crashed: SIGSEGV"), "other": CompiledSeen()}


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("return torch.ops.nobodys.scale(self)", "nobodys::scale"),
        # What it only speaks of is not why.
        ("# unlike torch.ops.nobodys\n  return torch.abs(selff)", ""),
        ("x = 'torch.ops.nobodys.scale'\n  return torch.abs(selff)", ""),
    ],
)
def test_an_operator_is_missing_where_the_frontend_looked_for_it(ask: Ask, text: str, missing: str) -> None:
    seen = ask({"up": question(f"def up(self: Tensor) -> Tensor:\n  {text}\n")})["up"]
    assert (seen.problem != "", seen.missing) == (True, missing)


def test_texts_that_take_all_of_their_time_cost_themselves(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they take longer than a worker may be silent for before it describes itself."""
    lines = ["y0 = (self, self)", *(f"y{n + 1} = (y{n}, y{n})" for n in range(40)), "return self"]
    slow = "def {}(self: Tensor) -> Tensor:\n  " + "\n  ".join(lines) + "\n"
    monkeypatch.setattr(events, "START_SECONDS", 12.0)
    files = packing.worker_files()
    files[f"{packing.PACKAGE}/runtime.py"] += "\nUPGRADER_SECONDS = 4.0\n"
    monkeypatch.setattr(packing, "worker_files", lambda: files)
    names = ["one", "two", "three", "four"]
    asked = {name: question(slow.format(name)) for name in names}
    seen = ask({**asked, "other": question("def other(self: Tensor) -> Tensor:\n  return self\n")})
    late = CompiledSeen(problem="did not end within 4 seconds")
    assert seen == {**dict.fromkeys(names, late), "other": CompiledSeen()}


def test_a_release_without_stubs_tells_what_it_can(replay: Callable[..., Any], release: Any) -> None:
    """torch 1.9.1 has no torch.library."""
    source = "def up(self: Tensor) -> Tensor:\n  return torch.hardswish(self)\n"
    asked = {"up": question(source), "stubbed": question(source.replace("up", "stubbed"), BETA)}
    seen = replay(release("1.9.1"), {}, module=None, operators=(), texts=asked)[0].compiled
    assert seen["up"] == CompiledSeen()
    unseen = "this torch registers no operator that the tree declares otherwise"
    assert seen["stubbed"] == CompiledSeen(unseen=unseen)
