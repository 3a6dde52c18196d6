"""What the two sides of a sweep come to: a status for each operator. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from opfixtures.sweep.defined import why_not_unique, why_refused
from opfixtures.sweep.then import Made
from opfixtures.worker.observations import Json

SAME, NO_MODEL, NOT_UNIQUE, REFUSED_INPUT = "same", "no-model", "not-unique", "refused-input"
CRASH, GONE, LOAD, RAISES = "crash", "gone", "load", "raises"
DTYPE, SHAPE, VALUES = "dtype", "shape", "values"
CHANGED: Final = (CRASH, GONE, LOAD, RAISES, DTYPE, SHAPE, VALUES)
"""What hurts old models, the worst first."""
STATUSES: Final = (*CHANGED, REFUSED_INPUT, NOT_UNIQUE, SAME, NO_MODEL)
"""All of them, in the order in which the first that any module shows is the operator's."""
_DTYPES = re.compile(
    r"(^|: )(float|int|uint|bool|complex|bfloat|q)\w* then, (float|int|uint|bool|complex|bfloat|q)\w* now$"
)
_KINDS = re.compile(r"(^|: )(tensor|float|int|bool|complex|str|list|tuple|dict|NoneType) then, \w+ now$")
_SHAPES = re.compile(r"(^|: )(shape \[.*\] then, \[.*\] now|\d+ (values|elements) then, \d+ now)$")
_CHARACTERS = 400
# What stands in front of what differs, and says where.
_IN_FRONT = re.compile(
    r"^(?:old models do not load: |sample \d+: |raises: |(?:value|element) \d+: |\w+Error: )+"
)


@dataclass(frozen=True, slots=True)
class Replay:
    """A module of the old runtime in the new one: what was told of it, and of a second run in the old one."""

    made: Made
    now: Json
    again: Json = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status and why; of which module, and of which of its samples, where one shows it."""

    status: str
    detail: str = ""
    replay: Replay | None = None
    sample: int | None = None

    @property
    def short(self) -> str:
        """The detail without where it was seen."""
        return _IN_FRONT.sub("", self.detail)

    @property
    def then(self) -> Json:
        """What that sample gave in the old runtime, as a record has it."""
        return self.replay.made.samples[self.sample] if self.replay and self.sample is not None else None

    @property
    def now(self) -> Json:
        """What it gives in the new one."""
        told = self.replay.now if self.replay else None
        if self.sample is None or not isinstance(told, dict) or not isinstance(told.get("samples"), list):
            return None
        return told["samples"][self.sample]


def judge(operator: str, made: Sequence[Made], replays: Sequence[Replay], *, is_there: bool) -> Verdict:
    """The verdict on an operator, of which `made` were tried; `is_there`: the new runtime has it."""
    if not replays:
        refusal = made[0].refusal if made else "its schema cannot be read"
        if not is_there:
            return Verdict(
                GONE, f"the new runtime has no {operator}, and no model of it was made: {_line(refusal)}"
            )
        return Verdict(NO_MODEL, _line(refusal))
    verdicts = [_of_module(operator, one, is_there=is_there) for one in replays]
    return min(verdicts, key=lambda one: STATUSES.index(one.status))


def needs_second_run(replay: Replay) -> bool:
    """Whether anything differs, which counts only if the old runtime does not differ from itself there."""
    told = replay.now
    return isinstance(told, dict) and any(
        "raises" in one or "crash" in one or one.get("difference") is not None
        for one in told.get("samples") or ()
    )


def _of_module(operator: str, replay: Replay, *, is_there: bool) -> Verdict:
    match replay.now:
        case {"refused": str(why)}:
            return Verdict(CRASH, _line(why), replay)
        case {"load_error": str(why)}:
            return Verdict(LOAD if is_there else GONE, f"old models do not load: {_line(why)}", replay)
        case {"samples": list(samples)} if len(samples) == len(replay.made.samples):
            verdicts = [_of_sample(operator, replay, place) for place in range(len(samples))]
            return min(verdicts, key=lambda one: STATUSES.index(one.status))
    return Verdict(CRASH, "the worker told nothing of it", replay)


def _of_sample(operator: str, replay: Replay, place: int) -> Verdict:
    told = replay.now["samples"][place]
    status, found = _told_of(told)
    if status == SAME:
        return Verdict(SAME, "", replay, place)
    second = _second(replay, place)
    if _contradicts(second, status):
        why = _line(second[1] or "it is not run twice")
        return Verdict(NOT_UNIQUE, f"two runs of the old runtime disagree: {why}", replay, place)
    detail = f"sample {place + 1}: {_line(found)}"
    if status == RAISES and (refused := why_refused(operator, told["raises"])):
        return Verdict(REFUSED_INPUT, refused, replay, place)
    why = why_not_unique(operator, replay.made.samples[place], told) if status == VALUES else ""
    return Verdict(NOT_UNIQUE if why else status, f"{detail} ({why})" if why else detail, replay, place)


def _told_of(told: Json) -> tuple[str, str]:
    """What is told of one sample, as a status and how it differs."""
    if "crash" in told:
        return CRASH, told["crash"]
    if "raises" in told:
        return RAISES, f"raises: {told['raises']}"
    found = told.get("difference")
    return (SAME, "") if found is None else (kind_of(found), found)


def _second(replay: Replay, place: int) -> tuple[str, str]:
    """What is told of a second run in the old runtime; `same` where there was none."""
    match replay.again:
        case {"samples": list(samples)} if place < len(samples):
            return _told_of(samples[place])
        case {"load_error": str(why)} | {"refused": str(why)}:
            return CRASH, why
    return SAME, ""


def _contradicts(second: tuple[str, str], status: str) -> bool:
    """Whether what the old runtime does once more explains that the new one gives something else: other values do not
    explain another dtype."""
    return second[0] != SAME and CHANGED.index(second[0]) <= CHANGED.index(status)


def kind_of(difference: str) -> str:
    """`dtype`, `shape` or `values`, by the text in which a worker tells of a difference (inside/comparison.py)."""
    if _DTYPES.search(difference) or _KINDS.search(difference):
        return DTYPE
    return SHAPE if _SHAPES.search(difference) else VALUES


def _line(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= _CHARACTERS else f"{line[: _CHARACTERS - 3]}..."
