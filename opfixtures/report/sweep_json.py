"""A sweep for programs: described by `schemas/sweep.schema.json`."""

from __future__ import annotations

import json

from opfixtures.sweep.swept import Sweep, Swept, told_value


def sweep_json(sweep: Sweep) -> str:
    """`{"schema": 1, "old": {...}, "new": {...}, "operators": [...], ...}`, in ASCII."""
    sides = sweep.sides
    told = {
        "schema": 1,
        "old": {"name": sides.old, "torch": sides.old_torch},
        "new": {"name": sides.new, "torch": sides.new_torch},
        "library": sides.library,
        "format": sweep.fixture_format,
        "wall_seconds": round(sweep.seconds[0], 3),
        "cpu_seconds": round(sweep.seconds[1], 3),
        "operators": [_operator(one) for one in sweep.operators],
        "left_out": [{"operator": one, "reason": why} for one, why in sweep.left_out.items()],
    }
    return json.dumps(told, indent=1)


def _operator(one: Swept) -> dict[str, object]:
    verdict = one.verdict
    sample = verdict.replay and verdict.sample is not None and verdict.replay.made.samples[verdict.sample]
    return {
        "operator": one.operator,
        "status": verdict.status,
        "detail": verdict.detail,
        "versioned": one.versioned,
        "schema_then": one.schema_then,
        "schema_now": one.schema_now,
        "inputs": sample["inputs"] if sample else None,
        "then": told_value(verdict.then),
        "now": told_value(verdict.now),
        "witness": one.witness,
    }
