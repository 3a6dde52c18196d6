"""Whether a record is that of a fixture: where it says otherwise than what stands here. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opfixtures.declarations.model import MapEntry

if TYPE_CHECKING:
    from opfixtures.archives.model import Archive
    from opfixtures.records.record import Record


def differences(
    record: Record,
    *,
    file: str,
    archive: Archive | None,
    module: str | None,
    operator: str | None,
    entry: MapEntry | None,
) -> Iterator[tuple[str, object, object]]:
    """What the record says otherwise, what it says and what is so: of the archive's bytes, of the fixture entry's
    module and operator, and of the version map's entry, each unless it is None.

    An `old_schema` may be spelled otherwise later: that is compared where its meaning is. A record of a guard names no
    entry, which may have come since, and with it another name of the class and of the file.
    """
    said = record.archive
    may_be_renamed = entry is not None and record.entry.bumped_at_version is None
    pairs: list[tuple[str, object, object]] = [] if may_be_renamed else [("file name", said.file, file)]
    if archive is not None:
        pairs += [
            ("sha256", said.sha256, archive.sha256),
            ("size", said.size, archive.size),
            ("version", said.version, archive.version),
            ("bytecode version", said.bytecode_version, archive.bytecode_version),
            ("operators", sorted(said.operators), sorted(archive.operators)),
        ]
    if module is not None and not may_be_renamed:
        pairs.append(("module", record.module.name, module))
    if operator is not None:
        pairs.append(("operator", record.entry.operator, operator))
    if entry is not None and record.entry.bumped_at_version is not None:
        pairs += [
            ("bumped_at_version", record.entry.bumped_at_version, entry.bumped_at_version),
            ("upgrader_name", record.entry.upgrader_name, entry.upgrader_name),
        ]
    return ((what, recorded, found) for what, recorded, found in pairs if recorded != found)
