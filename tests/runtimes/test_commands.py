"""A command that builds a runtime: its output goes to a log, and nothing of it stays."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from opfixtures.runtimes.commands import CommandError, run_kept, run_logged
from opfixtures.worker.processes import telling_line


@pytest.fixture
def run(tmp_path):
    """Runs a command, or a Python program, and returns its log."""

    def start(*argv):
        log = tmp_path / "log"
        run_logged(
            argv if len(argv) > 1 else (sys.executable, "-c", *argv), str(tmp_path), os.environ, str(log)
        )
        return log.read_text()

    return start


def test_all_output_is_in_the_log(run):
    assert run("import sys; print('out', flush=True); print('err', file=sys.stderr)") == "out\nerr\n"
    assert run("print('more')") == "out\nerr\nmore\n"


def test_a_command_reads_nothing_and_runs_in_the_folder(run, tmp_path):
    assert run("import os, sys; print(os.getcwd(), repr(sys.stdin.read()))") == f"{tmp_path} ''\n"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("no-such-command", "x"), r"^`no-such-command x` failed \(No such file or directory\)$"),
        (("/", "x"), r"^`/ x` failed \(Permission denied\)$"),
        (("sh", "-c", "exit 3"), r"failed \(exit status 3\)$"),
        (("sh", "-c", "kill -9 $$"), r"failed \(SIGKILL\)$"),
        (("sh", "-c", "echo error: first; echo ERROR: second; echo last; exit 1"), r": ERROR: second$"),
        (("sh", "-c", "echo first; echo last; echo; exit 1"), r": last$"),
    ],
)
def test_a_failure_is_one_sentence(run, argv, reason):
    with pytest.raises(CommandError, match=reason):
        run(*argv)


def test_a_failure_has_the_last_lines_that_say_anything(run):
    with pytest.raises(CommandError) as failed:
        run("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; echo; done; exit 1")
    assert failed.value.last_lines == tuple(f"line {number}" for number in range(2, 10))


def test_a_file_that_is_no_program_is_a_failure(run, tmp_path):
    (tmp_path / "text").write_text("text\n")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(CommandError, match="Exec format error"):
        run(str(tmp_path / "text"), "x")


def test_only_the_commands_own_output_is_looked_at(run):
    run("print('error: of another command')")
    with pytest.raises(CommandError, match=r": mine$"):
        run("print('mine'); raise SystemExit(1)")


# What pip 23 prints around what it started: the cause is in the middle.
PIP = """\
Processing ./lib
  Preparing metadata (pyproject.toml): finished with status 'error'
  error: subprocess-exited-with-error

  \u00d7 Preparing metadata (pyproject.toml) did not run successfully.
  \u2502 exit code: 1
  \u2570\u2500> [10 lines of output]
{said}
      [end of output]

  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for tinyops
Failed to build tinyops
ERROR: Could not build wheels for tinyops, which is required to install pyproject.toml-based projects
error: metadata-generation-failed

