"""How near an output has to be to the recorded one, by dtype. Integers, bools and texts have to be the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from opfixtures.records.recorded_values import Json, RecordedValueError

Tolerances: TypeAlias = Mapping[str, tuple[float, float]]

# (rtol, atol): |now - then| <= atol + rtol * |then|. Between torch 1.5 and 2.13 gelu differs by up to 4e-6 of its
# value, linspace by up to 3e-6 and 1e-7 near zero; all else in float32 is the same.
WIDEST: Tolerances = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (5e-6, 1e-7),
    "float64": (1e-12, 1e-14),
    "complex64": (5e-6, 1e-7),
    "complex128": (1e-12, 1e-14),
}


def tolerances_for(samples: Sequence[Json]) -> dict[str, tuple[float, float]]:
    """The tolerances that what came of `samples` (`recorded_values`) needs, in the order of `WIDEST`."""
    told = [[sample["output"], sample.get("inputs_after")] for sample in samples]
    found = set(_dtypes(told))
    return {dtype: tolerance for dtype, tolerance in WIDEST.items() if dtype in found}


def _dtypes(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _dtypes(item)
    elif isinstance(value, dict):
        if "tensor" in value:
            yield value["tensor"]
        elif "float" in value:
            yield "float64"
        elif "complex" in value:
            yield "complex128"
        else:
            yield from _dtypes(value.get("tuple") or value.get("dict"))


def check_tolerances(tolerances: Json) -> None:
    """Make sure that these are tolerances of a record, none wider than `WIDEST`: a wide one lets anything pass.

    Raises RecordedValueError with the first that is not.
    """
    if not isinstance(tolerances, dict):
        raise RecordedValueError("tolerances is not an object")
    for dtype, pair in tolerances.items():
        where = f"tolerances[{dtype[:80]!r}]"
        if dtype not in WIDEST:
            raise RecordedValueError(f"{where} is for no dtype of inexact numbers")
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_tolerance, pair))):
            raise RecordedValueError(f"{where} is not a pair of numbers from 0, rtol and atol")
        if any(number > widest for number, widest in zip(pair, WIDEST[dtype], strict=True)):
            raise RecordedValueError(f"{where} is wider than {list(WIDEST[dtype])}")


def _is_tolerance(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
