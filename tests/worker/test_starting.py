"""A worker that is started before its job is known: it does the same, and nothing of it stays."""

import json
import os
import sys
from pathlib import Path

import pytest

from opfixtures.worker import starting
from opfixtures.worker.job import Job
from opfixtures.worker.observations import WorkerError
from opfixtures.worker.starting import EarlyWorker
from opfixtures.worker.worker_process import run_worker

from .test_worker_process import END, RUNTIME, row

# Answers once it has read its job, whose size it tells; in the folder it notes that it was started.
PRETEND = """\
#!{python}
import json, os, sys
open(os.path.join({notes!r}, str(os.getpid())), "w").close()
{before}
asked = json.load(sys.stdin)
for answer in {answers!r}:
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def pretend(tmp_path: Path):
    notes = tmp_path / "notes"
    notes.mkdir()

    def made(before: str = "") -> str:
        script = tmp_path / "python"
        answers = [RUNTIME, row("a"), row("b"), END]
        script.write_text(
            PRETEND.format(python=sys.executable, notes=str(notes), before=before, answers=answers)
        )
        script.chmod(0o755)
        return str(script)

    return made, notes


def job(size: int = 1) -> Job:
    return Job("generate", None, (), tuple({"key": key, "archive": b"x" * size} for key in "ab"))


def run(python: str, folder: Path, early: EarlyWorker, size: int = 1):
    return run_worker(python, job(size), str(folder), early=early)


# More than a pipe holds, so that somebody waits for the other.
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_an_early_worker_does_the_job_and_no_second_one_is_started(
    pretend, tmp_path: Path, size: int
) -> None:
    make, notes = pretend
    with EarlyWorker(make()) as early:
        answers = run(early.python, tmp_path / "folder", early, size)
        assert answers.rows == {"a": {"samples": ["a"]}, "b": {"samples": ["b"]}}
        assert len(os.listdir(notes)) == 1
        # A second job has a worker of its own.
        assert run(early.python, tmp_path / "folder", early).rows == answers.rows
        assert len(os.listdir(notes)) == 2
    assert not still_running(notes)


def still_running(notes: Path) -> list[str]:
    """Those that still run."""
    return [name for name in os.listdir(notes) if os.path.exists(f"/proc/{name}")]


@pytest.mark.parametrize("before", ["sys.exit(3)", "sys.stderr.write('no torch\\n'); os._exit(1)"])
def test_one_that_ended_before_its_job_says_why(pretend, tmp_path: Path, before: str) -> None:
    make, _ = pretend
    with EarlyWorker(make(before)) as early, pytest.raises(WorkerError, match="the worker ended early"):
        run(early.python, tmp_path / "folder", early, 1 << 20)


def test_one_that_never_reads_is_ended_with_who_tells_it(
    pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opfixtures.worker.events.START_SECONDS", 0.5)
    make, notes = pretend
    before = "import time; time.sleep(600)"
    with EarlyWorker(make(before)) as early, pytest.raises(WorkerError, match="silent"):
        run(early.python, tmp_path / "folder", early, 1 << 20)
    assert not still_running(notes)


def test_one_that_nobody_takes_ends_with_its_folder(pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    make, notes = pretend
    folders = []
    start = starting.start

    def noted(python: str, folder: str, *rest):
        folders.append(folder)
        return start(python, folder, *rest)

    monkeypatch.setattr(starting, "start", noted)
    with EarlyWorker(make("import time; time.sleep(600)")):
        pass
    assert not still_running(notes)
    (folder,) = folders
    assert not os.path.exists(folder)


def test_one_that_cannot_be_started_is_told_when_it_gets_its_job(tmp_path: Path) -> None:
    with EarlyWorker("/nowhere/python") as early:
        assert early.taken(json.loads("{}")) is None
        with pytest.raises(WorkerError, match="cannot be started"):
            run(early.python, tmp_path / "folder", early)
