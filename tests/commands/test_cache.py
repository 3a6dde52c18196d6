"""`opfixtures cache`: what is there, and what goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest

from opfixtures import cli, report
from opfixtures.report.cache import cache_json, cache_text, in_units
from opfixtures.runtimes.cache import built_once, let_go
from opfixtures.runtimes.cache_entries import Entry
from opfixtures.runtimes.cache_state import last_used

SCHEMA = json.loads((Path(report.__file__).parent / "schemas/cache.schema.json").read_text())
DAY = 24 * 60 * 60
USE = """
import sys
from opfixtures.runtimes.cache import built_once
built_once(sys.argv[1], sys.argv[2], lambda _: None, "tool")
print("in use", flush=True)
sys.stdin.read()
"""


class Cache:
    """A cache folder, and the command in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.bytes = 0

    def build(self, kind: str, name: str, days: float = 0.0) -> Path:
        """An environment that was used so many days ago."""

        def build(folder: str) -> None:
            Path(folder, "tool").write_bytes(bytes(10_000))
            # Counts once.
            os.link(Path(folder, "tool"), Path(folder, "again"))

        path = Path(built_once(str(self.folder / kind), name, build, "tool"))
        let_go()
        files = ("tool", ".complete", ".seconds")
        self.bytes = sum(os.stat(path / name).st_blocks * 512 for name in files)
        then = time.time() - days * DAY
        os.utime(path / ".complete", (then, then))
        return path

    @contextmanager
    def used(self, kind: str, name: str) -> Iterator[None]:
        """A run that lives uses one."""
        with subprocess.Popen(
            [sys.executable, "-c", USE, str(self.folder / kind), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"in use\n"
            yield
            process.kill()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*/*") if not path.name.startswith("."))

    def run(self, *args: str, status: int = 0) -> str:
        """What it prints, or its sentence."""
        assert cli.main(("cache", *args)) == status
        out, err = self._capsys.readouterr()
        return out if status == 0 else out + err


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cache:
    monkeypatch.setenv("OPFIXTURES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "9999")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Cache(tmp_path / "cache", capsys)


@pytest.fixture
def three(cache: Cache) -> Cache:
    cache.build("releases", "torch-1.5.1-python-3.8-default", days=40)
    cache.build("checkouts", "tinyops-aa11", days=2)
    cache.build("checkouts", "tinyops-ab22")
    return cache


def test_what_is_there_is_listed_with_kind_size_and_day(three: Cache) -> None:
    with three.used("checkouts", "tinyops-ab22"):
        shown = three.run()
    heading, *rows, total, then = shown.splitlines()
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 40 * DAY))
    assert heading.split() == ["kind", "name", "size", "last", "used"]
    assert rows[0].split() == [
        "release",
        "torch-1.5.1-python-3.8-default",
        *in_units(three.bytes).split(),
        day,
    ]
    assert [row.endswith(", in use") for row in rows] == [False, False, True]
    assert total == f"opfixtures: 3 environments, {in_units(3 * three.bytes)} in {three.folder}"
    assert then == "next: `opfixtures cache clean` removes what no run used for 30 days"


def test_a_name_is_cut_where_it_does_not_fit_and_whole_with_its_path_when_asked(
    three: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert three.run("-q").splitlines()[0].startswith("opfixtures: 3 environments")
    monkeypatch.setenv("COLUMNS", "48")
    rows = three.run().splitlines()[1:4]
    assert [len(row) <= 48 for row in rows] == [True] * 3
    assert rows[0].startswith("release   torch-1.5")
    assert "...  " in rows[0]
    told = three.run("-v")
    assert f"\n    {three.folder}/releases/torch-1.5.1-python-3.8-default\n" in told
    assert "release   torch-1.5.1-python-3.8-default  " in told


def test_the_list_as_json_follows_its_published_schema(three: Cache) -> None:
    with three.used("releases", "torch-1.5.1-python-3.8-default"):
        shown = json.loads(three.run("--format", "json"))
    jsonschema.validate(shown, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert [one["name"] for one in shown["environments"] if one["in_use"]] == [
        "torch-1.5.1-python-3.8-default"
    ]
    assert shown["bytes"] == sum(one["bytes"] for one in shown["environments"]) == 3 * three.bytes


def test_a_librarys_release_is_one_of_them(three: Cache) -> None:
    three.build("libraries", "mylib-aa11", days=40)
    (three.folder / "libraries" / "half").mkdir()
    shown = json.loads(three.run("--format", "json"))
    jsonschema.validate(shown, SCHEMA, format_checker=jsonschema.FormatChecker())
    kinds = {one["name"]: one["kind"] for one in shown["environments"]}
    assert (kinds["mylib-aa11"], kinds["tinyops-aa11"]) == ("release", "checkout")
    assert "removed mylib-aa11\n" in three.run("clean")
    assert not {"half", "mylib-aa11"} & set(three.names())


def test_an_empty_cache_is_one_too(cache: Cache) -> None:
    assert cache.run() == f"opfixtures: 0 environments, 0 bytes in {cache.folder}\n"
    assert (
        cache.run("clean")
        == cache.run("clean", "--all")
        == "opfixtures: 0 bytes freed, 0 environments left\n"
    )
    assert json.loads(cache.run("--format", "json"))["environments"] == []
    assert not cache.folder.exists()


def test_a_bare_clean_removes_what_nobody_used_for_thirty_days(three: Cache) -> None:
    assert three.run("clean") == (
        f"removed torch-1.5.1-python-3.8-default\nopfixtures: {in_units(three.bytes)} freed, 2 environments left\n"
    )
    assert three.run("clean") == "opfixtures: 0 bytes freed, 2 environments left\n"
    assert three.names() == ["tinyops-aa11", "tinyops-aa11.lock", "tinyops-ab22", "tinyops-ab22.lock"]


def test_for_how_long_may_be_said(three: Cache) -> None:
    three.run("clean", "--unused-for", "1")
    assert three.names() == ["tinyops-ab22", "tinyops-ab22.lock"]
    three.run("clean", "--unused-for", "0")
    assert three.names() == []


def test_a_use_counts_as_one(three: Cache) -> None:
    built_once(str(three.folder / "releases"), "torch-1.5.1-python-3.8-default", lambda _: None, "tool")
    let_go()
    assert "removed" not in three.run("clean")


def test_names_and_what_only_one_begins_with_are_removed(three: Cache) -> None:
    assert three.run("clean", "tinyops-aa", "torch-1.5.1-python-3.8-default", "tinyops-aa") == (
        "removed tinyops-aa11\nremoved torch-1.5.1-python-3.8-default\n"
        f"opfixtures: {in_units(2 * three.bytes)} freed, 1 environment left\n"
    )


def test_a_name_that_is_whole_is_not_the_beginning_of_another(three: Cache) -> None:
    three.build("checkouts", "tinyops-aa")
    three.run("clean", "tinyops-aa")
    assert "tinyops-aa11" in three.names()


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            ("clean", "tinyops"),
            "2 environments begin with 'tinyops': give more of the name of one, such as tinyops-aa11",
        ),
        (
            ("clean", "torch-2"),
            "there is no environment 'torch-2' in {}: `opfixtures cache` lists what is there",
        ),
        (("clean", ""), "there is no environment '' in {}: `opfixtures cache` lists what is there"),
        (("clean", "../releases"), "there is no environment '../releases' in {}: `opfixtures cache` lists"),
        (("--all",), "--all and --unused-for say what to remove: `opfixtures cache clean`"),
        (("clean", "x", "--all"), "names, --unused-for and --all exclude each other: give one of them"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_and_removes_nothing(
    three: Cache, args: tuple[str, ...], sentence: str
) -> None:
    before = three.names()
    assert three.run(*args, status=2).startswith(f"opfixtures: error: {sentence.format(three.folder)}")
    assert three.names() == before


@pytest.mark.parametrize("days", ["-1", "x", "1e3", "", "999999", "\u0663"])
def test_what_is_no_number_of_days_is_told(
    days: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "9999")
    with pytest.raises(SystemExit) as raised:
        cli.main(("cache", "clean", f"--unused-for={days}"))
    assert raised.value.code == 2
    assert "is not a number of days, such as 30" in capsys.readouterr().err


def test_what_a_run_uses_is_left(three: Cache) -> None:
    with three.used("checkouts", "tinyops-ab22"), three.used("releases", "new"):
        assert "left new: it is in use by a run\n" in three.run("clean", "--unused-for", "0")
    three.build("checkouts", "tinyops-ab22")
    three.build("checkouts", "tinyops-aa11")
    with three.used("checkouts", "tinyops-ab22"):
        shown = three.run("clean", "--all")
        assert "left tinyops-ab22: it is in use by a run\n" in shown
        assert three.names() == ["tinyops-ab22", "tinyops-ab22.lock"]
        assert three.run("clean", "tinyops-ab22", status=2).endswith(
            "opfixtures: error: tinyops-ab22 is still there: it is in use by a run\n"
        )
    # It was killed: whatever it was is over.
    assert "removed tinyops-ab22" in three.run("clean", "--all")


def test_what_killed_runs_left_goes_with_every_clean(three: Cache) -> None:
    (three.folder / "releases" / "half").mkdir()
    (three.folder / "releases" / "gone.lock").touch()
    three.run("clean")
    assert not {"half", "half.lock", "gone.lock"} & set(three.names())


def test_a_lock_that_is_a_link_is_not_followed(three: Cache, tmp_path: Path) -> None:
    lock = three.folder / "checkouts" / "tinyops-aa11.lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    assert "aa11" in three.run()
    assert three.run("clean", "tinyops-aa11", status=2).endswith(
        f"opfixtures: error: tinyops-aa11 is still there: {lock}: Too many levels of symbolic links\n"
    )
    assert not (tmp_path / "elsewhere").exists()


def test_a_link_is_not_followed(three: Cache, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (three.folder / "releases" / "link").symlink_to(elsewhere)
    assert "3 environments" in three.run()
    three.run("clean", "--all")
    assert (elsewhere / "file").exists()


def test_when_it_was_used_may_not_be_known(tmp_path: Path) -> None:
    found = [Entry("release", "torch-1", str(tmp_path), 1, last_used(str(tmp_path)), in_use=False)]
    assert cache_text("/cache", found).splitlines()[1].split() == [
        "release",
        "torch-1",
        "1",
        "bytes",
        "never",
    ]
    assert json.loads(cache_json("/cache", found))["environments"][0]["last_used"] is None


def test_sizes_are_written_as_people_do() -> None:
    assert [in_units(size) for size in (0, 999, 1000, 1_234_567, 5_000_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "1.2 MB",
        "5000.0 GB",
    ]


def test_what_cannot_be_removed_is_told_after_all_others(
    three: Cache, monkeypatch: pytest.MonkeyPatch, remove_all_but: Callable[[str], Callable[[str], None]]
) -> None:
    monkeypatch.setattr("opfixtures.runtimes.cache.remove_tree", remove_all_but("tinyops-aa11"))
    shown = three.run("clean", "--all", status=2)
    path = three.folder / "checkouts" / "tinyops-aa11"
    assert shown.endswith(
        f"opfixtures: error: tinyops-aa11 is still there: {path} cannot be removed by this user\n"
    )
    assert three.names() == ["tinyops-aa11", "tinyops-aa11.lock"]


@pytest.fixture
def remove_all_but() -> Callable[[str], Callable[[str], None]]:
    """Another user's folder, or one that is mounted: removing it is refused to root too."""
    from opfixtures.worker.scratch import remove_tree

    def make(name: str) -> Callable[[str], None]:
        return lambda folder: None if folder.endswith(name) else remove_tree(folder)

    return make
