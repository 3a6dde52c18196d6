"""Sample inputs for a module that somebody is about to write, found by trying it in children.

What becomes an archive of TorchScript is tried as scripted; of what becomes a program alone, its Python is.
"""

from __future__ import annotations

import re
import time
from typing import Any

import torch

from . import Json
from .children import Step, in_children
from .exporting import load_class
from .graphs import called_by, nodes_of
from .programs import refuse_without_export
from .reasons import RefusedError
from .searching_programs import with_program
from .trying import MOST_SAMPLES, ROUNDS, Tries, dtypes_for

# As many of the errors as are looked through for a word.
MOST_ERRORS = 20
# What a text other than the first runs on is found soon, or never.
LATER_ROUNDS = ROUNDS[:3]
LATER_SHARE = 0.25


def search(row: Json, seconds: float) -> Json:
    """The first of a row's texts of a module that runs, with samples; or {"refused": why}.

    A text other than the first is tried where an error of one before has a word that it is `for`.
    """
    told: Json = {}
    errors = ""
    deadline = time.monotonic() + row["wall_seconds"]
    for number, text in enumerate(row["texts"]):
        if number and (time.monotonic() > deadline or not re.search(text["for"], errors)):
            continue
        share, rounds = (LATER_SHARE, LATER_ROUNDS) if number else (1.0, ROUNDS)
        tries = Tries(text["parameters"], row["seconds"] * share)
        seen = of_steps(in_children(steps(row, text, tries, rounds, deadline), seconds))
        if row["exports"] and "samples" in seen:
            seen = with_program(row, text, seen["samples"], seconds)
        if "samples" in seen:
            return {"text": number, **seen}
        told = told or {"refused": seen["refused"]}
        errors += seen["refused"] + seen["errors"]
    return told


def steps(row: Json, text: Json, tries: Tries, rounds: tuple[int, ...], deadline: float) -> list[Step]:
    """The steps of the search with one text: what crashes, or sleeps, costs its own dtype in its own round."""
    tries.last_round = rounds[-1]
    parts = [(limit, dtype) for limit in rounds for dtype in dtypes_for(tries.parameters)]
    found: list[Step] = [("module", lambda: {"made": bool(module_of(row, text))})]
    for limit, dtype in parts:
        found.append((f"{limit} {dtype}", part(row, text, tries, dtype, limit, deadline)))
    return found


def part(row: Json, text: Json, tries: Tries, dtype: str, limit: int, deadline: float) -> Any:
    """A step. Its child knows what the steps in it found: those of a child that crashed are told by that alone."""

    def step() -> Json:
        if time.monotonic() > deadline:
            return {"errors": {}}
        known, spare = len(tries.found), len(tries.spare)
        tries.errors.clear()
        # Once in each child: the worker itself scripts nothing.
        tries.function = tries.function or module_of(row, text)
        tries.dtype(dtype, limit)
        most = sorted(tries.errors.items(), key=lambda item: -item[1])[:MOST_ERRORS]
        return {"found": tries.found[known:], "spare": tries.spare[spare:], "errors": dict(most)}

    return step


def module_of(row: Json, text: Json) -> Any:
    """What is tried: the module, scripted where it has to. Raises RefusedError where it cannot become that."""
    module = load_class(text["source"], row["class"])()
    if row["scripts"]:
        return scripted(row, module)
    refuse_without_export()
    return module


def scripted(row: Json, written: Any) -> Any:
    """The module, scripted. Raises RefusedError where it calls another overload than the one that is wanted."""
    module = torch.jit.script(written)
    # Its nodes do not keep it alive.
    graph = module.inlined_graph
    nodes = list(nodes_of(graph))
    if not any(called_by(node, row["operator"]) for node in nodes):
        kinds = sorted({node.kind() for node in nodes if not node.kind().startswith("prim::")})
        called = ", ".join(kinds) or "nothing"
        raise RefusedError(f"TorchScript does not call {row['operator']} here, it calls {called}")
    return module


def of_steps(told: dict[str, Json]) -> Json:
    """What all steps told together: samples, or what was said most often, and all errors."""
    module = told.pop("module")
    if "refused" in module:
        return {"refused": module["refused"], "errors": ""}
    for kind in ("found", "spare"):
        samples = [sample for part in told.values() for sample in part.get(kind, ())]
        if samples:
            return {"samples": [{"inputs": inputs} for inputs in samples[:MOST_SAMPLES]]}
    counts: dict[str, int] = {}
    for part in told.values():
        for error, count in part.get("errors", {part.get("refused", ""): 1}).items():
            counts[error] = counts.get(error, 0) + count
    most = max(counts, key=lambda error: counts[error], default="there was no time to try it")
    return {"refused": most, "errors": "\n".join(counts)}
