"""Which findings are waived, and which codes can be."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from opfixtures.errors import ConfigurationError
from opfixtures.rules.findings import Finding, Severity
from opfixtures.settings.config import Config
from opfixtures.settings.settings_scan import SHARED_FILE
from opfixtures.settings.waivers import Waiver, waiver_for

REPLAYS = ("replay.torch.jit.load", "replay.lite", "replay.torch.export.load", "replay.unproven")
"""What a replay comes to, as a code that can be waived: of a loader that differs, and where nothing is proven."""

SWEEPS = tuple(
    f"sweep.{status}" for status in ("crash", "gone", "load", "raises", "dtype", "shape", "values")
)
"""What a sweep finds (`sweep/judgement.py`), as a code that can be waived."""

NOT_TO_BE_WAIVED = {
    "OPF101": "what cannot be read could hide any finding",
    "OPF206": "what cannot be read could hide any finding",
    "OPF401": "renew the waiver, or take it away",
}


def check_codes(config: Config, codes: Collection[str]) -> None:
    """Raises ConfigurationError if a waiver names no code of these, `REPLAYS` and `SWEEPS`, or one not to be waived."""
    for waiver in config.waivers:
        for code in waiver.codes:
            problem = _problem(code, codes)
            if problem:
                where = f"{config.source or SHARED_FILE}: [tool.opfixtures]: [waivers]: [{waiver.key}]"
                raise ConfigurationError(f"{where}: {problem}")


def _problem(code: str, codes: Collection[str]) -> str:
    if code in NOT_TO_BE_WAIVED:
        return f"{code} cannot be waived: {NOT_TO_BE_WAIVED[code]}"
    if code in codes or code in REPLAYS or code in SWEEPS:
        return ""
    known = sorted({*codes, *REPLAYS, *SWEEPS} - NOT_TO_BE_WAIVED.keys())
    nearest = difflib.get_close_matches(code[:80], known, n=1, cutoff=0)
    return f"unknown code {code[:80]!r}, the nearest known one is {nearest[0]!r}"


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
