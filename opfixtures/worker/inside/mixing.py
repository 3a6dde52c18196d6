"""Inputs of mixed types, made of samples that a search found: what torch promotes changes more often than the rest."""

from __future__ import annotations

from typing import Any

from . import Json
from .trying import twice
from .values import from_json

MOST_MIXED = 3
OTHER = {"float32": "int64", "int64": "float32"}


def run_mixed(function: Any, parameters: list[Json], samples: list[list[Json]]) -> list[list[Json]]:
    """Of the mixed inputs the first few that run, and give the same two times."""
    found: list[list[Json]] = []
    for inputs in mixed(parameters, samples):
        if len(found) == MOST_MIXED:
            break
        try:
            known, _ = twice(function, [from_json(value) for value in inputs])
        except Exception:
            continue
        if known not in found and known not in samples:
            found.append(known)
    return found


def mixed(parameters: list[Json], samples: list[list[Json]]) -> list[list[Json]]:
    """Each sample with its numbers the other way, whole or not, then with its last tensor so."""
    numbers = [place for place, one in enumerate(parameters) if "number" in one["type"]]
    tensors = [place for place, one in enumerate(parameters) if one["type"] == "Tensor" and not one["is_out"]]
    wanted = [numbers, *([tensors[-1:]] if len(tensors) > 1 else [])]
    return [
        [other_way(value) if place in places else value for place, value in enumerate(inputs)]
        for places in wanted
        if places
        for inputs in samples
    ]


def other_way(value: Json) -> Json:
    """A whole number as a half one, and a part as a whole; a tensor with its elements so."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {"float": value + 0.5}
    if isinstance(value, dict) and isinstance(value.get("float"), float):
        return int(value["float"]) or 1
    if isinstance(value, dict) and value.get("tensor") in OTHER:
        dtype = OTHER[value["tensor"]]
        elements = [one + 0.5 if dtype == "float32" else whole(one) for one in value["values"]]
        return {**value, "tensor": dtype, "values": elements}
    return value


def whole(element: Any) -> int:
    """NaN and the infinities are texts."""
    return int(element) or 1 if isinstance(element, float) else 1
