"""Values as settings files have them."""

from __future__ import annotations

import json


def toml_text(value: object) -> str:
    """A string, a number, a truth value or a list of these in TOML."""
    # What TOML calls a basic string is what JSON does, but for the escape of the last control character.
    return json.dumps(value, ensure_ascii=False)
