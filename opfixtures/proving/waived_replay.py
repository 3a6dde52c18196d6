"""What a replay found and somebody puts up with, until a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from opfixtures.proving.result import Answer, FixtureResult, Status
from opfixtures.settings.waivers import Waiver, waiver_for


def waive_replay(result: FixtureResult, waivers: Sequence[Waiver], today: date) -> FixtureResult:
    """The result; what a replay found is waived where it is for each loader that differs, or is not proven."""
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
