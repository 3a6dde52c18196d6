"""The samples of a record: whether their inputs are those of the module, and their outputs say anything. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isclose

from opfixtures.worker.observations import Json

# What two CPUs make of the same random numbers, in single precision.
_RELATIVE, _ABSOLUTE = 1e-5, 1e-6


def other_inputs(recorded: Sequence[Json], now: Sequence[Json]) -> str:
    """How the inputs of the module's samples differ from those of the record by more than two CPUs make of the same
    random numbers; empty where they do not."""
    if len(recorded) != len(now):
        return f"the record has {len(recorded)}, the module gives {len(now)}"
    for number, (one, other) in enumerate(zip(recorded, now, strict=True), 1):
        if not _are_near(one["inputs"], other["inputs"]):
            return _has_other(number)
        if "inputs_after" in one and "inputs_after" not in other:
            return f"sample {number} says in the record that its run changes its inputs, and it does not"
        if "inputs_after" in other and "inputs_after" not in one:
            mend = "make it again with `opfixtures generate --regenerate`"
            return f"sample {number} has in the record no word of what its run changes in its inputs: {mend}"
    return ""


def nudged_inputs(recorded: Sequence[Json], now: Sequence[Json]) -> str:
    """Which of as many samples has not exactly the inputs that the module gives, by type and sign; empty where none.

    A nudge can hide what an upgrader does at a tie, a sign what it does at zero.
    """
    pairs = enumerate(zip(recorded, now, strict=True), 1)
    return next(
        (
            _has_other(number)
            for number, (one, other) in pairs
            if not _are_same(one["inputs"], other["inputs"])
        ),
        "",
    )


def _has_other(number: int) -> str:
    return f"sample {number} has other inputs in the record than the module gives"


def _are_same(one: Json, other: Json) -> bool:
    """Whether two values are written in the same way, in whatever order their keys are."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _are_near(one: Json, other: Json) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_are_near, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_are_near(one[key], other[key]) for key in one)
    if _is_number(one) and _is_number(other) and float in (type(one), type(other)):
        return isclose(one, other, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def say_nothing(samples: Sequence[Json]) -> bool:
    """Whether no recorded output has a value, and no run changes its inputs: tensors without an element are equal
    whatever an operator does."""
    return bool(samples) and not any(
        _has_value(sample["output"]) or "inputs_after" in sample for sample in samples
    )


def _has_value(output: Json) -> bool:
    """Whether there is anything in a value, in the form of `recorded_values`, that could differ."""
    if isinstance(output, list):
        return any(map(_has_value, output))
    if isinstance(output, dict) and "tensor" in output:
        return bool(output["values"])
    if isinstance(output, dict) and ("tuple" in output or "dict" in output):
        return _has_value(output.get("tuple", [])) or _has_value(output.get("dict", []))
    return output is not None
