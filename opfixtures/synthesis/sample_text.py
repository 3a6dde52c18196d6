"""Sample inputs as Python text, from the values of a record."""

from __future__ import annotations

from typing import Any

from opfixtures.synthesis.python_layout import laid_out

_SHORT = 9
# Of a line in sample_inputs(), which is twelve blanks in and has a comma behind.
_WIDTH = 66
# The dtypes that torch gives these values by itself.
_OWN_DTYPES = {"float32", "int64", "bool", "complex64"}
# What opfixtures/worker/inside/worlds.py makes of the steps 0 to 9, as texts: the values and the way to write them.
_STEPS = "torch.arange({}, {}) * 7 % 10"
_PATTERNS: dict[str, Any] = {
    "{} * 2 - 9": lambda step: step * 2 - 9,
    "({} * 2 - 9) * 0.125": lambda step: (step * 2 - 9) * 0.125,
    "({} + 1) * 0.0625": lambda step: (step + 1) * 0.0625,
    "{} + 1": lambda step: step + 1,
    "{} > 4": lambda step: step > 4,
}
_INDICES = "torch.arange(1, {}) % 2"


def sample_text(inputs: list[Any]) -> str:
    """A tuple of inputs, in one line or an input a line: `(torch.tensor([0.5]), 2)`."""
    texts = [value_text(value) for value in inputs]
    line = f"({', '.join(texts)}{',' * (len(texts) == 1)})"
    if len(line) <= _WIDTH:
        return line
    # With the comma that ends it.
    return "\n".join(laid_out(line, _WIDTH))


def value_text(value: Any) -> str:
    """One value. Raises ValueError for one that no search gives."""
    match value:
        case None | bool() | int() | str():
            return _quoted(value) if isinstance(value, str) else repr(value)
        case {"float": number}:
            return repr(float(number))
        case {"complex": [real, imaginary]}:
            return _complex(real, imaginary)
        case {"device": name}:
            return f'torch.device("{name}")'
        case {"tensor": dtype, "shape": shape, "values": values}:
            return _tensor(dtype, shape, values)
        case list():
            return f"[{', '.join(map(value_text, value))}]"
    raise ValueError(f"no text is known for {value!r}")


def _quoted(text: str) -> str:
    return repr(text) if set(text) & set('"\\') else f'"{text}"'


def _tensor(dtype: str, shape: list[int], values: list[Any]) -> str:
    if not values:
        named = "" if dtype == "float32" else f", dtype=torch.{dtype}"
        return f"torch.empty({shape[0] if len(shape) == 1 else shape}{named})"
    made = _pattern(values) if len(values) > _SHORT else None
    if made is not None:
        text, has = made
        if shape == [len(values)]:
            return _converted(text, has, dtype)
        sizes = ", ".join(map(str, shape))
        whole = _converted(f"({text}).reshape({sizes})", has, dtype)
        if len(whole) <= _WIDTH - 5:
            return whole
        # Brackets that hold all of it can be laid out, a chain of calls cannot.
        return f"torch.reshape({_converted(text, has, dtype)}, [{sizes}])"
    nested = _nested(shape, [_element(one) for one in values])
    named = "" if dtype in _OWN_DTYPES else f", dtype=torch.{dtype}"
    return f"torch.tensor({nested}{named})"


def _converted(text: str, has: str, dtype: str) -> str:
    if has == dtype:
        return text
    return f"{text}.to(torch.{dtype})" if text.endswith(")") else f"({text}).to(torch.{dtype})"


def _pattern(values: list[Any]) -> tuple[str, str] | None:
    """A formula that gives the values, and the dtype that it has by itself."""
    for start in range(10):
        steps = [(start + index) * 7 % 10 for index in range(len(values))]
        for text, make in _PATTERNS.items():
            if values == [make(step) for step in steps] and type(values[0]) is type(make(steps[0])):
                own = {bool: "bool", int: "int64", float: "float32"}[type(values[0])]
                return text.format(_STEPS.format(start, start + len(values))), own
    if values == [(index + 1) % 2 for index in range(len(values))]:
        return _INDICES.format(len(values) + 1), "int64"
    return None


def _complex(real: Any, imaginary: Any) -> str:
    """As `repr` has it, with blanks about the sign."""
    text = repr(complex(float(real), float(imaginary)))
    sign = max(text.rfind("+"), text.rfind("-"))
    is_sum = sign > 1 and text[sign - 1] not in "e("
    return f"{text[:sign]} {text[sign]} {text[sign + 1 :]}" if is_sum else text


def _element(value: Any) -> str:
    if isinstance(value, list):
        return _complex(*value)
    return f'float("{value}")' if isinstance(value, str) else repr(value)


def _nested(shape: list[int], elements: list[str]) -> str:
    if not shape:
        return elements[0]
    size = len(elements) // shape[0]
    parts = [_nested(shape[1:], elements[place : place + size]) for place in range(0, len(elements), size)]
    return f"[{', '.join(parts)}]"
