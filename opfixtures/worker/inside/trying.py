"""Trying a function on small inputs of many shapes and dtypes, world by world, until it runs on some."""

from __future__ import annotations

import heapq
import re
import time
from typing import Any, Iterator

import torch

from . import Json
from .candidates import candidates
from .reasons import RefusedError, headline
from .running import run
from .values import to_json
from .worlds import DTYPES, worlds

# Calls to try in each world, in one round after the other: most operators run in the first.
ROUNDS = (3, 20, 100, 1000)
LONG_SECONDS = 0.5
MOST_OTHERS = 4
MOST_SAMPLES = 3
OF_ONE_DTYPE = 2
WANTED = re.compile(r"(?:have|of|be) (?:scalar )?d?type:? ([A-Za-z0-9:<>]+(?: int)?)")
NO_KERNEL = "Could not run '"
QUOTED = re.compile(r"['\"`]([a-z_]{1,20})['\"`]")


class Tries:
    """What was found so far. `parameters` are changed: they learn the words that errors name.

    `function` is what is tried: a child sets it, for a module is scripted nowhere else.
    """

    def __init__(self, parameters: list[Json], seconds: float) -> None:
        self.function: Any = None
        self.parameters = parameters
        self.seconds = seconds
        self.found: list[list[Json]] = []
        # What runs, and gives nothing that is finite and not zero.
        self.spare: list[list[Json]] = []
        self.errors: dict[str, int] = {}
        self.done: set[str] = set()
        self.until = 0.0
        self.last_round = ROUNDS[-1]
        # By world: how many calls were tried, and with how much learned; the errors.
        self.tried: dict[str, tuple[int, int]] = {}
        self.told: dict[str, set[str]] = {}
        self.learned = 0

    def dtype(self, dtype: str, limit: int) -> None:
        """Try the worlds of a dtype, with at most `limit` calls in each."""
        if len(self.found) >= MOST_SAMPLES or (limit > ROUNDS[1] and self.found):
            return
        if limit > ROUNDS[0] and self.has_no_kernel():
            return
        self.until = self.until or time.process_time() + self.seconds
        most = len(self.found) + OF_ONE_DTYPE
        with torch.jit.optimized_execution(False):
            # Where most errors differ a call has come farthest.
            for world in sorted(worlds(dtype), key=lambda one: -len(self.told.get(one["name"], ()))):
                if world["name"] not in self.done and len(self.found) < most:
                    self.world(world, limit)

    def has_no_kernel(self) -> bool:
        """Whether nothing came as far as the operator itself: it has no kernel for such tensors."""
        errors = set().union(*self.told.values())
        return bool(errors) and all(NO_KERNEL in error for error in errors) and not (self.found or self.spare)

    def world(self, world: Json, limit: int) -> None:
        try:
            values = [self.values(one, world, limit) for one in self.parameters]
        except RuntimeError:
            # A dtype that this torch makes no tensors of.
            return
        for parameter, some in zip(self.parameters, values):
            # Of one that changed a value may be held back.
            if not some and not parameter.get("is_changed"):
                unknown = f"no value is known for {parameter['argument']}, of type {parameter['type']}"
                self.errors[unknown] = self.errors.get(unknown, 0) + 1
                return
        tried, learned = self.tried.get(world["name"], (0, 0))
        start = tried if learned == self.learned and limit < self.last_round else 0
        told = self.told.setdefault(world["name"], set())
        for number, chosen in enumerate(combinations([len(some) for some in values])):
            if number >= limit or time.process_time() > self.until:
                return
            if number < start:
                continue
            self.tried[world["name"]] = number + 1, self.learned
            given = [some[place] for some, place in zip(values, chosen)]
            before = time.process_time()
            try:
                inputs, output = twice(self.function, given)
            except Exception as error:
                text = headline(error)
                self.errors[text] = self.errors.get(text, 0) + 1
                told.add(text)
                self.learned += learn(self.parameters, str(error))
                continue
            finally:
                spent = time.process_time() - before
                # What takes that long happens once: torch imports what it decomposes operators with.
                self.until += spent if spent > LONG_SECONDS else 0.0
            if tells(output):
                self.done.add(world["name"])
                given, inputs = self.off_defaults(values, given, inputs)
                if inputs not in self.found:
                    self.found.append(inputs)
                    self.without_optionals(given)
                return
            if not self.spare:
                self.spare.append(inputs)

    def values(self, parameter: Json, world: Json, limit: int) -> list[Any]:
        """The values to try: of an argument that changed its default at last, where nothing else runs."""
        values = candidates(parameter, world)
        if not parameter.get("is_changed") or limit >= self.last_round:
            return values
        default = parameter["default_value"]
        return [one for one in values if isinstance(one, torch.Tensor) or one != default]

    def off_defaults(
        self, values: list[list[Any]], given: list[Any], inputs: list[Json]
    ) -> tuple[list[Any], list[Json]]:
        """The same with other values for what is at its default, where that runs too.

        TorchScript stores no trailing argument that equals its default, and an upgrader that is missing does not show.
        """
        for place, parameter in enumerate(self.parameters):
            default = parameter.get("default_value")
            if default is None or given[place] != default:
                continue
            others = [one for one in values[place] if one is not None and one != default]
            for other in others[:MOST_OTHERS]:
                changed = [*given[:place], other, *given[place + 1 :]]
                try:
                    changed_inputs, output = twice(self.function, changed)
                except Exception:
                    continue
                if tells(output):
                    given, inputs = changed, changed_inputs
                    break
        return given, inputs

    def without_optionals(self, given: list[Any]) -> None:
        """The first sample with None for what may be None."""
        spared = [
            None if one["type"].startswith("Optional[") else value
            for one, value in zip(self.parameters, given)
        ]
        if len(self.found) > 1 or all(one is other for one, other in zip(spared, given)):
            return
        try:
            inputs, output = twice(self.function, spared)
        except Exception:
            return
        if tells(output):
            self.found.append(inputs)


def dtypes_for(parameters: list[Json]) -> list[str]:
    """The dtypes to try: what takes no tensor takes whole numbers and others, or knows none."""
    if any("Tensor" in one["type"] for one in parameters):
        return list(DTYPES)
    return ["float", "int"] if any("number" in one["type"] for one in parameters) else ["float"]


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


def learn(parameters: list[Json], error: str) -> int:
    """How many words were learned of an error: those that it quotes are candidates for strings, for torch says which it
    knows, and a dtype is one that a result is to have."""
    count = 0
    for one in parameters:
        told = one.setdefault("told", [])
        known = len(told)
        if "str" in one["type"]:
            told += [word for word in QUOTED.findall(error[-2000:]) if word not in told][:4]
            del told[8:]
        elif one["is_out"]:
            told += [word for word in WANTED.findall(error[-2000:]) if word not in told][:1]
        count += len(told) - known
    return count


def tells(output: Json) -> bool:
    """Whether an output has a value that is finite and not zero."""
    if isinstance(output, dict):
        if "tensor" in output:
            return any(value not in (0, "nan", "inf", "-inf", [0.0, 0.0]) for value in output["values"])
        return any(tells(value) for value in output.values())
    if isinstance(output, list):
        return any(map(tells, output))
    return output not in (None, "nan", "inf", "-inf")