hint: See above for details.
"""
NINJA = """\
      [1/2] c++ -MMD -c /lib/ops.cpp -o build/ops.o
      FAILED: build/ops.o
      /lib/ops.cpp: In function 'int f()':
      {error}
          2 | int f() {{ return nowhere; }}
            |                  ^~~~~~~
      /lib/ops.cpp:9:1: error: expected '}}' at end of input
      ninja: build stopped: subcommand failed.
      Traceback (most recent call last):
        File "subprocess.py", line 571, in run
          raise CalledProcessError(retcode, process.args,
      subprocess.CalledProcessError: Command '['ninja', '-v']' returned non-zero exit status 1.

      The above exception was the direct cause of the following exception:

      RuntimeError: Error compiling objects for extension"""
GCC = """\
      gcc -shared -o tinyops.so
      {error}
      collect2: error: ld returned 1 exit status
      error: command '/usr/bin/gcc' failed with exit code 1"""
PYTHON = """\
      Traceback (most recent call last):
        File "<string>", line 1, in <module>
      {error}"""
CAUSES = {
    "error: invalid command 'bdist_wheel'": "      running dist_info\n      {error}",
    "/lib/ops.cpp:2:18: error: 'nowhere' was not declared in this scope": NINJA,
    "/lib/ops.cpp:1:10: fatal error: nowhere.h: No such file or directory": NINJA,
    '/lib/ops.cu(3): error: identifier "nowhere" is undefined': NINJA,
    "/usr/bin/ld: cannot find -lnowhere: No such file or directory": GCC,
    "/usr/bin/ld: ops.o: in function `f': ops.cpp:(.text+0x5): undefined reference to `nowhere()'": GCC,
    "ModuleNotFoundError: No module named 'torch'": PYTHON,
    "OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root.": PYTHON,
    "setuptools.errors.OptionError: no such option": PYTHON,
}


@pytest.mark.parametrize("cause", CAUSES)
def test_the_cause_of_a_failed_build_is_told(cause):
    assert telling_line(PIP.format(said=CAUSES[cause].format(error=cause))) == cause


def test_a_failed_build_without_a_cause_is_told_as_pip_does():
    assert telling_line(PIP.format(said="      running dist_info")) == "error: metadata-generation-failed"


def test_an_exception_of_cpp_is_told_without_its_stack():
    output = (
        "terminate called after throwing an instance of 'c10::Error'\n"
        "  what():  CUDA error: no CUDA-capable device is detected\n"
        "Exception raised from f at ops.cpp:1 (most recent call first):\n"
        "frame #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x42\n"
    )
    assert telling_line(output) == "CUDA error: no CUDA-capable device is detected"


def test_much_output_is_cut(run):
    with pytest.raises(CommandError) as caught:
        run("print('a' * 10**7); raise SystemExit(1)")
    assert len(caught.value.output) == 64 << 10
    assert len(telling_line(caught.value.output)) == 500


def test_what_a_command_leaves_behind_is_ended(run, tmp_path):
    run("sh", "-c", f"sleep 99 & echo $! > '{tmp_path}/pid'")
    assert ends(int((tmp_path / "pid").read_text()))


def ends(pid):
    """Whether it ends soon, be it as a zombie under an init that waits for nobody."""
    deadline = time.monotonic() + 10
    stat = Path(f"/proc/{pid}/stat")
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            if stat.read_text().rpartition(") ")[2][0] != "Z":
                time.sleep(0.01)
                continue
        return True
    return False


INTERRUPTED = """
import os, signal, sys
from opfixtures.runtimes.commands import run_logged

script = f"sleep 99 & echo $! > pids; echo $$ >> pids; sleep 0.5; kill -INT {os.getpid()}; wait"
try:
    run_logged(("sh", "-c", script), sys.argv[1], os.environ, "log")
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interruption_ends_the_command_and_what_it_started(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.stdout == "interrupted\n"
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert all(map(ends, pids))


KEPT = """
import os, sys
from opfixtures.runtimes.commands import run_kept

print(os.getpid(), flush=True)
print(run_kept(sys.argv[2:], dict(os.environ), seconds=float(sys.argv[1])), flush=True)
"""
# A daemon as they are: a session of its own, and a parent that is gone.
DAEMON = "(setsid sh -c 'echo $$ >> pids; exec sleep 99' &) ; echo $$ >> pids; "


@pytest.fixture
def kept(tmp_path):
    """Starts a process that has a shell script kept, with so many seconds to tidy up."""

    def start(script, seconds=0):
        command = [sys.executable, "-c", KEPT, str(seconds), "sh", "-c", script]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)

    return start


@pytest.fixture
def pids(tmp_path):
    """Waits for the numbers that scripts write down."""

    def wait(count):
        path = tmp_path / "pids"
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = path.read_text().split() if path.exists() else []
            if len(found) >= count:
                return [int(pid) for pid in found]
            time.sleep(0.01)
        raise AssertionError(found)

    return wait


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says to whom orphans come")
def test_a_daemon_ends_with_the_command_that_started_it(run, pids):
    run("sh", "-c", DAEMON + "until [ $(wc -l < pids) = 2 ]; do sleep 0.01; done")
    assert all(map(ends, pids(2)))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says to whom orphans come")
def test_nothing_outlives_a_process_that_was_killed(kept, pids):
    with kept(DAEMON + "sleep 99") as process:
        found = pids(2)
        process.kill()
    assert all(map(ends, found))


def test_a_command_that_is_given_time_tidies_up(kept, pids, tmp_path):
    with kept(
        "trap 'echo tidy > tidy; exit 3' TERM; echo $$ >> pids; while :; do sleep 0.01; done", 20
    ) as process:
        (found,) = pids(1)
        process.kill()
    assert ends(found)
    assert (tmp_path / "tidy").read_text() == "tidy\n"


def test_one_that_takes_longer_is_killed(kept, pids):
    with kept("trap '' TERM; echo $$ >> pids; while :; do sleep 0.01; done", 0.2) as process:
        (found,) = pids(1)
        process.kill()
    assert ends(found)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_keeper_that_is_ended_takes_the_command_with_it(kept, pids, number):
    with kept("echo $PPID >> pids; echo $$ >> pids; exec sleep 99") as process:
        keeper, command = pids(2)
        os.kill(keeper, number)
        out, _ = process.communicate(timeout=120)
    assert ends(command)
    # What became of the keeper is all that is known where it cannot tell any more.
    assert out.splitlines()[1] == "-9"


def test_a_command_that_forks_on_and_on_is_ended(kept, pids, tmp_path):
    bomb = "f() { echo x >> forks; sleep 0.002; f & }; echo $$ >> pids; f; f; f; sleep 99"
    with kept(bomb) as process:
        pids(1)
        while not (tmp_path / "forks").exists():
            time.sleep(0.01)
        process.kill()
    # Nobody writes any more.
    time.sleep(0.5)
    size = (tmp_path / "forks").stat().st_size
    time.sleep(0.3)
    assert (tmp_path / "forks").stat().st_size == size


def test_a_command_that_is_not_there_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        run_kept(["no-such-command"], os.environ, str(tmp_path))
    assert caught.value.filename == "no-such-command"
