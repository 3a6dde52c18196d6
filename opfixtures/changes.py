"""What lies between two states of a repository: data in, data out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from opfixtures.config import Config
from opfixtures.declarations.model import (
    Declarations,
    FixtureEntry,
    FixtureModule,
    FixtureModules,
    MapEntry,
    Registry,
    VersionMap,
)
from opfixtures.fixture_files import fixture_of
from opfixtures.matching import Matching, Owners

if TYPE_CHECKING:
    from datetime import date

    from opfixtures.releases import Releases


def _nobody_looked() -> Releases:
    from opfixtures.releases import UNKNOWN

    return UNKNOWN


@dataclass(frozen=True)
class Change:
    """A change from `before` to `after`, and what else a rule may ask.

    `config` is that of `after`. `touched` are the paths whose bytes differ between the two, gone ones
    included. `published` reads what target declares, `landed` what the branch that target is a part of
    declares by now, others' changes included. `released` reads what releases have, at the tags of the clone.
    `has_file` tells whether `after` holds a file at a path. With `everything`, nothing stood before. `today`
    is None where nobody looks at waivers.
    """

    config: Config
    before: Declarations
    after: Declarations
    touched: frozenset[str]
    published: Callable[[], Declarations]
    has_file: Callable[[str], bool]
    landed: Callable[[], Declarations] = Declarations
    released: Callable[[], Releases] = _nobody_looked
    everything: bool = False
    today: date | None = None

    @cached_property
    def version_map(self) -> VersionMap:
        """The version map after; an empty one where it is gone."""
        return self.after.version_map or VersionMap(self.config.version_map)

    @cached_property
    def registry(self) -> Registry:
        """The registry after; an empty one where there is none."""
        return self.after.registry or Registry(self.config.registry)

    @cached_property
    def matching(self) -> Matching:
        """The fixture entries after beside the entries after."""
        return Matching(self.version_map, self.registry.rows)

    @cached_property
    def added(self) -> tuple[MapEntry, ...]:
        """The entries of the version map that the change adds: of an operator, at a version, new. One that
        stands in several arms of an `#if` counts once."""
        old = self.before.version_map.entries if self.before.version_map else ()
        known = {(entry.operator, entry.bumped_at_version) for entry in old}
        new: dict[tuple[str, int], MapEntry] = {}
        for entry in self.version_map.entries:
            key = entry.operator, entry.bumped_at_version
            if key not in known:
                new.setdefault(key, entry)
        return tuple(new.values())

    @cached_property
    def owed(self) -> tuple[tuple[MapEntry, FixtureEntry], ...]:
        """What the change owes a fixture: each entry with a fixture entry that matches it, where the change
        adds the one or the other. In the order of the version map, then of the registry."""
        added = {(entry.operator, entry.bumped_at_version) for entry in self.added}
        entries: dict[tuple[str, int], MapEntry] = {}
        for entry in self.version_map.entries:
            entries.setdefault((entry.operator, entry.bumped_at_version), entry)
        return tuple(
            (entry, row)
            for key, entry in entries.items()
            for row in self.matching.rows_of(entry)
            if key in added or key_of(row) not in self._rows_before
        )

    @cached_property
    def guards(self) -> tuple[FixtureEntry, ...]:
        """The fixture entries whose operator is not in the version map, in the order of the registry. None
        where the map is gone, or where a part of it cannot be read and may have the operator."""
        if self.after.version_map is None or self.version_map.problems:
            return ()
        return tuple(row for row in self.registry.rows if not self.matching.has_operator(row.operator))

    @cached_property
    def added_guards(self) -> tuple[FixtureEntry, ...]:
        """The guards that the change adds: it owes them a fixture as well."""
        return tuple(row for row in self.guards if key_of(row) not in self._rows_before)

    @cached_property
    def written(self) -> tuple[MapEntry, ...]:
        """The entries of the version map that the change adds or alters; equal ones in several arms count
        once."""
        old = self.before.version_map.entries if self.before.version_map else ()
        known = {text_of(entry) for entry in old}
        new = {text_of(entry): entry for entry in reversed(self.version_map.entries)}
        return tuple(entry for text, entry in reversed(new.items()) if text not in known)

    @cached_property
    def target(self) -> Declarations:
        """What target declares."""
        return self.published()

    @cached_property
    def modules(self) -> dict[str, FixtureModule]:
        """The fixture modules after, by name."""
        return _by_name(self.after.modules)

    @cached_property
    def owners(self) -> Owners:
        """Who owns the fixtures after."""
        return Owners(self.after)

    @cached_property
    def touched_fixtures(self) -> frozenset[str]:
        """The file names of the fixtures and records that differ, gone ones included."""
        return frozenset(
            name for name, _ in self.before.fixtures.ids.items() ^ self.after.fixtures.ids.items()
        )

    @cached_property
    def judged_fixtures(self) -> tuple[str, ...]:
        """The file names of the fixtures the change answers for: it alters them or their record, adds their
        fixture entry, or writes the entry that this one matches."""
        written = {(entry.operator, entry.bumped_at_version) for entry in self.written}
        touched = {fixture_of(name) for name in self.touched_fixtures}

        def judged(name: str) -> bool:
            row = self.owners.row(name)
            is_new = row is not None and key_of(row) not in self._rows_before
            return name in touched or is_new or self.owners.entry(name) in written

        return tuple(name for name in self.after.fixtures.fixtures if judged(name))

    @cached_property
    def judged_rows(self) -> tuple[FixtureEntry, ...]:
        """The fixture entries the change answers for: those it adds, those whose module it takes away or
        makes no module, and those of an operator that it adds an entry for."""
        modules_before = _by_name(self.before.modules)
        operators = {entry.operator for entry in self.added}

        def judged(row: FixtureEntry) -> bool:
            broken = is_module(modules_before.get(row.module)) and not is_module(self.modules.get(row.module))
            return key_of(row) not in self._rows_before or row.operator in operators or broken

        return tuple(row for row in self.registry.rows if judged(row))

    @cached_property
    def _rows_before(self) -> frozenset[tuple[str, str]]:
        rows = self.before.registry.rows if self.before.registry else ()
        return frozenset(map(key_of, rows))


def text_of(entry: MapEntry) -> tuple[str, int, str, str]:
    """All that an entry says, without its place."""
    return entry.operator, entry.bumped_at_version, entry.upgrader_name, entry.old_schema


def key_of(row: FixtureEntry) -> tuple[str, str]:
    """Class and operator of a fixture entry: what makes it the same one in another place."""
    return row.module, row.operator


def is_module(module: FixtureModule | None) -> bool:
    """Whether the class is there and may be an `nn.Module`."""
    return module is not None and module.is_module is not False


def _by_name(modules: FixtureModules) -> dict[str, FixtureModule]:
    return {module.name: module for module in modules.modules}
