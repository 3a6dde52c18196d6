"""Workers are asked side by side, what they tell is kept as it comes, and what fails costs only its own row."""

from __future__ import annotations

import sys

import pytest

from opfixtures.runtimes import Runtime
from opfixtures.sweep.asking import Asker
from opfixtures.sweep.journal import Journal
from opfixtures.sweep.then import make_all
from opfixtures.worker.observations import WorkerError

pytestmark = pytest.mark.torch
HERE = Runtime("interpreter", "today's torch", sys.executable)
ABS = "aten::abs(Tensor self) -> Tensor"
NEG = "aten::neg(Tensor self) -> Tensor"
SIN = "aten::sin(Tensor self) -> Tensor"
SCHEMAS = {schema.partition("(")[0]: [schema] for schema in (ABS, NEG, SIN)}


class KilledError(Exception):
    pass


def test_a_sweep_that_was_killed_goes_on_where_it_was_and_a_failure_costs_one_row(tmp_path):
    path = str(tmp_path / "journal.jsonl")
    first = Asker(HERE, Journal(path), 2)

    def kill(done, _):
        if done == 1:
            raise KilledError

    with pytest.raises(KilledError):
        make_all(first, SCHEMAS, list(SCHEMAS), "pt", kill)
    first.journal.close()
    counts = []
    again = Asker(HERE, Journal(path), 2)
    made = make_all(again, SCHEMAS, list(SCHEMAS), "pt", lambda *count: counts.append(count))
    assert counts[0] == (1, 3)
    assert counts[-1] == (3, 3)
    assert all(one.archive and one.samples for (one,) in made.values())
    assert again.seconds > 0
    good = made["aten::abs"][0]
    row = {"loader": "torch.jit.load", "samples": list(good.samples), "tolerances": {}}
    rows = [
        {**row, "key": "good", "archive": good.archive},
        {**row, "key": "no archive", "archive": b"nothing"},
        {
            **row,
            "key": "wrong inputs",
            "archive": good.archive,
            "samples": [{"inputs": None, "output": None}],
        },
        {**row, "key": "also good", "archive": good.archive},
    ]
    told = again.ask("rerun", rows, 4)
    assert told["good"] == told["also good"]
    assert [one["difference"] for one in told["good"]["samples"]] == [None] * len(good.samples)
    assert told["no archive"]["load_error"]
    assert "raises" in told["wrong inputs"]["samples"][0]


def test_a_runtime_that_cannot_be_used_says_so(tmp_path):
    asker = Asker(Runtime("interpreter", "none", str(tmp_path / "python")), Journal(None), 1)
    with pytest.raises(WorkerError, match="cannot be started"):
        asker.ask("list", [{"key": "list"}], 1)
