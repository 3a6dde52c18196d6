"""A worker that answers wrongly, or not at all: the Python here is a script that only pretends to run one."""

import json
import os
import sys
import time

import pytest

from opfixtures.worker import events, worker_end, worker_process
from opfixtures.worker.events import StoppedError
from opfixtures.worker.job import Job
from opfixtures.worker.observations import WorkerError
from opfixtures.worker.worker_process import run_worker

RUNTIME: dict[str, object] = {
    "event": "runtime",
    "torch": "1",
    "torch_git": "a",
    "python": "3",
    "platform": "Linux",
    "max_operator_version": None,
    "imported": None,
    "operators": {},
    "isolation": [],
}
END = {"event": "end"}


def row(key, told=None):
    return {"event": "row", "key": key, "told": told or {"samples": [key]}}


@pytest.fixture
def pretend(tmp_path):
    """Runs two rows, a and b, in a worker that prints these answers and then runs this code."""

    def run(answers, code="", again=None, stopped=lambda: False):
        first, second = (
            "".join(answer if isinstance(answer, str) else json.dumps(answer) + "\n" for answer in each)
            for each in (answers, again or answers)
        )
        script = tmp_path / "python"
        marker = tmp_path / "was here"
        script.write_text(
            f"#!{sys.executable}\nimport os, sys, time\n"
            f"again = os.path.exists({str(marker)!r})\nopen({str(marker)!r}, 'w')\n"
            f"sys.stdout.write({second!r} if again else {first!r})\nsys.stdout.flush()\n{code}\n"
        )
        script.chmod(0o755)
        rows = tuple({"key": key} for key in "ab")
        job = Job("generate", None, (), rows, seconds=0.01)
        return run_worker(
            str(script), job, str(tmp_path / "folder"), lambda key, _: told.append(key), stopped
        )

    told = []
    return run


def test_answers_come_back_row_by_row(pretend):
    answers = pretend([RUNTIME, row("a"), row("b"), END])
    assert answers.runtime.torch == "1"
    assert answers.rows == {"a": {"samples": ["a"]}, "b": {"samples": ["b"]}}
    assert answers.failure == ""


@pytest.mark.parametrize(
    ("answers", "code", "reason"),
    [
        ([], "", "ended early .exit status 0."),
        ([], "sys.exit('no torch here')", "ended early .exit status 1; it said: no torch here."),
        ([], "os.kill(os.getpid(), 40)", "ended early .signal 40."),
        ([{"event": "failed", "reason": "ImportError: no"}], "", "^ImportError: no$"),
        ([row("a")], "", "out of turn"),
        ([END], "", "out of turn"),
        ([{"event": "runtime"}], "", "without a usable"),
        (["hello\n"], "", "not JSON"),
        (["[" * 100_000 + "\n"], "", "not JSON"),
        (["3" * 5000 + "\n"], "", "not JSON"),
    ],
)
def test_a_worker_that_does_not_describe_its_runtime_is_an_error(pretend, answers, code, reason):
    with pytest.raises(WorkerError, match=reason):
        pretend(answers, code)


def test_silence_is_an_error(pretend, monkeypatch):
    monkeypatch.setattr(events, "START_SECONDS", 0.3)
    start = time.monotonic()
    with pytest.raises(WorkerError, match=r"silent for 0\.3 seconds"):
        pretend([], "time.sleep(99)")
    assert time.monotonic() - start < 20


def test_an_endless_answer_is_an_error(pretend, monkeypatch):
    monkeypatch.setattr(events, "MAX_ANSWER_BYTES", 1 << 20)
    with pytest.raises(WorkerError, match="more than 1 MiB"):
        pretend([], "while True: os.write(1, b'a' * 65536)")


def test_a_python_that_cannot_be_started_is_an_error(tmp_path):
    with pytest.raises(WorkerError, match="/nowhere/python cannot be started: No such file"):
        run_worker("/nowhere/python", Job("generate", None, (), ()), str(tmp_path))


@pytest.mark.parametrize("wrong", [row("b"), RUNTIME, END, "what\n", {"event": "row", "key": 3}])
def test_a_wrong_answer_costs_the_row_that_was_run(pretend, wrong):
    answers = pretend([RUNTIME, wrong], again=[RUNTIME, row("b"), END])
    assert "refused" in answers.rows["a"]
    assert answers.rows["b"] == {"samples": ["b"]}


def test_silence_costs_the_row_that_was_run(pretend, monkeypatch):
    monkeypatch.setattr(worker_process, "SLACK_SECONDS", 0.2)
    answers = pretend([RUNTIME, row("a")], "again or time.sleep(99)")
    assert answers.rows["a"] == {"samples": ["a"]}
    assert answers.rows["b"] == {"refused": "the worker was silent for 0.29 seconds"}


def test_a_runtime_that_breaks_in_between_is_a_failure(pretend):
    answers = pretend([RUNTIME], again=["broken\n"])
    assert set(answers.rows) == {"a"}
    assert "not JSON" in answers.failure


def test_a_worker_that_ignores_its_termination_is_killed(pretend, monkeypatch, tmp_path):
    monkeypatch.setattr(worker_end, "END_SECONDS", 0.2)
    pid_file = tmp_path / "pid"
    code = (
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\nos.close(1)\ntime.sleep(99)"
    )
    start = time.monotonic()
    answers = pretend([RUNTIME, row("a"), row("b")], code)
    assert time.monotonic() - start < 60
    assert set(answers.rows) == {"a", "b"}
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_work_that_is_stopped_ends_with_its_worker(pretend, tmp_path):
    pid_file = tmp_path / "pid"
    code = f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(99)"
    start = time.monotonic()
    with pytest.raises(StoppedError):
        pretend([RUNTIME, row("a")], code, stopped=pid_file.exists)
    assert time.monotonic() - start < 60
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_runtime_that_has_no_time_left_to_describe_itself_cannot_be_used(pretend, monkeypatch):
    monkeypatch.setattr(worker_process, "JOB_SECONDS", 0.0)
    monkeypatch.setattr(worker_process, "MORE_SECONDS", 0.0)
    with pytest.raises(WorkerError, match="the rows of a runtime took more than 0 seconds together"):
        pretend([], "time.sleep(99)")


def test_rows_that_tell_too_much_together_are_refused_one_by_one(pretend, monkeypatch):
    monkeypatch.setattr(worker_process, "MOST_TOLD", 400)
    large = {"samples": ["x" * 200]}
    archive = {"samples": [], "archive": "x" * 900, "backported": "x" * 900}
    why = "the samples of a run take more than 0 MiB together: give fewer, or name some operators"
    answers = pretend([RUNTIME, row("a", large), row("b", large), END])
    assert answers.rows == {"a": large, "b": {"refused": why}}
    assert pretend([RUNTIME, row("a", archive), row("b", large), END]).rows == {"a": archive, "b": large}


def test_no_row_takes_longer_than_all_may_together(pretend, monkeypatch):
    monkeypatch.setattr(worker_process, "JOB_SECONDS", 2.0)
    monkeypatch.setattr(worker_process, "MORE_SECONDS", 0.5)
    answers = pretend([RUNTIME, row("a")], "time.sleep(99)")
    why = "the rows of a runtime took more than 3 seconds together: name some operators"
    assert answers.rows == {"a": {"samples": ["a"]}, "b": {"refused": why}}


def test_a_worker_that_says_of_its_texts_that_it_goes_on_is_believed_as_often_as_it_has_some(pretend):
    with pytest.raises(WorkerError, match="out of turn"):
        pretend([{"event": "texts"}, RUNTIME, row("a"), row("b"), END])
