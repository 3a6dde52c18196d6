"""What a fork follows: the entries of another repository, which come in by merges and are its to number. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opfixtures.declarations.model import Declarations, EntryKey
    from opfixtures.settings.version_range import VersionRange


@dataclass(frozen=True)
class Upstream:
    """The branch `name` of the repository that a fork follows.

    `now` is what it declares, `merged` what it declared where target has left it. `reserved` are the versions that
    upstream never gives out, None where none were agreed upon.
    """

    name: str
    now: Declarations
    merged: Declarations
    reserved: VersionRange | None = None

    @property
    def is_readable(self) -> bool:
        """Whether all that upstream has given out can be told."""
        version_map = self.now.version_map
        return version_map is not None and not version_map.problems

    @cached_property
    def entries(self) -> dict[EntryKey, set[tuple[str, int, str, str]]]:
        """What its entries say, by operator and version: several in arms of an `#if`."""
        return _said(self.now)

    def has(self, key: EntryKey) -> bool:
        """Whether an entry is upstream's, as it stands now or as it stood when it was merged."""
        return key in self.entries or key in self._merged

    def takes_back(self, key: EntryKey) -> bool:
        """Whether upstream had the entry when it was merged, and has it no more."""
        return self.is_readable and key in self._merged and key not in self.entries

    def holder(self, version: int) -> str | None:
        """An operator that upstream bumps at a version."""
        return self._holders.get(version)

    @cached_property
    def _holders(self) -> dict[int, str]:
        return {version: operator for operator, version in sorted(self.entries, reverse=True)}

    @cached_property
    def _merged(self) -> dict[EntryKey, set[tuple[str, int, str, str]]]:
        return _said(self.merged)


def _said(declarations: Declarations) -> dict[EntryKey, set[tuple[str, int, str, str]]]:
    said: dict[EntryKey, set[tuple[str, int, str, str]]] = defaultdict(set)
    for entry in declarations.version_map.entries if declarations.version_map else ():
        said[entry.key].add(entry.text)
    return dict(said)
