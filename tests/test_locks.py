"""What is left over is known by its lock: no run that lives loses anything, whatever is removed beside it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from opfixtures.atomic_write import remove_half_written, write_pair, write_whole
from opfixtures.locks import left_over, lock
from opfixtures.worker.scratch import kept_log, remove_left_over, scratch_folder
from tests.ending import as_nobody

HEX = "0123456789abcdef"
FOLDER, FILE = f"opfixtures-generate-{HEX}", f".opfixtures-{HEX}"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def remove_both(folder: Path) -> None:
    remove_left_over()
    remove_half_written(str(folder))


OWNER = """
import sys, tempfile
from contextlib import ExitStack
from opfixtures.atomic_write import _new_file
from opfixtures.worker.scratch import scratch_folder

tempfile.tempdir = sys.argv[1]
with scratch_folder("opfixtures-generate-") as folder, ExitStack() as stack:
    open(folder + "/file", "w").close()
    _new_file(sys.argv[1], stack)
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_what_a_run_owns_stays_as_long_as_it_lives(temporary: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(temporary)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        there = sorted(temporary.rglob("*"))
        remove_both(temporary)
        assert (len(there), sorted(temporary.rglob("*"))) == (3, there)
        process.kill()
    remove_both(temporary)
    assert list(temporary.iterdir()) == []


def test_what_is_left_over_goes_however_deep_and_closed_it_is(temporary: Path) -> None:
    deep = temporary / FOLDER / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").touch()
    deep.chmod(0)
    (temporary / FILE).write_text("half")
    remove_both(temporary)
    assert list(temporary.iterdir()) == []


def test_what_could_not_be_removed_is_opened_and_removed(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = temporary / FOLDER / "a" / "b"
    deep.mkdir(parents=True)
    modes: list[int] = []

    def at_the_second_time(folder: str, **more: Any) -> None:
        modes.append(stat.S_IMODE(deep.stat().st_mode))
        if len(modes) == 2:
            remove(folder, **more)

    remove = shutil.rmtree
    deep.chmod(0)
    monkeypatch.setattr("shutil.rmtree", at_the_second_time)
    remove_left_over()
    assert (modes, list(temporary.iterdir())) == ([0, 0o700], [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_folders_that_their_owner_closed_go_too(temporary: Path) -> None:
    """A module may take all rights away from what it leaves."""
    for path in (temporary, *temporary.parents):
        if path.stat().st_mode & 0o005 != 0o005:
            path.chmod(0o755)
    temporary.chmod(0o777)

    def leave() -> None:
        with scratch_folder("opfixtures-generate-") as folder:
            deep = os.path.join(folder, "a", "b")
            os.makedirs(deep)
            Path(deep, "file").touch()
            for path in (deep, os.path.dirname(deep), folder):
                os.chmod(path, 0)

    assert as_nobody(leave) == "None"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "opfixtures-notes",
        "opfixtures-generate-x",
        f"my-{FOLDER}",
        f"{FOLDER}.old",
        f"{FILE}.txt",
        ".opfixtures.toml",
    ],
)
def test_what_somebody_else_called_like_it_stays(temporary: Path, name: str) -> None:
    (temporary / name).mkdir()
    (temporary / name / FILE).mkdir()
    remove_both(temporary)
    remove_half_written(str(temporary / name))
    assert (temporary / name / FILE).is_dir()


@pytest.mark.parametrize("name", [FOLDER, FILE, f"{FOLDER}.log"])
def test_a_link_or_a_pipe_of_that_name_is_not_ours(temporary: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    (temporary / name).symlink_to(tmp_path / "mine")
    remove_both(temporary)
    assert (temporary / name).is_symlink()
    (temporary / name).unlink()
    os.mkfifo(temporary / name)
    remove_both(temporary)
    assert (temporary / name).is_fifo()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_another_users_stays(temporary: Path) -> None:
    (temporary / FOLDER).mkdir()
    (temporary / FILE).touch()
    for name in (FOLDER, FILE):
        os.chown(temporary / name, 65534, 65534)
    remove_both(temporary)
    assert sorted(path.name for path in temporary.iterdir()) == [FILE, FOLDER]


def test_a_log_that_was_told_of_is_kept_for_a_day(temporary: Path) -> None:
    with scratch_folder("opfixtures-setup-") as folder:
        Path(folder, "log").write_text("said")
        kept = Path(kept_log(os.path.join(folder, "log")))
    remove_left_over()
    assert (kept.parent, kept.read_text()) == (temporary, "said")
    then = time.time() - 25 * 60 * 60
    os.utime(kept, (then, then))
    remove_left_over()
    assert not kept.exists()


@pytest.mark.parametrize("lost", ["before it is opened", "before it is locked"])
def test_a_folder_that_was_removed_before_it_had_its_lock_is_made_anew(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """As another run does that finds it in that moment."""
    name = "open" if lost.endswith("opened") else "fstat"
    function: Any = getattr(os, name)
    calls: list[object] = []

    def first_lost(*args: Any, **more: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            for path in temporary.iterdir():
                path.rmdir()
        return function(*args, **more)

    monkeypatch.setattr(os, name, first_lost)
    with scratch_folder("opfixtures-generate-") as folder:
        assert os.path.isdir(folder)
    assert (len(calls) > 1, list(temporary.iterdir())) == (True, [])


def test_a_file_that_was_removed_before_it_had_its_lock_is_made_anew(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[Path] = []

    def first_lost(descriptor: int) -> bool:
        if not lost:
            lost.extend(temporary.glob(".opfixtures-*"))
            lost[0].unlink()
        return lock(descriptor)

    monkeypatch.setattr("opfixtures.atomic_write.lock", first_lost)
    write_whole(str(temporary / "a"), b"whole")
    assert (len(lost), (temporary / "a").read_bytes()) == (1, b"whole")
    assert [path.name for path in temporary.iterdir()] == ["a"]


def test_an_interruption_while_a_folder_is_removed_removes_it_all_the_same(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, calls = shutil.rmtree, list[str]()

    def interrupted(folder: str, **more: Any) -> None:
        calls.append(folder)
        if len(calls) == 1:
            raise KeyboardInterrupt
        remove(folder, **more)

    monkeypatch.setattr("shutil.rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt), scratch_folder("opfixtures-generate-"):
        pass
    assert list(temporary.iterdir()) == []


WRITE = """
import sys
from opfixtures.atomic_write import write_pair
for number in range(150):
    path = f"{sys.argv[1]}/{number}.ptl"
    write_pair((path + ".json", b"record"), (path, b"archive"))
"""
MAKE = """
import os, sys, tempfile
from opfixtures.worker.scratch import scratch_folder
tempfile.tempdir = sys.argv[1]
for number in range(400):
    with scratch_folder("opfixtures-generate-") as folder:
        open(folder + "/file", "x").close()
        os.stat(folder + "/file")
"""


@pytest.mark.parametrize("program", [WRITE, MAKE])
def test_nothing_is_lost_to_others_that_clean_up_meanwhile(temporary: Path, program: str) -> None:
    with subprocess.Popen([sys.executable, "-c", program, str(temporary)], stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            remove_both(temporary)
        assert process.stderr is not None
        assert (process.returncode, process.stderr.read()) == (0, b"")
    assert len(list(temporary.iterdir())) == (300 if program == WRITE else 0)


def test_without_locks_nothing_is_left_over_and_all_is_written(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    (temporary / FILE).touch()
    (temporary / FOLDER).mkdir()
    remove_both(temporary)
    with scratch_folder("opfixtures-generate-") as folder, open(os.path.join(folder, "f"), "wb") as stream:
        assert not lock(stream.fileno())
    write_pair((str(temporary / "a.json"), b"record"), (str(temporary / "a"), b"archive"))
    assert sorted(path.name for path in temporary.iterdir()) == [FILE, "a", "a.json", FOLDER]


def test_what_has_got_another_name_meanwhile_is_not_left_over(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner renamed it, and somebody else's stands there."""

    def renamed(descriptor: int, **more: bool) -> bool:
        (temporary / FILE).rename(temporary / "fixture")
        (temporary / FILE).write_text("another")
        return lock(descriptor, **more)

    (temporary / FILE).touch()
    monkeypatch.setattr("opfixtures.locks.lock", renamed)
    remove_half_written(str(temporary))
    assert (temporary / FILE).read_text() == "another"


def test_what_is_not_there_is_not_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with left_over(str(tmp_path / "gone")) as seen:
        assert seen is None
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        with left_over(str(tmp_path)) as seen:
            assert seen is None
        write_whole(str(tmp_path / "a"), b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    remove_half_written(str(tmp_path / "gone"))


def test_one_that_shares_keeps_out_who_wants_it_alone(tmp_path: Path) -> None:
    first, second, third = (os.open(tmp_path, os.O_RDONLY) for _ in range(3))
    try:
        assert lock(first, shared=True)
        assert lock(second, shared=True)
        assert not lock(third, wait=False)
    finally:
        for descriptor in (first, second, third):
            os.close(descriptor)
