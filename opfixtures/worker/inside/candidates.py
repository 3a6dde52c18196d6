"""Values that an argument may take, the likeliest first, by its type and its name."""

from __future__ import annotations

import re
from typing import Any

import torch

from . import Json
from .shapes import recurrent, tensors_for

# What arguments of these names are mostly given, first what runs most often.
INTS = (
    (r"dtype", (6, 4, 7, 11, 13, 12, 9)),
    (r"layout", (0,)),
    (r"memory_format", (0, 1)),
    (r"^(dim|dim0|axis|axis0|dimension|start_dim|axis_dim|offset|diagonal|k_dim)$", (0, 1, -1, 2, -2)),
    (r"^(dim1|dim2|axis1|end_dim|dim_b)$", (1, -1, 0, 2)),
    (r"groups|num_layers", (1, 2, 3)),
    (r"reduction", (1, 0, 2)),
    (
        r"(num|count|total|length|size|steps|max|bins|classes|chunks|sections|blank|hidden|depth|upscale|factor)",
        (2, 3, 4, 1, 6, 0),
    ),
    (r"quant_m", (0,)),
    (r"(zero_point|padding_idx|ignore_index|offset|start|index|device)", (0, 1, -1, 2)),
    (r"end|high|to$", (3, 2, 5, 4)),
    (r"mode", (0, 1, 2)),
)
COMMON_INTS = (1, 2, 0, 3, 4, -1, 6, 127)
FLOATS = (
    (r"^(p|dropout|dropout_p|prob|drop)", (0.0, 0.5)),
    (r"scale", (0.5, 2.0, 0.1)),
    (r"^(eps|tol|rtol|atol|rcond|epsilon)", (0.001, 0.1)),
    (r"momentum|beta|alpha|lr", (0.5, 0.1, 1.0)),
)
COMMON_FLOATS = (0.5, 1.5, 2.0, 0.0, 1.0)
# Words that torch takes for its strings: each of its operators names those that it knows in its errors.
WORDS = (
    (r"reduc", ("sum", "add", "mean", "multiply", "prod", "amax")),
    (r"rounding_mode", ("floor", "trunc")),
    (r"equation", ("ij,jk->ik", "ij->ji", "ij,ij->ij")),
    (r"padding", ("same", "valid")),
    (r"^(ord|p$)", ("fro", "nuc")),
    (r"norm", ("ortho", "forward")),
    (r"interpolation", ("lower", "linear", "nearest")),
    (r"UPLO", ("L", "U")),
    (r"driver", ("gels", "gelsd", "gesvd")),
    (r"side", ("left", "right")),
    (r"approximate", ("tanh", "none")),
    (r"indexing", ("ij", "xy")),
    (r"mode", ("constant", "reflect", "reduced", "complete", "bilinear", "linear")),
)
MOSTLY_NONE = re.compile(
    r"generator|pin_memory|layout|memory_format|device|out_dtype|attn_mask|scales?_[dhw]$|scale_factors$|divisor"
)
INT_LISTS: Any = (
    (r"^(dims?|axis|axes)$|dims?_", ([0], [1], [0, 1], [-1], [1, 0], [2], [])),
    (r"shape|size", ([2, 2], [4], [2], [2, 3], [16], [1, 2], [2, 1, 1], [3, 3], [3], [4, 4], [0])),
    (r"pad", ([1, 1], [0, 0], [1], [0], [1, 0, 1, 0], [0, 0, 0], [1, 1, 1])),
    (r"stride|dilation|kernel", ([1, 1], [2, 1], [1], [2], [1, 1, 1], [2, 2])),
)
COMMON_INT_LISTS = ([1, 1], [0], [1], [0, 1], [2, 2], [1, 2], [0, 0], [1, 1, 1], [2])
COMMON_WORDS = ("sum", "mean", "none", "a")


def candidates(parameter: Json, world: Json) -> list[Any]:
    """The values to try for a parameter, by the type that TorchScript has for it. Empty for one that has none here."""
    return of_type(parameter["type"], parameter, world)


def of_type(type_name: str, parameter: Json, world: Json) -> list[Any]:
    name = parameter["argument"]
    if type_name == "Tensor":
        return tensors_for(parameter, world)
    if type_name == "int" and "dtype" in name and "quantize" in parameter["operator"]:
        return [13, 12, 14]
    if type_name == "int":
        return by_name(INTS, name, COMMON_INTS)
    if type_name == "float":
        return by_name(FLOATS, name, COMMON_FLOATS)
    if type_name == "number":
        return scalars(name, world)
    if type_name == "bool":
        return booleans(parameter)
    if type_name == "str":
        return words(parameter)
    if type_name == "complex":
        return [1.5 + 2j]
    if type_name == "Device":
        return [torch.device("cpu")]
    head, _, inner = type_name.partition("[")
    if head == "Optional":
        return optional(inner[:-1], parameter, world)
    if head == "List":
        return lists(inner[:-1], parameter, world)
    return []


