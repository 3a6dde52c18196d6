"""The versions of a fork, beside those of the repository that it follows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from opfixtures.change.changes import Change
from opfixtures.change.published_versions import Fault, GivenOut, Numbering
from opfixtures.change.upstream import Upstream
from opfixtures.declarations.model import EntryKey, MapEntry


class ForkNumbering(Numbering):
    """The versions of a fork. What upstream has published stays as it is; an entry of the fork's own gets a version
    that upstream never gives out, if some are reserved, or else the next one behind both. One that is published gives
    way when upstream's comes in.
    """

    def __init__(self, change: Change, upstream: Upstream) -> None:
        super().__init__(change)
        self._upstream = upstream
        self._reserved = upstream.reserved
        self._last = max(self.newest, GivenOut(upstream.now).newest)
        if self._reserved is not None:
            own = (version for version in self._own_versions() if self._reserved.holds(version))
            self._last = max(own, default=max(self._reserved.lowest, 1) - 1)

    def _own_versions(self) -> Iterator[int]:
        for published in (self.target, self.landed):
            yield published.newest
            yield from (key[1] for key in published.texts if not self._upstream.has(key))

    @property
    def judged(self) -> Sequence[MapEntry]:
        """See `Numbering.judged`; also the published entries that have to give way."""
        added = {entry.key for entry in self._change.added}
        return [one for key, one in self._change.entries.items() if key in added or key in self._giving_way]

    @cached_property
    def _giving_way(self) -> frozenset[EntryKey]:
        """The published entries of the fork's own at a version that upstream gives to others, with this change."""
        published, upstream = self.target.texts, self._upstream
        arrived = {key[1] for key in self._change.entries if upstream.has(key) and key not in published}
        own = (key for key in self._change.entries if key in published and not upstream.has(key))
        return frozenset(key for key in own if key[1] in arrived and not self._is_reserved(key[1]))

    def _is_reserved(self, version: int) -> bool:
        return self._reserved is not None and self._reserved.holds(version)

    def claims_version(self, entry: MapEntry) -> bool:
        """See `Numbering.claims_version`."""
        if entry.key in self._giving_way:
            return True
        if self._upstream.has(entry.key):
            return False
        if self._reserved is None:
            return super().claims_version(entry)
        if self.target.has(entry) or self.landed.has(entry):
            return False
        version = entry.bumped_at_version
        is_next = version > self._last or (version == self._last and not self.target.has_family(entry))
        return is_next or not self._reserved.holds(version)

    def right_versions(self, claiming: Sequence[MapEntry]) -> dict[EntryKey, int]:
        """See `Numbering.right_versions`: those behind the last one of the fork's own."""
        last, versions = self._last, {}
        for version in sorted({entry.bumped_at_version for entry in claiming}):
            # A map without the header may skip versions, and then its author meant it.
            skips = not self.target.is_certain and (self._reserved is None or self._reserved.holds(version))
            last = max(last + 1, version if skips else 0)
            versions[version] = last
        return {entry.key: versions[entry.bumped_at_version] for entry in claiming}

    def fault(self, entry: MapEntry) -> Fault | None:
        """See `Numbering.fault`."""
        version = self.moves.get(entry.key, entry.bumped_at_version)
        if self._reserved is not None and self.claims_version(entry) and not self._reserved.holds(version):
            why = f"{self._why_not(entry)}, and no reserved version is left"
            return Fault(why, None, "widen `reserved-versions`")
        if version == entry.bumped_at_version:
            return None
        return Fault(f"{self._why_not(entry)}: the next free version is {version}", version)

    def _why_not(self, entry: MapEntry) -> str:
        version = entry.bumped_at_version
        holder = self._upstream.holder(version)
        if holder is not None:
            return f"which {holder} of {self._upstream.name} has taken already"
        if self._reserved is not None and not self._reserved.holds(version):
            return f"and {self._reserved} are the versions of this fork's own"
        if self._reserved is not None and version > self._last:
            return f"and {self._last} is the last one of this fork's own"
        return super()._why_not(entry)

    def why_moved(self, entry: MapEntry) -> str:
        """See `Numbering.why_moved`."""
        holder = self._upstream.holder(entry.bumped_at_version)
        if holder is not None:
            return f"{holder} of {self._upstream.name} has {entry.bumped_at_version}"
        if self._reserved is not None and not self._reserved.holds(entry.bumped_at_version):
            return f"{self._reserved} are the versions of this fork's own"
        return super().why_moved(entry)


def follows_upstream(change: Change, key: EntryKey, now: MapEntry | None) -> bool:
    """Whether a published entry is altered as upstream has it, `now` or gone, or gave way to one of upstream's."""
    upstream = change.upstream()
    if upstream is None:
        return False
    if now is not None:
        return now.text in upstream.entries.get(key, ())
    return upstream.takes_back(key) or _gave_way(change, upstream, key)


def _gave_way(change: Change, upstream: Upstream, key: EntryKey) -> bool:
    """Whether an entry of the fork's own has another version, since upstream gave its own to another operator."""
    operator, version = key
    if upstream.has(key) or upstream.holder(version) is None:
        return False
    schemas = {entry.old_schema for entry in change.published_entries.get(key, ())}
    moved = (one for one in change.entries_by_operator.get(operator, ()) if one.old_schema in schemas)
    return any(one.key not in change.published_entries and not upstream.has(one.key) for one in moved)
