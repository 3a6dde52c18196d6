"""Which arguments of an operator changed, so that a fixture has to pass something else than their defaults. Pure."""

from __future__ import annotations

from contextlib import suppress

from opfixtures.change.changes import Change
from opfixtures.declarations.function_schema import FunctionSchema, SchemaError, parse_schema
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.schema_changes import changed_arguments


def changed_names(change: Change, entry: MapEntry, now: FunctionSchema | None) -> list[str]:
    """The arguments with a default that changed at an entry, by name; none where nobody knows.

    What the operator became is the old schema of its next entry, or `now`. Of an argument without a default every value
    tells. Raises SchemaError where the entry's own old schema cannot be read.
    """
    version = entry.bumped_at_version
    published = change.entries_by_operator.get(entry.operator, [])
    later = min((one for one in published if one.bumped_at_version > version), key=_version, default=None)
    if later is not None:
        now = None
        with suppress(SchemaError):
            now = parse_schema(later.old_schema)
    changed = changed_arguments(parse_schema(entry.old_schema), now) if now is not None else ()
    return [one.name for one in changed if one.default is not None]


def _version(entry: MapEntry) -> int:
    return entry.bumped_at_version
