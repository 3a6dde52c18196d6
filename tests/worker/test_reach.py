"""What a fixture module cannot do to the others, to the worker, and to the machine once its row is over."""

import subprocess
import sys
import time

import pytest

from opfixtures.worker import worker_process
from opfixtures.worker.job import Job
from tests.defences import SIGNALS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process give this up")

FORGED = '{"event": "row", "key": "last", "told": {"samples": ["forged"]}}'
HANGS = "os.setsid()\ntime.sleep(99)"


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_module_cannot_answer_for_another(modules, good, when_made, namespaces, python_without_namespaces):
    parents_files = "[f'/proc/{os.getppid()}/fd/{n}' for n in range(20)]"
    modules.add("first", good)
    modules.add(
        "forges",
        when_made(
            f"forged = {FORGED!r}.encode() + b'\\n'\n"
            f"for file in [*range(50), *{parents_files}]:\n"
            "    try:\n"
            "        fd = file if isinstance(file, int) else os.open(file, os.O_WRONLY)\n"
            "        os.set_blocking(fd, False)\n"
            "        os.write(fd, forged)\n"
            "    except OSError:\n"
            "        pass\n"
        ),
    )
    modules.add("last", good)
    answers = modules.export(sys.executable if namespaces else python_without_namespaces)
    told = [{**answers.rows[key], "archive": ""} for key in ("forges", "last", "first")]
    assert told[0] == told[1] == told[2]


def test_the_worker_ends_what_runs_when_it_is_interrupted(modules, good, when_made, running_with):
    modules.add("first", good)
    modules.add("hangs", when_made(HANGS))

    def interrupt(_):
        # Of the module's process, too, before anybody looks.
        while len(running_with(modules.folder)) < 4:
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        modules.export(tell=interrupt)
    assert running_with(modules.folder) == []


def test_a_module_that_stops_the_worker_is_ended_with_it(
    modules, good, when_made, running_with, monkeypatch, without
):
    without(SIGNALS)
    monkeypatch.setattr(worker_process, "SLACK_SECONDS", 1)
    modules.add("first", good)
    modules.add(
        "stops the worker",
        when_made("os.setsid()\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(99)"),
    )
    modules.add("last", good)
    answers = modules.export(seconds=1)
    assert answers.rows["stops the worker"] == {"refused": "the worker was silent for 10 seconds"}
    assert answers.rows["last"] == answers.rows["first"]
    assert running_with(modules.folder) == []


@pytest.mark.sampled(6)
@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.3, 4.0])
def test_the_worker_ends_with_the_process_that_started_it(
    modules, when_made, running_with, namespaces, moment, python_without_namespaces
):
    modules.add("hangs", when_made(HANGS))
    job = Job("generate", None, (), tuple(modules.rows))
    python = sys.executable if namespaces else python_without_namespaces
    code = (
        "import sys; from opfixtures.worker.job import Job; from opfixtures.worker.worker_process import run_worker;"
        f"run_worker({python!r}, {job}, {str(modules.folder / 'scratch')!r})"
    )
    starter = subprocess.Popen([sys.executable, "-c", code])
    while not running_with(f"{modules.folder}/scratch/worker-"):
        assert starter.poll() is None
        time.sleep(0.005)
    time.sleep(moment)
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 20
    while running_with(modules.folder) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running_with(modules.folder) == []
