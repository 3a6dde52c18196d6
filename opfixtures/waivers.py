"""Waivers: dated, reasoned exceptions, by operator or path, for some codes.

    [tool.opfixtures.waivers]
    "aten::full" = { codes = ["replay.lite"], reason = "not for mobile", expires = 2027-06-30 }

Pure: whoever asks says which day it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from opfixtures.config_table import Table
from opfixtures.findings import Finding, Severity
from opfixtures.settings_scan import below

if TYPE_CHECKING:
    from opfixtures.result import FixtureResult

REPLAYS = ("replay.torch.jit.load", "replay.lite", "replay.unproven")
"""What a replay comes to, as a code that can be waived: of a loader that differs, and where nothing is proven."""

NOT_TO_BE_WAIVED = {
    "OPF101": "what cannot be read could hide any finding",
    "OPF206": "what cannot be read could hide any finding",
    "OPF401": "renew the waiver, or take it away",
}


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception until the day `expires`, that day included.

    `key` is an operator, or the path of findings that are of none, from `folder`, that of the settings. `line` is
    where it stands in these.
    """

    key: str
    codes: tuple[str, ...]
    reason: str
    expires: date
    line: int = 1
    folder: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What the key may name: an operator, or a path from the repository's root."""
        return frozenset({self.key, below(self.folder, self.key)})

    def is_for(self, operator: str | None, path: str) -> bool:
        """Whether it waives findings of an operator, or else at a path from the repository's root."""
        return below(self.folder, self.key) == path if operator is None else self.key == operator


def waiver_for(
    waivers: Iterable[Waiver], code: str, operator: str | None, path: str, today: date
) -> Waiver | None:
    """The waiver in force for a code, of an operator or else of a path; None where there is none."""
    in_force = (waiver for waiver in waivers if waiver.expires >= today and code in waiver.codes)
    return next((waiver for waiver in in_force if waiver.is_for(operator, path)), None)


def waive(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> list[Finding]:
    """The findings; a waived one is a note that says until when and why."""
    by_key: dict[str, list[Waiver]] = defaultdict(list)
    for waiver in waivers:
        for key in waiver.names:
            by_key[key].append(waiver)
    return [_waived(finding, by_key.get(key_of(finding), ()), today) for finding in findings]


def key_of(finding: Finding) -> str:
    """What a waiver for it names: its operator, or else its path, from the repository's root."""
    return finding.place.path if finding.operator is None else finding.operator


def _waived(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    waiver = waiver_for(waivers, finding.code, finding.operator, finding.place.path, today)
    if waiver is None:
        return finding
    message = f"{finding.message} (waived until {waiver.expires}: {waiver.reason})"
    return replace(finding, severity=Severity.NOTE, message=message)


def waive_replay(result: FixtureResult, waivers: Sequence[Waiver], today: date) -> FixtureResult:
    """The result; what a replay found is waived where it is for each loader that differs, or is not proven."""
    from opfixtures.result import Answer, Status

    if result.facts is None or result.status not in (Status.MISMATCH, Status.UNPROVEN):
        return result
    loaders = result.facts.loaders
    codes = [f"replay.{loader}" for loader, facts in loaders.items() if facts.differ]
    # What nobody reproduced may be anything.
    if result.facts.reproduced.value in (Answer.NO, Answer.UNKNOWN):
        return result
    if result.status is Status.UNPROVEN:
        codes = ["replay.unproven"]
    found = [waiver_for(waivers, code, result.operator, "", today) for code in codes]
    if not found or None in found:
        return result
    reasons = dict.fromkeys(f"waived until {one.expires}: {one.reason}" for one in found if one)
    return replace(result, waived=", ".join(reasons))


def read_waivers(table: Table, source: bytes) -> tuple[Waiver, ...]:
    """The waivers in the table `[tool.opfixtures.waivers]` of the settings file `source`.

    Raises:
        ConfigurationError: a waiver lacks something, names a code that there is not or that cannot be waived,
            or `expires` is not a date.
    """
    lines: dict[str, int] = {}
    for number, line in enumerate(source.decode("utf-8", "replace").split("\n"), 1):
        lines.setdefault(_quoted_key(line), number)
    # TOML may write a key in other ways; then the first line has to do.
    return tuple(_waiver(key, table.table(key) or table, lines.get(key, 1)) for key in table.values)


def _waiver(key: str, table: Table, line: int) -> Waiver:
    table.only("codes", "reason", "expires")
    codes, reason, expires = table.values.get("codes"), table.text("reason"), table.values.get("expires")
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        raise table.error('codes must be a list of codes, such as ["OPF303", "replay.lite"]')
    for code in codes:
        _check(code, table)
    if reason is None:
        raise table.error("reason is missing: say why, for whoever reads it when it expires")
    # A datetime is a date, too.
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise table.error("expires must be a date, such as 2027-06-30 without quotes")
    return Waiver(key, tuple(codes), reason, expires, line, table.folder)


def _quoted_key(line: str) -> str:
    """The key in quotes that a line begins with, or the heading of a waiver's own table."""
    line = line.strip().removeprefix("[tool.opfixtures.waivers.")
    return line[1:].partition(line[0])[0] if line.startswith(('"', "'")) else ""


def _check(code: str, table: Table) -> None:
    from opfixtures.rules import RULES

    if code in NOT_TO_BE_WAIVED:
        raise table.error(f"{code} cannot be waived: {NOT_TO_BE_WAIVED[code]}")
    if code not in RULES and code not in REPLAYS:
        import difflib

        known = sorted({*RULES, *REPLAYS} - NOT_TO_BE_WAIVED.keys())
        nearest = difflib.get_close_matches(code[:80], known, n=1, cutoff=0)
        raise table.error(f"unknown code {code[:80]!r}, the nearest known one is {nearest[0]!r}")
