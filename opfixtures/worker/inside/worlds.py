"""Worlds to try a call in, and the tensors that anything may be given in one."""

from __future__ import annotations

from typing import Any

import torch

from . import Json

# A world is what the tensors of a call have in common. `batch` is a matrix a row of which belongs to one thing.
SHAPES = {
    "square": (2, 2),
    "batch": (2, 3),
    "vector": (4,),
    "image": (1, 2, 4, 4),
    "signal": (2, 2, 4),
    "cube": (2, 2, 2),
    "volume": (1, 2, 4, 4, 4),
    "scalar": (),
    "empty": (0,),
}
RARE_SHAPES = ("square", "vector", "image", "signal")
DTYPES = {
    "float": torch.float32,
    "int": torch.int64,
    "unit": torch.float32,
    "bool": torch.bool,
    "complex": torch.complex64,
    "half": torch.bfloat16,
    "byte": torch.uint8,
    "int32": torch.int32,
}


def worlds(dtype: str) -> list[Json]:
    """The worlds of a dtype, from the likeliest to the rarest."""
    rare = dtype in ("half", "byte", "int32", "complex")
    names = RARE_SHAPES if rare else tuple(SHAPES)
    return [
        {"name": dtype + " " + name, "dtype": dtype, "shape": SHAPES[name], "rank": len(SHAPES[name])}
        for name in names
    ]


def tensor_of(dtype: str, shape: Any, place: int = 0) -> Any:
    """Distinct values of both signs and no zero (an operand may be a divisor), other ones for each argument.

    opfixtures/synthesis/sample_text.py writes them in this way.
    """
    count = 1
    for size in shape:
        count *= size
    steps = [(index + place) * 7 % 10 for index in range(count)]
    numbers: list[Any] = [step * 2 - 9 for step in steps]
    if dtype == "unit":
        numbers = [(step + 1) * 0.0625 for step in steps]
    elif dtype == "bool":
        numbers = [step > 4 for step in steps]
    elif dtype == "byte":
        numbers = [step + 1 for step in steps]
    elif dtype == "complex":
        numbers = [complex(number * 0.125, 0.5) for number in numbers]
    elif dtype in ("float", "half"):
        numbers = [number * 0.125 for number in numbers]
    return torch.tensor(numbers, dtype=DTYPES[dtype]).reshape(shape)


def indices(shape: Any, kind: Any = torch.int64) -> Any:
    count = 1
    for size in shape:
        count *= size
    return torch.tensor([(index + 1) % 2 for index in range(count)], dtype=kind).reshape(shape)


def positive(shape: Any) -> Any:
    """A symmetric positive matrix for each of the leading sizes: what decompositions want."""
    matrix = torch.eye(shape[-1]) * 2.0 + 0.5
    return matrix.expand(shape).clone()


def distinct(tensors: list[Any]) -> list[Any]:
    seen, kept = set(), []
    for tensor in tensors:
        key = (tensor.dtype, tuple(tensor.shape), str(tensor.tolist()))
        if key not in seen:
            seen.add(key)
            kept.append(tensor)
    return kept
