"""What a fixture module cannot do to the others, to the worker, and to the machine once its row is over."""

import subprocess
import sys
import time

import pytest

from opfixtures.worker import worker_process
from opfixtures.worker.job import Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process give this up")

FORGED = '{"event": "row", "key": "last", "told": {"samples": ["forged"]}}'


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
    assert answers.rows["forges"] == answers.rows["last"] == answers.rows["first"]


def test_a_process_that_stays_behind_is_ended(modules, when_made, is_running, tmp_path):
    pid_file = tmp_path / "pid"
    modules.add(
        "leaves a process",
        when_made(
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "    if os.fork() == 0:\n"
            f"        open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
            "        time.sleep(99)\n"
            "    time.sleep(99)\n"
            f"while not os.path.exists({str(pid_file)!r}) or not open({str(pid_file)!r}).read():\n"
            "    time.sleep(0.01)"
        ),
    )
    modules.add("last", when_made(f"os.kill(int(open({str(pid_file)!r}).read()), 0)"))
    answers = modules.export()
    assert "samples" in answers.rows["leaves a process"]
    assert "ProcessLookupError" in answers.rows["last"]["refused"]
    assert not is_running(int(pid_file.read_text()))


def test_the_worker_ends_what_runs_when_it_is_interrupted(modules, good, when_made, is_running, tmp_path):
    pid_file = tmp_path / "pid"
    modules.add("first", good)
    modules.add(
        "hangs",
        when_made(f"os.setsid()\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(99)"),
    )

    def interrupt(_):
        while not (pid_file.exists() and pid_file.read_text()):
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        modules.export(tell=interrupt)
    assert not is_running(int(pid_file.read_text()))


def test_a_module_that_stops_the_worker_is_ended_with_it(
    modules, good, when_made, is_running, tmp_path, monkeypatch
):
    monkeypatch.setattr(worker_process, "SLACK_SECONDS", 1)
    pid_file = tmp_path / "pid"
    modules.add("first", good)
    modules.add(
        "stops the worker",
        when_made(
            f"os.setsid()\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
            "os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(99)"
        ),
    )
    modules.add("last", good)
    answers = modules.export(seconds=1)
    assert answers.rows["stops the worker"] == {"refused": "the worker was silent for 6 seconds"}
    assert answers.rows["last"] == answers.rows["first"]
    assert not is_running(int(pid_file.read_text()))


def test_the_worker_ends_with_the_process_that_started_it(modules, when_made, is_running, tmp_path):
    pid_file = tmp_path / "pids"
    modules.add(
        "hangs",
        when_made(
            f"open({str(pid_file)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}.')\ntime.sleep(99)"
        ),
    )
    job = Job("generate", None, (), tuple(modules.rows))
    code = (
        "import sys; from opfixtures.worker.job import Job; from opfixtures.worker.worker_process import run_worker;"
        f"run_worker(sys.executable, {job}, {str(tmp_path / 'scratch')!r}, print)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code])
    while not (pid_file.exists() and pid_file.read_text().endswith(".")):
        assert starter.poll() is None
        time.sleep(0.01)
    starter.kill()
    starter.wait()
    pids = [int(pid) for pid in pid_file.read_text().rstrip(".").split()]
    deadline = time.monotonic() + 20
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(is_running, pids))
