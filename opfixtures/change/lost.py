"""The entries that lose their evidence. Pure."""

from __future__ import annotations

from opfixtures.change.changes import Change
from opfixtures.declarations.model import EntryKey, FixtureEntry, MapEntry, is_module


def lost_fixture_entries(change: Change) -> tuple[tuple[MapEntry, FixtureEntry], ...]:
    """The entries that stand before and after, and whose last fixture entry the change takes away: its row, its
    module, or what made the one match the other. Each with the fixture entry it had, the first of several. None where
    something cannot be read that may have it."""
    before = change.before.version_map
    unreadable = (change.version_map.problems, change.registry.problems, change.after.modules.problems)
    if before is None or any(unreadable):
        return ()
    had: dict[EntryKey, FixtureEntry] = {}
    for entry in before.entries:
        rows = change.owners_before.matching.rows_of(entry)
        row = next((row for row in rows if is_module(change.modules_before.get(row.module))), None)
        if row is not None:
            had.setdefault(entry.key, row)
    lost = []
    for key, entry in change.entries.items():
        has = (is_module(change.modules.get(row.module)) for row in change.matching.rows_of(entry))
        if key in had and not any(has):
            lost.append((entry, had[key]))
    return tuple(lost)
