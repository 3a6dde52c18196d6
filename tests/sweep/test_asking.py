"""Workers are asked side by side, what they tell is kept as it comes, and what fails costs only its own row."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from opfixtures.runtimes import Runtime
from opfixtures.sweep import asking
from opfixtures.sweep.asking import Asker
from opfixtures.sweep.journal import Journal
from opfixtures.sweep.then import make_all
from opfixtures.worker.observations import Json, RuntimeSeen, WorkerError
from opfixtures.worker.worker_process import Answers

pytestmark = pytest.mark.torch
HERE = Runtime("interpreter", "today's torch", sys.executable)
ABS = "aten::abs(Tensor self) -> Tensor"
NEG = "aten::neg(Tensor self) -> Tensor"
SIN = "aten::sin(Tensor self) -> Tensor"
SCHEMAS = {schema.partition("(")[0]: [schema] for schema in (ABS, NEG, SIN)}


SEEN = RuntimeSeen("2.13.0", "", "3.11", "linux", 10, None, {})
ROW = {"key": "a", "samples": [{"inputs": [], "output": 1}]}


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


def answering(told: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have workers tell this of the row "a", or end without a word of it where it is None."""
    answers = Answers(SEEN, {} if told is None else {"a": told}, "it was killed" if told is None else "")
    monkeypatch.setattr(asking, "run_worker", lambda *_: answers)


@pytest.mark.parametrize("refused", [None, {"refused": "did not end within 20 seconds"}])
def test_what_was_refused_once_is_asked_again(
    refused: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "journal.jsonl")
    answer = {"load_error": None, "samples": [{"output": 1, "difference": None}]}
    found = []
    for told in (refused, answer, None):
        answering(told, monkeypatch)
        asker = Asker(HERE, Journal(path), 1)
        found.append(asker.ask("rerun", [ROW], 1)["a"])
        asker.journal.close()
    assert found == [refused or {"refused": "it was killed"}, answer, answer]


def test_a_journal_that_was_damaged_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "journal.jsonl")
    journal = Journal(path)
    journal.write("rerun", ROW, {"load_error": None, "samples": [5]})
    journal.close()
    Path(path).write_text(Path(path).read_text() + "[" * 100_000 + "\n")
    answering({"load_error": "no"}, monkeypatch)
    assert Asker(HERE, Journal(path), 1).ask("rerun", [ROW], 1) == {"a": {"load_error": "no"}}
