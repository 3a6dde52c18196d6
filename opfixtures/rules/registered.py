"""How a rule becomes one: `rule` registers it, `judge` asks them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from opfixtures.change.changes import Change
from opfixtures.declarations.place import Place
from opfixtures.rules.findings import Finding, Severity
from opfixtures.values import dataclass, replace


class NewFinding(Protocol):
    """`Finding` with the rule's code and severity filled in."""

    def __call__(self, operator: str | None, place: Place, message: str, hint: str) -> Finding:
        """Make the finding."""
        ...


Judge = Callable[[Change, NewFinding], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and its code. `page` says what it finds, why that matters and how to mend it."""

    code: str
    severity: Severity
    page: str
    judge: Judge


RULES: dict[str, Rule] = {}
"""All rules by code, in no particular order; filled when `opfixtures.rules` is imported."""


def rule(code: str, severity: Severity) -> Callable[[Judge], Judge]:
    """Register the decorated function under `code`. Its docstring is the rule's page."""

    def register(judge: Judge) -> Judge:
        RULES[code] = Rule(code, severity, judge.__doc__ or "", judge)
        return judge

    return register


def judge(
    change: Change, demanded: frozenset[str] = frozenset(), softened: frozenset[str] = frozenset()
) -> list[Finding]:
    """What all rules find in `change`, in the order of the files. A finding whose code is in `demanded` is an
    error whatever its rule says, one whose code is in `softened` a warning, unless it is waived: then it is a
    note.

    Raises ConfigurationError if a waiver names a code that there is not, or that cannot be waived."""
    if change.config.waivers:
        from opfixtures.rules.waived import check_codes, waive

        check_codes(change.config, RULES)
    found = [
        finding
        for one in RULES.values()
        for finding in one.judge(change, partial(Finding, one.code, one.severity))
    ]
    raised = [replace(one, severity=Severity.ERROR) if one.code in demanded else one for one in found]
    raised = [replace(one, severity=Severity.WARNING) if one.code in softened else one for one in raised]
    if change.config.waivers and change.today is not None:
        raised = waive(raised, change.config.waivers, change.today())
    return sorted(raised, key=lambda finding: (finding.place, finding.code, finding.message))
