"""Compares what was recorded with what comes out now, both as JSON."""

from __future__ import annotations

import math
from typing import Any

from . import Json

KINDS = ("tensor", "float", "complex", "tuple", "dict", "dtype", "device", "layout")


def kind_of(data: Json) -> str:
    if isinstance(data, dict):
        return next((kind for kind in KINDS if kind in data), "nothing known")
    return type(data).__name__


def difference(then: Json, now: Json, tolerances: Any) -> str | None:
    """The first difference between two values, None where they are equal within the tolerances.

    Args:
        then: the recorded value, `now` the one to compare, both as `to_json` gives them.
        tolerances: [rtol, atol] by dtype. A dtype that is not there is compared exactly; a float is a
            float64, a complex number a complex128. NaN equals NaN, -0.0 equals 0.0, a dict has its order.
    """
    kind = kind_of(then)
    if kind != kind_of(now):
        return f"{kind} then, {kind_of(now)} now"
    if kind == "tensor":
        return tensor_difference(then, now, tolerances)
    if kind in ("float", "complex"):
        dtype = "float64" if kind == "float" else "complex128"
        return number_difference(then[kind], now[kind], tolerances.get(dtype))
    if kind in ("tuple", "dict"):
        then, now = then[kind], now[kind]
    if isinstance(now, list):
        if len(then) != len(now):
            return f"{len(then)} values then, {len(now)} now"
        found = (place_difference(index, *pair, tolerances) for index, pair in enumerate(zip(then, now)))
        return next(filter(None, found), None)
    return None if then == now else f"{shown(then)} then, {shown(now)} now"


def place_difference(index: int, then: Json, now: Json, tolerances: Any) -> str | None:
    found = difference(then, now, tolerances)
    return f"value {index}: {found}" if found else None


def tensor_difference(then: Json, now: Json, tolerances: Any) -> str | None:
    if then["tensor"] != now["tensor"]:
        return f"{then['tensor']} then, {now['tensor']} now"
    if then["shape"] != now["shape"]:
        return f"shape {then['shape']} then, {now['shape']} now"
    if len(then["values"]) != len(now["values"]):
        return f"{len(then['values'])} elements then, {len(now['values'])} now"
    tolerance = tolerances.get(then["tensor"])
    for index, (old, new) in enumerate(zip(then["values"], now["values"])):
        found = number_difference(old, new, tolerance)
        if found:
            return f"element {index}: {found}"
    return None


def number_difference(then: Json, now: Json, tolerance: Any) -> str | None:
    """Elements as JSON has them: a number, the text of a NaN or an infinity, a pair for a complex number."""
    if then == now or (tolerance and is_near(then, now, *tolerance)):
        return None
    return f"{shown(then)} then, {shown(now)} now"


def is_near(then: Json, now: Json, rtol: float, atol: float) -> bool:
    """Whether |now - then| <= atol + rtol * |then|; of a complex number whose size is not finite, for each part."""
    if not isinstance(then, list):
        then, now = [then, 0.0], [now, 0.0]
    old, new = [float(part) for part in then], [float(part) for part in now]
    size = math.hypot(*old)
    if math.isfinite(size):
        return math.hypot(new[0] - old[0], new[1] - old[1]) <= atol + rtol * size
    return all(part_is_near(one, other, rtol, atol) for one, other in zip(old, new))


def part_is_near(then: float, now: float, rtol: float, atol: float) -> bool:
    if not math.isfinite(then):
        return then == now or (math.isnan(then) and math.isnan(now))
    return abs(now - then) <= atol + rtol * abs(then)


def shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
