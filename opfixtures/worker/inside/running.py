"""Runs what was loaded on recorded inputs, each time from the same seed."""

from __future__ import annotations

from typing import Any, Callable

import torch

from . import Json
from .comparison import difference
from .reasons import REASON_CHARACTERS, headline
from .values import from_json, to_json


def run(function: Any, inputs: list[Json]) -> Json:
    """The output for inputs of a record, as JSON."""
    values = [from_json(value) for value in inputs]
    # torch.manual_seed() also seeds devices that a worker has not, which takes longer than most samples.
    torch.default_generator.manual_seed(0)
    return to_json(function(*values))


def run_samples(function: Any, row: Json) -> list[str | None]:
    """For each sample None where the output is the recorded one, else how it differs."""
    differences: list[str | None] = []
    for sample in row["samples"]:
        try:
            found = difference(sample["output"], run(function, sample["inputs"]), row["tolerances"])
        except Exception as error:
            found = f"raises: {headline(error)}"
        differences.append(found and found[:REASON_CHARACTERS])
    return differences


def replay(archive: bytes, load: Callable[[bytes], Any], row: Json) -> Json:
    """Load an archive and run the recorded inputs."""
    try:
        function = load(archive)
    except Exception as error:
        return {"load_error": headline(error)}
    return {"load_error": None, "differences": run_samples(function, row)}
