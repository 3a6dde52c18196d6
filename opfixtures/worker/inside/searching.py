"""Sample inputs found by trying: small ones of many shapes and dtypes, until the operator runs on some."""

from __future__ import annotations

import heapq
import re
import time
from typing import Any, Iterator

import torch

from . import Json
from .candidates import candidates
from .children import Step, in_children
from .exporting import load_class
from .graphs import called_by, nodes_of
from .reasons import RefusedError, headline
from .running import run
from .shapes import DTYPES, worlds
from .values import to_json

# Calls to try in each world, in one round after the other: most operators run in the first.
ROUNDS = (12, 100, 1000)
MOST_SAMPLES = 3
OF_ONE_DTYPE = 2
QUOTED = re.compile(r"['\"`]([a-z_]{1,20})['\"`]")


def search(row: Json, seconds: float) -> Json:
    """The first of a row's texts of a module that runs, with samples; or {"refused": why}.

    A text other than the first is tried where an error of the first has a word that it is `for`.
    """
    told: Json = {}
    errors = ""
    for number, text in enumerate(row["texts"]):
        if number and not re.search(text["for"], errors):
            continue
        # What is for a text other than the first runs soon, or never.
        of_text = row["seconds"] / (4 if number else 1)
        seen = Search(text, row, ROUNDS[: 2 if number else None], of_text).told(seconds)
        if "samples" in seen:
            return {"text": number, "samples": seen["samples"]}
        told = told or {"refused": seen["refused"]}
        errors += seen["refused"] + seen["errors"]
    return told


class Search:
    """The search with one text of a module, in children that end with it."""

    def __init__(self, text: Json, row: Json, rounds: tuple[int, ...], seconds: float) -> None:
        self.text = text
        self.seconds = seconds
        self.row = row
        self.rounds = rounds
        self.found: list[Json] = []
        self.spare: list[Json] = []
        self.errors: dict[str, int] = {}
        self.done: set[str] = set()
        self.until = 0.0

    def told(self, seconds: float) -> Json:
        """What all steps told together: a step that crashes costs its own part of the search."""
        takes_tensors = any("Tensor" in one["type"] for one in self.text["parameters"])
        dtypes = list(DTYPES) if takes_tensors else list(DTYPES)[:1]
        steps: list[Step] = [("script", self.scripted)]
        for limit in self.rounds:
            steps += [(f"{limit} {dtype}", self.part(dtype, limit)) for dtype in dtypes]
        told = in_children(steps, seconds)
        if "refused" in told["script"]:
            return {"refused": told["script"]["refused"], "errors": ""}
        parts = [part for name, part in told.items() if name != "script"]
        for kind in ("found", "spare"):
            samples = [sample for part in parts for sample in part.get(kind, ())]
            if samples:
                return {"samples": samples[:MOST_SAMPLES]}
        counts: dict[str, int] = {}
        for part in parts:
            for error, count in part.get("errors", {part.get("refused", ""): 1}).items():
                counts[error] = counts.get(error, 0) + count
        most = max(counts, key=lambda error: counts[error]) if counts else ""
        return {"refused": most or "no value is known for one of its arguments", "errors": "\n".join(counts)}

    def scripted(self) -> Json:
        """Whether the module scripts, and calls the overload that is wanted."""
        self.function()
        return {}

    def function(self) -> Any:
        scripted = torch.jit.script(load_class(self.text["source"], self.row["class"])())
        nodes = list(nodes_of(scripted.inlined_graph))
        if not any(called_by(node, self.row["operator"]) for node in nodes):
            names = sorted({node.kind() for node in nodes if not node.kind().startswith("prim::")})
            called = ", ".join(names) or "nothing"
            raise RefusedError(f"TorchScript does not call {self.row['operator']} here, it calls {called}")
        return scripted

    def part(self, dtype: str, limit: int) -> Any:
        def step() -> Json:
            """One dtype's worlds in one round. What is known is that of this child: others may have crashed."""
            if len(self.found) >= MOST_SAMPLES or (limit > ROUNDS[0] and self.found):
                return {}
            most = len(self.found) + OF_ONE_DTYPE
            self.until = self.until or time.process_time() + self.seconds
            self.errors.clear()
            function, before = self.function(), (len(self.found), len(self.spare))
            with torch.jit.optimized_execution(False):
                for world in worlds(dtype):
                    if world["name"] not in self.done and len(self.found) < most:
                        self.try_world(function, world, limit)
            return {
                "found": self.found[before[0] :],
                "spare": self.spare[before[1] :],
                "errors": dict(sorted(self.errors.items(), key=lambda item: -item[1])[:20]),
            }

        return step

    def try_world(self, function: Any, world: Json, limit: int) -> None:
        values = [candidates(one, world) for one in self.text["parameters"]]
        for number, chosen in enumerate(combinations([len(some) for some in values])):
            if number >= limit or time.process_time() > self.until:
                return
            given = [some[place] for some, place in zip(values, chosen)]
            try:
                inputs, output = twice(function, given)
            except Exception as error:
                text = headline(error)
                self.errors[text] = self.errors.get(text, 0) + 1
                learn(self.text["parameters"], str(error))
                continue
            if tells(output):
                self.done.add(world["name"])
                if {"inputs": inputs} not in self.found:
                    self.found.append({"inputs": inputs})
                    self.without_optionals(function, given)
                return
            if not self.spare:
                self.spare.append({"inputs": inputs})

    def without_optionals(self, function: Any, given: list[Any]) -> None:
        """The same with None for what may be None, in the first sample."""
        spared = [
            None if one["type"].startswith("Optional[") else value
            for one, value in zip(self.text["parameters"], given)
        ]
        if len(self.found) > 1 or all(one is other for one, other in zip(spared, given)):
            return
        try:
            inputs, output = twice(function, spared)
        except Exception:
            return
        if tells(output):
            self.found.append({"inputs": inputs})


def twice(function: Any, given: list[Any]) -> tuple[list[Json], Json]:
    """Inputs as a record has them, and the output, the same two times."""
    function(*map(fresh, given))
    inputs = list(map(to_json, given))
    output = run(function, inputs)
    if run(function, inputs) != output:
        raise RefusedError("it computes something else each time")
    return inputs, output


def fresh(value: Any) -> Any:
    """A value that a call may write to."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    return list(map(fresh, value)) if isinstance(value, list) else value


def combinations(sizes: list[int]) -> Iterator[tuple[int, ...]]:
    """Places in lists of these sizes, those first whose sum is smallest."""
    if not all(sizes):
        return
    start = (0,) * len(sizes)
    heap, seen = [(0, start)], {start}
    while heap:
        cost, places = heapq.heappop(heap)
        yield places
        for index, size in enumerate(sizes):
            if places[index] + 1 < size:
                after = (*places[:index], places[index] + 1, *places[index + 1 :])
                if after not in seen:
                    seen.add(after)
                    heapq.heappush(heap, (cost + 1, after))


def learn(parameters: list[Json], error: str) -> None:
    """Words that an error names are candidates for strings: torch says which it knows."""
    for one in parameters:
        if "str" in one["type"]:
            told = one.setdefault("told", [])
            told += [word for word in QUOTED.findall(error[-2000:]) if word not in told][:4]
            del told[8:]


def tells(output: Json) -> bool:
    """Whether an output has a value that is finite and not zero."""
    if isinstance(output, dict):
        if "tensor" in output:
            return any(value not in (0, "nan", "inf", "-inf", [0.0, 0.0]) for value in output["values"])
        return any(tells(value) for value in output.values())
    if isinstance(output, list):
        return any(map(tells, output))
    return output not in (None, "nan", "inf", "-inf")
