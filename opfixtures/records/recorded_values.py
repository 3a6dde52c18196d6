"""The values of a record: sample inputs and outputs, as JSON of a few forms.

None, a bool, an int and a str are JSON's own, a list is an array. All else is an object: a dense tensor
`{"tensor": dtype, "shape": sizes, "values": elements in row-major order}`, or one of `{"float": number}`,
`{"complex": [real, imaginary]}`, `{"tuple": [...]}`, `{"dict": [[key, value], ...]}`, `{"dtype": name}`,
`{"device": name}`, `{"layout": name}`. NaN and the infinities, which JSON lacks, are text. The worker writes
these forms and reads them back; what it is given to read is checked here first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

Json = Any

# No value that TorchScript takes or gives nests deeper than a few levels.
MAX_DEPTH = 16
# torch's own limit, and more than any shape's product needs to stay small.
MAX_DIMENSIONS = 64
NO_NUMBERS = ("nan", "inf", "-inf")

_FLOATS = frozenset({"bfloat16", "float16", "float32", "float64"}) | {
    f"float8_{kind}" for kind in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")
}
_COMPLEX = frozenset({"complex64", "complex128"})
_INTEGERS = {f"int{bits}": range(-1 << (bits - 1), 1 << (bits - 1)) for bits in (8, 16, 32, 64)} | {
    f"uint{bits}": range(1 << bits) for bits in (8, 16, 32, 64)
}
_INT64 = _INTEGERS["int64"]
TENSOR_DTYPES = frozenset({"bool", *_FLOATS, *_COMPLEX, *_INTEGERS})
DTYPES = TENSOR_DTYPES | {"complex32", "qint8", "qint32", "quint8"}
LAYOUTS = frozenset({"strided", "jagged", "_mkldnn"}) | {
    f"sparse_{kind}" for kind in ("coo", "csr", "csc", "bsr", "bsc")
}
_DEVICE = re.compile("(cpu|cuda|meta|mps|xpu)(:[0-9]{1,2})?")


class RecordedValueError(ValueError):
    """Not of the form of a record's value: the message says what is, and where."""


def check_samples(samples: Json) -> None:
    """Make sure that this is a list of samples `{"inputs": [...], "output": ...}`, at least one; with `"inputs_after"`
    where the run changed its inputs. Inputs by name are an object.

    Raises RecordedValueError with the first place that is of another form.
    """
    if not isinstance(samples, list) or not samples:
        raise RecordedValueError("samples is not a list of at least one")
    for number, sample in enumerate(samples):
        where = f"samples[{number}]"
        if not isinstance(sample, dict) or sample.keys() - {"inputs_after"} != {"inputs", "output"}:
            raise RecordedValueError(f"{where} is not of the form {{inputs, output}}")
        for name in sample.keys() - {"output"}:
            _check_inputs(sample[name], f"{where}.{name}")
        _check(sample["output"], f"{where}.output", 0)


def _check_inputs(inputs: Json, where: str) -> None:
    if isinstance(inputs, dict):
        if not all(isinstance(name, str) and name.isidentifier() for name in inputs):
            raise RecordedValueError(f"{where} has an input whose name is none")
        for name, value in inputs.items():
            _check(value, f"{where}.{name}", 0)
    elif isinstance(inputs, list):
        _check(inputs, where, 0)
    else:
        raise RecordedValueError(f"{where} is not a list")


def is_text(value: Json) -> bool:
    """Whether it is a string that can be written as UTF-8: JSON lets half a surrogate pair through."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check(value: Json, where: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecordedValueError(f"{where} nests deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _check(item, f"{where}[{number}]", depth + 1)
    elif isinstance(value, dict):
        _check_object(value, where, depth)
    elif not (value is None or isinstance(value, bool) or is_text(value) or _is_integer(value, _INT64)):
        raise RecordedValueError(f"{where} is not a value")


def _check_object(value: dict[str, Json], where: str, depth: int) -> None:
    match value:
        case {"tensor": dtype, "shape": list(shape), "values": list(values)} if len(value) == 3:
            _check_tensor(dtype, shape, values, where)
        case {"tuple": list(items)} if len(value) == 1:
            _check(items, f"{where}.tuple", depth)
        case {"dict": list(pairs)} if len(value) == 1:
            for number, pair in enumerate(pairs):
                if not isinstance(pair, list) or len(pair) != 2 or not _is_key(pair[0]):
                    raise RecordedValueError(f"{where}.dict[{number}] is not a pair of a key and a value")
                _check(pair, f"{where}.dict[{number}]", depth + 1)
        case _:
            _check_leaf(value, where)


def _check_leaf(value: dict[str, Json], where: str) -> None:
    form, inner = next(iter(value.items())) if len(value) == 1 else ("", None)
    check = _LEAVES.get(form)
    if check is None:
        raise RecordedValueError(f"{where} is not an object of a known form")
    if not check(inner):
        raise RecordedValueError(f"{where} is not a {form}")


def _check_tensor(dtype: Json, shape: list[Json], values: list[Json], where: str) -> None:
    if not isinstance(dtype, str) or dtype not in TENSOR_DTYPES:
        raise RecordedValueError(f"{where}.tensor is not a dtype of recorded tensors")
    sizes = range(_INT64.stop)
    if len(shape) > MAX_DIMENSIONS or not all(_is_integer(size, sizes) for size in shape):
        raise RecordedValueError(f"{where}.shape is not a shape")
    if math.prod(shape) != len(values):
        raise RecordedValueError(f"{where} has {len(values)} values, its shape holds another number of them")
    is_element = _element(dtype)
    wrong = next((number for number, value in enumerate(values) if not is_element(value)), None)
    if wrong is not None:
        raise RecordedValueError(f"{where}.values[{wrong}] is no {dtype}")


def _element(dtype: str) -> Callable[[Json], bool]:
    if dtype == "bool":
        return lambda value: isinstance(value, bool)
    if dtype in _FLOATS:
        return _is_number
    if dtype in _COMPLEX:
        return _is_pair
    return lambda value: _is_integer(value, _INTEGERS[dtype])


def _is_integer(value: Json, bounds: range) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in bounds


def _is_number(value: Json) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return _is_integer(value, _INT64) or (isinstance(value, str) and value in NO_NUMBERS)


def _is_pair(value: Json) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_key(value: Json) -> bool:
    """What TorchScript takes as the key of a dict."""
    if isinstance(value, dict):
        return bool(value.keys() & {"tensor", "float", "complex", "device"})
    return isinstance(value, (bool, int, str))


def _one_of(names: Sequence[str] | frozenset[str]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, str) and value in names


_LEAVES: dict[str, Callable[[Json], bool]] = {
    "float": _is_number,
    "complex": _is_pair,
    "dtype": _one_of(DTYPES),
    "device": lambda value: isinstance(value, str) and bool(_DEVICE.fullmatch(value)),
    "layout": _one_of(LAYOUTS),
}