def by_name(table: Any, name: str, common: Any) -> list[Any]:
    likely = next((values for pattern, values in table if re.search(pattern, name)), ())
    return [*likely, *(value for value in common if value not in likely)]


def scalars(name: str, world: Json) -> list[Any]:
    wholes, parts = by_name(INTS, name, COMMON_INTS)[:4], by_name(FLOATS, name, COMMON_FLOATS)[:4]
    if re.search(r"^(start|min|low|begin)", name):
        wholes, parts = [0, 1, -1], [0.5, -0.5, 0.0]
    elif name == "p":
        wholes, parts = [2, 1], [2.0, 1.0]
    elif re.search(r"^(end|max|high)", name):
        wholes, parts = [5, 3, 2], [4.5, 2.5, 1.0]
    return [*wholes, *parts] if world["dtype"] in ("int", "bool") else [*parts, *wholes]


def booleans(parameter: Json) -> list[Any]:
    default = parameter["default"]
    if re.search(r"pin|sparse|cudnn|cuda|bidirectional|packed|transposed", parameter["argument"]):
        return [False, True]
    # What the default is not tells more.
    return [default == "False", default != "False"] if default in ("True", "False") else [True, False]


def words(parameter: Json) -> list[Any]:
    known = by_name(WORDS, parameter["argument"], COMMON_WORDS)
    default = parameter["default"]
    own = default[1:-1] if isinstance(default, str) and default[:1] in "'\"" else None
    told = [word for word in parameter.get("told", ()) if word != own]
    return [*told, *known[:2], *([own] if own is not None else []), *known[2:]]


def optional(inner: str, parameter: Json, world: Json) -> list[Any]:
    values = of_type(inner, parameter, world)
    if MOSTLY_NONE.search(parameter["argument"]):
        return [None, *values]
    return [*values[:1], None, *values[1:]]


def lists(inner: str, parameter: Json, world: Json) -> list[Any]:
    name, size = parameter["argument"], parameter.get("size")
    if inner == "int" and "lengths" in name:
        return [[2, 2], [1, 1]]
    if inner == "int":
        return int_lists(name, size, world)
    if inner == "float":
        return [[value] * (size or count) for count in (2, 1, 3) for value in (2.0, 0.5)]
    if inner == "bool":
        return [[value] * (size or count) for count in (2, 3, 1) for value in (True, False)]
    if inner == "Optional[Tensor]":
        return optional_tensor_lists(parameter, world)
    if name == "params" and inner == "Tensor" and world["rank"] in (2, 3):
        return recurrent(name, world, parameter["operator"])
    values = of_type(inner, parameter, world)
    made = [[value, other] for value, other in zip(values, [*values[1:2], *values])]
    return (
        [*([value, value] for value in values[:6]), *([value] for value in values[:6]), *made[:2]]
        if values
        else []
    )


def optional_tensor_lists(parameter: Json, world: Json) -> list[Any]:
    index = torch.tensor([1, 0])
    grid = torch.tensor([[1], [0]])
    values = tensors_for(parameter, world)[:3]
    return [
        [index],
        [index, index],
        [None, index],
        [grid, index],
        [torch.tensor([True, False])],
        *([v] for v in values),
    ]


def int_lists(name: str, size: Any, world: Json) -> list[Any]:
    rank = world["rank"]
    if size == 2 and re.search(r"^dims?$|axes", name):
        return [[0, 1], [-2, -1], [1, 0]]
    if size is not None and size > 1:
        is_size = re.search(r"size|shape", name)
        own = [list(world["shape"])] if size == rank and is_size else []
        own += [list(world["shape"][2:])] if size == rank - 2 and is_size and "kernel" not in name else []
        return own + [[value] * size for value in by_name(INTS, name, ones_first(name))]
    likely: Any = next(
        (values for pattern, values in INT_LISTS if re.search(pattern, name)), COMMON_INT_LISTS
    )
    made = [list(values) for values in likely]
    if re.search(r"shape|size", name):
        made = [list(world["shape"]), *([list(world["shape"][2:])] if rank > 2 else []), *made]
    if size == 1:
        made.sort(key=lambda values: len(values) or 9)
    return [*made, *([value] * rank for value in (1, 0, 2) if rank)]


def ones_first(name: str) -> Any:
    if re.search(r"kernel|output_size|size", name):
        return (2, 3, 1, 4)
    return (0, 1, 2) if re.search(r"pad", name) else (1, 2, 0)
