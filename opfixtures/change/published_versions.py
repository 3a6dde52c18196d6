"""Which versions are given out, and whether a change may take the ones that its entries have. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations, EntryKey, MapEntry
from opfixtures.values import dataclass

if TYPE_CHECKING:
    from opfixtures.declarations.upgrader_model import VersionConstant


class GivenOut:
    """The versions that some declarations have given out; `newest` is 0 where nothing tells any.

    It `is_certain` where a header says what is produced. A map alone does not: PyTorch's 6 and 7 were given
    to changes of the file format.
    """

    def __init__(self, declarations: Declarations) -> None:
        entries = _entries(declarations)
        versions = declarations.versions()
        produced = versions.produced.value if versions and versions.produced else 0
        self.newest = max((entry.bumped_at_version for entry in entries), default=0)
        self.newest = max(self.newest, produced)
        self.is_certain = produced > 0
        self.holders = {entry.bumped_at_version: entry.operator for entry in reversed(entries)}
        self.texts = {entry.key: entry.text for entry in entries}
        self._families = {(family_of(entry.operator), entry.bumped_at_version) for entry in entries}

    def has(self, entry: MapEntry) -> bool:
        """Whether the operator was bumped at the entry's version."""
        return entry.key in self.texts

    def has_family(self, entry: MapEntry) -> bool:
        """Whether the operator was bumped at the entry's version, in another overload or in place."""
        return (family_of(entry.operator), entry.bumped_at_version) in self._families

    def lets_backfill(self, entry: MapEntry) -> bool:
        """Whether the entry's version was given out, and not to another change.

        Nobody races for a version before the newest. That one is the entry's where the same operator, in
        another overload or in place, was bumped at it.
        """
        return entry.bumped_at_version < self.newest or self.has_family(entry)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the version of an entry.

    `why` goes on where a sentence has said which version it is. `version` is the one that it should have; None where
    there is none or nobody can tell, and `instead` says what to do. Where it `is_error` not, it is a warning. `rule`
    is the code of the finding.
    """

    why: str
    version: int | None
    instead: str = ""
    is_error: bool = True
    rule: str = "OPF108"


class Numbering:
    """The versions of a change beside those of target and of what landed on target's branch since.

    `newest` is the last one given out. The one behind it is free.
    """

    def __init__(self, change: Change) -> None:
        landed = change.landed()
        self.target = GivenOut(change.target)
        self.landed = self.target if landed is change.target else GivenOut(landed)
        self.newest = max(self.target.newest, self.landed.newest)
        self._change = change

    @property
    def judged(self) -> Sequence[MapEntry]:
        """The entries whose versions the change answers for."""
        return self._change.added

    def claims_version(self, entry: MapEntry) -> bool:
        """Whether an added entry takes a version for its change: it is not landed, and no backfill.

        The first entry of all may have any version.
        """
        if not self.target.newest or self.target.has(entry) or self.landed.has(entry):
            return False
        return not self.target.lets_backfill(entry)

    def right_versions(self, claiming: Sequence[MapEntry]) -> dict[EntryKey, int]:
        """The version that each of these entries should have, by operator and the version that it has: the next free
        ones, in a row and in their order. Changes that build upon each other take several; those of one change
        share one."""
        newest, versions = self.newest, {}
        for version in sorted({entry.bumped_at_version for entry in claiming}):
            # A map without the header may skip versions, and then its author meant it.
            newest = newest + 1 if self.target.is_certain else max(newest + 1, version)
            versions[version] = newest
        return {entry.key: versions[entry.bumped_at_version] for entry in claiming}

    @cached_property
    def moves(self) -> dict[EntryKey, int]:
        """The entries that have another version than they should, by operator and version: the one they should
        have. What earlier commits of the branch brought counts as well."""
        claiming = [entry for entry in self._change.entries.values() if self.claims_version(entry)]
        return {key: version for key, version in self.right_versions(claiming).items() if version != key[1]}

    def fault(self, entry: MapEntry) -> Fault | None:
        """What is wrong with the version of an added entry; None where it may have it."""
        version = self.moves.get(entry.key)
        if version is None:
            return None
        return Fault(f"{self._why_not(entry)}: the next free version is {version}", version)

    def _why_not(self, entry: MapEntry) -> str:
        version = entry.bumped_at_version
        if version <= self.newest:
            return f"which {self.holder(version)} has taken already"
        first = self._moving_to.get(version)
        if first is not None:
            return f"which {first[0]} gets in place of {first[1]}"
        return f"and {self.newest} is the last one given out"

    @cached_property
    def _moving_to(self) -> dict[int, EntryKey]:
        return {version: key for key, version in reversed(self.moves.items())}

    def why_moved(self, entry: MapEntry) -> str:
        """Why an entry gets another version: half a sentence."""
        version = entry.bumped_at_version
        return f"{self.holder(version)} has {version}" if version <= self.newest else "a version was skipped"

    def holder(self, version: int) -> str:
        """Who has a version: an operator, or target where only the produced version tells."""
        return self.landed.holders.get(version) or self.target.holders.get(version) or "target"


def has_header(change: Change) -> bool:
    """Whether a header says which version is produced, as in a PyTorch tree: the settings name one, or target has
    one."""
    return change.config.versions is not None or change.target.versions() is not None


def constants(change: Change, newest: int, moved: Mapping[EntryKey, int]) -> tuple[int | None, int | None]:
    """The produced and the maximum version that the header shall set, None where that stays: raised to the highest
    entry, or lowered with it. `moved` are entries by operator and version, with the version they get; `newest` is
    the last one given out."""
    versions = change.after.versions()
    if versions is None:
        return None, None
    was_highest = max((version for _, version in moved), default=0)
    highest = max([newest, *(moved.get(key, key[1]) for key in change.entries)])

    def set_to(constant: VersionConstant | None) -> int | None:
        wrong = constant and (constant.value < highest or constant.value == was_highest)
        return highest if constant and wrong and constant.value != highest else None

    return set_to(versions.produced), set_to(versions.maximum)


def _entries(declarations: Declarations) -> Sequence[MapEntry]:
    return declarations.version_map.entries if declarations.version_map else ()


def family_of(operator: str) -> str:
    """What an operator, its other overloads and its in-place form have in common."""
    return operator.partition(".")[0].rstrip("_")
