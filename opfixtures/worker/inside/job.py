"""The job, from reading it to its last answer."""

from __future__ import annotations

import gc
import json
import os
import resource
import sys

from . import Json
from .answers import answer
from .children import HELPERS
from .exporting import generate
from .limits import limit_worker
from .process_table import children
from .programs import USED_BY_CALLS, USED_BY_EXPORT, import_early, made_in_python
from .reasons import with_causes
from .replaying import replayed
from .runtime import describe, import_operators, schema_of, warm_up
from .searching import search
from .stack_traces import leave_out_stack_traces
from .sweeping import listed, rerun, sweep

# The rest, "replay", has lanes.
ROW_BY_ROW = {"generate": generate, "search": search, "list": listed, "sweep": sweep, "rerun": rerun}
SEARCHING = ("search", "sweep")
# What calls use registers operators of torch's own: who asks what a library has is not to hear of them.
CALLING = frozenset({*ROW_BY_ROW, "replay"} - {"list"})


def take_job() -> Json:
    """The job from the standard input, which nobody can read or change any more then."""
    job = json.load(sys.stdin)
    quiet = os.open(os.devnull, os.O_RDONLY)
    os.dup2(quiet, 0)
    os.close(quiet)
    return job


def start(job: Json) -> Json:
    """Import the operator module; the description of the runtime.

    An operator that is there before the operator module is imported is torch's own.
    """
    own = {operator for operator in job["operators"] if schema_of(operator)}
    made = made_in_python()
    imported = import_operators(job["import"]) if job["import"] else None
    HELPERS.update(children())
    warm_up()
    if job["task"] in SEARCHING:
        leave_out_stack_traces()
    if any(row["key"].endswith(".pt2") or row.get("exports") for row in job["rows"]):
        import_early(USED_BY_EXPORT)
    if job["rows"] and job["task"] in CALLING and made_in_python() - made:
        import_early(USED_BY_CALLS)
    # What is there now stays: the children need not copy it to look for what they can free.
    gc.freeze()
    gc.enable()
    return describe(job, own, imported)


def do_job() -> None:
    job = take_job()
    limit_worker()
    try:
        answer(start(job))
    except BaseException as error:
        answer({"event": "failed", "reason": with_causes(error)})
        return
    rows, seconds = job["rows"], job["seconds"]
    one_by_one = ROW_BY_ROW.get(job["task"])
    answers = (one_by_one(row, seconds) for row in rows) if one_by_one else replayed(rows, seconds)
    for row, told in zip(rows, answers):
        answer({"event": "row", "key": row["key"], "told": told})
    answer({"event": "end", "seconds": computing_time()})


def computing_time() -> float:
    """What this process and the children that it waited for computed, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
