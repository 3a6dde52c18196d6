"""Fixtures that cannot be written: said before anything is built, or in their own row."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.test_ends import GUARDS, PAIRS, fixtures
from tests.ending import Commands
from tests.repositories import GitRepository

MOUNTS = ("unshare", "--mount", "--map-root-user")


def can_mount() -> bool:
    """Whether a user may mount a file system of his own, which root cannot write past either (user_namespaces(7))."""
    done = subprocess.run(
        [*MOUNTS, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    return done.returncode == 0


mounting = pytest.mark.skipif(
    sys.platform != "linux" or not can_mount(),
    reason="this system lets nobody mount a file system of his own",
)


@pytest.fixture
def commands(new_repository: Callable[..., GitRepository], tmp_path: Path) -> Commands:
    return Commands(new_repository(GUARDS), tmp_path)


def start(commands: Commands, options: str, *args: str) -> subprocess.Popen[str]:
    """Run the command line where `fixtures` is a file system of its own, mounted with these options."""
    folder = commands.repository.root / "fixtures"
    folder.mkdir(exist_ok=True)
    script = f"mount -t tmpfs -o {options} tmpfs '{folder}' && exec \"$@\""
    return subprocess.Popen(
        [*MOUNTS, "sh", "-c", script, "sh", sys.executable, "-m", "opfixtures", *args],
        cwd=commands.repository.root,
        env=commands.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.sampled(3)
@mounting
@pytest.mark.parametrize(
    ("options", "reason"), [("ro", "Read-only file system"), ("size=32k", "No space left on device")]
)
@pytest.mark.parametrize("report", [(), ("--report", "fixtures/report.json")])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_built(
    commands: Commands, options: str, reason: str, report: tuple[str, ...]
) -> None:
    with start(commands, options, "generate", "--all", *report) as process:
        out, err = process.communicate(timeout=60)
    folder = commands.repository.root / "fixtures"
    what = "the report" if report else "fixtures"
    assert (process.returncode, out, err) == (
        2,
        "",
        f"opfixtures: error: {what} cannot be written to {folder}: {reason}: mend that first (nothing was built)\n",
    )


@mounting
def test_a_disk_that_fills_up_meanwhile_costs_the_rows_that_do_not_fit(commands: Commands) -> None:
    with start(commands, "size=160k", "generate", "--all") as process:
        assert process.stderr is not None
        while "replaying" not in process.stderr.readline():
            pass
        mounted = Path(f"/proc/{process.pid}/root{commands.repository.root}/fixtures")
        # Room for three files of a page each: an archive, its record, and one more.
        (mounted / "filler").write_bytes(bytes(160 * 1024 - 3 * os.sysconf("SC_PAGE_SIZE")))
        here = os.open(mounted, os.O_RDONLY)
        out, err = process.communicate(timeout=60)
    try:
        assert process.returncode == 1, err
        assert out.count("it could not be written: No space left on device") == 1, out
        assert "verified    aten::gelu, a guard" in out
        assert sorted(os.listdir(here)) == ["filler", *PAIRS[:2]]
    finally:
        os.close(here)


@pytest.mark.parametrize("place", ["fixtures", "elsewhere"])
def test_a_file_where_the_folder_should_be_is_said_too(commands: Commands, place: str) -> None:
    (commands.repository.root / place).write_text("")
    args = () if place == "fixtures" else ("--report", "elsewhere/report.json")
    ended = commands.run("generate", "--all", *args)
    assert ended.status == 2
    assert "cannot be written to " in ended.err
    assert f"/{place}: Not a directory: mend that first (nothing was built)\n" in ended.err
    assert ended.err.count("\n") == 1


def test_what_is_only_said_needs_no_room(commands: Commands) -> None:
    (commands.repository.root / "fixtures").write_text("")
    assert commands.run("generate", "--all", "--dry-run").status == 0
    assert commands.run("verify", "--report", "/dev/null").status == 0


@mounting
def test_verify_says_before_it_replays_that_its_report_has_no_room(commands: Commands) -> None:
    with start(commands, "ro", "verify", "--report", "fixtures/report.json") as process:
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "the report cannot be written to" in err) == (2, True)


def test_folders_that_are_not_there_are_made(commands: Commands) -> None:
    ended = commands.run("generate", "--all", "--report", "new/folder/report.json")
    assert ended.status == 0, ended.err
    assert fixtures(commands) == PAIRS
    assert (commands.repository.root / "new" / "folder" / "report.json").exists()
