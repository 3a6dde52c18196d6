"""Small tensors to try: of a world's shape and dtype, and of what arguments of their name mostly are."""

from __future__ import annotations

import re
from typing import Any

import torch

from . import Json
from .worlds import DTYPES, distinct, indices, positive, tensor_of

OUTS = (
    (r"pivots|info|infos|exponent", torch.int32),
    (r"indices|count|inverse|argm|embedding_bag\S* out[1-3]", torch.int64),
    (r"^(isin|is|eq|ne|lt|le|gt|ge|logical_\w+|signbit)\b.* out", torch.bool),
)
# As errors call them: c10/util/typeid.h and c10/core/ScalarType.h.
NAMED_DTYPES = {
    "bool": torch.bool,
    "Bool": torch.bool,
    "int": torch.int32,
    "Int": torch.int32,
    "long int": torch.int64,
    "Long": torch.int64,
    "long": torch.int64,
    "float": torch.float32,
    "Float": torch.float32,
    "double": torch.float64,
    "Double": torch.float64,
    "Byte": torch.uint8,
}
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


def recurrent(name: str, world: Json, operator: str = "") -> list[Any]:
    """States and weights of a recurrent layer, for inputs of a signal's shape: one layer, two hidden values."""
    batch, size = world["shape"][-2:]
    if STATE.search(name):
        return [tensor_of(world["dtype"], (1, batch, 2)), tensor_of(world["dtype"], (batch, 2))]
    layers = []
    for gates in gates_first(operator):
        shapes = ((gates, size), (gates, 2), (gates,), (gates,))
        weights = [tensor_of(world["dtype"], shape, place) for place, shape in enumerate(shapes)]
        layers += [weights, weights[:2]]
    return layers


def gates_first(operator: str) -> list[int]:
    """How many rows the weights have for two hidden values, that of the operator first."""
    own = 8 if "lstm" in operator else 6 if "gru" in operator else 2
    return sorted((8, 6, 2), key=lambda gates: gates != own)


def tensors_for(parameter: Json, world: Json) -> list[Any]:
    """The tensors to try for a parameter: those of its name, the world's own, then others of its dtype."""
    name, place, shape, dtype = parameter["argument"], parameter["place"], world["shape"], world["dtype"]
    if parameter["is_out"]:
        known = f"{parameter['operator']} {name}"
        first = next((kind for pattern, kind in OUTS if re.search(pattern, known)), DTYPES[dtype])
        told = [NAMED_DTYPES[word] for word in parameter.get("told", ()) if word in NAMED_DTYPES]
        kinds = dict.fromkeys((*told, first, DTYPES[dtype], *OUT_DTYPES))
        return [one for kind in kinds for one in empty(kind)]
    own = tensor_of(dtype, shape, place)
    named = of_operator(parameter, world) + of_name(name, place, world)
    # Whatever the name says, the world's own is not far behind.
    made = [*named[:1], own, *named[1:]]
    if dtype == "float" and shape == (2, 2):
        made.append(positive(shape))
    made += [tensor_of(dtype, other, place) for other in OTHER_SHAPES if other != shape]
    made += [tensor_of("float", shape, place), tensor_of("bool", shape, place), indices(shape)]
    made += [tensor_of("int", (), place), own.double() if dtype == "float" else own]
    return distinct(made)


def of_operator(parameter: Json, world: Json) -> list[Any]:
    """What arguments of such a name are given to operators of a kind."""
    name, operator, shape = parameter["argument"], parameter["operator"], world["shape"]
    made: list[Any] = []
    if name == "target" and len(shape) > 2 and re.search("nll|cross_entropy", operator):
        made.append(indices(shape[:1] + shape[2:]))
    elif name == "target" and not re.search("nll|cross_entropy|multi|embedding", operator):
        made.append(tensor_of(world["dtype"], shape, parameter["place"]))
    if name == "total_weight":
        made.append(tensor_of("unit", (), 1))
    if name == "grad_output" and "loss" in operator:
        made += [tensor_of(world["dtype"], (), parameter["place"])]
    if re.search("lengths", name):
        made += [torch.tensor([2, 2]), torch.tensor([1, 1])]
    if name == "batch_sizes" and shape:
        made.append(torch.tensor([shape[0]]))
    if "per_tensor" in operator and re.search("scale|zero_point", name):
        # Of several tensors, which are two, each has its own.
        count = 2 if name.endswith("s") else 1
        made.append(torch.tensor([2] * count) if "zero" in name else torch.tensor([0.5] * count))
    if name == "theta" and len(shape) > 3:
        made.append(tensor_of(world["dtype"], (shape[0], len(shape) - 2, len(shape) - 1)))
    if re.search("^c?(crow|ccol)_indices$", name):
        made.append(torch.tensor([0, 1, 2]))
    elif re.search("^(col|row)_indices$", name):
        made.append(torch.tensor([0, 1]))
    if name == "mask" and shape:
        made.append(tensor_of("bool", shape[:1]))
    return made


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
    if STATE.search(name) and len(shape) in (2, 3):
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
