"""No process of a module outlives its step, whatever it does to the worker, and none reaches another process."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.defences import ENDED_BETWEEN, KEEPER, NAMESPACES, SIGNALS, WRITES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends what a module leaves behind")

# A daemon, as it is written in every book; its command line has a word to know it by, and its name is a line break,
# which is how /proc/PID/stat would end.
DAEMON = """
ready, done = os.pipe()
os.set_inheritable(done, True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        code = "import ctypes, os, time; ctypes.CDLL(None).prctl(15, bytes([10]), 0, 0, 0);"
        code += f"os.write({done}, b'.'); time.sleep(99)"
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code, WORD])
    os._exit(0)
os.read(ready, 1)
"""
KILLS = "\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(99)"


@pytest.fixture
def word(tmp_path: Any, running_with: Callable[[object], list[str]]) -> Iterator[str]:
    """A word that one command line alone has; what still has it in the end is ended."""
    name = f"left-behind-{os.getpid()}-{tmp_path.name}"
    yield name
    for process in running_with(name):
        os.kill(int(process), signal.SIGKILL)


def laid(modules: Any, good: str, when_made: Callable[[str], str], word: str, then: str = "") -> Any:
    modules.add("first", good)
    modules.add("leaves a daemon", when_made(DAEMON.replace("WORD", repr(word)) + then))
    modules.add("last", good)
    return modules.export()


@pytest.mark.parametrize(("out", "waits"), [((), False), ((SIGNALS,), True)])
def test_a_module_locks_what_others_wait_for(
    modules: Any,
    when_made: Callable[[str], str],
    without: Callable[..., None],
    tmp_path: Any,
    out: tuple[str, ...],
    waits: bool,
) -> None:
    """To read a file is enough to lock it: those of the cache of released torches, for one."""
    without(*out)
    path = tmp_path / "torch.lock"
    path.touch()
    locks = f"import fcntl\nfcntl.flock(os.open({str(path)!r}, os.O_RDONLY), fcntl.LOCK_EX)\nraise ValueError('locked')"
    modules.add("locks", when_made(locks))
    said = modules.export().rows["locks"]["refused"]
    assert ("locked" in said) is waits
    assert ("Operation not permitted" in said) is not waits


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("out", "outlives"),
    [
        ([], False),
        # One of them is enough.
        ([NAMESPACES], False),
        ([ENDED_BETWEEN], False),
        ([ENDED_BETWEEN, NAMESPACES], False),
        ([ENDED_BETWEEN, NAMESPACES, KEEPER], True),
    ],
)
def test_a_module_leaves_a_daemon_behind(
    modules: Any,
    good: str,
    when_made: Any,
    running_with: Any,
    without: Any,
    word: str,
    out: Any,
    outlives: bool,
) -> None:
    without(*out)
    answers = laid(modules, good, when_made, word)
    assert "refused" not in answers.rows["last"]
    assert bool(running_with(word)) is outlives


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("out", "refusal", "outlives"),
    [
        ([], "PermissionError", False),
        # Signals that come through reach the worker, and what is around it ends the daemon.
        ([SIGNALS], "the worker ended early (SIGKILL)", False),
        ([SIGNALS, NAMESPACES], "the worker ended early (SIGKILL)", False),
        ([SIGNALS, NAMESPACES, KEEPER], "the worker ended early (SIGKILL)", True),
    ],
)
def test_a_module_kills_its_worker_and_stays(
    modules: Any,
    good: str,
    when_made: Any,
    running_with: Any,
    without: Any,
    word: str,
    out: Any,
    refusal: str,
    outlives: bool,
) -> None:
    without(*out)
    answers = laid(modules, good, when_made, word, then=KILLS)
    assert refusal in answers.rows["leaves a daemon"]["refused"]
    assert answers.rows["last"] == answers.rows["first"]
    assert bool(running_with(word)) is outlives


ATTEMPTS = {
    "kill": "os.kill({pid}, 0)",
    "a group": "os.killpg(os.getpgid(0), 0)",
    "all": "os.kill(-1, 0)",
    "a descriptor": "signal.pidfd_send_signal(os.pidfd_open({pid}), 0)",
    "limits": "resource.prlimit({pid}, resource.RLIMIT_CORE, (0, 0))",
    "scheduling": "os.sched_setscheduler({pid}, os.SCHED_BATCH, os.sched_param(0))",
    "processors": "os.sched_setaffinity({pid}, os.sched_getaffinity(0))",
    "priority": "os.setpriority(os.PRIO_PROCESS, {pid}, 1)",
    "a socket's signals": "fcntl.ioctl(socket.socketpair()[0], 0x8901, struct.pack('i', {pid}))",
    "shared memory": "assert libc.shmctl(libc.shmget(0, 4096, 0o1600), 0, None) == 0",
    "a namespace": "if os.fork() == 0: os._exit(libc.unshare(0x10000000) != 0)\nassert os.wait()[1] == 0",
    "input and output": "fcntl.fcntl(os.open('/dev/zero', 0), fcntl.F_SETOWN, {pid})",
}
TRIES = """
import fcntl, resource, socket, struct
came, libc = [], ctypes.CDLL(None)
for name, attempt in {attempts!r}.items():
    try:
        exec(attempt.format(pid=os.getppid()))
        came.append(name)
    except (OSError, AssertionError):
        pass
raise ValueError(came)
"""


@pytest.mark.parametrize(("out", "come"), [([], []), ([SIGNALS], list(ATTEMPTS))])
@pytest.mark.parametrize("namespaces", [True, False])
def test_a_module_reaches_its_worker(
    modules: Any,
    when_made: Any,
    without: Any,
    python_without_namespaces: str,
    namespaces: bool,
    out: Any,
    come: list[str],
) -> None:
    without(*out)
    modules.add("tries", when_made(TRIES.format(attempts=ATTEMPTS)))
    answers = modules.export(sys.executable if namespaces else python_without_namespaces)
    # Where the system gives none, there is none to be had.
    there = [name for name in come if namespaces or name != "a namespace"]
    assert answers.rows["tries"]["refused"] == f"ValueError: {there}"


LATER = """
if os.fork() == 0:
    os.setsid()
    import glob
    while True:
        for path in glob.glob(os.path.join({folder!r}, "**"), recursive=True):
            try:
                if os.path.isfile(path) and "later" in open(path).read():
                    open(path, "w").write("changed")
            except (OSError, UnicodeDecodeError):
                pass
        time.sleep(0.001)
"""


@pytest.mark.parametrize(
    ("out", "changed"), [([], False), ([WRITES, ENDED_BETWEEN, NAMESPACES, KEEPER], True)]
)
def test_a_module_waits_for_what_a_later_step_reads(
    new_modules: Any,
    good: str,
    when_made: Any,
    without: Any,
    out: Any,
    changed: bool,
    tmp_path: Any,
    running_with: Any,
) -> None:
    """The file stands for what a step would hand over by its path; a job goes to its worker without one."""
    without(*out)
    modules = new_modules()
    modules.add("waits", when_made(LATER.format(folder=str(tmp_path))))
    modules.add("last", good)
    assert "refused" not in modules.export().rows["last"]
    (tmp_path / "job.json").write_text("later")
    deadline = time.monotonic() + (5 if changed else 0.5)
    while (tmp_path / "job.json").read_text() == "later" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ((tmp_path / "job.json").read_text() == "changed") is changed
    for process in running_with(modules.folder):
        os.kill(int(process), signal.SIGKILL)
