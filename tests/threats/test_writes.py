"""A module writes to its own folder and to nothing else: no hook, no package, no cache, no file of a later step."""

from __future__ import annotations

import os
import pty
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opfixtures.worker.told import exported
from tests.defences import LANDLOCK_ALONE, LOOKS_BELOW, SIGNALS, WRITES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process writes")

# What is there: a repository, an environment, a cache, the worker's own folder of another job.
FILES = {
    "repository/.git/config": "[core]\n",
    "repository/.git/hooks/pre-push": "#!/bin/sh\n",
    "env/lib/python3.11/site-packages/torch/__init__.py": "1\n",
    "cache/releases/torch-2.13.0/.complete": "",
    "opfixtures-replay-x/worker-y/worker.zip": "PK\n",
}
# What a module does to a file, and where that file is in a folder, to the folder.
ATTEMPTS = {
    "write": "open(path, 'w').write('x')",
    "append": "open(path, 'a').write('x')",
    "truncate": "os.truncate(path, 0)",
    "remove": "os.unlink(path)",
    "replace": "open('new', 'w').close(); os.replace('new', path)",
    "move out": "os.rename(path, 'taken')",
    "link in": "open('own', 'w').close(); os.link('own', folder + '/linked')",
    "link out": "os.link(path, 'linked')",
    "name": "os.symlink('/etc', folder + '/named')",
    "create": "open(folder + '/made', 'w').close()",
    "create a folder": "os.mkdir(folder + '/made')",
    "create a pipe": "os.mkfifo(folder + '/pipe')",
    "mode": "os.chmod(path, 0o777)",
    "mode of what is open": "os.fchmod(os.open(path, os.O_RDONLY), 0o777)",
    "owner": "os.chown(path, os.getuid(), os.getgid())",
    "times": "os.utime(path, (1, 1))",
    "attribute": "os.setxattr(path, 'user.a', b'1')",
    "through a link": "os.symlink(path, 'way'); open('way', 'w').write('x')",
    "through a descriptor": "open(f'/proc/self/fd/{os.open(path, os.O_RDONLY)}', 'w').write('x')",
    "after a change of places": "ctypes.CDLL(None).unshare(0x10020000); open(path, 'w').write('x')",
    "after a mount": (
        "assert ctypes.CDLL(None).mount(None, b'/', None, ctypes.c_ulong(32 | 4096 | 0x4000), None) == 0"
    ),
}
# Another file each, that each attempt finds what it needs.
TRIES = """
import shutil
came, home = [], os.getcwd()
for number, (name, attempt) in enumerate({attempts!r}.items()):
    folder = os.path.join({root!r}, str(number))
    for path in {files!r}:
        path = os.path.join(folder, path)
        try:
            exec(attempt, {{**globals(), "path": path, "folder": os.path.dirname(path)}})
            came.append(name)
            break
        except (OSError, AssertionError):
            pass
    for left in os.listdir(home):
        os.unlink(left)
raise ValueError(", ".join(came))
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A tree for each attempt."""
    root = tmp_path / "files"
    for number in range(len(ATTEMPTS)):
        for path, text in FILES.items():
            (root / str(number) / path).parent.mkdir(parents=True, exist_ok=True)
            (root / str(number) / path).write_text(text)
    return root


def state(root: Path) -> dict[str, tuple[object, ...]]:
    """All that can be changed of files and folders, by their paths."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        about = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (about.st_mode, about.st_mtime_ns, about.st_nlink, content, os.listxattr(path))
    return found


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("out", [(), (WRITES,)])
def test_a_module_changes_files_of_the_user(
    modules: Any,
    when_made: Callable[[str], str],
    without: Callable[..., None],
    python_without_namespaces: str,
    files: Path,
    namespaces: bool,
    out: tuple[str, ...],
) -> None:
    without(*out)
    before = state(files)
    tries = TRIES.format(attempts=ATTEMPTS, root=str(files), files=list(FILES))
    modules.add("tries", when_made(tries))
    answers = modules.export(sys.executable if namespaces else python_without_namespaces)
    said = exported(answers.rows["tries"]).refusal
    if out:
        assert state(files) != before
        without_mount = [name for name in ATTEMPTS if name != "after a mount"]
        assert said.startswith(f"ValueError: {', '.join(without_mount)}")
    else:
        assert state(files) == before
        assert said == "ValueError: "


# What it would set is what is there: a device of the machine stays as it is.
DEVICES = """
came = []
for device in ("/dev/null", "/dev/zero", "/dev/full"):
    about = os.stat(device)
    for name, change in (
        ("mode", lambda: os.chmod(device, about.st_mode & 0o7777)),
        ("owner", lambda: os.chown(device, about.st_uid, about.st_gid)),
        ("times", lambda: os.utime(device, ns=(about.st_atime_ns, about.st_mtime_ns))),
    ):
        try:
            change()
            came.append(name)
        except OSError:
            pass
