"""The record beside a fixture: where it came from, sample inputs, outputs then.

Its form is published as `schemas/record.schema.json`; `recorded_values` explains that of its values. What is
read is what was written, and two runs write the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any, TypeAlias

from opfixtures.records.json_layout import laid_out
from opfixtures.records.member_forms import FORMS, is_count
from opfixtures.records.recorded_values import Json, RecordedValueError, check_samples
from opfixtures.records.tolerances import Tolerances, check_tolerances
from opfixtures.strict_json import parse_json, wrong_members

SCHEMA = 1
# Twice what a step may tell of its samples; the largest of hundreds of real ones has 6 KiB.
MAX_BYTES = 32 << 20
# The last member: the SHA-256 of the whole file with zeros in its place, so that no byte can change unseen.
_CHECKSUM = re.compile(rb'"checksum": "([0-9a-f]{64})"\n}\n\Z')
_NO_CHECKSUM = "0" * 64

# What a member's annotation says is what `load_record` asks of it: see `member_forms`.
Positive: TypeAlias = int
NotNegative: TypeAlias = int
Sha256: TypeAlias = str
Commit: TypeAlias = str
Kind: TypeAlias = str
Proofs: TypeAlias = tuple[str, ...]
Altered: TypeAlias = str


class RecordError(ValueError):
    """Not a record: the message says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """The version map's entry that a fixture is there for. A guard has none: no version, no upgrader, and the schema
    that its operator had."""

    operator: str
    bumped_at_version: Positive | None
    upgrader_name: str | None
    old_schema: str


