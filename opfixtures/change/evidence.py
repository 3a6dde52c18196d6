"""The evidence that stands, is lost, or belongs to nobody: the files of fixtures beside the entries. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator

from opfixtures.change.changes import Change
from opfixtures.change.owner import Owner, candidates, owners
from opfixtures.declarations.model import MapEntry
from opfixtures.records.fixture_files import is_record
from opfixtures.settings.fixture_formats import FIXTURES


def is_owned_by_target(change: Change, owner: Owner) -> bool:
    """Whether target has the fixture entry too, with an entry of the version map or as a guard: what target holds
    without was never looked at."""
    published = change.owners_published
    row = published.row(owner.path.rpartition("/")[2])
    if row is None or row.key != owner.row.key:
        return False
    return published.is_guard(row) or published.matching.bump_of(row) is not None


def guards_of_target(change: Change) -> dict[str, list[str]]:
    """The file names in target of the fixtures of guards, by their operator."""
    published, names = change.owners_published, defaultdict[str, list[str]](list)
    for name in change.target.fixtures.ids:
        row = published.row(name)
        if row is not None and not is_record(name) and published.is_guard(row):
            names[row.operator].append(name)
    return names


def lost_fixtures(change: Change, names: Collection[str], may_go: Callable[[str], bool]) -> Iterator[Owner]:
    """The owners in target of fixtures of which none of that name stands any more, or which no row owns any more that
    were a guard's.

    `names` are those of the files that stand. `may_go` tells of a name whether nothing needs that fixture.
    """
    for name, owner in _published(change):
        stands = name in names and not (owner.entry is None and _has_no_row(change, name))
        if not stands and not may_go(name):
            yield owner


def exchanged_fixtures(change: Change, is_another: Callable[[str], bool]) -> Iterator[Owner]:
    """The owners in target of fixtures under whose names others stand. `is_another` tells that of a name, where nothing
    allows it."""
    return (owner for name, owner in _published(change) if is_another(name))


def _published(change: Change) -> Iterator[tuple[str, Owner]]:
    """The fixtures of target, by their file names in order, that an entry or a guard owns there."""
    published = change.owners_published
    for name in sorted(name for name in change.target.fixtures.ids if not is_record(name)):
        row, key = published.row(name), published.entry(name)
        if row is not None and (key or published.is_guard(row)):
            entry = change.published_entries[key][0] if key else None
            yield name, Owner(row, change.target.fixtures.path(name), entry)


def _has_no_row(change: Change, name: str) -> bool:
    return change.owners.are_certain and change.owners.row(name) is None


def without_owner(change: Change, names: Collection[str]) -> tuple[str, ...]:
    """The paths of the fixtures, among files of these names, that no fixture entry owns: nothing replays them."""
    owned = {one.path for owner in owners(change) for one, _ in candidates(owner, change.config)}
    paths = (f"{change.config.fixtures}/{name}" for name in sorted(names) if name.endswith(FIXTURES))
    return tuple(path for path in paths if path not in owned)


def without_fixture(change: Change, names: Collection[str]) -> tuple[MapEntry, ...]:
    """The entries of which no file of these names is the fixture, in the order of the version map."""
    there = {
        owner.entry.key for owner in owners(change) if owner.entry and owner.path.rpartition("/")[2] in names
    }
    return tuple(entry for key, entry in change.entries.items() if key not in there)
