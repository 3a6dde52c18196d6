"""Small tensors to try: of a world's shape and dtype, and of what arguments of their name mostly are."""

from __future__ import annotations

import re
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
OUTS = ((r"pivots|info|infos", torch.int32), (r"indices|count|inverse|argm", torch.int64))
INDEX = re.compile(
    r"ind(ex|ices)$|^indices|idx|^target|^offsets$|batch_sizes|lengths|segment|^repeats$|labels|rows?$|cols?$|bag"
)
MASK = re.compile(r"mask|condition|found_inf|where|boolean")
WEIGHT = re.compile(r"weight|W_prepack|kernel|^w_|^w$|^filter|^mat2|^other$|^B$|^vec")
SECOND = re.compile(r"mat2|^other$|^B$|weight|W_prepack|tensor2")
VECTOR = re.compile(
    r"bias|running|mean|var|invstd|scale|zero_point|gamma|beta|^vec|^b_|rstd|sigma|momentum|amax|amin|step"
)
STATE = re.compile(r"^[hc]x_?$")
# What is tried of every argument at last, beside the world's own.
OTHER_SHAPES = (
    (2, 2),
    (2,),
    (4,),
    (),
    (2, 2, 4),
    (1, 2, 4, 4),
    (1, 1),
    (2, 3),
    (3, 2),
    (2, 3, 3),
    (1, 2, 4, 4, 4),
)
OUT_DTYPES = (
    torch.float32,
    torch.int64,
    torch.bool,
    torch.complex64,
    torch.uint8,
    torch.int32,
    torch.float64,
)


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


def recurrent(name: str, world: Json) -> list[Any]:
    """States and weights of a recurrent layer, for inputs of a signal's shape: one layer, two hidden values."""
    _, batch, size = world["shape"]
    if STATE.search(name):
        return [tensor_of(world["dtype"], (1, batch, 2)), tensor_of(world["dtype"], (batch, 2))]
    layers = []
    for gates in (8, 6, 2):
        shapes = ((gates, size), (gates, 2), (gates,), (gates,))
        weights = [tensor_of(world["dtype"], shape, place) for place, shape in enumerate(shapes)]
        layers += [weights, weights[:2]]
    return layers


def tensors_for(parameter: Json, world: Json) -> list[Any]:
    """The tensors to try for a parameter: those of its name, the world's own, then others of its dtype."""
    name, place, shape, dtype = parameter["argument"], parameter["place"], world["shape"], world["dtype"]
    if parameter["is_out"]:
        first = next((kind for pattern, kind in OUTS if re.search(pattern, name)), DTYPES[dtype])
        kinds = dict.fromkeys((first, DTYPES[dtype], *OUT_DTYPES))
        return [one for kind in kinds for one in empty(kind)]
    own = tensor_of(dtype, shape, place)
    named = of_name(name, place, world)
    # Whatever the name says, the world's own is not far behind.
    made = [*named[:1], own, *named[1:]]
    if dtype == "float" and shape == (2, 2):
        made.append(positive(shape))
    made += [tensor_of(dtype, other, place) for other in OTHER_SHAPES if other != shape]
    made += [tensor_of("float", shape, place), tensor_of("bool", shape, place), indices(shape)]
    made += [tensor_of("int", (), place), own.double() if dtype == "float" else own]
    return distinct(made)


def empty(kind: Any) -> list[Any]:
    """A tensor without elements; none of a dtype that this torch has no kernels for."""
    try:
        return [torch.empty(0, dtype=kind)]
    except RuntimeError:
        return []


def of_name(name: str, place: int, world: Json) -> list[Any]:
    """What arguments of such a name are mostly given in a world."""
    shape, dtype = world["shape"], world["dtype"]
    made: list[Any] = []
    if STATE.search(name) and len(shape) == 3:
        made += recurrent(name, world)
    if name == "grid":
        made.append(tensor_of("unit", (1, *(3,) * (len(shape) - 2), max(len(shape) - 2, 1)), place))
    if INDEX.search(name):
        made += indices_for(shape)
    if "pivots" in name:
        made += [torch.tensor([1, 2], dtype=torch.int32), torch.ones((1, 2), dtype=torch.int32)]
    if MASK.search(name):
        made += [
            tensor_of("bool", shape, place),
            tensor_of("bool", (2, 2)),
            tensor_of("bool", (4,)),
            torch.zeros(1),
        ]
    if VECTOR.search(name):
        channels = (shape[1] if len(shape) > 1 else shape[0],) if shape else ()
        made += [tensor_of("unit", channels, place), torch.tensor(0.5), torch.tensor([0.5])]
        made += [tensor_of("unit", shape[:1], place), tensor_of("int", channels, place)]
        made.append(tensor_of(dtype, channels, place))
    if len(shape) > 2 and WEIGHT.search(name):
        made += [tensor_of(dtype, (shape[1], shape[1]) + (2,) * (len(shape) - 2), place)]
        made += [tensor_of("unit", (shape[1],), place)]
    if len(shape) == 2 and SECOND.search(name):
        made += [tensor_of(dtype, shape, place), tensor_of(dtype, (shape[1], shape[0]), place)]
        made.append(tensor_of(dtype, (shape[1],), place))
    return made


def indices_for(shape: Any) -> list[Any]:
    """Indices of 0 and 1 in the shapes that gathers, scatters, embeddings and losses want."""
    first = tuple(shape[:1]) or (1,)
    return [
        indices(shape),
        indices((2,)),
        indices(first),
        indices((2,), torch.int32),
        indices(tuple(shape[:1]) + tuple(shape[2:])),
        torch.tensor([0, 1]),
        torch.tensor([0, 2, 4]),
        indices(shape, torch.int32),
        torch.tensor([[0, 1], [1, 0]]),
        torch.tensor(1),
        torch.tensor([2, 1]),
    ]


def distinct(tensors: list[Any]) -> list[Any]:
    seen, kept = set(), []
    for tensor in tensors:
        key = (tensor.dtype, tuple(tensor.shape), str(tensor.tolist()))
        if key not in seen:
            seen.add(key)
            kept.append(tensor)
    return kept
