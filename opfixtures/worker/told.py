"""What a worker told, read into observations: here and nowhere else.

Fixture modules and operator modules run in the worker: its answers are taken for what it says, and that is
all. What is not of the expected form is a `WorkerError`, or says that the worker told nothing.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Collection
from typing import Any

from opfixtures.records.recorded_values import RecordedValueError, check_samples, is_text
from opfixtures.worker.observations import (
    CompiledSeen,
    Exported,
    Json,
    MarkerSeen,
    OperatorSeen,
    RanSeen,
    Replayed,
    Reproduced,
    RowReplayed,
    RuntimeSeen,
    Sampled,
    UpgraderSeen,
    WorkerError,
)
from opfixtures.worker.told_place import told_place

TOLD_NOTHING = "the worker told nothing of it"
# As much of a reason as a report has room for.
_REASON_CHARACTERS = 2000
_MAX_VERSION = 1 << 31


def runtime_seen(
    event: Json,
    operators: Collection[str] = (),
    upgraders: Collection[str] = (),
    compiled: Collection[str] = (),
) -> RuntimeSeen:
    """Read a `runtime` event. Raises WorkerError, also if it does not describe each of `operators`."""
    described = _member(event, "operators", lambda value: isinstance(value, dict))
    missing = [operator for operator in operators if operator not in described]
    if missing:
        raise WorkerError(f"the worker did not describe {missing[0]}")
    told = _member(event, "upgraders", lambda value: isinstance(value, dict)) if upgraders else {}
    texts = _member(event, "compiled", lambda value: isinstance(value, dict)) if compiled else {}
    return RuntimeSeen(
        torch=_member(event, "torch", is_text),
        # A torch built outside of git has none.
        torch_git=_member(event, "torch_git", _is_text_or_none) or "unknown",
        python=_member(event, "python", is_text),
        platform=_member(event, "platform", is_text),
        max_operator_version=_member(
            event, "max_operator_version", lambda value: value is None or _is_version(value)
        ),
        imported=_member(event, "imported", _is_text_or_none),
        operators={name: _operator_seen(seen) for name, seen in described.items()},
        upgraders={name: _upgrader_seen(told.get(name)) for name in upgraders},
        isolation=tuple(_member(event, "isolation", _is_list_of_texts)),
        compiled={name: _compiled_seen(texts[name]) for name in compiled if name in texts},
    )


def exported(told: Json) -> Exported:
    """Read what the worker tells of a `generate` row."""
    found = _reproduced(told["found"]) if isinstance(told, dict) and "found" in told else None
    match told:
        case {"refused": str(reason)}:
            return Exported(refusal=_reason(reason), found=found, **told_place(told.get("at")))
        case {"samples": list(samples), "again": list(again), "archive": str(archive)} if all(
            map(_is_text_or_none, again)
        ):
            try:
                check_samples(samples)
            except RecordedValueError as error:
                return Exported(refusal=_reason(f"its {error}: that cannot be recorded"), found=found)
            other, left_out = told.get("backported"), told.get("left_out")
            try:
                return Exported(
                    tuple(samples),
                    _differences(again),
                    ran=_ran(told.get("ran")),
                    found=found,
                    archive=b64decode(archive, validate=True),
                    backported=b64decode(other, validate=True) if isinstance(other, str) else None,
                    left_out=_reason(left_out) if isinstance(left_out, str) and left_out else "",
                )
            except ValueError:
                return Exported(refusal="what it told is no archive", found=found)
        case {"found": _} if len(told) == 1:
            return Exported(found=found)
    return Exported(refusal=TOLD_NOTHING, found=found)


def sampled(told: Json, texts: int) -> Sampled:
    """Read what the worker tells of a `search` row with this number of texts."""
    match told:
        case {"text": int(text), "samples": list(samples)} if 0 <= text < texts and samples:
            found = [
                {"inputs": one.get("inputs"), "output": None} for one in samples if isinstance(one, dict)
            ]
            try:
                check_samples(found)
            except RecordedValueError as error:
                return Sampled(refusal=_reason(f"its {error}: that cannot be recorded"))
            why = told.get("unexported")
            unexported = _reason(why) if isinstance(why, str) else ""
            inputs = tuple(tuple(one["inputs"] or ()) for one in found)
            return Sampled(text, inputs, unexported=unexported)
        case {"refused": str(reason)}:
            return Sampled(refusal=_reason(reason))
    return Sampled(refusal=TOLD_NOTHING)


def _reproduced(told: Json) -> Reproduced:
    seen = _replayed(told)
    return Reproduced(
        seen.differences, seen.failure, _ran(told.get("ran") if isinstance(told, dict) else None)
    )


def _ran(told: Json) -> RanSeen:
    match told:
        case {"ran": bool(ran)}:
            return RanSeen(ran)
        case {"why": str(reason)} | {"refused": str(reason)}:
            return RanSeen(None, _reason(reason))
    return RanSeen(None, TOLD_NOTHING)


def row_replayed(told: Json, loaders: tuple[str, ...]) -> RowReplayed:
    """Read what the worker tells of a `replay` row; None where it did not come to the row."""
    seen = told if isinstance(told, dict) else {}
    if "refused" in seen:
        # The fixture ended the worker itself, whichever step it was.
        steps = [f"{loader} {kind}" for loader in loaders for kind in ("archive", "raised", "control")]
        steps += ["multiplied", "by one", "marker", "ran"]
        seen = {step: {"refused": seen["refused"]} for step in steps}
    return RowReplayed(
        as_written={loader: _replayed(seen.get(f"{loader} archive")) for loader in loaders},
        raised={loader: _replayed(seen.get(f"{loader} raised")) for loader in loaders},
        marker=_marker(seen.get("marker")),
        ran=_ran(seen.get("ran")),
        multiplied=_replayed(seen.get("multiplied")),
        by_one=_replayed(seen.get("by one")),
        control={loader: _replayed(seen.get(f"{loader} control")) for loader in loaders},
    )


def _replayed(told: Json) -> Replayed:
    match told:
        case {"load_error": None, "differences": list(found)} if all(map(_is_text_or_none, found)):
            return Replayed(differences=_differences(found), outputs=_outputs(told.get("outputs")))
        case {"load_error": str(error)}:
            return Replayed(failure=_reason(error))
        case {"refused": str(reason)}:
            return Replayed(failure=_reason(reason), crashed=True)
        case {"not_tried": str(reason)}:
            return Replayed(failure=_reason(reason), was_run=False)
    return Replayed(failure=TOLD_NOTHING, was_run=False)


def _outputs(told: Json) -> tuple[Json | None, ...]:
    return tuple(map(_output, told)) if isinstance(told, list) else ()


def _output(told: Json) -> Json | None:
    try:
        check_samples([{"inputs": [], "output": told}])
    except RecordedValueError:
        return None
    return told


def _differences(found: list[str | None]) -> tuple[str | None, ...]:
    return tuple(None if text is None else _reason(text) for text in found)


def _marker(told: Json) -> MarkerSeen:
    match told:
        case {"registered": bool(registered), "found": bool(found), "load_error": str(error)}:
            return MarkerSeen(found, registered, _reason(error))
        case {"registered": bool(registered), "found": bool(found), "ran": bool() | None as ran}:
            return MarkerSeen(found, registered, ran=ran)
        case {"refused": str(reason)}:
            return MarkerSeen(failure=_reason(reason))
    return MarkerSeen(failure=TOLD_NOTHING)


def _operator_seen(told: Json) -> OperatorSeen:
    bumps = _member(told, "bumps", lambda value: value is None or _is_list_of_versions(value))
    return OperatorSeen(
        schema=_member(told, "schema", _is_text_or_none),
        bumps=None if bumps is None else tuple(bumps),
        is_torchs=_member(told, "torch", lambda value: isinstance(value, bool)),
        overloads=tuple(_member(told, "overloads", _is_list_of_texts)),
    )


def _upgrader_seen(told: Json) -> UpgraderSeen:
    match told:
        case {
            "registered": bool(registered),
            "identity": bool(identity),
            "same": bool() | None as same,
            "problem": str(problem),
        }:
            return UpgraderSeen(registered, identity, same, problem and _reason(problem))
        case {"refused": str(reason)}:
            return UpgraderSeen(problem=_reason(reason))
    raise WorkerError("the worker described its runtime without a usable 'upgraders'")


def _compiled_seen(told: Json) -> CompiledSeen:
    match told:
        case {
            "problem": str(problem),
            "difference": str(difference),
            "unseen": str(unseen),
            "missing": str(missing),
        }:
            return CompiledSeen(*(text and _reason(text) for text in (problem, difference, unseen, missing)))
        case {"refused": str(reason)}:
            # It crashed, or took a thousand times of what an upgrader takes: where it runs, so it does in torch.
            return CompiledSeen(problem=_reason(reason))
    raise WorkerError("the worker described its runtime without a usable 'compiled'")


def _member(told: Json, key: str, is_of_form: Callable[[Json], bool]) -> Any:
    value = told.get(key) if isinstance(told, dict) else None
    if not is_of_form(value):
        raise WorkerError(f"the worker described its runtime without a usable {key!r}")
    return value


def _is_text_or_none(value: Json) -> bool:
    return value is None or is_text(value)


def _is_list_of_texts(value: Json) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def _is_version(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_VERSION


def _is_list_of_versions(value: Json) -> bool:
    return isinstance(value, list) and all(map(_is_version, value))


def _reason(text: str) -> str:
    return text[:_REASON_CHARACTERS] or "no reason is given"
