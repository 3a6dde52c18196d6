"""What a module puts in the place of its archive is not opened by anybody else, and what it says is printed as text."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.defences import ESCAPED
from tests.repositories import GitRepository, Ran

# What is at the archive's path when torch writes it, and what comes of the row.
PLACES = {
    "a pipe": ("os.mkfifo('m.ptl')", "did not end within 3 seconds"),
    "a folder": ("os.mkdir('m.ptl')", "RuntimeError"),
    "a link to a device": ("os.symlink('/dev/full', 'm.ptl')", "crashed: SIGABRT"),
    "a link to an endless file": ("os.symlink('/dev/zero', 'm.ptl')", "MemoryError"),
    "a link to standard output": ("os.symlink('/proc/self/fd/1', 'm.ptl')", "zip archive"),
    "a link to another file": ("os.symlink('{other}', 'm.ptl')", "RuntimeError"),
}


@pytest.fixture(scope="module")
def laid(
    new_modules: Callable[[], Any],
    good: str,
    when_made: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    other = tmp_path_factory.mktemp("other") / "file"
    other.write_text("of the user")
    modules = new_modules()
    modules.add("first", good)
    for key, (statements, _) in PLACES.items():
        modules.add(key, when_made(statements.format(other=other)))
    modules.add("last", good)
    return other, modules.export(seconds=3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process writes")
@pytest.mark.parametrize("key", PLACES)
def test_a_module_puts_something_in_the_place_of_its_archive(
    laid: tuple[Path, Any], key: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its own process writes and reads it; the archive goes on through a pipe, which is read as far as a limit."""
    other, answers = laid
    assert PLACES[key][1] in answers.rows[key]["refused"]
    assert answers.rows["last"] == answers.rows["first"]
    assert other.read_text() == "of the user"
    assert capfd.readouterr() == ("", "")


WORDS = "\\x1b[2J\\n::error title=forged::all is well\\n##[error]forged\\r::set-output name=a::b\\u202e"
SAYS = {
    "in an error and its class": f'raise type("{WORDS}", (Exception,), {{}})("{WORDS}")',
    "in what it prints": f'print("{WORDS}"); os.write(1, b"{WORDS}"); os.write(2, b"error: {WORDS}"); os.abort()',
}
COMMAND = re.compile(r"(?m)^\s*::|##\[|\x1b|\r|\u202e")


@pytest.mark.parametrize("key", SAYS)
def test_a_module_speaks_to_the_runner(
    library: GitRepository, run_without: Callable[..., Ran], key: str
) -> None:
    """In a plain `generate`, whose output the runner of a workflow reads."""
    library.replace(
        "fixtures_src/modules.py",
        "class TestVersionedScaleV3(torch.nn.Module):\n",
        "import os\n\n\nclass TestVersionedScaleV3(torch.nn.Module):\n    def __init__(self):\n"
        f"        super().__init__()\n        {SAYS[key]}\n\n",
    )
    ran = run_without(library, [], "generate", GITHUB_ACTIONS="true")
    assert ran.status == 1
    assert "1 verified, 1 refused" in ran.out
    assert COMMAND.search(ran.out + ran.err) is None, ran.out
    if key == "in an error and its class":
        # Of the defence itself: the same text as it is.
        weak = run_without(library, [ESCAPED], "generate", GITHUB_ACTIONS="true")
        assert COMMAND.search(weak.out + weak.err)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("command", [("generate",), ("verify",), ("status", "--replay")])
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_branch_brings_a_link_in_the_place_of_a_fixture(
    made: GitRepository, run_without: Callable[..., Ran], command: tuple[str, ...], ending: str
) -> None:
    """Its row alone is refused, whatever it leads to: the others are told of."""
    path = made.root / f"fixtures/test_versioned_scale_v3.ptl{ending}"
    path.unlink()
    path.symlink_to("/dev/zero")
    ran = run_without(made, [], *command)
    assert ran.status == 1, ran.err
    if command != ("status", "--replay"):
        assert "refused     tinyops::scale at 4" in ran.out
        assert (
            f"{path.name} is a symbolic link in the work tree, to /dev/zero: put the file itself" in ran.out
        )
        assert "verified    tinyops::halve at 4" in ran.out
