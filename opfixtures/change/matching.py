"""Which fixture entry matches which entry of the version map, and which fixture is whose."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence

from opfixtures.declarations.model import Declarations, FixtureEntry, MapEntry, VersionMap
from opfixtures.declarations.names import fixture_stem, module_version
from opfixtures.records.fixture_files import stem_of


class Matching:
    """Fixture entries laid beside the entries of a version map, in one pass over both."""

    def __init__(self, version_map: VersionMap, rows: Sequence[FixtureEntry]) -> None:
        bumps: dict[str, set[int]] = defaultdict(set)
        for entry in version_map.entries:
            bumps[entry.operator].add(entry.bumped_at_version)
        self._bumps = {operator: sorted(versions) for operator, versions in bumps.items()}
        self._rows: dict[tuple[str, int | None], list[FixtureEntry]] = defaultdict(list)
        for row in rows:
            self._rows[row.operator, self.bump_of(row)].append(row)

    def has_operator(self, operator: str) -> bool:
        """Whether the version map has an entry for `operator`."""
        return operator in self._bumps

    def bump_of(self, row: FixtureEntry) -> int | None:
        """`bumped_at_version` of the entry that `row` matches; None where it matches none."""
        version = module_version(row.module)
        bumps = self._bumps.get(row.operator, [])
        if version is None or not bumps or version >= bumps[-1]:
            return None
        return bumps[bisect_right(bumps, version)]

    def covers(self, entry: MapEntry) -> range:
        """The operator versions `entry` covers, as `VersionMap.covers` has it."""
        bumps = self._bumps[entry.operator]
        place = bisect_left(bumps, entry.bumped_at_version)
        return range(bumps[place - 1] if place else 0, entry.bumped_at_version)

    def covered(self, operator: str) -> range:
        """The operator versions that all entries of `operator` cover together."""
        return range(self._bumps[operator][-1])

    def rows_of(self, entry: MapEntry) -> Sequence[FixtureEntry]:
        """The fixture entries that match `entry`, in the order of the registry."""
        return self._rows.get(entry.key, ())


class Owners:
    """Which fixture entry, and through it which entry of the version map, a fixture belongs to."""

    def __init__(self, declarations: Declarations) -> None:
        version_map = declarations.version_map or VersionMap("")
        registry = declarations.registry
        self.matching = Matching(version_map, registry.rows if registry else ())
        self._rows: dict[str, list[FixtureEntry]] = defaultdict(list)
        for row in registry.rows if registry else ():
            self._rows[fixture_stem(row.module)].append(row)
        self.are_certain = not version_map.problems and not (registry and registry.problems)

    def row(self, name: str) -> FixtureEntry | None:
        """The fixture entry that a fixture or record is of; where several are, the first that matches."""
        rows = self._rows.get(stem_of(name), [])
        return next((row for row in rows if self.matching.bump_of(row) is not None), next(iter(rows), None))

    def is_guard(self, row: FixtureEntry) -> bool:
        """Whether a fixture entry's operator is not in the version map."""
        return not self.matching.has_operator(row.operator)

    def entry(self, name: str) -> tuple[str, int] | None:
        """Operator and bumped_at_version of the entry that its fixture entry matches."""
        row = self.row(name)
        bump = self.matching.bump_of(row) if row else None
        return None if row is None or bump is None else (row.operator, bump)
