"""The fixtures and records of the work tree, read with the limits that each has."""

from __future__ import annotations

from opfixtures.archives.archive import MAX_BYTES as MOST_OF_AN_ARCHIVE
from opfixtures.records.fixture_files import is_record
from opfixtures.records.record import MAX_BYTES as MOST_OF_A_RECORD
from opfixtures.repository.snapshot import WorkTreeSnapshot


class FixtureSnapshot(WorkTreeSnapshot):
    """The work tree, of which fixtures and records are read."""

    def read(self, path: str) -> bytes | None:
        """See `Snapshot.read`. Raises UnfitFileError for what is no file, or more than its limit."""
        return self.read_at_most(path, MOST_OF_A_RECORD if is_record(path) else MOST_OF_AN_ARCHIVE)
