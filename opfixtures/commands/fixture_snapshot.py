"""The fixtures and records of the work tree, read with the limits that each has."""

from __future__ import annotations

from opfixtures.archives.archive import MAX_BYTES as MOST_OF_AN_ARCHIVE
from opfixtures.records.fixture_files import is_record
from opfixtures.records.record import MAX_BYTES as MOST_OF_A_RECORD
from opfixtures.repository.snapshot import UnfitFileError, WorkTreeSnapshot

# In memory a record takes up to 28 times its size.
MOST_OF_ALL_RECORDS = 32 << 20
MOST_OF_ALL_ARCHIVES = 128 << 20


class FixtureSnapshot(WorkTreeSnapshot):
    """The work tree, of which the fixtures and records of one run are read."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._sizes: dict[bool, dict[str, int]] = {True: {}, False: {}}

    def read(self, path: str) -> bytes | None:
        """See `Snapshot.read`. Raises UnfitFileError for what is no file, or more than its limit, alone or with what
        was read before it."""
        is_of_record = is_record(path)
        most, together = (
            (MOST_OF_A_RECORD, MOST_OF_ALL_RECORDS)
            if is_of_record
            else (MOST_OF_AN_ARCHIVE, MOST_OF_ALL_ARCHIVES)
        )
        content = self.read_at_most(path, most)
        sizes = self._sizes[is_of_record]
        if content is not None and sum({**sizes, path: len(content)}.values()) > together:
            what = "records" if is_of_record else "archives"
            raise TooMuchError(f"the {what} of a run have more than {together >> 20} MiB together", path)
        sizes[path] = len(content or b"")
        return content


class TooMuchError(UnfitFileError):
    """A file of the work tree is too large beside those that were read before it."""

    def __init__(self, said: str, path: str) -> None:
        self.said = said
        self.mend = f"name some, `opfixtures verify {path.removesuffix('.json')}`"
        super().__init__(f"{said}: {self.mend}")
