"""What a fixture module sees of the machine, and what it cannot reach."""

import json
import os
import resource
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process give this up")

# A module that tells what an expression gives, through its sample input.
TELLS = """
import ctypes, json, os, resource, socket, sys

def attempt(function):
    try:
        function()
    except OSError as error:
        return type(error).__name__
    return "done"

class M(torch.nn.Module):
    def forward(self, s: str):
        return s

    def sample_inputs(self):
        return (json.dumps({expression}),)
"""


def told(answers, key):
    return json.loads(answers.rows[key]["samples"][0]["inputs"][0])


@pytest.fixture(scope="module")
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def local_listener(tmp_path_factory):
    path = tmp_path_factory.mktemp("socket") / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def exported(new_modules, listener, local_listener):
    modules = new_modules()
    port, path = listener.getsockname()[1], local_listener.getsockname()
    expressions = {
        "environment": "dict(os.environ)",
        "path": "sys.path",
        "home": "[os.getcwd(), os.environ['HOME'], os.listdir('.')]",
        "network": f"attempt(lambda: socket.create_connection(('127.0.0.1', {port}), 5))",
        "local": f"attempt(lambda: socket.socket(socket.AF_UNIX).connect({path!r}))",
        "starter": f"attempt(lambda: open('/proc/{os.getpid()}/environ'))",
        "privileges": "[line for line in open('/proc/self/status') if line.startswith('NoNewPrivs')]",
        "limits": "[resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0] for name in"
        " ('CORE', 'FSIZE', 'CPU', 'AS', 'DATA', 'NPROC')]",
        "threads": "torch.get_num_threads()",
    }
    for key, expression in expressions.items():
        modules.add(key, TELLS.format(expression=expression))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SECRET", "of the user")
        patch.setenv("PYTHONPATH", os.path.dirname(__file__))
        return modules.export()


def test_the_environment_has_nothing_of_the_users(exported):
    environment = told(exported, "environment")
    assert "A_SECRET" not in environment
    assert environment["PYTHONHASHSEED"] == "0"
    assert environment["ATEN_CPU_CAPABILITY"] == "default"
    assert environment["MKL_CBWR"] == "COMPATIBLE"
    assert environment["GLIBC_TUNABLES"] == "glibc.rtld.execstack=2"
    assert told(exported, "threads") == 1


def test_only_the_runtime_is_imported_from(exported):
    command = [sys.executable, "-I", "-c", "import json, sys; print(json.dumps(sys.path))"]
    isolated = subprocess.run(command, capture_output=True, check=True)
    assert told(exported, "path") == json.loads(isolated.stdout)


def test_home_is_an_empty_folder_of_its_own(exported):
    folder, home, files = told(exported, "home")
    assert home == folder
    assert home != os.environ.get("HOME")
    assert files == []


def test_there_is_no_network(exported, listener):
    assert told(exported, "network") != "done"
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_there_are_no_local_sockets(exported, local_listener):
    assert told(exported, "local") != "done"
    with pytest.raises(BlockingIOError):
        local_listener.accept()


def test_the_same_code_connects_outside_of_a_worker(listener):
    code = f"import socket; socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5)"
    subprocess.run([sys.executable, "-c", code], check=True)
    listener.accept()[0].close()


def test_there_is_no_look_into_the_process_that_started_it(exported):
    """It is not even there where the system lets /proc be mounted."""
    assert told(exported, "starter") in ("PermissionError", "FileNotFoundError")


def test_there_are_no_privileges_to_be_had(exported):
    (line,) = told(exported, "privileges")
    assert line.split() == ["NoNewPrivs:", "1"]


def test_there_are_limits(exported):
    core, file_size, seconds, addresses, memory, processes = told(exported, "limits")
    assert core == 0
    assert file_size == 256 << 20
    assert seconds == 35
    assert 8 << 30 < addresses < 32 << 30
    assert 512 << 20 < memory < 4 << 30
    assert 64 < processes != resource.getrlimit(resource.RLIMIT_NPROC)[0]


def test_there_is_no_network_where_namespaces_are_refused(modules, listener, python_without_namespaces):
    connect = f"attempt(lambda: socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5))"
    namespaces = "[os.readlink('/proc/self/ns/net'), ctypes.CDLL(None).unshare(0x40000000)]"
    modules.add("network", TELLS.format(expression=connect))
    modules.add("namespaces", TELLS.format(expression=namespaces))
    answers = modules.export(python_without_namespaces)
    assert told(answers, "network") == "PermissionError"
    assert told(answers, "namespaces") == [os.readlink("/proc/self/ns/net"), -1]


REFUSED = """
import sys
sys.path.insert(0, sys.argv[1])
from opfixtures_worker import system_calls

class Refusing:
    def __getattr__(self, name):
        return lambda *_: -1

system_calls.LIBC = Refusing()
from opfixtures_worker.answers import answer, take_stdout
from opfixtures_worker.isolation import HELD, isolate, shut_in

take_stdout()
isolate(sys.argv[2])
shut_in(sys.argv[2])
answer(HELD)
sys.exit(3)
"""


def test_a_system_that_gives_nothing_is_no_error(worker_zip, tmp_path):
    command = [sys.executable, "-c", REFUSED, worker_zip, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "[]\n", "")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_filter_jumps_to_its_own_lines_alone(worker, machine):
    calls = [*worker.calls_outside(), *worker.calls_of_step(9), *worker.calls_about_files()]
    lines = worker.filter_of(machine, calls)
    assert 50 < len(lines) < 4096
    for place, (code, if_so, if_not, _) in enumerate(lines):
        if code in (worker.EQUAL, worker.AT_LEAST, worker.HAS_ANY):
            assert place + 1 + max(if_so, if_not) < len(lines)
        else:
            assert code in (worker.LOAD, worker.END)
    assert lines[-1] == (worker.END, 0, 0, worker.ALLOW)


def test_a_lower_limit_stays(worker_zip):
    code = (
        "import resource, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from opfixtures_worker.limits import limit_step, limit_worker\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 8192))\n"
        "limit_worker()\n"
        "limit_step(1)\n"
        "print(resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, worker_zip]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "(8192, 8192)\n"
