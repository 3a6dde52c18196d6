"""A result artifact as data: its result, its findings, and its fixtures with their records. Nothing is loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opfixtures.archives.formats import format_of
from opfixtures.archives.model import Archive, ArchiveError
from opfixtures.change.record_differences import differences
from opfixtures.proving.result import FixtureResult, Made, Result, Status
from opfixtures.pull_request.artifact_files import FIXTURES, PATCH, RESULT, ArtifactError, read_files
from opfixtures.pull_request.artifact_patch import check_patch
from opfixtures.pull_request.result_reader import ResultError, read_result
from opfixtures.records.record import Record, RecordError, load_record, record_path
from opfixtures.rules.findings import Finding


@dataclass(frozen=True, slots=True)
class MadeFixture:
    """A fixture in the artifact, by its file name, with the bytes of both its files and what they say."""

    name: str
    result: FixtureResult
    data: bytes
    record_data: bytes
    archive: Archive
    record: Record

    @property
    def files(self) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
        """Path and bytes of the fixture and of its record, where the result says that they belong."""
        path = self.result.fixture or self.name
        return (path, self.data), (record_path(path), self.record_data)

    @property
    def may_be_committed(self) -> bool:
        """Whether it is what was asked for: one that differs when it is replayed is for looking at."""
        return self.result.made is Made.BY_THIS_RUN and self.result.status is not Status.MISMATCH


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run handed over. `has_patch`: whether a patch with all fixtures lies in it too."""

    result: Result
    findings: tuple[Finding, ...]
    fixtures: tuple[MadeFixture, ...]
    has_patch: bool


def read_artifact(path: str) -> Artifact:
    """Read the zip file or folder at `path`. Raises ArtifactError, and OSError where it cannot be read at all."""
    return parse_artifact(read_files(path))


def parse_artifact(files: Mapping[str, bytes]) -> Artifact:
    """The artifact that consists of these files, by name. Raises ArtifactError."""
    if RESULT not in files:
        raise ArtifactError(f"the artifact is refused: it has no {RESULT}")
    try:
        result, findings = read_result(files[RESULT])
    except ResultError as error:
        raise ArtifactError(f"the artifact is refused: {RESULT}: {error}") from error
    fixtures = _fixtures(files, result)
    patch = files.get(PATCH, b"")
    if patch:
        check_patch(
            patch, {path: data for made in fixtures if made.may_be_committed for path, data in made.files}
        )
    return Artifact(result, findings or (), fixtures, bool(patch))


def _fixtures(files: Mapping[str, bytes], result: Result) -> tuple[MadeFixture, ...]:
    names = {name for name in files if name.startswith(f"{FIXTURES}/")}
    archives = {name for name in names if not name.endswith(".json")}
    alone = names ^ archives ^ {record_path(name) for name in archives}
    if alone:
        raise ArtifactError(f"the artifact is refused: {min(alone)} is missing, or alone without its fixture")
    new: dict[str, list[FixtureResult]] = defaultdict(list)
    for row in result.fixtures:
        if row.is_new:
            new[(row.fixture or "").rpartition("/")[2]].append(row)
    return tuple(_fixture(name, files, new.get(name.rpartition("/")[2], ())) for name in sorted(archives))


def _fixture(path: str, files: Mapping[str, bytes], rows: Sequence[FixtureResult]) -> MadeFixture:
    """The fixture at a path, of which `rows` are told that they were made under its name."""

    def refused(why: str) -> ArtifactError:
        return ArtifactError(f"the artifact is refused: {path}: {why}")

    name = path.rpartition("/")[2]
    if len(rows) != 1:
        raise refused(f"{RESULT} says of {len(rows)} fixtures that this one was made, not of one")
    data, record_data, row = files[path], files[record_path(path)], rows[0]
    try:
        archive, record = format_of(path).read(data), load_record(record_data)
    except (ArchiveError, RecordError) as error:
        raise refused(str(error)) from error
    said = differences(
        record, file=name, archive=archive, module=row.module, operator=row.operator, entry=None
    )
    difference = next(said, None)
    if difference is not None:
        raise refused(f"its record has another {difference[0]}")
    entry = (record.entry.bumped_at_version, record.entry.upgrader_name)
    # That of a guard names none, which may have come since.
    if entry not in ((None, None), (row.bumped_at_version, row.upgrader_name)):
        raise refused("its record is of another entry")
    if archive.called_as(row.operator) not in archive.called:
        raise refused(f"it does not call {row.operator[:80]!r}")
    bump, stamp = row.bumped_at_version, archive.version
    if bump is not None and stamp is not None and stamp >= bump:
        raise refused(f"it does not call {row.operator[:80]!r} as it was before {bump}")
    return MadeFixture(name, row, data, record_data, archive, record)
