"""What a change's entries, upgraders and fixture modules are called otherwise, as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from opfixtures.declarations.model import EntryKey, FixtureEntry, MapEntry
from opfixtures.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry as it stands, its new version, and why it gets that: half a sentence."""

    entry: MapEntry
    version: int
    why: str


@dataclass(frozen=True)
class Renumbering:
    """What becomes of a change's numbers; names by the names they replace.

    `rows` are the fixture entries of entries that cover other versions now, without those that target has: these keep
    their names. `published` has those of entries that moved, each with what becomes of its entry. `produced` and
    `maximum` are what the header of versions shall set, None where that stays.
    """

    moved: tuple[Moved, ...]
    upgraders: Mapping[str, str]
    modules: Mapping[str, str]
    rows: tuple[FixtureEntry, ...]
    produced: int | None
    maximum: int | None
    published: tuple[tuple[FixtureEntry, MapEntry], ...] = ()

    def applied(self, entry: MapEntry) -> MapEntry:
        """The entry as it stands afterwards, in whichever arm of an `#if`."""
        name, key = entry.upgrader_name, entry.key
        version = self._versions.get(key, entry.bumped_at_version)
        return replace(entry, bumped_at_version=version, upgrader_name=self.upgraders.get(name, name))

    @cached_property
    def _versions(self) -> Mapping[EntryKey, int]:
        return {one.entry.key: one.version for one in self.moved}
