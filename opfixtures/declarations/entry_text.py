"""An entry as its version map would write it."""

from __future__ import annotations

from opfixtures.declarations.model import MapEntry


def entry_text(path: str, entry: MapEntry) -> str:
    """The literal of an entry, in the language of the version map at `path`."""
    name, schema = _quoted(entry.upgrader_name), _quoted(entry.old_schema)
    if path.endswith(".py"):
        bump = f'"bumped_at_version": {entry.bumped_at_version}'
        return f'{{{bump}, "upgrader_name": {name}, "old_schema": {schema}}}'
    return f"{{{entry.bumped_at_version}, {name}, {schema}}}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
