"""Recorded values for a page: as much of each as somebody reads, with the number of what is left out.

What a page gets (`values.js` shows it) is a text for what is one value, `{"tensor": dtype, "shape": sizes, "values":
texts}`, `{"list": [...]}`, `{"tuple": [...]}` or `{"dict": [[key, value], ...]}`: these four with `left_out` where
they were longer. Numbers are texts, as Python writes them: a browser would round an int64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = Any

MOST_ELEMENTS = 64
"""Of a tensor, a list or a dict."""
MOST_CHARACTERS = 4000
MOST_SAMPLES = 12
_DEEPEST = 6
_NAMED = {"dtype": "torch.", "layout": "torch.", "device": "", "float": ""}


def shown_value(value: Json, depth: int = 0) -> Json:
    """What a page gets of a value of a record (`records/recorded_values`)."""
    if isinstance(value, list):
        return _several("list", value, depth)
    if not isinstance(value, dict):
        return shortened_text(repr(value))
    if "tensor" in value:
        kept = [_number(one) for one in value["values"][:MOST_ELEMENTS]]
        left_out = len(value["values"]) - len(kept)
        tensor = {"tensor": value["tensor"], "shape": value["shape"], "values": kept}
        return {**tensor, "left_out": left_out} if left_out else tensor
    form, inner = next(iter(value.items()))
    if form in ("tuple", "dict"):
        return _several(form, inner, depth)
    return _number(inner) if form == "complex" else f"{_NAMED[form]}{inner}"


def shown_inputs(inputs: Json) -> list[list[Json]]:
    """Inputs of a sample, each with its name, which is empty for one by position."""
    named = inputs.items() if isinstance(inputs, dict) else (("", value) for value in inputs)
    return [[name, shown_value(value)] for name, value in named][:MOST_ELEMENTS]


def shown_samples(samples: Sequence[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """The first samples of a record: `{"inputs": [[name, value], ...], "output": value}`; `inputs_after` where the
    record has it."""
    return [
        {
            name: shown_value(value) if name == "output" else shown_inputs(value)
            for name, value in sample.items()
        }
        for sample in samples[:MOST_SAMPLES]
    ]


def shortened_text(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text, or its beginning and the number of characters that are left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} characters more)"


def _several(form: str, items: Sequence[Json], depth: int) -> Json:
    if depth == _DEEPEST:
        return "…"
    kept = items[:MOST_ELEMENTS]
    if form == "dict":
        shown = [[shown_value(key, depth + 1), shown_value(value, depth + 1)] for key, value in kept]
    else:
        shown = [shown_value(item, depth + 1) for item in kept]
    left_out = len(items) - len(kept)
    return {form: shown, **({"left_out": left_out} if left_out else {})}


def _number(value: Json) -> str:
    """An element of a tensor, or a complex number, which is a pair."""
    if not isinstance(value, list):
        return str(value)
    real, imaginary = map(str, value)
    return f"{real}{'' if imaginary.startswith('-') else '+'}{imaginary}j"
