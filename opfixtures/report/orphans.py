"""Fixture modules that belong to no entry of the version map. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opfixtures.change.changes import Change
from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.names import module_version
from opfixtures.declarations.place import Place


@dataclass(frozen=True, slots=True)
class OrphanModule:
    """A fixture module that matches no entry of the version map. `operator` is None where no row names it."""

    module: str
    operator: str | None
    place: Place
    reason: str


def orphan_modules(change: Change) -> Iterator[OrphanModule]:
    """Rows that match no entry, then modules that a name ending in `V<n>` gives away and no row registers."""
    guards = set(change.guards)
    for row in change.registry.rows:
        if change.matching.bump_of(row) is None and row not in guards:
            yield OrphanModule(row.module, row.operator, row.place, _why_it_matches_nothing(change, row))
    registered = {row.module for row in change.registry.rows}
    for module in change.modules.values():
        is_fixture_module = module_version(module.name) is not None and module.is_module is not False
        if is_fixture_module and module.name not in registered:
            yield OrphanModule(module.name, None, module.place, "registered nowhere")


def _why_it_matches_nothing(change: Change, row: FixtureEntry) -> str:
    if not change.matching.has_operator(row.operator):
        return "its operator is not in the version map"
    if module_version(row.module) is None:
        return "its name does not end in V<n>"
    return f"its operator's entries cover versions up to {change.matching.covered(row.operator).stop - 1}"
