"""Rules about waivers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.place import Place
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import RULES, NewFinding, rule
from opfixtures.settings.settings_scan import SHARED_FILE

if TYPE_CHECKING:
    from opfixtures.settings.waivers import Waiver


@rule("OPF401", Severity.WARNING)
def waiver_is_over(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A waiver has expired, or (under `--all`) nothing needs it.

    A waiver is a debt with a date. Once that is past it waives nothing, and what it hid is found again; one
    that nothing needs would hide the next problem of that kind. aten::full is excluded from PyTorch's mobile
    upgraders by a name in a set, without a date or a reason: years later an old model still gives floats in
    one interpreter and ints in the other.

    What only a replay can tell (`replay.lite`, `replay.torch.export.load`) counts as needed while the operator
    is in the version map, or has a guard; what only a sweep can tell (`sweep.values`) counts until its day.

    To mend it, mend what was waived and take the waiver away; or give it a later `expires`, with a reason
    that still holds.
    """
    if change.today is None:
        return
    needed = _Needed(change)
    for waiver in change.config.waivers:
        place = Place(change.config.source or SHARED_FILE, waiver.line, 1)
        operator = waiver.key if change.matching.has_operator(waiver.key) else None
        if waiver.expires < change.today():
            message = f"the waiver for {waiver.key} expired on {waiver.expires}: {waiver.reason}"
            hint = "mend what it was for and take it away, or renew it with a reason that still holds"
            yield finding(operator, place, message, hint)
        elif change.everything and (
            idle := [code for code in waiver.codes if not needed.is_for(waiver, code)]
        ):
            message = f"nothing needs the waiver for {waiver.key}: {', '.join(idle)}"
            yield finding(operator, place, message, f"take {', '.join(idle)} out of its codes")


class _Needed:
    """What waivers are needed for. Each rule judges once, however many waivers name it."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._keys: dict[str, frozenset[str]] = {}

    def is_for(self, waiver: Waiver, code: str) -> bool:
        """Whether one of its codes hides something."""
        from opfixtures.rules.waived import REPLAYS, SWEEPS, key_of

        if code in SWEEPS:
            # Only a sweep can tell, and it compares with what is published by then.
            return True
        if code in REPLAYS:
            matching = self._change.matching
            if self._change.version_map.problems or matching.has_operator(waiver.key):
                return True
            return any(row.operator == waiver.key for row in self._change.guards)
        if code not in self._keys:
            rule = RULES[code]
            found = rule.judge(self._change, partial(Finding, rule.code, rule.severity))
            self._keys[code] = frozenset(map(key_of, found))
        return not self._keys[code].isdisjoint(waiver.names)
