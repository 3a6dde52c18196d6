"""What does not live to tell is asked again, sample by sample; what a busy machine did is not kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from opfixtures.runtimes import Runtime
from opfixtures.sweep import asking
from opfixtures.sweep.asking import Asker
from opfixtures.sweep.journal import Journal
from opfixtures.sweep.replaying import replayed
from opfixtures.worker.observations import RuntimeSeen
from opfixtures.worker.worker_process import Answers

GIVEN = {"output": 1, "difference": None}
SEGV, LATE = {"refused": "crashed: SIGSEGV"}, {"refused": "did not end within 20 seconds"}
Told = Callable[[Mapping[str, Any]], Any]


@pytest.fixture
def asker(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asker]:
    """Makes one whose workers tell of a row what a function says, with a list of the keys that they were asked."""

    def make(told: Told, keys: list[str], path: str | None = None) -> Asker:
        def run_worker(_: str, job: Any, *others: Any) -> Answers:
            for row in job.rows:
                keys.append(row["key"])
                others[1](row["key"], told(row))
            return Answers(RuntimeSeen("2.0", "", "3", "linux", None, None, {}), {})

        monkeypatch.setattr(asking, "run_worker", run_worker)
        monkeypatch.setattr(asking, "check_import", lambda *_: None)
        return Asker(Runtime("interpreter", "here", "python"), Journal(path), 1)

    return make


def ran(asker: Asker, made: Any) -> Any:
    return replayed(asker, asker, {"mylib::scale": [made]}, "pt", lambda _: lambda *_: None)["mylib::scale"][
        0
    ]


def same(row: Mapping[str, Any]) -> Any:
    return {"load_error": None, "samples": [GIVEN] * len(row["samples"])}


def test_of_what_crashes_the_sample_is_found(asker, made):
    keys: list[str] = []

    def told(row):
        outputs: Sequence[float] = [sample["output"] for sample in row["samples"]]
        return SEGV if 2.0 in outputs and "perturbed" not in row else same(row)

    one = ran(asker(told, keys), made(1.0, 2.0, 3.0))
    assert one.now["samples"] == [GIVEN, {"crash": "crashed: SIGSEGV"}, {"difference": None}]
    assert one.again == same({"samples": "123"})
    # Who hangs takes its time: what is behind it is not run.
    assert keys[1:] == [*(f"mylib::scale 0 sample {place}" for place in range(2)), "mylib::scale 0"]


def test_what_crashes_with_all_samples_alone_crashes(asker, made):
    one = ran(asker(lambda row: SEGV if len(row["samples"]) > 1 else same(row), []), made(1.0, 2.0))
    assert one.now == SEGV


def test_what_a_busy_machine_did_not_end_once_is_no_crash_and_is_not_kept(asker, made, tmp_path):
    path = str(tmp_path / "journal.jsonl")
    keys: list[str] = []

    def told(row):
        return LATE if len(keys) == 1 else same(row)

    assert ran(asker(told, keys, path), made(1.0)).now == same({"samples": "1"})
    again: list[str] = []
    asked = asker(same, again, path)
    assert ran(asked, made(1.0)).now == same({"samples": "1"})
    assert again == ["mylib::scale 0"]
