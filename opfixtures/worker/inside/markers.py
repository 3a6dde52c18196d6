"""Markers: a statement that prints a text which nothing else can print shows that a place was reached."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable

import torch

from . import Json
from .archives import load_jit
from .graphs import called_by, graphs_in, nodes_of, upgrader_graphs
from .reasons import headline
from .running import run


class Listener:
    """A standard output that only waits for a marker: torch hands it what TorchScript prints."""

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self.heard = False

    def write(self, text: str) -> None:
        self.heard = self.heard or self.marker in text

    def flush(self) -> None:
        pass


def new_marker() -> str:
    """A text that no archive can hold or print by itself."""
    return f"opfixtures marker {os.urandom(8).hex()}"


def reached(function: Callable[..., Any], samples: list[Json], marker: str) -> Json:
    """{"ran": whether a sample printed the marker}, {"ran": None, "why"} where none did and not all came to an end."""
    listener, output, failure = Listener(marker), sys.stdout, "there are no samples to run"
    sys.stdout = listener
    try:
        for sample in samples:
            failure = ""
            run(function, sample["inputs"])
    except Exception as error:
        failure = headline(error)
    finally:
        sys.stdout = output
    if failure and not listener.heard:
        return {"ran": None, "why": failure}
    return {"ran": listener.heard}


def operator_ran(archive: bytes, operator: str, samples: list[Json]) -> Json:
    """Whether a call of the operator in the archive's code came to its end while the samples ran, as `reached` has it.

    What the operator is called by inside of torch does not count: no upgrader would meet it. Nor does a call whose
    result nothing needs: torch leaves it out.
    """
    module = load_jit(archive)
    graph, marker = module.inlined_graph, new_marker()
    torch._C._jit_pass_dce(graph)
    called, hidden = mark_calls(graph, operator, marker)
    if hidden and not called:
        return {"ran": None, "why": f"its code calls {hidden}, which cannot be looked into"}
    return reached(forward_of(module, graph), samples, marker) if called else {"ran": False}


def forward_of(module: Any, graph: Any) -> Callable[..., Any]:
    """A module's forward with this graph in the place of its own. The function of a graph has no defaults."""
    function = torch._C._create_function_from_graph("forward", graph)
    arguments = module.forward.schema.arguments[1:]

    def forward(*values: Any) -> Any:
        defaults = [argument.default_value for argument in arguments[len(values) :]]
        return function(module._c, *values, *defaults)

    return forward


def mark_calls(graph: Any, operator: str, marker: str) -> tuple[int, str]:
    """Have each call of the operator print the marker when it is done.

    Returns:
        How many there are, and the kind of a node that calls code which is out of sight; empty without one.
    """
    text = graph.create("prim::Constant")
    text.s_("value", marker)
    text.output().setType(torch._C.StringType.get())
    count, hidden = 0, ""
    for node in list(nodes_of(graph)):
        if node.kind() in ("prim::CallMethod", "prim::CallFunction"):
            hidden = node.kind()
        elif called_by(node, operator):
            graph.create("prim::Print", [text.output()], 0).insertAfter(node)
            count += 1
        for inner in graphs_in(node):
            inner_count, inner_hidden = mark_calls(inner, operator, marker)
            count, hidden = count + inner_count, hidden or inner_hidden
    graph.prependNode(text)
    return count, hidden


def put_in_place(name: str, graph: str) -> None:
    torch._C._test_only_remove_upgraders({name: ""})
    torch._C._test_only_populate_upgraders({name: graph})


def look_for_marker(archive: bytes, name: str, samples: list[Json]) -> Json:
    """Whether a marker put in the upgrader's place shows up in the loaded graph, and whether the samples reach it."""
    marker = new_marker()
    graphs = upgrader_graphs()
    if name not in graphs:
        return {"registered": False, "found": False, "ran": False}
    put_in_place(name, marked(str(graphs[name]), marker))
    try:
        module = load_jit(archive)
        graph = module.inlined_graph
        found = marker in str(graph)
    except Exception as error:
        return {"registered": True, "found": False, "load_error": headline(error), "ran": None}
    torch._C._jit_pass_dce(graph)
    drop_empty_markers(graph, marker)
    return {"registered": True, "found": found, **reached(forward_of(module, graph), samples, marker)}


def marked(graph: str, marker: str) -> str:
    """The upgrader's graph with a marker before and behind what it does: no pass drops what prints."""
    header, end, body = graph.partition("):\n")
    inside, last, returned = body.rpartition("  return (")
    return (
        f'{header}{end}  %opfixtures_marker : str = prim::Constant[value="{marker}"]()\n'
        f"  prim::Print(%opfixtures_marker)\n{inside}  prim::Print(%opfixtures_marker)\n{last}{returned}"
    )


def drop_empty_markers(block: Any, marker: str) -> None:
    """Take out the markers of an upgrader of which nothing is left: torch runs nothing for a result nobody needs."""
    opening, is_empty = None, True
    for node in list(block.nodes()):
        if prints(node, marker):
            if opening is None:
                opening, is_empty = node, True
                continue
            if is_empty:
                opening.destroy()
                node.destroy()
            opening = None
        elif node.kind() != "prim::Constant":
            is_empty = False
            for inner in [*node.blocks(), *graphs_in(node)]:
                drop_empty_markers(inner, marker)


def prints(node: Any, marker: str) -> bool:
    if node.kind() != "prim::Print":
        return False
    texts = [value.node() for value in node.inputs()]
    return [text.s("value") for text in texts if text.kind() == "prim::Constant"] == [marker]
