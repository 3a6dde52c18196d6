"""An upgrader's result altered, or a guard's operator's: what does not depend on it shows no difference between two
multiples.

Both are put in the same way, so that nothing but the value tells them apart: a tensor's version, its strides, what it
shares with an argument and whether it requires a gradient are the same for both.
"""

from __future__ import annotations

import re
from typing import Any

import torch

from . import Json
from .archives import load_jit
from .graphs import called_by, entries_of, graphs_in, nodes_of, upgrader_graphs
from .markers import forward_of, put_in_place
from .running import replay, run_samples

FACTOR = 3
# What is appended to a graph, by the type that it returns. 11 is torch.bool (c10/core/ScalarType.h).
OF_TENSOR = """\
  %opfixtures_factor : int = prim::Constant[value={factor}]()
  %opfixtures_no : int = prim::Constant[value={flips}]()
  %opfixtures_bool : int = prim::Constant[value=11]()
  %opfixtures_dtype : int = prim::dtype({value})
  %opfixtures_is_bool : bool = aten::eq(%opfixtures_dtype, %opfixtures_bool)
  %opfixtures_result : Tensor = prim::If(%opfixtures_is_bool)
    block0():
      %opfixtures_flipped : Tensor = aten::ne{in_place}({value}, %opfixtures_no)
      -> (%opfixtures_flipped)
    block1():
      %opfixtures_multiple : Tensor = aten::mul{in_place}({value}, %opfixtures_factor)
      -> (%opfixtures_multiple)
"""
OF_NUMBER = """\
  %opfixtures_factor : int = prim::Constant[value={factor}]()
  %opfixtures_result : {type} = aten::mul({value}, %opfixtures_factor)
"""
OF_BOOL = """\
  %opfixtures_no : bool = prim::Constant[value={flips}]()
  %opfixtures_result : bool = aten::ne({value}, %opfixtures_no)
"""
ALTERED = {"Tensor": OF_TENSOR, "int": OF_NUMBER, "float": OF_NUMBER, "bool": OF_BOOL}


def replay_multiplied(archive: bytes, name: str, row: Json, factor: int) -> Json:
    """The recorded inputs with an upgrader that gives a multiple of what it gives, its own is put back then;
    {"not_tried": why} where there is no multiple."""
    own = str(upgrader_graphs().get(name, ""))
    text = multiplied(own, factor, writes_into_argument(name))
    if not text:
        return {"not_tried": "the upgrader gives neither a tensor nor a number"}
    put_in_place(name, text)
    try:
        return replay(archive, load_jit, row)
    finally:
        put_in_place(name, own)


def writes_into_argument(name: str) -> bool:
    """Whether the operator returns what it was given to write into: there a multiple has to be, too."""
    return any("!" in schema for _, schema in entries_of(name))


def multiplied(graph: str, factor: int, in_place: bool) -> str:
    """The upgrader's graph with a multiple of its result; of what is true or false, the same or the opposite. Empty
    where there is none of its type."""
    inside, last, returned = graph.rpartition("  return (")
    value = returned.partition(")")[0]
    found = re.search(rf"{re.escape(value)} : (\w+)(?![\w\[?(])", graph) if value else None
    if found is None or found[1] not in ALTERED:
        return ""
    altered = ALTERED[found[1]].format(
        value=value, factor=factor, flips=int(factor != 1), type=found[1], in_place="_" if in_place else ""
    )
    return f"{inside}{altered}{last}%opfixtures_result)\n"


def replay_with_calls_multiplied(archive: bytes, row: Json, factor: int) -> Json:
    """The recorded inputs with a multiple of what the row's operator gives, wherever the code calls it;
    {"not_tried": why} where nothing can be multiplied."""
    module = load_jit(archive)
    graph = module.inlined_graph
    if not multiply_calls(graph, row["operator"], factor):
        return {"not_tried": "no call of the operator gives a tensor"}
    return {"load_error": None, "differences": run_samples(forward_of(module, graph), row)}


def multiply_calls(graph: Any, operator: str, factor: int) -> int:
    """Have each call of the operator that gives one tensor give a multiple; how many there are."""
    count = 0
    for node in list(nodes_of(graph)):
        count += sum(multiply_calls(inner, operator, factor) for inner in graphs_in(node))
        outputs = list(node.outputs())
        if not called_by(node, operator) or [str(one.type()) for one in outputs] != ["Tensor"]:
            continue
        by = graph.create("prim::Constant")
        by.i_("value", factor)
        by.output().setType(torch._C.IntType.get())
        by.insertAfter(node)
        # What writes into an argument gives that argument.
        multiple = graph.create(
            "aten::mul_" if "!" in node.schema() else "aten::mul", [outputs[0], by.output()], 1
        )
        multiple.insertAfter(by)
        multiple.output().setType(outputs[0].type())
        outputs[0].replaceAllUsesAfterNodeWith(multiple, multiple.output())
        count += 1
    return count
