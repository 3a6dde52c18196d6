"""Reads a fixture without torch: a zip archive is parsed, nothing in it is loaded or executed.

The format is TorchScript's (torch/csrc/jit/docs/serialization.md): one root folder, the version record
`<root>/version` or `<root>/.data/version` (with both, the latter wins: caffe2/serialize/inline_container.cc),
and in an archive for the lite interpreter `<root>/bytecode.pkl`, which lists the operators that every method
calls (torch/csrc/jit/serialization/export_module.cpp). torch finds a member whatever the case of its letters.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Sequence

from opfixtures.archives.bytecode import BytecodeError, read_bytecode
from opfixtures.archives.hostile_zip import Limits, ZipError, folded, zip_members
from opfixtures.archives.model import Archive, ArchiveError
from opfixtures.archives.zip_layout import layout_problem, renames

# Of those that are made a worker tells no more, either (worker/inside/listening.py).
MAX_BYTES = 16 << 20
MAX_MEMBERS = 10_000
MAX_NAMES = 10_000
# torch packs code alone, and stores tensors as they are.
MAX_RATIO, FREE_OF_RATIO = 100, 1 << 20
VERSION_RECORDS = (b".data/version", b"version")
_OF_EACH = (b".debug_pkl", b".data/serialization_id")
# How TorchScript prints a call: `torch.div(x, y)` for torch's own operators, `ops.mylib.scale(x)` for others
# (torch/csrc/jit/serialization/python_print.cpp).
_CALL = re.compile(rb"\b(?:torch|ops\.(\w{1,100}))\.(\w{1,100})\(")


def read_archive(data: bytes) -> Archive:
    """Parse an archive.

    Raises ArchiveError if it is not a zip archive of a sane size whose checksums hold, or if its version
    record or its bytecode cannot be read.
    """
    members = archive_members(data)
    content = find_member(members, b"bytecode.pkl")
    try:
        bytecode = None if content is None else read_bytecode(content)
    except BytecodeError as error:
        raise ArchiveError(f"its bytecode.pkl {error}") from error
    calls = _calls(members)
    return Archive(
        version=read_version(members),
        bytecode_version=bytecode.version if bytecode else None,
        operators=bytecode.operators if bytecode else frozenset(),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        arguments=bytecode.arguments if bytecode else frozenset(),
        names=frozenset(calls),
        repeated=frozenset(name for name, count in calls.items() if count > 1),
        unpacked=sum(map(len, members.values())),
    )


def archive_members(data: bytes) -> dict[str, bytes]:
    """The contents by name, in the order of the archive's directory. Raises ArchiveError."""

    def check(members: Sequence[zipfile.ZipInfo]) -> None:
        if problem := _problem(members, data):
            raise ZipError(problem)

    try:
        return zip_members(data, Limits(MAX_BYTES, MAX_BYTES, MAX_MEMBERS), check)
    except ZipError as error:
        raise ArchiveError(str(error)) from error


def _problem(members: Sequence[zipfile.ZipInfo], data: bytes) -> str:
    """What torch would not write, or other readers would see otherwise; empty where there is nothing of that kind."""
    unpacked = sum(member.file_size for member in members)
    if MAX_BYTES >= unpacked > max(FREE_OF_RATIO, MAX_RATIO * len(data)):
        return f"it unpacks to more than {MAX_RATIO} times its size"
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        return "it has a member compressed in a way that torch does not read"
    if any(renames(member.extra) for member in members):
        return "it has a member of two names"
    if len({member.filename.partition("/")[0] for member in members}) > 1:
        return "its members are not in one root folder"
    if any(not inside_root(member.filename) or member.filename.endswith("/") for member in members):
        return "it has a member that is no file below its root folder"
    return layout_problem(data, len(members))


def inside_root(name: str) -> bytes:
    """The name without the root folder, as torch compares it."""
    return folded(name).partition(b"/")[2]


def find_member(members: dict[str, bytes], wanted: bytes) -> bytes | None:
    """The content of the member that torch would take for `wanted`."""
    return next((content for name, content in members.items() if inside_root(name) == wanted), None)


def first_difference(data: bytes, other: bytes) -> str | None:
    """The first member in which two archives say something else; None where they say the same in other bytes.

    What both have for debugging names lines of a source, and a hash of all only says that they differ: neither counts.
    Raises ArchiveError.
    """
    one, two = _that_counts(data), _that_counts(other)
    if one == two:
        return None
    name = min(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))
    return name.decode(errors="replace")


def _that_counts(data: bytes) -> dict[bytes, bytes]:
    """The members by their names inside of the root folder; those that two archives may have each of its own are
    there, without what they say."""
    members = {inside_root(name): content for name, content in archive_members(data).items()}
    return {name: b"" if name.endswith(_OF_EACH) else content for name, content in members.items()}


def read_version(members: dict[str, bytes]) -> int:
    """The number in the version record. Raises ArchiveError."""
    records = (find_member(members, name) for name in VERSION_RECORDS)
    record = next((record for record in records if record is not None), None)
    if record is None:
        raise ArchiveError("it has no version record")
    text = record.strip()
    if not text.isdigit() or len(text) > 9:
        raise ArchiveError(f"its version record is {record[:20]!r}, not a number of at most 9 digits")
    return int(text)


def _calls(members: dict[str, bytes]) -> dict[str, int]:
    """The names that the code calls, and how often."""
    code = (content for name, content in members.items() if _is_code(inside_root(name)))
    calls: dict[tuple[bytes, bytes], int] = {}
    # One by one: an archive of some KiB can hold as many calls as make a list of gigabytes.
    for call in (call for content in code for call in _CALL.finditer(content)):
        name = (call[1] or b"aten", call[2])
        calls[name] = calls.get(name, 0) + 1
        if len(calls) > MAX_NAMES:
            raise ArchiveError(f"its code calls more than {MAX_NAMES} operators")
    return {f"{namespace.decode()}::{name.decode()}": count for (namespace, name), count in calls.items()}


def _is_code(name: bytes) -> bool:
    return name.startswith(b"code/") and name.endswith(b".py")
