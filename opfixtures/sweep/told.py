"""What is told of a row of a sweep, by a worker or by a journal, held to the form that it should have. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opfixtures.records.recorded_values import RecordedValueError, check_samples, is_text
from opfixtures.worker.observations import Json
from opfixtures.worker.told import TOLD_NOTHING

# As worker/inside/listening.py, children.py and searching.py say it, and worker/worker_process.py of all rows.
_OF_THE_MACHINE = re.compile(
    r"crashed: |did not end within |exited (before|with) |no process could be started|there was no time"
    r"|the (worker|rows) |[^\n]* (take|takes|took) more than "
)


def is_refusal(told: Json) -> bool:
    """Whether it is no answer: why there is none."""
    return isinstance(told, dict) and "refused" in told


def is_kept(task: str, told: Json) -> bool:
    """Whether the next sweep takes it for an answer too: what a search for inputs came to, and no refusal that depends
    on the machine. One that was busy, or somebody who ended a worker, has no say there."""
    if not is_refusal(told):
        return True
    return task == "sweep" and not _OF_THE_MACHINE.match(told["refused"])


def read_told(task: str, row: Mapping[str, Any], told: Json) -> Json:
    """What was told of a row; {"refused": why} where that is of no form that the task has."""
    match told:
        case {"refused": str(why)} if is_text(why):
            return told
    if task != "rerun":
        # Who asked for these reads them.
        return told if isinstance(told, dict) and not is_refusal(told) else {"refused": TOLD_NOTHING}
    match told:
        case {"load_error": str(error)} if is_text(error):
            return told
        case {"load_error": None, "samples": list(samples)} if len(samples) == len(row["samples"]):
            if all(map(_is_sample, samples)):
                return told
    return {"refused": TOLD_NOTHING}


def _is_sample(told: Json) -> bool:
    """Whether it says what came of a sample: an error, or a value and how that differs."""
    match told:
        case {"raises": error}:
            return is_text(error)
        case {"output": output, "difference": str() | None as difference}:
            sample = {"inputs": told.get("inputs_after", []), "output": output}
            try:
                check_samples([sample])
            except RecordedValueError:
                return False
            return difference is None or is_text(difference)
    return False
