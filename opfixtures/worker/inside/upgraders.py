"""What an upgrader does here, and whether the tree's source of it says the same."""

from __future__ import annotations

import re
import sys
from typing import Any

import torch

from . import Json
from .children import Step
from .graphs import called_by, entries_of, nodes_of, upgrader_graphs
from .reasons import RefusedError, headline

# Later arguments of torch's own operators, with the value for what these did without: gelu was never approximate
# (https://github.com/pytorch/pytorch/pull/61439).
AS_BEFORE = {("aten::gelu", "approximate"): "none", ("aten::gelu.out", "approximate"): "none"}


def steps_of_upgraders(asked: Json) -> list[Step]:
    """What is to be told of each upgrader asked for, by name."""

    def step(name: str, source: str | None) -> Step:
        return name, lambda: upgrader_told(name, source)

    return [step(name, source) for name, source in asked.items()]


def upgrader_told(name: str, source: str | None) -> Json:
    """What an upgrader does here, and whether the tree's source of it says the same."""
    graph = upgrader_graphs().get(name)
    if graph is None:
        return {"registered": False, "identity": False, "same": None, "problem": ""}
    if isinstance(graph, str):
        graph = torch._C.parse_ir(graph)
    told = {"registered": True, "identity": changes_nothing(name, graph), "same": None, "problem": ""}
    if source is not None:
        try:
            told["same"] = plain_graph(compiled(name, source)) == plain_graph(graph)
        except Exception as error:
            told.update(same=False, problem=headline(error))
    return told


def changes_nothing(name: str, graph: Any) -> bool:
    """Whether an upgrader leaves old calls as they are: it hands its arguments on, and no default has changed."""
    entries = entries_of(name)
    return bool(entries) and all(hands_on(graph, *entry) for entry in entries)


def hands_on(graph: Any, operator: str, old_schema: str) -> bool:
    """Whether a graph does nothing but call the operator with the graph's inputs, in order.

    An argument that old models may have left out must still have the default that it had. One that they did not have
    means something else to them, whatever is given for it: unless it is known what means to an operator what it did
    before.
    """
    calls = [node for node in nodes_of(graph) if node.kind() != "prim::Constant"]
    if len(calls) != 1 or not called_by(calls[0], operator):
        return False
    given, inputs = list(graph.inputs()), list(calls[0].inputs())
    now, then = (
        torch._C.parse_schema(calls[0].schema()).arguments,
        torch._C.parse_schema(old_schema).arguments,
    )
    if len(then) != len(given) or names_of(calls[0].outputs()) != names_of(graph.outputs()):
        return False
    passed = 0
    for value, argument in zip(inputs, now):
        if passed < len(given) and value.debugName() == given[passed].debugName():
            if has_default(then[passed]) and not same_default(then[passed], argument):
                return False
            passed += 1
        elif not means_what_it_did(operator, argument, value):
            return False
    return passed == len(given)


def means_what_it_did(operator: str, argument: Any, value: Any) -> bool:
    """Whether an argument that the operator had not then is given the value that stands for what it did then."""
    then = AS_BEFORE.get((operator, argument.name))
    return then is not None and value.node().kind() == "prim::Constant" and bool(value.toIValue() == then)


def names_of(values: Any) -> list[str]:
    return [value.debugName() for value in values]


def has_default(argument: Any) -> bool:
    return bool(argument.has_default_value())


def same_default(then: Any, now: Any) -> bool:
    return is_default(then.default_value, now)


def is_default(value: Any, argument: Any) -> bool:
    default = argument.default_value
    return has_default(argument) and type(value) is type(default) and bool(value == default)


class Operators(type(sys)):  # type: ignore[misc]
    """What `torch` means in an upgrader of PyTorch's C++: the operators of aten, and no module, as `ops` is one
    (BuiltinModule in torch/csrc/jit/frontend/sugared_value.h)."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            return getattr(torch, name)
        return getattr(torch.ops.aten, name)


class Namespaces(type(sys)):  # type: ignore[misc]
    """`torch.ops` of an upgrader, for a library's; C++ has no such word, and the operators of aten are torch's own."""

    def __getattr__(self, namespace: str) -> Any:
        if namespace == "aten":
            raise AttributeError(namespace)
        return self.of(namespace)

    def of(self, namespace: str) -> Any:
        return getattr(torch.ops, namespace)


def compiled(name: str, source: str) -> Any:
    """The graph of a TorchScript function, which sees nothing of Python but torch."""
    operators = Operators("torch")
    operators.ops = Namespaces("torch.ops")
    return function_of(name, source, operators).graph


def function_of(name: str, source: str, operators: Any) -> Any:
    """A TorchScript function, in which the word torch means these operators and no other word anything."""
    unit, seen = torch._C.CompilationUnit(), {"torch": operators}

    def resolved(word: str) -> Any:
        return seen.get(word)

    unit.define(source, resolved)
    function = unit.find_function(name)
    if function is None:
        raise RefusedError(f"its source defines no function {name}")
    return function


def plain_graph(graph: Any) -> str:
    """A graph's text without the places of its source and the names of its values."""
    names: dict[str, str] = {}

    def plain(match: Any) -> str:
        text: str = match.group()
        return names.setdefault(text, f"%{len(names)}") if text[0] == "%" else text

    return re.sub(r'"(?:\\.|[^"\\])*"|%[\w.]+', plain, graph.str(False))
