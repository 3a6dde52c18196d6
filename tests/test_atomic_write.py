from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opfixtures.atomic_write import read_regular, write_all, write_pair, write_whole

Files = dict[str, bytes]


def files(folder: Path) -> Files:
    """All that is in a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def pair(folder: Path) -> None:
    write_pair((str(folder / "a.json"), b"record"), (str(folder / "a.ptl"), b"archive"))


def whole(folder: Path) -> None:
    write_whole(str(folder / "a.ptl"), b"archive")


def both(folder: Path) -> None:
    write_all({str(folder / "a.ptl"): b"archive", str(folder / "a.json"): b"record"})


BOTH = {"a.json": b"record", "a.ptl": b"archive"}
OLD = {"a.json": b"old record", "a.ptl": b"old archive", "other": b""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def umask() -> Iterator[Callable[[int], object]]:
    before = os.umask(0o022)
    os.umask(before)
    yield os.umask
    os.umask(before)


def lay(folder: Path, old: Files) -> None:
    for name, content in old.items():
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("old", [{}, OLD, {"a.json": b"old record"}])
def test_a_pair_is_there_as_written(folder: Path, old: Files) -> None:
    lay(folder, old)

    pair(folder)

    assert files(folder) == old | BOTH


def test_folders_are_made(folder: Path) -> None:
    pair(folder / "new" / "folder")

    assert files(folder / "new" / "folder") == BOTH


class Failing:
    """A function that says "no space left" at one of its calls."""

    def __init__(self, function: Callable[..., Any], at: int, error: BaseException) -> None:
        self.function = function
        self.at = at
        self.error = error
        self.calls = 0

    def __call__(self, *args: object, **more: object) -> Any:
        self.calls += 1
        if self.calls == self.at:
            raise self.error
        return self.function(*args, **more)


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["full", "interrupted"])
@pytest.mark.parametrize("old", [{}, OLD, {"a.json": b"old record"}, {"a.ptl": b"old archive"}])
@pytest.mark.parametrize("write", [pair, whole, both])
@pytest.mark.parametrize("step", ["fsync", "replace", "makedirs"])
def test_a_failure_at_any_step_leaves_what_was_there(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    write: Callable[[Path], None],
    old: Files,
    error: BaseException,
) -> None:
    function = getattr(os, step)
    counting = Failing(function, at=0, error=error)
    monkeypatch.setattr(os, step, counting)
    (folder / "tried").mkdir()
    lay(folder / "tried", old)
    write(folder / "tried")
    assert counting.calls > 0

    for at in range(1, counting.calls + 1):
        place = folder / str(at)
        place.mkdir()
        lay(place, old)
        monkeypatch.setattr(os, step, Failing(function, at, error))
        with pytest.raises(type(error)):
            write(place)
        assert files(place) == old


def test_a_file_that_does_not_fit_leaves_nothing(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_pair((str(folder / "a.json"), b"record"), (str(folder / "a.ptl"), bytes(10_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert files(folder) == {}


@pytest.mark.parametrize("write", [pair, whole, both])
def test_an_error_names_the_file_that_was_to_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(os, "fsync", Failing(os.fsync, 1, OSError(errno.ENOSPC, "No space left on device")))

    with pytest.raises(OSError, match="No space left on device") as raised:
        write(folder)

    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(folder / "a.ptl"))


def test_a_folder_in_the_place_of_a_file_is_an_error(folder: Path) -> None:
    (folder / "a.ptl").mkdir()

    with pytest.raises(IsADirectoryError):
        pair(folder)
    with pytest.raises(IsADirectoryError):
        whole(folder)

    assert [path.name for path in folder.iterdir()] == ["a.ptl"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0o002, 0o664)])
@pytest.mark.parametrize("write", [pair, whole, both])
def test_permissions_follow_the_umask(
    folder: Path, umask: Callable[[int], object], write: Callable[[Path], None], mask: int, mode: int
) -> None:
    umask(mask)

    write(folder)

    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {mode}


def test_the_fixture_is_renamed_last_and_after_both_are_on_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def replace(old: str, new: str) -> None:
        steps.append(Path(new).name)
        Path(old).rename(new)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "fsync", lambda _: steps.append("fsync"))

    pair(folder)

    assert steps == ["fsync", "fsync", "a.json", "a.ptl", "fsync"]


def test_a_symbolic_link_keeps_leading_to_what_is_written(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "a.ptl").symlink_to(folder / "elsewhere" / "report")

    whole(folder)

    assert (folder / "a.ptl").is_symlink()
    assert files(folder / "elsewhere") == {"report": b"archive"}


def test_what_is_no_file_is_written_to_and_stays(folder: Path) -> None:
    os.mkfifo(folder / "a.ptl")
    reader = os.open(folder / "a.ptl", os.O_RDONLY | os.O_NONBLOCK)
    try:
        whole(folder)
        assert os.read(reader, 100) == b"archive"
    finally:
        os.close(reader)

    assert stat.S_ISFIFO((folder / "a.ptl").stat().st_mode)
    assert [path.name for path in folder.iterdir()] == ["a.ptl"]


def test_a_pipe_that_only_has_a_descriptor_is_written_to() -> None:
    read, write = os.pipe()
    try:
        write_whole(f"/dev/fd/{write}", b"report")
        assert os.read(read, 100) == b"report"
    finally:
        os.close(read)
        os.close(write)


@pytest.fixture
def endless(folder: Path) -> Callable[[str], str]:
    """What never comes to an end when somebody reads it, as the target of a link."""

    def make(kind: str) -> str:
        if kind == "pipe":
            os.mkfifo(folder / "pipe")
            return str(folder / "pipe")
        return "/dev/zero"

    return make


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_link_to_what_has_no_end_is_not_read_and_comes_back(
    folder: Path, endless: Callable[[str], str], kind: str
) -> None:
    (folder / "out").mkdir()
    link = folder / "out" / "a.json"
    link.symlink_to(endless(kind))
    (folder / "out" / "a.ptl").mkdir()

    with pytest.raises(OSError, match="ptl"):
        pair(folder / "out")
    assert link.is_symlink()
    assert {path.name for path in (folder / "out").iterdir()} == {"a.json", "a.ptl"}

    (folder / "out" / "a.ptl").rmdir()
    pair(folder / "out")
    assert files(folder / "out") == BOTH
    assert not link.is_symlink()


def test_a_pipe_in_the_place_of_a_file_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "a.json")

    with pytest.raises(OSError, match="no regular file"):
        pair(folder)
    assert {path.name for path in folder.iterdir()} == {"a.json"}


def test_only_a_regular_file_is_read(folder: Path) -> None:
    (folder / "a.ptl").write_bytes(b"archive")
    (folder / "link").symlink_to("a.ptl")
    os.mkfifo(folder / "pipe")

    assert read_regular(str(folder / "a.ptl")) == b"archive"
    for path in (str(folder / "link"), str(folder / "pipe"), "/dev/zero", str(folder / "gone")):
        with pytest.raises(OSError, match=path):
            read_regular(path)
