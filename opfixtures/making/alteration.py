"""What is altered in an archive that a runtime wrote, where the settings say so: it is synthetic then."""

from __future__ import annotations

from opfixtures.archives.altered_archive import with_bytecode_4, with_version
from opfixtures.archives.archive import read_archive
from opfixtures.archives.model import Archive, ArchiveError
from opfixtures.records.record import RecordedAlteration
from opfixtures.settings.runtime_spec import Alteration


def altered(
    written: bytes, backported: bytes | None, wanted: Alteration
) -> tuple[bytes, tuple[RecordedAlteration, ...]]:
    """The archive with the alterations that `wanted` asks for, and which of them it needed.

    `backported` is the archive as its own runtime backported it to the wanted bytecode, None where it could not.
    A bytecode is altered only if the archive keeps its version record: that decides which upgraders apply.

    Raises ArchiveError if it cannot be altered so, or says something else then.
    """
    data, made = written, list[RecordedAlteration]()
    before = read_archive(written)
    stamp = before.version or 0
    if wanted.bytecode is not None and before.bytecode_version not in (None, wanted.bytecode):
        data = _with_bytecode(written, before, backported, wanted.bytecode)
        _check_same(before, read_archive(data), wanted.bytecode)
        made.append(
            RecordedAlteration(
                "bytecode version", before.bytecode_version or 0, wanted.bytecode, wanted.reason
            )
        )
    if wanted.version_record is not None and stamp != wanted.version_record:
        data = with_version(data, wanted.version_record)
        made.append(RecordedAlteration("version record", stamp, wanted.version_record, wanted.reason))
    return data, tuple(made)


def _with_bytecode(written: bytes, before: Archive, backported: bytes | None, wanted: int) -> bytes:
    if wanted > (before.bytecode_version or 0):
        if wanted != 4:
            raise ArchiveError(f"its bytecode {before.bytecode_version} cannot be raised to {wanted}")
        return with_bytecode_4(written)
    if backported is None:
        raise ArchiveError(f"its runtime cannot backport bytecode {before.bytecode_version} to {wanted}")
    return backported


def _check_same(before: Archive, after: Archive, bytecode: int) -> None:
    if after.version != before.version:
        # torch 1.9.1's and 1.10.2's backports reset it.
        raise ArchiveError(
            f"brought to bytecode {bytecode} its version record is {after.version} instead of {before.version}"
        )
    if after.bytecode_version != bytecode or after.operators != before.operators:
        raise ArchiveError(f"brought to bytecode {bytecode} it has other operators or another bytecode")


def in_words(synthetic: tuple[RecordedAlteration, ...]) -> tuple[str, ...]:
    """Each alteration as a sentence for a report."""
    return tuple(f"{one.altered} altered from {one.was} to {one.now}: {one.why}" for one in synthetic)
