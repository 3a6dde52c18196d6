"""What is defined of a result, and what is not: signs and bases of decompositions, an order among equals. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from opfixtures.worker.observations import Json

_NOT_UNIQUE = (
    (
        r"svd(?!vals)|qr(_|$)|geqrf|_eig(?!vals)|^eig|symeig|lobpcg|matrix_sign|orgqr|householder|pca_lowrank",
        "signs and bases of this decomposition are not defined",
    ),
    (r"^(lu|linalg_lu|_lu)", "which rows are exchanged is not defined"),
    (r"lstsq", "a solution that is not unique, or leftovers below it"),
    (r"^mode$", "which of several most frequent values is given is not defined"),
)
# What is given in an order, or with places, of which some are free: the values are the same ones.
_OF_ANY_ORDER = re.compile(
    r"^(argsort|sort|topk|kthvalue|median|nanmedian|unique|unique_dim|_unique|_unique2|linalg_eigvals)$"
)
# What of a decomposition is defined, by its place among the results.
_DEFINED = (
    (re.compile(r"^(linalg_)?svd$"), 1),
    (re.compile(r"^(linalg_eigh|linalg_eig|symeig|eig)$"), 0),
)
_SINGULAR = re.compile(r"inverse|^inv|linalg_inv|solve|pinv|det$|cholesky|ormqr|matrix_rank|matrix_power")
# What was always wrong, and is refused now: the texts of torch's checks.
_REFUSED = re.compile(
    r"(?i)mask.*(bool|dtype)|must be bool|expected.*\bbool\b|out of (bounds|range)|singular|not positive.definite"
    r"|is not invertible|contains? (nan|inf)|non-finite"
    # Shapes that do not go together.
    r"|\bsizes?\b|\bdim(ension)?s?\b|\b[0-9]-?D\b|_axis must be"
)


def why_not_unique(operator: str, then: Json, now: Json) -> str:
    """Why two results of an operator of PyTorch may differ and both be right; empty where they may not.

    Of the operators of a library nobody knows that, whatever their names.
    """
    namespace, _, name = operator.rpartition("::")
    stem = name.partition(".")[0]
    if namespace != "aten":
        return ""
    outputs = then.get("output"), now.get("output")
    if _OF_ANY_ORDER.search(stem):
        return "" if _differ(*outputs, 0) else "the order among equals is not defined"
    if any(pattern.search(stem) and _differ(*outputs, place) for pattern, place in _DEFINED):
        return ""
    for pattern, why in _NOT_UNIQUE:
        if re.search(pattern, stem):
            return why
    if _SINGULAR.search(stem) and not all(map(_is_moderate, outputs)):
        return "the input is singular"
    return ""


def why_refused(operator: str, error: str) -> str:
    """Why an error of PyTorch's is the input's fault, which was wrong before too; empty where it is not, and for a
    library: what it refuses today it may have meant to take."""
    found = _REFUSED.search(error) if operator.startswith("aten::") else None
    return f"the input was wrong then and is refused now: {error[:300]}" if found else ""


def _differ(then: Json, now: Json, place: int) -> bool:
    """Whether the results at a place among several, or the only ones, are other numbers in whatever order."""
    one, other = (sorted(_numbers(_result(value, place))) for value in (then, now))
    return len(one) != len(other) or not all(
        math.isclose(first, second, rel_tol=1e-3, abs_tol=1e-4)
        for first, second in zip(one, other, strict=True)
    )


def _result(value: Json, place: int) -> Json:
    inside = (
        next((value[kind] for kind in ("tuple", "list") if kind in value), None)
        if isinstance(value, dict)
        else value
    )
    return inside[place] if isinstance(inside, list) and place < len(inside) else value


def _numbers(value: Json) -> Iterator[float]:
    """All finite numbers of a value but the shapes of its tensors."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "shape":
                yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
    elif isinstance(value, int | float) and math.isfinite(value):
        yield float(value)


def _is_moderate(value: Json) -> bool:
    """Whether all numbers of a result are finite and far from what rounding makes of a division by zero."""
    if isinstance(value, dict):
        return all(map(_is_moderate, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(map(_is_moderate, value))
    if isinstance(value, float):
        return abs(value) < 1e6
    return value not in ("nan", "inf", "-inf")
