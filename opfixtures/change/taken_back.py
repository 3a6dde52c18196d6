"""Which published entries may go again, and what to do about the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.change.fork_numbers import follows_upstream
from opfixtures.change.numbering import numbering_of
from opfixtures.change.published_versions import has_header
from opfixtures.declarations.model import Declarations, MapEntry
from opfixtures.declarations.place import Place


def may_be_taken_back(change: Change, operator: str, bumped_at_version: int) -> bool:
    """Whether the change takes an entry away, and nobody needs it: it was not published, or upstream took it back or
    gave its version to another, or its version is produced no more, or no release has it where nothing says what is
    produced, or its upgrader was kept until a day that is past."""
    if (operator, bumped_at_version) in change.entries or change.version_map.problems:
        return False
    if (operator, bumped_at_version) not in change.published_entries:
        return not _problems(change.target)
    if follows_upstream(change, (operator, bumped_at_version), None):
        return True
    if has_header(change):
        versions = change.after.versions()
        produced = versions.produced.value if versions and versions.produced else bumped_at_version
        # Models of a later version that has landed were made with it.
        is_needed = max(produced, numbering_of(change).landed.newest - 1) >= bumped_at_version
    else:
        is_needed = change.released().may_have(operator, bumped_at_version)
    return not is_needed or _is_expired(change, operator, bumped_at_version)


def _problems(declarations: Declarations) -> bool:
    return bool(declarations.version_map and declarations.version_map.problems)


def _is_expired(change: Change, operator: str, bumped_at_version: int) -> bool:
    if change.today is None:
        return False
    last_days = change.target.expiries()
    entries = change.published_entries[operator, bumped_at_version]
    kept_until = [last_days.get(entry.upgrader_name) for entry in entries]
    return all(day is not None and day < change.today() for day in kept_until)


def instead(change: Change, entry: MapEntry) -> str:
    """What to do instead of taking a published entry away that may not go."""
    version = entry.bumped_at_version
    keep = "to take the operator's change back, keep the entry and add another one"
    if not has_header(change):
        doubt = change.released().doubt
        if doubt:
            return f"it may go if no release has it, and that cannot be told: {doubt}"
        return f"a release has it: {keep}, for what the operator does from now on"
    newest = numbering_of(change).newest
    if version == newest and version not in change.bumps:
        return (
            f"to take the operator's change back, set kProducedFileFormatVersion = 0x{version - 1:X}L "
            "in the same change"
        )
    versions = f"{version} to {newest}" if version < newest else f"{version}"
    return (
        f"version {version} is given out: {keep} at version {newest + 1}, whose upgrader gives models of "
        f"{versions} what they computed"
    )


def places_of_removed(change: Change) -> dict[tuple[str, int], Place]:
    """Where entries of target stood that are gone: another entry of the operator, else the one that stood in
    front of it and is still there, else the one behind it. None of those where the map has no entry left."""
    published = change.target.version_map.entries if change.target.version_map else ()
    places: dict[tuple[str, int], Place] = {}
    for entries in (reversed(published), published):
        near: Place | None = None
        for entry in entries:
            key = entry.operator, entry.bumped_at_version
            if key in change.entries:
                near = change.entries[key].place
            elif near is not None:
                places[key] = near
    places.update(_of_operators(change))
    return places


def _of_operators(change: Change) -> Iterator[tuple[tuple[str, int], Place]]:
    by_operator = {entry.operator: entry.place for entry in reversed(change.version_map.entries)}
    for operator, version in change.published_entries.keys() - change.entries.keys():
        if operator in by_operator:
            yield (operator, version), by_operator[operator]
