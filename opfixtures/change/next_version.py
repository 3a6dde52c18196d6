"""The version that an entry which a change is to add would have. Pure."""

from __future__ import annotations

from dataclasses import replace

from opfixtures.change.changes import Change
from opfixtures.change.numbering import is_library, numbering_of
from opfixtures.declarations.model import MapEntry, VersionMap
from opfixtures.declarations.place import Place
from opfixtures.errors import UserError


def next_version(change: Change, operator: str, old_schema: str) -> tuple[int, range | None, str]:
    """The next free version for an operator, that which the change's other entries have if that is right; and for a
    library the versions that are left, with this one, and why a release may have it, where the clone cannot tell.

    Raises UserError where none is left, or none may be taken.
    """
    from opfixtures.change.library_numbers import TORCHSCRIPT

    own = [version for other, version in change.entries if other == operator]
    probe = MapEntry(operator, TORCHSCRIPT[0], "", old_schema, Place(change.version_map.path, 1, 1))
    probed = _with(change, probe)
    numbering = numbering_of(probed)
    claiming = [entry for entry in change.entries.values() if numbering.claims_version(entry)]
    if is_library(probed):
        # Below what any library has: of its own accord it gets the first that it can have.
        first = max(own, default=0) + 1
    else:
        claimed = [entry.bumped_at_version for entry in claiming]
        first = max([numbering.newest + 1 if numbering.newest else TORCHSCRIPT[0], *claimed])
    entry = replace(probe, bumped_at_version=first)
    version = numbering.right_versions([*claiming, entry])[entry.key]
    entry = replace(entry, bumped_at_version=version)
    with_entry = _with(change, entry)
    fault = numbering_of(with_entry).fault(entry)
    if fault is not None and fault.is_error:
        raise UserError(f"{operator} cannot be bumped at version {version}, {fault.why}: {fault.instead}")
    left = range(version, TORCHSCRIPT.stop) if is_library(with_entry) else None
    return version, left, fault.instead if fault is not None and fault.version is None else ""


def _with(change: Change, entry: MapEntry) -> Change:
    old = change.version_map
    version_map = VersionMap(old.path, (*old.entries, entry), old.problems, old.keys)
    return replace(change, after=replace(change.after, version_map=version_map))
