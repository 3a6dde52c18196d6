"""Runs what was loaded on recorded inputs, each time from the same seed."""

from __future__ import annotations

import json
from typing import Any, Callable

import torch

from . import Json
from .comparison import difference
from .reasons import REASON_CHARACTERS, headline
from .values import from_json, to_json

# More than somebody reads of one output.
MOST_OF_AN_OUTPUT = 1 << 16


def read_inputs(inputs: Json) -> Any:
    """The values of inputs of a record: a list, or by name a dict."""
    if isinstance(inputs, dict):
        return {name: from_json(value) for name, value in inputs.items()}
    return [from_json(value) for value in inputs]


def inputs_to_json(values: Any) -> Json:
    """Inputs as a record has them."""
    if isinstance(values, dict):
        return {name: to_json(value) for name, value in values.items()}
    return [to_json(value) for value in values]


def run(function: Any, inputs: Json) -> Json:
    """What comes of inputs of a record, as JSON: {"output"}, and "inputs_after" where the run changed its inputs."""
    values = read_inputs(inputs)
    before = inputs_to_json(values)
    # torch.manual_seed() also seeds devices that a worker has not, which takes longer than most samples.
    torch.default_generator.manual_seed(0)
    output = function(**values) if isinstance(values, dict) else function(*values)
    told = {"output": to_json(output)}
    after = inputs_to_json(values)
    return told if after == before else {**told, "inputs_after": after}


def sample_difference(sample: Json, told: Json, row: Json) -> str | None:
    """How what came of a sample differs from what was recorded. Records of earlier versions say nothing of inputs."""
    found = difference(sample["output"], told["output"], row["tolerances"])
    if found or "inputs_after" not in sample:
        return found
    after = told.get("inputs_after", sample["inputs"])
    changed = difference(sample["inputs_after"], after, row["tolerances"])
    return changed and f"in the inputs after the run: {changed}"


def run_samples(function: Any, row: Json, outputs: list[Json] | None = None) -> list[str | None]:
    """For each sample None where what came of it is what was recorded, else how it differs.

    `outputs` gets the output of each sample that differs, None for the others and where there is none that is short.
    """
    differences: list[str | None] = []
    for sample in row["samples"]:
        output = None
        try:
            told = run(function, sample["inputs"])
            found = sample_difference(sample, told, row)
            output = told["output"] if found else None
        except Exception as error:
            found = f"raises: {headline(error)}"
        differences.append(found and found[:REASON_CHARACTERS])
        if outputs is not None:
            outputs.append(output if len(json.dumps(output)) <= MOST_OF_AN_OUTPUT else None)
    return differences


def replay(archive: bytes, load: Callable[[bytes], Any], row: Json, with_outputs: bool = False) -> Json:
    """Load an archive and run the recorded inputs; told `with_outputs` where some differ and somebody asks."""
    try:
        function = load(archive)
    except Exception as error:
        return {"load_error": headline(error)}
    outputs: list[Json] = []
    told = {"load_error": None, "differences": run_samples(function, row, outputs if with_outputs else None)}
    return told if all(one is None for one in outputs) else {**told, "outputs": outputs}