open("/dev/null", "w").write("x")
raise ValueError(", ".join(dict.fromkeys(came)))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="devices are of root alone")
@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize(("out", "came"), [((), ""), ((WRITES,), "mode, owner, times")])
def test_a_module_changes_the_devices_of_the_machine(
    modules: Any,
    when_made: Callable[[str], str],
    without: Callable[..., None],
    python_without_namespaces: str,
    namespaces: bool,
    out: tuple[str, ...],
    came: str,
) -> None:
    """Where opfixtures runs as root, as in containers."""
    without(*out)
    modules.add("devices", when_made(DEVICES))
    answers = modules.export(sys.executable if namespaces else python_without_namespaces)
    assert exported(answers.rows["devices"]).refusal == f"ValueError: {came}"


@pytest.mark.parametrize(("out", "stays"), [((), False), ((WRITES,), True)])
def test_a_module_leaves_files_in_memory(
    modules: Any,
    good: str,
    when_made: Callable[[str], str],
    without: Callable[..., None],
    out: Any,
    stays: bool,
) -> None:
    without(*out)
    path = Path("/dev/shm/opfixtures-left-by-a-module")
    modules.add("leaves a file", when_made(f"open({str(path)!r}, 'w').close()"))
    modules.add("last", good)
    try:
        assert "refused" not in modules.export().rows["last"]
        assert path.exists() is stays
    finally:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("out", [(), (WRITES, SIGNALS)])
def test_a_module_stops_a_terminal(
    modules: Any,
    when_made: Callable[[str], str],
    without: Callable[..., None],
    python_without_namespaces: str,
    namespaces: bool,
    out: tuple[str, ...],
) -> None:
    """Whoever opens it for reading may ask it for anything, where it is to be had."""
    without(*out)
    own, other = pty.openpty()
    before = termios.tcgetattr(other)
    silent = "a = termios.tcgetattr(fd)\na[3] &= ~termios.ECHO\ntermios.tcsetattr(fd, termios.TCSANOW, a)"
    opens = f"import termios\nfd = os.open({os.ttyname(other)!r}, os.O_RDONLY | os.O_NOCTTY)\n"
    modules.add("silent", when_made(opens + silent))
    answers = modules.export(sys.executable if namespaces else python_without_namespaces)
    assert (termios.tcgetattr(other) != before) is bool(out)
    assert ("refused" in answers.rows["silent"]) is not bool(out)
    os.close(own)
    os.close(other)


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_module_changes_what_the_next_one_finds(
    modules: Any, when_made: Callable[[str], str], python_without_namespaces: str, namespaces: bool
) -> None:
    """Neither the folder of another step nor the one above it can be written to, and each is gone with its step."""
    modules.add("writes above", when_made("open('../left', 'w').close()"))
    modules.add("writes", when_made("open('left', 'w').close()"))
    modules.add("looks", when_made("raise ValueError([os.listdir(), os.listdir('..')])"))
    answers = modules.export(sys.executable if namespaces else python_without_namespaces)
    assert "PermissionError" in answers.rows["writes above"]["refused"]
    assert "refused" not in answers.rows["writes"]
    own = answers.rows["looks"]["refused"]
    assert own.startswith("ValueError: [[], ['")
    assert own.count("'") == 2


IMPORTED = """__version__ = "1.0"
import os
os.makedirs(os.path.expanduser("~/.cache/tinyops"))
open(os.path.expanduser("~/.cache/tinyops/table"), "w").close()
"""
CACHE = "open('../.cache/tinyops/{}', 'w').write('x')"


@pytest.mark.parametrize("out", [(), (LOOKS_BELOW,)])
def test_a_module_changes_what_the_import_has_made(
    modules: Any,
    good: str,
    when_made: Callable[[str], str],
    without: Callable[..., None],
    before_with: Callable[[str], str],
    out: tuple[str, ...],
) -> None:
    """Where there are namespaces and no Landlock, the worker's home can be written to."""
    without(LANDLOCK_ALONE, *out)
    python = before_with(IMPORTED)
    looks = when_made(
        "raise ValueError([os.listdir('../.cache/tinyops'), open('../.cache/tinyops/table').read()])"
    )
    modules.add("adds", when_made(CACHE.format("left")))
    modules.add("looks", looks)
    modules.add("changes", when_made(CACHE.format("table")))
    modules.add("looks again", looks)
    modules.add("last", good)
    rows = modules.export(python, module="tinyops").rows
    clean = "ValueError: [['table'], '']"
    assert (rows["looks"]["refused"] == clean) is not bool(out)
    assert (rows["looks again"]["refused"] == clean) is not bool(out)
    assert ("refused" in rows["changes"]) is not bool(out)
    assert "refused" not in rows["adds"]
    assert "refused" not in rows["last"]


def test_what_held_is_told(modules: Any, good: str, python_without_namespaces: str) -> None:
    modules.add("good", good)
    namespaces = ("user namespace", "PID namespace", "network namespace", "read-only mounts")
    assert modules.export().runtime.isolation == (*namespaces, "Landlock", "seccomp")
    refused = modules.export(python_without_namespaces).runtime.isolation
    if python_without_namespaces != sys.executable:
        assert refused == ("Landlock", "seccomp")
