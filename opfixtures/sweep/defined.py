"""What is defined of a result, and what is not: signs and bases of decompositions, an order among equals. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opfixtures.worker.observations import Json

_NOT_UNIQUE = (
    (
        r"svd|qr(_|$)|geqrf|_eig|^eig|symeig|eigh|lobpcg|matrix_sign|orgqr|householder|pca_lowrank|nuclear_norm",
        "signs and bases of this decomposition are not defined",
    ),
    (r"^(lu|linalg_lu|_lu)", "which rows are exchanged is not defined"),
    (r"lstsq", "a solution that is not unique, or leftovers below it"),
    (
        r"^(argsort|sort|topk|kthvalue|mode|median|nanmedian|msort|unique)",
        "the order among equals is not defined",
    ),
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
    """Why two results of an operator may differ and both be right; empty where they may not."""
    stem = operator.rpartition("::")[2].partition(".")[0]
    for pattern, why in _NOT_UNIQUE:
        if why and re.search(pattern, stem):
            return why
    if _SINGULAR.search(stem) and not (_is_moderate(then.get("output")) and _is_moderate(now.get("output"))):
        return "the input is singular"
    return ""


def why_refused(error: str) -> str:
    """Why an error is the input's fault, which was wrong before too; empty where it is not."""
    found = _REFUSED.search(error)
    return f"the input was wrong then and is refused now: {error[:300]}" if found else ""


def _is_moderate(value: Json) -> bool:
    """Whether all numbers of a result are finite and far from what rounding makes of a division by zero."""
    if isinstance(value, dict):
        return all(map(_is_moderate, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(map(_is_moderate, value))
    if isinstance(value, float):
        return abs(value) < 1e6
    return value not in ("nan", "inf", "-inf")
