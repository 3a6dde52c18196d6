"""Where a fixture module was refused, read from what the worker told: as far as that is of the expected form."""

from __future__ import annotations

from typing import Any

from opfixtures.worker.observations import Json

_MOST = 1 << 31
_FUNCTION_CHARACTERS = 80


def told_place(told: Json) -> dict[str, Any]:
    """What of `sample`, `line` and `function` of `Exported` is known."""
    seen = told if isinstance(told, dict) else {}
    found: dict[str, Any] = {name: seen[name] for name in ("sample", "line") if _is_number(seen.get(name))}
    function = seen.get("function")
    if isinstance(function, str) and function.isidentifier() and len(function) <= _FUNCTION_CHARACTERS:
        found["function"] = function
    return found


def _is_number(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST
