"""What came of a fixture in a runtime, whatever should have come of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from opfixtures.worker.observations import Json, Replayed


class Outcome(StrEnum):
    """Of several samples the first that is not the same decides."""

    SAME = "same"
    OTHER_RESULTS = "other results"
    RAISES = "raises"
    NOT_LOADED = "does not load"
    CRASHES = "crashes"
    UNKNOWN = "unknown"


RAISES = "raises: "
"""The worker puts it before an error. What its comparison says of a value begins with a place, a number, a quote or the
name of a type, so no value that an archive or a record has can read like an error."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one loader showed. `differences` has for each sample how it differs from what was recorded, None where it
    does not; `outputs` what came of those that differ, as far as that is known. `reason` says what no sample does."""

    outcome: Outcome
    reason: str = ""
    differences: tuple[str | None, ...] = ()
    outputs: tuple[Json | None, ...] = ()


def loaded(as_written: Mapping[str, Replayed]) -> dict[str, Loaded]:
    """What each loader showed, by what the worker told of it."""
    return {loader: _loaded(seen) for loader, seen in as_written.items()}


def _loaded(seen: Replayed) -> Loaded:
    if not seen.was_run:
        return Loaded(Outcome.UNKNOWN, seen.failure)
    if seen.failure:
        return Loaded(Outcome.CRASHES if seen.crashed else Outcome.NOT_LOADED, seen.failure)
    if not seen.differences:
        return Loaded(Outcome.UNKNOWN, "it loads, and no recorded output is there to compare with")
    first = next(filter(None, seen.differences), None)
    outcome = Outcome.SAME
    if first is not None:
        outcome = Outcome.RAISES if first.startswith(RAISES) else Outcome.OTHER_RESULTS
    return Loaded(outcome, "", seen.differences, seen.outputs)
