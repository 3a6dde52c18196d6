"""JSON for reviewers: what fits on a line stands on one, and long lists of short items fill lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

WIDTH = 100
# Numbers of full precision and pairs of short ones; what is longer has a line of its own.
_CELL = 24

_encode = json.JSONEncoder(allow_nan=False).encode


def laid_out(value: Any) -> str:
    """`value` as JSON text in ASCII, without a newline at the end. Floats are the shortest text of their value.

    Raises ValueError for a NaN or an infinity. Nesting is walked by recursion.
    """
    return _laid_out(value, 0, 0)


def _laid_out(value: Any, indent: int, before: int) -> str:
    """`before` characters stand in front of the value on its line, and a comma may follow."""
    if isinstance(value, dict):
        opening, closing = "{", "}"
        parts = [(f"{_encode(key)}: ", item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        opening, closing = "[", "]"
        parts = [("", item) for item in value]
    else:
        return _encode(value)
    inner = indent + 2
    texts = [head + _laid_out(item, inner, inner + len(head)) for head, item in parts]
    line = f"{opening}{', '.join(texts)}{closing}"
    if not texts or (before + len(line) < WIDTH and "\n" not in line):
        return line
    if opening == "[" and all(len(text) <= _CELL for text in texts):
        texts = list(_filled(texts, WIDTH - inner))
    margin = "\n" + " " * inner
    return f"{opening}{margin}{f',{margin}'.join(texts)}\n{' ' * indent}{closing}"


def _filled(texts: list[str], width: int) -> Iterator[str]:
    """Lines of items between commas, each line shorter than `width` where one item is."""
    line = texts[0]
    for text in texts[1:]:
        if len(line) + 2 + len(text) < width:
            line += f", {text}"
        else:
            yield line
            line = text
    yield line
