"""Graphs of TorchScript: their nodes, what these call, and those that torch keeps of upgraders."""

from __future__ import annotations

from typing import Any, Iterator

import torch


def nodes_of(block: Any) -> Iterator[Any]:
    """The nodes of a graph and those of the blocks in it."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes_of(inner)


def graphs_in(node: Any) -> Iterator[Any]:
    """The graphs that a node has as attributes, as torch.jit.fork has one, without calls as far as that can be."""
    for name in node.attributeNames():
        if node.kindOf(name) == "g":
            graph = node.g(name)
            torch._C._jit_pass_inline(graph)
            torch._C._jit_pass_dce(graph)
            yield graph


def called_by(node: Any, operator: str) -> bool:
    """Whether a node calls the operator, in that overload."""
    if node.kind() != operator.partition(".")[0]:
        return False
    if hasattr(node, "schema"):
        text: str = node.schema()
    else:
        # torch 1.5.1: the first that takes the inputs, as torch itself looks for it.
        schemas = torch._C._jit_get_schemas_for_operator(node.kind())
        text = next((str(schema) for schema in schemas if takes(schema, list(node.inputs()))), "")
    return text.partition("(")[0] == operator


def takes(schema: Any, inputs: list[Any]) -> bool:
    return len(schema.arguments) == len(inputs) and all(
        value.type().isSubtypeOf(argument.type) for value, argument in zip(inputs, schema.arguments)
    )


def upgrader_graphs() -> Any:
    """The upgraders of this runtime by name: graphs, or their texts. torch before 1.11 has none."""
    return torch._C._dump_upgraders_map() if hasattr(torch._C, "_dump_upgraders_map") else {}


def entries_of(name: str) -> list[tuple[str, str]]:
    """Operator and old schema of each entry of this runtime's version map that names the upgrader."""
    return [
        (operator, entry.old_schema)
        for operator, entries in torch._C._get_operator_version_map().items()
        for entry in entries
        if entry.upgrader_name == name
    ]
