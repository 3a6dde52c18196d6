"""The job, from reading it to its last answer."""

from __future__ import annotations

import gc
import json
import os
import sys

from . import Json
from .answers import answer
from .children import HELPERS
from .exporting import generate
from .limits import limit_worker
from .process_table import children
from .programs import import_what_export_uses
from .reasons import with_causes
from .replaying import replayed
from .runtime import describe, import_operators, schema_of, warm_up
from .searching import search


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
    imported = import_operators(job["import"]) if job["import"] else None
    HELPERS.update(children())
    warm_up()
    if any(row["key"].endswith(".pt2") or row.get("exports") for row in job["rows"]):
        import_what_export_uses()
    # What is there now stays: the children need not copy it to look for what they can free.
    gc.freeze()
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
    one_by_one = {"generate": generate, "search": search}.get(job["task"])
    answers = (one_by_one(row, seconds) for row in rows) if one_by_one else replayed(rows, seconds)
    for row, told in zip(rows, answers):
        answer({"event": "row", "key": row["key"], "told": told})
    answer({"event": "end"})
