"""Commands that take long and are ended from outside: nothing runs on, nothing is half, nothing stays."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from opfixtures.worker.processes import as_exit_status
from tests.ending import WAYS, Commands, is_quiet, send
from tests.repositories import GitRepository

# Two guards, made and replayed by the torch beside the tests: the cheapest that there is.
GUARDS: dict[str, str | bytes] = {
    ".opfixtures.toml": f"""\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"

[[tool.opfixtures.runtimes]]
kind = "interpreter"
python = "{sys.executable}"
""",
    "map.py": "OPERATOR_VERSIONS = {}\n",
    "registry.py": """\
from modules import *

ALL_MODULES = {
    TestGeluV0(): "aten::gelu",
    TestReluV0(): "aten::relu",
}
""",
    "modules.py": """\
import torch


class TestGeluV0(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)


class TestReluV0(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.relu(x)
""",
}
PAIRS = [f"test_{name}_v0.ptl{end}" for name in ("gelu", "relu") for end in ("", ".json")]


@pytest.fixture
def commands(new_repository: Callable[..., GitRepository], tmp_path: Path) -> Commands:
    return Commands(new_repository(GUARDS), tmp_path)


def fixtures(commands: Commands) -> list[str]:
    folder = commands.repository.root / "fixtures"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def check_end(commands: Commands, way: str, status: int, err: str) -> None:
    """The status is the shell's, nothing runs; what has time tidies up, and the next run does in any case."""
    _, wanted, tidies = WAYS[way]
    # A second signal may come when Python has given up its handlers: to a shell that is the same.
    assert as_exit_status(status) == wanted, err
    assert is_quiet(err), err
    assert commands.processes(1.0 if tidies else 30.0) == []
    if tidies:
        assert commands.left() == []
    assert commands.run("generate", "--dry-run").status == 0
    assert commands.left() == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("line", ["exporting 2", "replaying 2"])
def test_generate_ends_with_every_signal_and_the_next_run_removes_what_is_left(
    commands: Commands, line: str
) -> None:
    for way in WAYS:
        ended = commands.end(line, way, "generate", "--all")
        check_end(commands, way, ended.status, ended.err)
        assert fixtures(commands) == []
    assert commands.run("generate", "--all").status == 0
    assert fixtures(commands) == PAIRS


def test_at_whatever_moment_it_is_killed_the_next_run_is_as_if_it_had_never_been(commands: Commands) -> None:
    for tenths in (2, 6, 11, 16, 21):
        with commands.start("generate", "--all") as process:
            time.sleep(tenths / 10)
            process.kill()
            process.communicate(timeout=60)
        assert commands.processes() == []
        names = {name for name in fixtures(commands) if not name.startswith(".")}
        assert {f"{name}.json" for name in names if name.endswith(".ptl")} <= names
        assert commands.run("generate", "--dry-run").status == 0
        assert commands.left() == []
    assert commands.run("generate", "--all").status == 0
    assert fixtures(commands) == PAIRS


def test_a_terminal_that_is_closed_ends_what_runs_in_it(commands: Commands) -> None:
    """A real one: from then on nothing can be said on it, and the line of the progress not be cleared."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        (sys.executable, "-m", "opfixtures", "generate", "--all"),
        cwd=commands.repository.root,
        env=commands.environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(follower)
    shown = b""
    while b"exported" not in shown:
        shown += os.read(leader, 1000)
    os.close(leader)
    check_end(commands, "hangup", process.wait(30), "")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("call", ["fsync:4", "replace:1", "replace:2", "unlink:2"])
def test_a_kill_while_fixtures_are_written_leaves_none_without_its_record(
    commands: Commands, call: str
) -> None:
    ended = commands.run("generate", "--all", END_AT=call, END_WITH="9")
    assert ended.status == 137
    names = {name for name in fixtures(commands) if not name.startswith(".")}
    assert {f"{name}.json" for name in names if name.endswith(".ptl")} <= names
    assert commands.run("generate", "--all").status == 0
    assert (fixtures(commands), commands.left()) == (PAIRS, [])


@pytest.mark.parametrize("way", ["hangup", "kill"])
def test_verify_ends_with_every_signal(commands: Commands, way: str) -> None:
    assert made(commands)
    ended = commands.end("replaying", way, "verify")
    check_end(commands, way, ended.status, ended.err)
    assert fixtures(commands) == PAIRS


def made(commands: Commands) -> bool:
    return commands.run("generate", "--all").status == 0


def test_a_temporary_file_of_a_killed_run_is_no_change(commands: Commands) -> None:
    assert made(commands)
    commands.repository.git("add", "--all")
    commands.repository.commit()
    (commands.repository.root / "fixtures" / f".opfixtures-{'a' * 16}").write_text("half")
    with commands.start("generate", "--target", "HEAD") as process:
        out, _ = process.communicate(timeout=60)
    assert out.startswith("opfixtures: nothing that a fixture rests on differs"), out
    assert commands.left() == []


def test_two_runs_at_once_remove_nothing_of_each_other(commands: Commands) -> None:
    with commands.start("generate", "--all") as first:
        assert first.stderr is not None
        assert "exporting" in first.stderr.readline()
        while not (there := [path.name.rpartition("-")[0] for path in commands.scratch.iterdir()]):
            assert first.poll() is None
        assert there == ["opfixtures-generate"]
        assert commands.run("generate", "--dry-run").status == 0
        out, err = first.communicate(timeout=120)
    assert first.returncode == 0, out + err


SETUP = """
[[tool.opfixtures.runtimes]]
kind = "checkout"
setup = [["sh", "-c", "echo half > half; mktemp; setsid sleep 1000 & sleep 1000"]]
"""


@pytest.mark.parametrize("way", ["hangup", "interrupt twice", "kill"])
def test_a_setup_ends_with_its_daemons_and_half_an_environment_goes(commands: Commands, way: str) -> None:
    settings = str(GUARDS[".opfixtures.toml"]).partition("[[")[0] + SETUP
    commands.repository.write(".opfixtures.toml", settings)
    commands.repository.commit()
    with commands.start("generate", "--all") as process:
        assert process.stderr is not None
        assert "building" in process.stderr.readline()
        wait_for_sleep(commands)
        send(process, way)
        _, err = process.communicate(timeout=60)
    check_end(commands, way, process.returncode, err)


def wait_for_sleep(commands: Commands) -> None:
    while sum(b"sleep\0" in line for line in commands._alive()) < 2:
        assert commands._alive()


EVENT = {"inputs": {}, "repository": {"default_branch": "main"}}


@pytest.mark.parametrize("way", ["term", "kill"])
def test_what_the_action_starts_ends_with_it(commands: Commands, tmp_path: Path, way: str) -> None:
    repository = commands.repository
    base = repository.git("rev-parse", "HEAD")
    registry = str(GUARDS["registry.py"]).replace("}", '    TestTanhV0(): "aten::tanh",\n}')
    repository.write("registry.py", registry)
    more = str(GUARDS["modules.py"]).replace("TestReluV0", "TestTanhV0").replace("relu", "tanh")
    repository.write(
        "modules.py", f"{GUARDS['modules.py']!s}\n\n{more.partition('import torch')[2].strip()}\n"
    )
    head = repository.commit()
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT), encoding="utf-8")
    environment = {
        "GITHUB_EVENT_NAME": "workflow_dispatch",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "octo/library",
        "GITHUB_WORKSPACE": str(repository.root),
        "OPFIXTURES_MODE": "generate",
        "OPFIXTURES_BASE": base,
        "OPFIXTURES_HEAD": head,
        "OPFIXTURES_RESULT": str(tmp_path / "result"),
    }
    ended = commands.end("exporting", way, "action", **environment)
    _, wanted, tidies = WAYS[way]
    assert ended.status == wanted, ended.err
    assert commands.processes(1.0 if tidies else 30.0) == []
    if tidies:
        assert commands.left() == []
    again = commands.run("action", **environment)
    assert again.status == 0, again.err
    assert commands.left() == []


HANG = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
server.accept()
print("asked", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("way", WAYS)
def test_publish_ends_while_github_does_not_answer(commands: Commands, tmp_path: Path, way: str) -> None:
    result = tmp_path / "result"
    result.mkdir()
    (result / "result.json").write_text(
        '{"schema": 3, "pre_change_commit": null, "fixtures": [], "findings": []}'
    )
    with subprocess.Popen(
        [sys.executable, "-c", HANG], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as hub:
        assert hub.stdout is not None
        port = hub.stdout.readline().strip()
        github = {
            "GITHUB_API_URL": f"http://127.0.0.1:{port}",
            "GITHUB_REPOSITORY": "octo/library",
            "GITHUB_TOKEN": "t",
            # A signal that comes while coverage holds its lock would have it wait for itself at the end.
            "COVERAGE_PROCESS_CONFIG": "",
        }
        arguments = ("publish", "--head=octocat:topic", f"--head-sha={'a' * 40}", str(result))
        with commands.start(*arguments, **github) as process:
            assert hub.stdout.readline() == "asked\n"
            send(process, way)
            _, err = process.communicate(timeout=60)
        assert hub.stdin is not None
        hub.stdin.close()
    assert as_exit_status(process.returncode) == WAYS[way][1], err
    assert is_quiet(err), err
    assert (commands.processes(), commands.left()) == ([], [])
    assert os.listdir(result) == ["result.json"]
