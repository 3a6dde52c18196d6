"""Opens a zip archive that anybody may have written: nothing in it costs more than its limits allow."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_DIRECTORY_ENTRY = b"PK\x01\x02"


class ZipError(ValueError):
    """Not a zip archive of a sane size: the message says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of an archive: its own bytes, those it unpacks to, and its members."""

    packed: int
    unpacked: int
    members: int


def zip_members(
    data: bytes, limits: Limits, check: Callable[[Sequence[zipfile.ZipInfo]], None]
) -> dict[str, bytes]:
    """The contents by name, in the order of the directory.

    `check` sees the whole directory before anything is unpacked, and raises ZipError for what else it refuses. Two
    members whose names differ in the case of ASCII's letters alone are refused: readers differ in which one they take.

    Raises ZipError.
    """
    if len(data) > limits.packed:
        raise ZipError(f"it has {len(data)} bytes (at most {limits.packed})")
    # zipfile reads the whole directory before it can be asked how long that is.
    if data.count(_DIRECTORY_ENTRY) > limits.members:
        raise ZipError(f"it has more than {limits.members} members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            check(members)
            _check_directory(members, len(data), limits)
            return {member.filename: _content(archive, member) for member in members}
    except ZipError:
        raise
    # Hostile bytes meet whatever zipfile's parts raise, OverflowError and struct.error among them.
    except Exception as error:
        raise ZipError(f"it is not a readable zip archive: {str(error)[:200]}") from error


def _check_directory(members: Sequence[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked:
        raise ZipError(f"it unpacks to {unpacked} bytes (at most {limits.unpacked})")
    if sum(member.compress_size for member in members) > size:
        raise ZipError("its members overlap")
    # zipfile takes another name than others do for what holds one.
    if any("\0" in member.orig_filename for member in members):
        raise ZipError("the name of a member holds a NUL")
    if len({folded(member.filename) for member in members}) < len(members):
        raise ZipError("it has two members of one name")


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    # A read without a limit unpacks up to 2 GiB, whatever size the directory gives.
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise ZipError("a member has another size than its directory says")
    return content


def folded(name: str) -> bytes:
    """The name as torch's miniz compares it: letters of ASCII in any case."""
    return name.encode().lower()
