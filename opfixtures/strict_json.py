"""JSON from anywhere: one reading, or none."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any


def parse_json(data: bytes) -> Any:
    """The value that `data` holds.

    Raises ValueError, whose text says what is wrong, for anything but JSON in UTF-8, for NaN and the infinities, for an
    object with two members of one name, and for more nesting than Python's stack takes.
    """
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    except ValueError as error:
        raise ValueError(f"it is not JSON in UTF-8: {error}") from error


def wrong_members(value: Any, names: Collection[str], what: str) -> str:
    """Why `value`, called `what` in the sentence, is no object with exactly these members; empty if it is."""
    if not isinstance(value, dict):
        return f"{what} is not an object"
    missing = [name for name in names if name not in value]
    if missing:
        return f"{what} has no {missing[0]}"
    unknown = [name for name in value if name not in names]
    return f"{what} has an unknown member {unknown[0][:80]!r}" if unknown else ""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("an object has two members of one name")
    return members
