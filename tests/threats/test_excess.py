"""A module that takes too much, waits, or falls costs one refused row; the others are told as if it were not there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.defences import FILES, LIMITS, SOCKETS, USAGE
from tests.repositories import GitRepository, Ran

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process give this up")

WAITS = "\ntime.sleep(2)"
# What a module does, what its row is refused for, and the defences without which it is not; none where it fails by
# itself.
ATTACKS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "fills its memory": ("filled = bytearray(800 << 20)", "MemoryError", (LIMITS, USAGE)),
    "fills memory with torch": ("filled = torch.ones(800 << 18)", "allocate memory", (LIMITS, USAGE)),
    "fills memory with many processes": (
        "for _ in range(9):\n"
        "    if os.fork() == 0:\n"
        "        filled = b'1' * (100 << 20)\n"
        "        time.sleep(9)\n" + WAITS,
        "took more than 768 MiB of memory",
        (USAGE,),
    ),
    "fills the disk with one file": (
        "with open('f', 'wb') as f:\n    for _ in range(800):\n        f.write(b'1' * (1 << 20))",
        "File too large|wrote more than 256 MiB of files",
        (LIMITS, USAGE, FILES),
    ),
    "fills the disk with many files": (
        "for n in range(45):\n    open(f'f{n}', 'wb').write(b'1' * (10 << 20))" + WAITS,
        "wrote more than 256 MiB of files",
        (USAGE, FILES),
    ),
    "makes files without end": (
        "for n in range(30_000):\n    open(f'f{n}', 'wb').close()" + WAITS,
        "wrote more than 20000 files",
        (USAGE,),
    ),
    "forks without end": (
        "for _ in range(90):\n    if os.fork() == 0:\n        time.sleep(9)\n" + WAITS,
        "started more than 64 processes",
        (USAGE, LIMITS),
    ),
    "sleeps": ("time.sleep(99)", "did not end within 4 seconds", ()),
    "stops itself": ("os.kill(os.getpid(), signal.SIGSTOP)", "did not end within 4 seconds", ()),
    "segfaults": ("ctypes.string_at(1)", "crashed: SIGSEGV", ()),
    "aborts": ("os.abort()", "crashed: SIGABRT", ()),
    "exits": ("os._exit(0)", "exited before it was done", ()),
    "opens a socket": ("import socket\nsocket.socket()", "PermissionError", (SOCKETS,)),
    "sends a datagram": (
        "import socket\nsocket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "PermissionError",
        (SOCKETS,),
    ),
    "fills shared memory": (
        "import mmap\nfilled = mmap.mmap(-1, 900 << 20)\nfor place in range(0, 900 << 20, 4096):\n"
        "    filled[place] = 1\n" + WAITS,
        "took more than 768 MiB of memory",
        (USAGE,),
    ),
    "tells more than a float holds": (
        "frame = sys._getframe()\nwhile 'token' not in frame.f_locals:\n    frame = frame.f_back\n"
        "os.write(frame.f_locals['writer'], b'\\n' + frame.f_locals['token'] + b'{\"refused\": 1e999}\\n')\n"
        "os._exit(0)",
        "exited before it was done",
        (),
    ),
    "reads a secret": ("os.environ['GITHUB_TOKEN']", "KeyError: 'GITHUB_TOKEN'", ()),
    "reads its worker's memory": ("open(f'/proc/{os.getppid()}/mem', 'rb')", "PermissionError", ()),
    "reads its worker's environment": ("open(f'/proc/{os.getppid()}/environ', 'rb')", "PermissionError", ()),
    "hides files below a long path": (
        "for _ in range(3000):\n    os.mkdir('a')\n    os.chdir('a')" + WAITS,
        "made a folder that nobody can look into",
        (USAGE,),
    ),
    "makes folders that nobody enters": (
        "for _ in range(3000):\n    os.mkdir('a')\n    os.chdir('a')\nos.chmod('.', 0)\nos.kill(os.getpid(), 9)",
        "",
        (),
    ),
}
HARMLESS = {
    "prints": "print('\\x1b[31m::error::forged')\nos.write(2, b'::error::forged\\n')",
    "closes everything": "os.closerange(0, 3)",
}


@pytest.fixture(scope="module")
def attacked(new_modules: Callable[[], Any], good: str, when_made: Callable[[str], str]) -> Any:
    modules = new_modules()
    modules.add("first", good)
    for key, (statements, _, _) in ATTACKS.items():
        modules.add(key, when_made(statements))
        modules.add(f"after: {key}", good)
    for key, statements in HARMLESS.items():
        modules.add(key, when_made(statements))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "of the user")
        return modules.export(seconds=4)


@pytest.mark.parametrize("key", ATTACKS)
def test_a_module_costs_its_own_row(attacked: Any, key: str) -> None:
    assert re.search(ATTACKS[key][1], attacked.rows[key]["refused"])
    assert attacked.rows[f"after: {key}"] == attacked.rows["first"]
    assert attacked.failure == ""


@pytest.mark.parametrize("key", HARMLESS)
def test_a_module_that_only_prints_is_no_failure(attacked: Any, key: str) -> None:
    assert attacked.rows[key]["samples"] == attacked.rows["first"]["samples"]


@pytest.mark.thorough
@pytest.mark.parametrize("key", [key for key, (_, _, out) in ATTACKS.items() if out])
def test_it_comes_through_without_its_defence(
    modules: Any, when_made: Callable[[str], str], without: Callable[..., None], key: str
) -> None:
    statements, reason, out = ATTACKS[key]
    without(*out)
    modules.add(key, when_made(statements))
    answers = modules.export(seconds=20)
    assert not re.search(reason, answers.rows[key].get("refused", ""))


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_module_forks_faster_than_anybody_counts(
    modules: Any,
    good: str,
    when_made: Callable[[str], str],
    python_without_namespaces: str,
    namespaces: bool,
    running_with: Callable[[object], list[str]],
) -> None:
    bomb = "deadline = time.monotonic() + 0.5\nwhile time.monotonic() < deadline:\n    os.fork()\nos._exit(1)"
    modules.add("first", good)
    modules.add("forks", when_made(bomb))
    modules.add("last", good)
    answers = modules.export(sys.executable if namespaces else python_without_namespaces)
    assert answers.rows["forks"]["refused"]
    assert answers.rows["last"] == answers.rows["first"]
    assert running_with(modules.folder) == []


def test_a_branch_brings_an_archive_that_is_too_large(
    library: GitRepository, run_without: Callable[..., Ran]
) -> None:
    """None is made that large. Its row alone is refused, before any of it is in a job."""
    run_without(library, [], "generate")
    path = library.root / "fixtures/test_versioned_scale_v3.ptl"
    path.write_bytes(path.read_bytes() + bytes(17 << 20))
    ran = run_without(library, [], "generate", "--all")
    assert ran.status == 1
    assert (
        "test_versioned_scale_v3.ptl in the work tree is larger than 16 MiB: put the file itself there"
        in ran.out
    )
    assert "verified    tinyops::halve at 4" in ran.out


def test_a_branch_brings_records_that_are_too_much_together(
    library: GitRepository, run_without: Callable[..., Ran]
) -> None:
    """Each alone is no more than a record may be, and in memory 28 times as much."""
    run_without(library, [], "generate")
    for name in ("halve", "scale"):
        path = library.root / f"fixtures/test_versioned_{name}_v3.ptl.json"
        path.write_bytes(path.read_bytes() + b" " * (20 << 20))
    ran = run_without(library, [], "generate", "--all")
    assert ran.status == 1
    assert (
        ran.out.count("the records of a run have more than 32 MiB together: name some, `opfixtures verify ")
        == 1
    )
    # The other one has no checksum at its end.
    assert ran.out.count("its record cannot be read: it does not end with its checksum") == 1
