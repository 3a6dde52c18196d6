"""Values as a record's JSON has them.

It is exact: Python writes a float with a text that reads back to the same double.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from . import Json
from .reasons import RefusedError, headline

MAX_ELEMENTS = 100000


class UnrecordableError(RefusedError):
    """A value that a record cannot hold."""


class UnreadableError(RefusedError):
    """A record's JSON that stands for no value."""


def float_to_json(number: float) -> Json:
    """A float as JSON has it; NaN and the infinities, which JSON lacks, as text."""
    if math.isnan(number):
        return "nan"
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return number


def complex_to_json(number: complex) -> Json:
    return [float_to_json(number.real), float_to_json(number.imag)]


def tensor_to_json(tensor: Any) -> Json:
    """A dense CPU tensor: dtype, shape and elements in row-major order, complex ones as [real, imaginary]."""
    dtype = name_of(tensor.dtype)
    if tensor.layout != torch.strided or getattr(tensor, "is_nested", False):
        raise UnrecordableError(f"a tensor that is not dense ({tensor.layout})")
    if tensor.device.type != "cpu":
        raise UnrecordableError(f"a tensor on {tensor.device}")
    if tensor.numel() > MAX_ELEMENTS:
        raise UnrecordableError(f"a tensor of {tensor.numel()} elements (at most {MAX_ELEMENTS})")
    # Half of torch cannot compute with complex32.
    if getattr(tensor, "is_quantized", False) or dtype == "complex32":
        raise UnrecordableError(f"a tensor of {dtype}")
    try:
        elements = tensor.detach().reshape(-1).tolist()
    except RuntimeError as error:
        raise UnrecordableError(f"a tensor of {dtype}") from error
    if tensor.dtype.is_floating_point:
        elements = [float_to_json(element) for element in elements]
    elif tensor.dtype.is_complex:
        elements = [complex_to_json(element) for element in elements]
    return {"tensor": dtype, "shape": list(tensor.shape), "values": elements}


def name_of(value: Any) -> str:
    """`float32` for torch.float32."""
    return str(value).replace("torch.", "")


def to_json(value: Any) -> Json:
    """Any value a TorchScript module takes or gives, as a record holds it. Raises UnrecordableError."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"float": float_to_json(value)}
    if isinstance(value, complex):
        return {"complex": complex_to_json(value)}
    if isinstance(value, torch.Tensor):
        return tensor_to_json(value)
    if isinstance(value, tuple):
        return {"tuple": [to_json(item) for item in value]}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[to_json(key), to_json(item)] for key, item in value.items()]}
    for kind in ("dtype", "device", "layout"):
        if isinstance(value, getattr(torch, kind)):
            return {kind: name_of(value)}
    raise UnrecordableError(f"a value of type {type(value).__name__}")


def from_json(data: Json) -> Any:
    """The value a record's JSON stands for: the inverse of `to_json`. Raises UnreadableError."""
    try:
        return read_value(data)
    except (AttributeError, KeyError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise UnreadableError(f"the record holds a value that cannot be read ({headline(error)})") from error


def read_value(data: Json) -> Any:
    if isinstance(data, list):
        return [read_value(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "tensor" in data:
        return read_tensor(data["tensor"], data["shape"], data["values"])
    if "float" in data:
        return float(data["float"])
    if "complex" in data:
        return read_complex(data["complex"])
    if "tuple" in data:
        return tuple(read_value(item) for item in data["tuple"])
    if "dict" in data:
        return {read_value(key): read_value(item) for key, item in data["dict"]}
    if "device" in data:
        return torch.device(data["device"])
    kind = "dtype" if "dtype" in data else "layout"
    return constant(kind, data[kind])


def read_tensor(dtype_name: str, shape: list[int], elements: list[Any]) -> Any:
    dtype = constant("dtype", dtype_name)
    if dtype.is_floating_point:
        elements = [float(element) for element in elements]
    elif dtype.is_complex:
        elements = [read_complex(element) for element in elements]
    return torch.tensor(elements, dtype=dtype).reshape(shape)


def read_complex(parts: list[Any]) -> complex:
    real, imaginary = parts
    return complex(float(real), float(imaginary))


def constant(kind: str, name: str) -> Any:
    """The dtype or layout of that name: a record must not reach anything else of torch."""
    value = getattr(torch, name, None)
    if not isinstance(value, getattr(torch, kind)):
        raise ValueError(f"{name!r} is no {kind}")
    return value
