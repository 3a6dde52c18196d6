"""The versions that TorchScript gives a library of custom operators, and who has which of them. Pure.

torch stamps 3 on what nobody bumped, and loads no archive that is stamped above the version it produces itself,
10 since 1.12. So a library has seven, and cannot have more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from opfixtures.change.changes import Change
from opfixtures.change.published_versions import Fault, Numbering, family_of
from opfixtures.declarations.model import EntryKey, MapEntry
from opfixtures.values import replace

TORCHSCRIPT = range(4, 11)
"""The versions of a library."""
_GIVES = f"TorchScript gives a library {TORCHSCRIPT[0]} to {TORCHSCRIPT[-1]}"
_BELOW = f"what nobody bumped is stamped {TORCHSCRIPT[0] - 1}, and no old model is below that"
_ABOVE = "torch loads no archive that is stamped above"


class LibraryNumbering(Numbering):
    """The versions of a library: one is given out once a release has it. All incompatible changes of one release
    share its version, so that the library has seven such releases and not seven such changes.

    Where no tag has an entry of the map, nobody can tell releases apart: the newest version of target may be shared,
    and so may the one behind it be taken.
    """

    def __init__(self, change: Change) -> None:
        super().__init__(change)
        releases = change.released()
        self._released = releases.entries
        self._doubt = releases.doubt
        # What a clone that lacks tags does not tell is not guessed.
        self._last_release = 0 if self._doubt else max((version for _, version in self._released), default=0)
        self._families = {(family_of(operator), version) for operator, version in self._released}
        self._holders = {version: operator for operator, version in sorted(self._released, reverse=True)}

    def claims_version(self, entry: MapEntry) -> bool:
        """Whether an added entry takes a version for its change, free or not: one in a release is taken, unless the
        operator or another overload was bumped at it."""
        version = entry.bumped_at_version
        if self.target.has(entry) or self.landed.has(entry) or entry.key in self._released:
            return False
        if version not in TORCHSCRIPT or version > self._last_release:
            return True
        return version == self._last_release and (family_of(entry.operator), version) not in self._families

    def right_versions(self, claiming: Sequence[MapEntry]) -> dict[EntryKey, int]:
        """See `Numbering.right_versions`: for each operator the first version behind the last release and behind its
        other entries, or another one that the next release has anyway."""
        claimed = {entry.key for entry in claiming}
        versions: dict[EntryKey, int] = {}
        kept: dict[str, list[int]] = defaultdict(list)
        for operator, version in self._change.entries.keys() - claimed:
            kept[operator].append(version)
        last: dict[str, int] = {}
        for operator, version in sorted(claimed):
            below = [one for one in kept[operator] if one < version]
            free = max(self._last_release, TORCHSCRIPT[0] - 1, last.get(operator, 0), *below) + 1
            last[operator] = versions[operator, version] = self._kept(version, free)
        return versions

    def _kept(self, version: int, free: int) -> int:
        """The version itself where an entry may have it, else the one to have; `free` is the first it could have."""
        shared = max(free, self.newest)
        if version < TORCHSCRIPT[0]:
            return free if self._last_release else shared
        may_stay = version <= shared if self._last_release else version in TORCHSCRIPT
        return version if free <= version and may_stay else free

    def fault(self, entry: MapEntry) -> Fault | None:
        """See `Numbering.fault`; what no library can have is another rule's to find."""
        number, version = entry.bumped_at_version, self.moves.get(entry.key)
        if number not in TORCHSCRIPT:
            return out_of_range(entry, version)
        taken = f"which {self.holder(number)} has taken already"
        if version is None:
            doubt = self._doubt if self._shares(entry) else ""
            return Fault(f"{taken} if a release has it", None, doubt, is_error=False) if doubt else None
        if number > self._last_release:
            # A waste and no fault: no model is stamped with it.
            last = f"and {self._last_release} is the last one that a release has"
            free = f"the next free version is {version}, which all changes of one release share"
            return Fault(f"{last}: {free}", version, is_error=False)
        return _to_be(version, taken, entry.operator)

    def _shares(self, entry: MapEntry) -> bool:
        """Whether the entry has a version that target, or what landed since, has for others alone."""
        if any(one.has_family(entry) for one in (self.target, self.landed)):
            return False
        return any(entry.bumped_at_version in one.holders for one in (self.target, self.landed))

    def why_moved(self, entry: MapEntry) -> str:
        """See `Numbering.why_moved`."""
        version = entry.bumped_at_version
        if version not in TORCHSCRIPT:
            return _GIVES
        if version > self._last_release:
            return f"{self._last_release} is the last one that a release has"
        return f"{self.holder(version)} has {version}"

    def holder(self, version: int) -> str:
        """See `Numbering.holder`; the operator that a release has at it."""
        return self._holders.get(version) or super().holder(version)


def out_of_range(entry: MapEntry, version: int | None) -> Fault:
    """What is wrong with a version that TorchScript gives no library; `version` is the one to have, if there is one."""
    why = _BELOW if entry.bumped_at_version < TORCHSCRIPT[0] else _ABOVE
    return replace(_to_be(version, f"and {_GIVES}: {why}", entry.operator), rule="OPF113")


def _to_be(version: int | None, why: str, operator: str) -> Fault:
    if version is None or version not in TORCHSCRIPT:
        return Fault(f"{why}, and no version is left", None, no_version_left(operator))
    return Fault(f"{why}: the next free version is {version}", version)


def no_version_left(operator: str) -> str:
    """What to do where a library has no version left for an operator."""
    name, _, overload = operator.partition(".")
    other = f"{name}.{overload}_2" if overload else f"{name}.v2"
    return f"leave the operator as it is, and add an overload that no old model calls, such as {other}"
