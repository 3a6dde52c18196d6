"""What lies between two states of a repository: data in, data out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from opfixtures.change.matching import Matching, Owners
from opfixtures.declarations.model import (
    Declarations,
    FixtureEntry,
    FixtureModule,
    MapEntry,
    Registry,
    VersionMap,
    is_module,
)
from opfixtures.records.fixture_files import fixture_of, stem_of
from opfixtures.settings.config import Config
from opfixtures.values import dataclass

if TYPE_CHECKING:
    from datetime import date

    from opfixtures.change.declared_changes import DeclaredChange
    from opfixtures.change.releases import Releases
    from opfixtures.change.upstream import Upstream


def _nobody_looked() -> Releases:
    from opfixtures.change.releases import UNKNOWN

    return UNKNOWN


def _nobody_searched(_: Sequence[str]) -> Mapping[str, str | None]:
    return {}


def _nobody_followed() -> None:
    """None: the repository is no fork."""


_MOST_WORDS = 200


@dataclass(frozen=True, eq=False)
class Change:
    """A change from `before` to `after`, and what else a rule may ask.

    `config` is that of `after`. `touched` are the paths whose bytes differ between the two, gone ones
    included. `published` reads what target declares, `landed` what the branch that target is a part of
    declares by now, others' changes included. `released` reads what releases have, at the tags of the clone,
    `upstream` what a fork follows, None where the settings name nothing.
    `has_file` tells whether `after` holds a file at a path, `naming` where it says a word outside the folder of
    the fixtures: `path:line`, None for nowhere; a word is missing where none can tell. With `everything`,
    nothing stood before. `today` tells which day it is; None where nobody looks at waivers. `published_at` is the
    id of target's commit, None where there is none. `asks_for_more` says that the settings name one more fixture format
    than before: what stands owes a fixture of that. `declared_change` reads the declarations of operators
    that differ.
    """

    config: Config
    before: Declarations
    after: Declarations
    touched: frozenset[str]
    published: Callable[[], Declarations]
    has_file: Callable[[str], bool]
    landed: Callable[[], Declarations] = Declarations
    released: Callable[[], Releases] = _nobody_looked
    naming: Callable[[Sequence[str]], Mapping[str, str | None]] = _nobody_searched
    upstream: Callable[[], Upstream | None] = _nobody_followed
    everything: bool = False
    today: Callable[[], date] | None = None
    published_at: Callable[[], str | None] = _nobody_followed
    asks_for_more: bool = False
    declared_change: Callable[[], DeclaredChange | None] = _nobody_followed

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
        return self.owners.matching

    @cached_property
    def entries(self) -> dict[tuple[str, int], MapEntry]:
        """The entries after by operator and bumped_at_version, of several in arms of an `#if` the first."""
        entries: dict[tuple[str, int], MapEntry] = {}
        for entry in self.version_map.entries:
            entries.setdefault(entry.key, entry)
        return entries

    @cached_property
    def entries_by_operator(self) -> dict[str, list[MapEntry]]:
        """The same by operator, in the order of the version map."""
        entries: dict[str, list[MapEntry]] = {}
        for (operator, _), entry in self.entries.items():
            entries.setdefault(operator, []).append(entry)
        return entries

    @cached_property
    def bumps(self) -> frozenset[int]:
        """The versions that entries after are bumped at."""
        return frozenset(version for _, version in self.entries)

    @cached_property
    def added(self) -> tuple[MapEntry, ...]:
        """The entries of the version map that the change adds: of an operator, at a version, new. One that
        stands in several arms of an `#if` counts once."""
        old = self.before.version_map.entries if self.before.version_map else ()
        known = {entry.key for entry in old}
        return tuple(entry for key, entry in self.entries.items() if key not in known)

    @cached_property
    def owed(self) -> tuple[tuple[MapEntry, FixtureEntry], ...]:
        """What the change owes a fixture: each entry with a fixture entry that matches it, where the change
        adds the one or the other, or asks for another format. In the order of the version map, then of the registry."""
        added = {entry.key for entry in self.added}
        return tuple(
            (entry, row)
            for key, entry in self.entries.items()
            for row in self.matching.rows_of(entry)
            if self.asks_for_more or key in added or row.key not in self._rows_before
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
        """The guards that the change adds."""
        return tuple(row for row in self.guards if row.key not in self._rows_before)

    @property
    def owed_guards(self) -> tuple[FixtureEntry, ...]:
        """The guards that the change owes a fixture: those that it adds, all where it asks for another format."""
        return self.guards if self.asks_for_more else self.added_guards

    @cached_property
    def written(self) -> tuple[MapEntry, ...]:
        """The entries of the version map that the change adds or alters; equal ones in several arms count
        once."""
        old = self.before.version_map.entries if self.before.version_map else ()
        known = {entry.text for entry in old}
        new = {entry.text: entry for entry in reversed(self.version_map.entries)}
        return tuple(entry for text, entry in reversed(new.items()) if text not in known)

    @cached_property
    def target(self) -> Declarations:
        """What target declares."""
        return self.published()

    @cached_property
    def declared(self) -> DeclaredChange | None:
        """The declarations of operators in the files that the change touches; None where it touches none."""
        return self.declared_change()

    @cached_property
    def published_entries(self) -> dict[tuple[str, int], list[MapEntry]]:
        """Target's entries by operator and bumped_at_version: several in arms of an `#if`."""
        entries: dict[tuple[str, int], list[MapEntry]] = {}
        for entry in self.target.version_map.entries if self.target.version_map else ():
            entries.setdefault(entry.key, []).append(entry)
        return entries

    @cached_property
    def modules(self) -> dict[str, FixtureModule]:
        """The fixture modules after, by name."""
        return {one.name: one for one in self.after.modules.modules}

    @cached_property
    def modules_before(self) -> dict[str, FixtureModule]:
        """The fixture modules before, by name."""
        return {one.name: one for one in self.before.modules.modules}

    @cached_property
    def owners(self) -> Owners:
        """Who owns the fixtures after."""
        return Owners(self.after)

    @cached_property
    def owners_before(self) -> Owners:
        """Who owned the fixtures before."""
        return Owners(self.before)

    @cached_property
    def owners_published(self) -> Owners:
        """Who owns the fixtures that target holds."""
        return self.owners_before if self.target is self.before else Owners(self.target)

    @cached_property
    def named_elsewhere(self) -> Mapping[str, str | None]:
        """Where else the tree after names the fixtures that no entry owns, by the stem of their file names; as
        `naming` tells it. Some of very many are missing. A stem without its number counts too: a test may load
        f"test_versioned_full_v{version}.ptl"."""
        names = self.after.fixtures.ids
        stems = sorted({stem_of(name) for name in names if self.owners.entry(name) is None})[:_MOST_WORDS]
        prefixes = {stem: stem.rstrip("0123456789") for stem in stems}
        found = self.naming(sorted({*stems, *prefixes.values()}))
        return {
            stem: found[stem] or found[prefix]
            for stem, prefix in prefixes.items()
            if found.get(stem) or (stem in found and prefix in found)
        }

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
        written = {entry.key for entry in self.written}
        touched = {fixture_of(name) for name in self.touched_fixtures}

        def judged(name: str) -> bool:
            row = self.owners.row(name)
            is_new = row is not None and row.key not in self._rows_before
            return name in touched or is_new or self.owners.entry(name) in written

        return tuple(name for name in self.after.fixtures.fixtures if judged(name))

    @cached_property
    def judged_rows(self) -> tuple[FixtureEntry, ...]:
        """The fixture entries the change answers for: those it adds, those whose module it takes away or
        makes no module, and those of an operator that it adds an entry for."""
        operators = {entry.operator for entry in self.added}

        def judged(row: FixtureEntry) -> bool:
            was_module = is_module(self.modules_before.get(row.module))
            broken = was_module and not is_module(self.modules.get(row.module))
            return row.key not in self._rows_before or row.operator in operators or broken

        return tuple(row for row in self.registry.rows if judged(row))

    @cached_property
    def _rows_before(self) -> frozenset[tuple[str, str]]:
        rows = self.before.registry.rows if self.before.registry else ()
        return frozenset(row.key for row in rows)