@dataclass(frozen=True, slots=True)
class RecordedModule:
    """The fixture module. `sha256` is of its excerpt (`module_source`)."""

    name: str
    path: str
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class RecordedArchive:
    """The archive beside the record. `size` in bytes; `version` is that of its stamp: a `.pt2` has none."""

    file: str
    sha256: Sha256
    size: Positive
    version: NotNegative | None
    bytecode_version: NotNegative | None
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordedPackage:
    """A package beside torch: a library's own release. `sha256` is of the list of its files, see `installed`."""

    name: str
    version: str
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class RecordedRuntime:
    """What made the archive. `torch_git` is the commit that torch was built from.

    A release that has none but torch has no `packages`, and its record no such member.
    """

    kind: Kind
    name: str
    torch: str
    torch_git: str
    python: str
    platform: str
    packages: tuple[RecordedPackage, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedProof:
    """Why the runtime counts as pre-change. `schema` is the operator's as the runtime had it."""

    commit: Commit | None
    proven_by: Proofs
    schema: str
    max_operator_version: NotNegative | None


@dataclass(frozen=True, slots=True)
class RecordedAlteration:
    """What was altered in the archive after the runtime wrote it, from which number to which, and why."""

    altered: Altered
    was: NotNegative
    now: NotNegative
    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `samples` are {"inputs": [...], "output": ...}, values as `recorded_values` has them; a sample whose
    run changed its inputs has "inputs_after" too.

    `synthetic` is empty where the archive is as the runtime wrote it; `tolerances` are those that a replay
    compares with, (rtol, atol) by dtype of the outputs.
    """

    entry: RecordedEntry
    module: RecordedModule
    archive: RecordedArchive
    runtime: RecordedRuntime
    pre_change: RecordedProof
    synthetic: tuple[RecordedAlteration, ...]
    tolerances: Tolerances
    samples: tuple[Json, ...]


_PARTS = {
    "entry": RecordedEntry,
    "module": RecordedModule,
    "archive": RecordedArchive,
    "runtime": RecordedRuntime,
    "pre_change": RecordedProof,
}
_MEMBERS = tuple(member.name for member in fields(Record))


def record_path(fixture: str) -> str:
    """`<fixture>.json`: PyTorch's generator skips a model when any file has its stem; this one does not."""
    return f"{fixture}.json"


def dump_record(record: Record) -> bytes:
    """The record as a file: keys in a fixed order, short lists on one line, a newline at the end."""
    members = {
        "schema": SCHEMA,
        **{name: _members(getattr(record, name)) for name in _PARTS},
        "synthetic": [asdict(alteration) for alteration in record.synthetic],
        "tolerances": record.tolerances,
        "samples": record.samples,
    }
    return with_checksum(members)


def _members(part: Any) -> dict[str, Json]:
    """A part as JSON. A member that is newer than others is not there where it says nothing."""
    newer = {member.name for member in fields(part) if member.default is not MISSING}
    return {name: value for name, value in asdict(part).items() if value or name not in newer}


def with_checksum(members: Mapping[str, Json]) -> bytes:
    """`members` as a file, the last one their checksum."""
    blank = (laid_out({**members, "checksum": _NO_CHECKSUM}) + "\n").encode("ascii")
    before, _, after = blank.rpartition(_NO_CHECKSUM.encode())
    return before + hashlib.sha256(blank).hexdigest().encode() + after


def load_record(data: bytes) -> Record:
    """Read a record. Raises RecordError with what is wrong, never anything else."""
    if len(data) > MAX_BYTES:
        raise RecordError(f"it has {len(data)} bytes (at most {MAX_BYTES})")
    try:
        root = parse_json(data)
    except ValueError as error:
        raise RecordError(str(error)) from error
    _check_schema(root)
    _check_members(root, ("schema", *_MEMBERS, "checksum"), "it")
    packages = _packages(root["runtime"])
    parts = {name: _part(kind, root[name], name) for name, kind in _PARTS.items()}
    parts["runtime"] = replace(parts["runtime"], packages=packages)
    try:
        check_samples(root["samples"])
        check_tolerances(root["tolerances"])
    except RecordedValueError as error:
        raise RecordError(f"its {error}") from error
    record = Record(
        **parts,
        synthetic=_parts(RecordedAlteration, root["synthetic"], "synthetic"),
        tolerances={dtype: tuple(pair) for dtype, pair in root["tolerances"].items()},
        samples=tuple(root["samples"]),
    )
    is_guard = record.entry.bumped_at_version is None
    if is_guard is not (record.entry.upgrader_name is None):
        raise RecordError("its entry has one of bumped_at_version and upgrader_name without the other")
    is_patched = any(one.altered == "version record" for one in record.synthetic)
    if not (record.pre_change.proven_by or is_guard or is_patched):
        raise RecordError("its pre_change.proven_by names no proof")
    _check_sum(data)
    return record


def _check_sum(data: bytes) -> None:
    found = _CHECKSUM.search(data)
    if found is None:
        raise RecordError("it does not end with its checksum")
    blank = data[: found.start(1)] + _NO_CHECKSUM.encode() + data[found.end(1) :]
    if hashlib.sha256(blank).hexdigest().encode() != found[1]:
        raise RecordError("its checksum is of other bytes: it was changed after it was written")


def _packages(runtime: Json) -> tuple[RecordedPackage, ...]:
    """Take the packages out of a runtime, which has some or no such member."""
    if not isinstance(runtime, dict) or "packages" not in runtime:
        return ()
    packages: tuple[RecordedPackage, ...] = _parts(
        RecordedPackage, runtime.pop("packages"), "runtime.packages"
    )
    if not packages:
        raise RecordError("its runtime.packages names none")
    return packages


def _parts(kind: type[Any], value: Json, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise RecordError(f"its {name} is not a list")
    return tuple(_part(kind, one, f"{name}[{number}]") for number, one in enumerate(value))


def _check_schema(root: Json) -> None:
    schema = root.get("schema") if isinstance(root, dict) else None
    if not is_count(schema, 1):
        raise RecordError("it is not an object with the number of a schema")
    if schema != SCHEMA:
        raise RecordError(f"its schema is {schema}, this opfixtures reads {SCHEMA}")


def _check_members(value: Json, names: tuple[str, ...], what: str) -> None:
    wrong = wrong_members(value, names, what)
    if wrong:
        raise RecordError(wrong)


def _part(kind: type[Any], value: Json, name: str) -> Any:
    members = [member for member in fields(kind) if member.default is MISSING]
    _check_members(value, tuple(member.name for member in members), f"its {name}")
    for member in members:
        what, is_of_form = FORMS[str(member.type)]
        if not is_of_form(value[member.name]):
            raise RecordError(f"its {name}.{member.name} is not {what}")
    return kind(**{key: tuple(item) if isinstance(item, list) else item for key, item in value.items()})
