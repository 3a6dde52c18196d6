"""What a fixture is there for: a fixture entry, and the entry of the version map that it matches. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from opfixtures.change.changes import Change
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.names import fixture_stem
from opfixtures.settings.config import Config
from opfixtures.settings.fixture_formats import FIXTURES


@dataclass(frozen=True, slots=True)
class Owner:
    """A fixture entry and where its fixture stands.

    `entry` is None for a guard, which covers no version. `last_bump` is the operator's last one in the version map:
    an archive of that version meets no upgrader of it.
    """

    row: FixtureEntry
    path: str
    entry: MapEntry | None = None
    covers: range = range(0)
    last_bump: int = 0

    @property
    def operator(self) -> str:
        """The operator's full name."""
        return self.row.operator

    @property
    def is_guard(self) -> bool:
        """Whether no entry of the version map stands behind it."""
        return self.entry is None


def owner_of(change: Change, row: FixtureEntry, entry: MapEntry | None) -> Owner:
    """The fixture entry `row` with the entry that it matches, a guard without one; its fixture of the first format, as
    PyTorch's generate_models.py names it."""
    path = change.config.fixture_paths(fixture_stem(row.module))[0]
    if entry is None:
        return Owner(row, path)
    last_bump = change.matching.covered(entry.operator).stop
    return Owner(row, path, entry, change.matching.covers(entry), last_bump)


def candidates(owner: Owner, config: Config) -> Iterator[tuple[Owner, bool]]:
    """The owner of each file that may stand for a fixture entry, and whether its format is asked for: those first.

    Each is evidence and is replayed. Only what is asked for is owed.
    """
    stem, _, _ = owner.path.rpartition(".")
    asked = [f".{one}" for one in config.fixture_formats]
    for ending in (*asked, *(one for one in FIXTURES if one not in asked)):
        yield replace(owner, path=f"{stem}{ending}"), ending in asked


def owners(change: Change) -> Iterator[Owner]:
    """All fixture entries that a fixture can be proven for: in the order of the version map, guards last."""
    for entry in {one.key: one for one in change.version_map.entries}.values():
        for row in change.matching.rows_of(entry):
            yield owner_of(change, row, entry)
    for row in change.guards:
        yield owner_of(change, row, None)
