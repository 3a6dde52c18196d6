"""Rows of a sweep: what operators there are, a module of one made and recorded, and run again elsewhere."""

from __future__ import annotations

import base64
from typing import Any

import torch

from . import Json
from .children import in_children
from .exporting import make
from .formats import LOADERS, format_of
from .mixing import run_mixed
from .reasons import headline
from .running import run, sample_difference
from .searching import module_of, search

OF_DISPATCHER = ": registered at "


def listed(_: Json, seconds: float) -> Json:
    """The schemas of all operators of the dispatcher, in the order in which they were registered."""
    return in_children([("schemas", lambda: {"schemas": schemas()})], seconds)["schemas"]


def schemas() -> list[str]:
    found = []
    for schema in torch._C._jit_get_all_schemas():
        name = f"{schema.name}.{schema.overload_name}" if schema.overload_name else schema.name
        try:
            registered = torch._C._dispatch_dump(name)
        except RuntimeError:
            continue
        if any(line.startswith("debug" + OF_DISPATCHER) for line in registered.splitlines()):
            found.append(str(schema))
    return found


def sweep(row: Json, seconds: float) -> Json:
    """The first of a row's texts that runs, its archive, and its samples with their outputs; or {"refused": why}.

    The archive is the one that `generate` makes of the file that `new` writes: sample_inputs() is not in it.
    """
    told = search(row, seconds)
    if "refused" in told:
        return told
    text = row["texts"][told["text"]]
    inputs = [sample["inputs"] for sample in told["samples"]]
    if row["scripts"]:
        inputs += in_children([("mixed", mix(row, text, inputs))], seconds)["mixed"].get("found", [])
    known = format_of(row["file"])

    def write() -> Json:
        return make({**row, "source": text["source"]}, inputs)

    made = in_children([("make", write)], seconds)["make"]
    if "refused" in made:
        return made
    archive = base64.b64decode(made["archive"])

    def record() -> Json:
        samples, _ = known.record(known.load(archive), inputs)
        return {"samples": samples}

    seen = in_children([("record", record)], seconds)["record"]
    return seen if "refused" in seen else {"text": told["text"], "archive": made["archive"], **seen}


def mix(row: Json, text: Json, inputs: list[Json]) -> Any:
    return lambda: {"found": run_mixed(module_of(row, text), text["parameters"], inputs)}


def rerun(row: Json, seconds: float) -> Json:
    """What comes of the recorded samples here: {"load_error"}, or of each sample what it gives and how that differs.

    {"refused": why} where the process did not live to tell."""
    archive = base64.b64decode(row["archive"])
    return in_children([("run", lambda: run_again(archive, row))], seconds)["run"]


def run_again(archive: bytes, row: Json) -> Json:
    try:
        function = LOADERS[row["loader"]](archive)
    except Exception as error:
        return {"load_error": headline(error)}
    return {"load_error": None, "samples": [one_again(function, sample, row) for sample in row["samples"]]}


def one_again(function: Any, sample: Json, row: Json) -> Json:
    try:
        told = run(function, sample["inputs"])
    except Exception as error:
        return {"raises": headline(error)}
    return {**told, "difference": sample_difference(sample, told, row)}
