"""The fixtures and records of one tree, looked at without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from opfixtures.repository.git_folder import LFS_POINTER
from opfixtures.settings.fixture_formats import FIXTURES, RECORDS

if TYPE_CHECKING:
    from opfixtures.archives.model import Archive
    from opfixtures.records.record import Record


def is_record(name: str) -> bool:
    """Whether a file of that name is a record; else it is a fixture."""
    return name.endswith(RECORDS)


def fixture_of(name: str) -> str:
    """The file name of the fixture that a record is of; a fixture is its own."""
    return name.removesuffix(".json")


def stem_of(name: str) -> str:
    """The file name of a fixture, or of the fixture that a record is of, without its ending."""
    return fixture_of(name).rpartition(".")[0]


def _no_files() -> dict[str, str]:
    return {}


def _no_file(name: str, most: int) -> tuple[int, bytes]:
    raise KeyError(name, most)


class FixtureFiles:
    """The fixtures and records that stand in one folder. Nothing is listed or read before somebody asks."""

    def __init__(
        self,
        folder: str = "",
        files: Callable[[], Mapping[str, str]] = _no_files,
        read: Callable[[str, int], tuple[int, bytes]] = _no_file,
    ) -> None:
        """`files` and `read` are those of a `git_folder.GitFolder`, and raise as these do."""
        self._folder = folder
        self._files = files
        self._read = read
        self._archives: dict[str, Archive | str] = {}
        self._records: dict[str, Record | str] = {}

    @cached_property
    def ids(self) -> dict[str, str]:
        """By file name what tells whether two are the same."""
        files = self._files().items()
        return {name: one for name, one in files if name.endswith(FIXTURES + RECORDS)}

    @property
    def fixtures(self) -> list[str]:
        """The file names of the fixtures."""
        return [name for name in self.ids if not is_record(name)]

    def path(self, name: str) -> str:
        """The path of a file of that name, from the repository's root."""
        return f"{self._folder}/{name}"

    def is_link(self, name: str) -> bool:
        """Whether the file of that name is a symbolic link."""
        return self.ids[name].startswith("@")

    def archive(self, name: str) -> Archive | str:
        """What the fixture of that name says of itself; or a text, why it is no archive."""
        if name not in self._archives:
            from opfixtures.archives.archive import MAX_BYTES
            from opfixtures.archives.formats import format_of
            from opfixtures.archives.model import ArchiveError

            try:
                self._archives[name] = format_of(name).read(self._content(name, MAX_BYTES, ArchiveError))
            except ArchiveError as error:
                self._archives[name] = str(error)
        return self._archives[name]

    def content(self, name: str) -> bytes | None:
        """The bytes of the fixture of that name; None where they are not here, or too many."""
        from opfixtures.archives.archive import MAX_BYTES

        try:
            return self._content(name, MAX_BYTES, ValueError)
        except ValueError:
            return None

    def record(self, fixture: str) -> Record | str | None:
        """The record of the fixture of that name, without its samples; or a text, why it is no record. None
        where there is none."""
        name = f"{fixture}.json"
        if name not in self.ids:
            return None
        if name not in self._records:
            from dataclasses import replace

            from opfixtures.records.record import MAX_BYTES, RecordError, load_record

            try:
                record = load_record(self._content(name, MAX_BYTES, RecordError))
                # They are most of it, and no rule looks at them.
                self._records[name] = replace(record, samples=())
            except RecordError as error:
                self._records[name] = str(error)
        return self._records[name]

    def _content(self, name: str, most: int, refused: type[ValueError]) -> bytes:
        if self.is_link(name):
            raise refused("it is a symbolic link, and none is followed")
        size, content = self._read(name, most)
        if size > most:
            raise refused(f"it has {size} bytes (at most {most})")
        if content.startswith(LFS_POINTER):
            raise refused("it is a pointer of git LFS, and what it points to is not here")
        return content
