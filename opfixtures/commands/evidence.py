"""What stands or is lost of the evidence beside the rows of a run: told, and never passed over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from opfixtures.change.changes import Change
from opfixtures.change.evidence import lost_fixtures, without_fixture, without_owner
from opfixtures.change.owner import Owner
from opfixtures.clock import today
from opfixtures.repository.printable import printable
from opfixtures.rules.take_away import may_go

_MOST_NAMED = 3


def lost_here(change: Change, names: Collection[str]) -> list[Owner]:
    """The owners in target of fixtures that are gone and may not go. `names` are those of the files that stand."""
    as_of_today = replace(change, today=today)
    return list(lost_fixtures(change, names, lambda name: may_go(as_of_today, name)))


def notes(change: Change, names: Collection[str]) -> tuple[str, ...]:
    """What no row is about: entries without fixture, and fixtures without entry. `names` are those of the files."""
    bare, idle = without_fixture(change, names), without_owner(change, names)
    told = []
    if bare:
        count = f"{len(bare)} entries have" if len(bare) > 1 else "1 entry has"
        told.append(f"{count} no fixture: `opfixtures check --all` tells of each")
    if idle:
        named = printable(", ".join(idle[:_MOST_NAMED]))
        more = f" and {len(idle) - _MOST_NAMED} more" if len(idle) > _MOST_NAMED else ""
        told.append(f"not replayed, for no fixture entry owns it: {named}{more}")
    return tuple(told)
