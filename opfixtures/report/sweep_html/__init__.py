"""A sweep as a page of one file: filter by kind, namespace and version map, both outputs side by side."""

from __future__ import annotations

from opfixtures.report.html import page
from opfixtures.report.html.values import shown_inputs, shown_value
from opfixtures.sweep.judgement import CHANGED, NO_MODEL, SAME, STATUSES
from opfixtures.sweep.left_out import counts_by_reason
from opfixtures.sweep.swept import Sweep, Swept, told_value
from opfixtures.worker.observations import Json


def sweep_html(sweep: Sweep) -> str:
    """The page: changed operators first. Of those that give the same only names are told."""
    rows = sorted(sweep.operators, key=lambda one: (STATUSES.index(one.verdict.status), one.operator))
    data = {
        "old": sweep.sides.old,
        "new": sweep.sides.new,
        "changed": list(CHANGED),
        "statuses": [
            status for status in STATUSES if any(one.verdict.status == status for one in sweep.operators)
        ],
        "with_model": sweep.with_model,
        "left_out": [[operator, why] for operator, why in sweep.left_out.items()],
        "left_out_by_reason": [
            [why, str(number)] for why, number in counts_by_reason(sweep.left_out.values()).items()
        ],
        "operators": [_operator(one) for one in rows],
    }
    title = f"{sweep.sides.old} against {sweep.sides.new}"
    return page(title, data, scripts=("sweep_html/sweep.js",), styles=("sweep_html/sweep.css",))


def _operator(one: Swept) -> dict[str, Json]:
    verdict = one.verdict
    told: dict[str, Json] = {
        "operator": one.operator,
        "status": verdict.status,
        "detail": verdict.detail,
        "short": verdict.short,
        "versioned": one.versioned,
    }
    if verdict.status in (SAME, NO_MODEL) or verdict.replay is None:
        return told
    sample = None if verdict.sample is None else verdict.replay.made.samples[verdict.sample]
    return {
        **told,
        "then_schema": one.schema_then,
        "now_schema": one.schema_now,
        "inputs": sample and shown_inputs(sample["inputs"]),
        "then": _outcome(told_value(verdict.then)),
        "now": _outcome(told_value(verdict.now)),
        "witness": one.witness,
    }


def _outcome(told: Json) -> Json:
    """What a sample gave, as the page shows it: a value, and the inputs where the run changed them; or an error."""
    if told is None or "raises" in told:
        return told
    after = {"after": shown_inputs(told["inputs_after"])} if "inputs_after" in told else {}
    return {"output": shown_value(told["output"]), **after}
