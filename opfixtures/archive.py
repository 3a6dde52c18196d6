"""Reads a fixture without torch: a zip archive is parsed, nothing in it is loaded or executed.

The format is TorchScript's (torch/csrc/jit/docs/serialization.md): one root folder, the version record
`<root>/version` or `<root>/.data/version` (with both, the latter wins: caffe2/serialize/inline_container.cc),
and in an archive for the lite interpreter `<root>/bytecode.pkl`, which lists the operators that every method
calls (torch/csrc/jit/serialization/export_module.cpp). torch finds a member whatever the case of its letters.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass

from opfixtures.flat_pickle import PickleError, read_flat_pickle

MAX_BYTES = 256 << 20
MAX_MEMBERS = 10_000
# torch 1.5.1 and earlier write no bytecode version at all; 1.6.0 calls the same layout 3.
UNNUMBERED_BYTECODE = 3
_DIRECTORY_ENTRY = b"PK\x01\x02"
_VERSION_RECORDS = (b".data/version", b"version")
_LONGEST_OPERATOR = 200


class ArchiveError(ValueError):
    """Not a fixture's archive: the message says why."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive says of itself.

    `operators` have their overload: `aten::div.Tensor`. An archive not saved for the lite interpreter
    has no bytecode: `bytecode_version` is None, and what it calls is not known.
    """

    version: int
    bytecode_version: int | None
    operators: frozenset[str]
    sha256: str
    size: int


def read_archive(data: bytes) -> Archive:
    """Parse an archive.

    Raises ArchiveError if it is not a zip archive of a sane size whose checksums hold, or if its version
    record or its bytecode cannot be read.
    """
    members = _members(data)
    bytecode = _find(members, b"bytecode.pkl")
    bytecode_version, operators = (None, frozenset[str]()) if bytecode is None else _read_bytecode(bytecode)
    return Archive(
        version=_read_version(members),
        bytecode_version=bytecode_version,
        operators=operators,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )


def with_version(data: bytes, version: int) -> bytes:
    """The same archive with another version record, all other members as they are.

    Raises ArchiveError if it is not an archive as `read_archive` takes it, or has no version record.
    """
    members = _members(data)
    _read_version(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            is_version = _inside_root(name) in _VERSION_RECORDS
            # ZipInfo's fixed date: the same input gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), b"%d\n" % version if is_version else content)
    return out.getvalue()


def _members(data: bytes) -> dict[str, bytes]:
    """The contents by name, in the order of the archive's directory."""
    if len(data) > MAX_BYTES:
        raise ArchiveError(f"it has {len(data)} bytes (at most {MAX_BYTES})")
    # zipfile reads the whole directory before it can be asked how long that is.
    if data.count(_DIRECTORY_ENTRY) > MAX_MEMBERS:
        raise ArchiveError(f"it has more than {MAX_MEMBERS} members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_directory(members, len(data))
            return {member.filename: _content(archive, member) for member in members}
    except ArchiveError:
        raise
    # Hostile bytes meet whatever zipfile's parts raise, OverflowError and struct.error among them.
    except Exception as error:
        raise ArchiveError(f"it is not a readable zip archive: {str(error)[:200]}") from error


def _check_directory(members: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_BYTES:
        raise ArchiveError(f"it unpacks to {unpacked} bytes (at most {MAX_BYTES})")
    if sum(member.compress_size for member in members) > size:
        raise ArchiveError("its members overlap")
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise ArchiveError("it has a member compressed in a way that torch does not read")
    if any("\0" in member.orig_filename for member in members):
        raise ArchiveError("the name of a member holds a NUL")
    if len({_folded(member.filename) for member in members}) < len(members):
        raise ArchiveError("it has two members of one name")
    if len({member.filename.partition("/")[0] for member in members}) > 1:
        raise ArchiveError("its members are not in one root folder")


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    # A read without a limit unpacks up to 2 GiB, whatever size the directory gives.
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise ArchiveError("a member is shorter than its directory says")
    return content


def _folded(name: str) -> bytes:
    """The name as torch's miniz compares it: letters of ASCII in any case."""
    return name.encode().lower()


def _inside_root(name: str) -> bytes:
    return _folded(name).partition(b"/")[2]


def _find(members: dict[str, bytes], wanted: bytes) -> bytes | None:
    return next((content for name, content in members.items() if _inside_root(name) == wanted), None)


def _read_version(members: dict[str, bytes]) -> int:
    records = (_find(members, name) for name in _VERSION_RECORDS)
    record = next((record for record in records if record is not None), None)
    if record is None:
        raise ArchiveError("it has no version record")
    text = record.strip()
    if not text.isdigit() or len(text) > 9:
        raise ArchiveError(f"its version record is {record[:20]!r}, not a number of at most 9 digits")
    return int(text)


def _read_bytecode(content: bytes) -> tuple[int, frozenset[str]]:
    try:
        table = read_flat_pickle(content)
    except PickleError as error:
        raise ArchiveError(f"its bytecode.pkl cannot be read: {error}") from error
    match table:
        case (int(version), *methods) if not isinstance(version, bool) and 0 <= version < 1 << 31:
            pass
        case tuple():
            version, methods = UNNUMBERED_BYTECODE, list(table)
        case _:
            raise ArchiveError("its bytecode.pkl holds no table of methods")
    # One table may stand in many methods: each is read once.
    tables = {id(rows): rows for rows in map(_operator_rows, methods)}
    return version, frozenset(_operator(row) for rows in tables.values() for row in rows)


def _operator_rows(method: object) -> tuple[object, ...]:
    """Those of ("name", (("instructions", ...), ("operators", ((name, overload, ...), ...)), ...), ...)."""
    match method:
        case (str(), (_, ("operators", tuple(rows)), *_), *_):
            return rows
    raise ArchiveError("its bytecode.pkl lists a method without a table of operators")


def _operator(row: object) -> str:
    match row:
        case (str(name), str(overload), *_) if name and len(name) + len(overload) < _LONGEST_OPERATOR:
            operator = f"{name}.{overload}" if overload else name
            if operator.isprintable():
                return operator
    raise ArchiveError("its bytecode.pkl lists something as an operator that has no name and overload")
