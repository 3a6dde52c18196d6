"""Annotations that torch takes for arguments and returns, and what it calls them in a schema.

The tables are those of torch/_library/infer_schema.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from opfixtures.declarations.python_source import syntax_tree
from opfixtures.declarations.schema_types import SHORT_DTYPES

AnnotatedType: TypeAlias = (
    str | tuple[str, "AnnotatedType"] | frozenset["AnnotatedType"] | tuple["AnnotatedType", ...]
)
SEQUENCES = {
    "list": "list",
    "typing.List": "list",
    "typing.Sequence": "sequence",
    "collections.abc.Sequence": "sequence",
}
TENSOR, NONE = "torch.Tensor", "None"
NUMBER = frozenset({"int", "float", "bool"})
OTHER_NAMES: dict[str, AnnotatedType] = {
    "torch.types.Number": NUMBER,
    "torch.types._dtype": "torch.dtype",
    "torch.types._device": "torch.device",
    "torch.types.Tensor": TENSOR,
}
# Type, its name in a schema, and whether there is X[], X?[] and X[]? of it.
_TYPES: tuple[tuple[AnnotatedType, str, bool, bool, bool], ...] = (
    (TENSOR, "Tensor", True, True, False),
    ("int", "SymInt", True, False, True),
    ("float", "float", True, False, True),
    ("bool", "bool", True, False, True),
    ("str", "str", False, False, False),
    (NUMBER, "Scalar", True, False, False),
    ("torch.dtype", "ScalarType", False, False, False),
    ("torch.device", "Device", False, False, False),
    ("torch.distributed.distributed_c10d.GroupName", "str", False, False, False),
)
RETURNED: dict[AnnotatedType, str] = {
    TENSOR: "Tensor",
    ("list", TENSOR): "Tensor[]",
    "int": "SymInt",
    "float": "float",
    "bool": "bool",
    NUMBER: "Scalar",
}
"""What torch calls what is returned, alone or in a tuple, for each annotation that it takes."""
_PLAIN_DTYPES = {f"{kind}{bits}" for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64)} - {
    "float8"
}
_SMALL_DTYPES = {f"float8_{form}" for form in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")}
_OTHER_DTYPES = {"bool", "bfloat16", "complex32", "complex64", "complex128", "qint8", "quint8", "qint32"}
DTYPES = {name: name for name in (*_PLAIN_DTYPES, *_SMALL_DTYPES, *_OTHER_DTYPES)} | SHORT_DTYPES
"""What torch calls each of its names for a dtype."""
_LONGEST_ANNOTATION = 256


def _derived() -> Iterator[tuple[AnnotatedType, str]]:
    for type_, name, listed, listed_optional, optional_list in _TYPES:
        yield type_, name
        yield union([type_, NONE]), f"{name}?"
        for kind in ("list", "sequence"):
            if listed:
                yield (kind, type_), f"{name}[]"
            if listed_optional:
                yield (kind, union([type_, NONE])), f"{name}?[]"
            if optional_list:
                yield union([(kind, type_), NONE]), f"{name}[]?"


def union(members: list[AnnotatedType]) -> AnnotatedType:
    """The union of these, without unions in it; one alone is itself."""
    flat: set[AnnotatedType] = set()
    for member in members:
        flat |= member if isinstance(member, frozenset) else {member}
    return flat.pop() if len(flat) == 1 else frozenset(flat)


TAKEN = dict(_derived())
"""What torch calls an argument of each annotation that it takes."""


def read_annotation(text: str) -> ast.expr | None:
    """The tree of an annotation in quotes; None where it is none."""
    try:
        tree = syntax_tree(text.strip()) if len(text) <= _LONGEST_ANNOTATION else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match tree:
        case ast.Module(body=[ast.Expr(value=value)]):
            return value
    return None
