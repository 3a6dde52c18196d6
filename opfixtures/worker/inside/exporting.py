"""Rows of `generate`: what module code may do, and what is seen of the archive that it leaves."""

from __future__ import annotations

import base64
import io
import linecache
import os
import random
import sys
from typing import Any

import torch

from . import Json
from .archives import backported
from .children import Step, in_children
from .formats import format_of
from .reasons import FIXTURE_MODULE, RefusedError
from .running import replay, run_samples
from .samples import MAX_SAMPLES, given_inputs


def generate(row: Json, seconds: float) -> Json:
    """One row of `generate`. What is committed is seen first: before the module, and whatever becomes of it."""
    told: Json = {}
    if row.get("found") is not None:
        seen = in_children(steps_of_found(row, base64.b64decode(row["found"])), seconds)
        told["found"] = {**seen["replay"], "ran": seen["ran"]}
    if row.get("source") is not None:
        told.update(making(row, seconds))
    return told


def making(row: Json, seconds: float) -> Json:
    """The archive and what it does, told by a child that never ran module code; or {"refused": why}."""
    told = in_children([("make", lambda: make(row))], seconds)["make"]
    if "refused" in told:
        return refusal(told)
    made = made_by_module(told)
    if made is None:
        return {"refused": "what it told is neither an archive nor sample inputs"}
    seen = in_children(steps_of_made(row, *made), seconds)
    if "refused" in seen["run"]:
        return refusal(seen["run"])
    return {**seen["run"], "ran": seen["ran"], "archive": told["archive"]}


def refusal(told: Json) -> Json:
    """Why there is no archive, and where in the module that came up."""
    return {name: told[name] for name in ("refused", "at") if name in told}


def load_class(source: str, name: str) -> Any:
    """The class, executed under a fixed name that scripts in every release and puts no path into archives."""
    # As Python counts lines: splitlines() ends one at a form feed and others too, and torch would script that instead.
    lines = io.StringIO(source, newline=None).readlines()
    linecache.cache[FIXTURE_MODULE] = (len(source), None, lines, FIXTURE_MODULE)
    module = type(sys)("fixture_module")
    # inspect finds the source of a class by its module's file.
    module.__file__ = FIXTURE_MODULE
    sys.modules[module.__name__] = module
    # Not with this file's own __future__ import, which makes texts of annotations.
    exec(compile(source, FIXTURE_MODULE, "exec", dont_inherit=True), module.__dict__)
    return module.__dict__[name]


def make(row: Json, found: list[Json] | None = None) -> Json:
    """Run module code: an archive, and the sample inputs that were found, or that the module gives; None where it gives
    none."""
    # torch names an archive's root folder after its file.
    name = row["file"]
    path = os.path.join(os.getcwd(), name)
    random.seed(0)
    torch.manual_seed(0)
    module = load_class(row["source"], row["class"])()
    if not isinstance(module, torch.nn.Module):
        raise RefusedError(f"{row['class']} is no torch.nn.Module")
    given = given_inputs(module) if found is None else found
    format_of(name).write(module, given, path)
    with open(path, "rb") as stream:
        archive = base64.b64encode(stream.read()).decode()
    return {"archive": archive, "samples": given}


def made_by_module(told: Json) -> tuple[bytes, list[Json] | None] | None:
    """The archive and the sample inputs, None where module code told something else in their place."""
    try:
        archive, given = base64.b64decode(told["archive"], validate=True), told["samples"]
    except (KeyError, TypeError, ValueError):
        return None
    if given is None:
        return archive, None
    is_list = isinstance(given, list) and 0 < len(given) <= MAX_SAMPLES
    return (archive, given) if is_list and all(isinstance(inputs, (list, dict)) for inputs in given) else None


def steps_of_made(row: Json, archive: bytes, given: list[Json] | None) -> list[Step]:
    """What is seen of an archive that was made now: outputs, a backported copy, whether the operator ran."""
    samples: list[Json] = []
    known = format_of(row["file"])

    def run_it() -> Json:
        function = known.load(archive)
        found, left_out = known.record(function, given)
        samples.extend(found)
        return {
            "samples": samples,
            "left_out": left_out,
            # Loaded anew: a module may keep something of its runs.
            "again": run_samples(known.load(archive), row) if row["samples"] else [],
            "backported": backported(archive, row["file"], row["bytecode"]),
        }

    return [("run", run_it), ("ran", lambda: known.ran(archive, row["operator"], samples))]


def steps_of_found(row: Json, archive: bytes) -> list[Step]:
    """What is seen of an archive that was made before: the recorded samples again, whether the operator ran."""
    known = format_of(row["file"])
    return [
        ("replay", lambda: replay(archive, known.load_as_it_can, row)),
        ("ran", lambda: known.ran(archive, row["operator"], row["samples"])),
    ]
