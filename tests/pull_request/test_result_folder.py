"""The folder that becomes an artifact, and the parts of a matrix put together."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from opfixtures.declarations.place import Place
from opfixtures.errors import UserError
from opfixtures.proving.result import Answer, Fact, Facts, FixtureResult, Made, Result, Status
from opfixtures.pull_request import result_folder
from opfixtures.pull_request.result_folder import (
    made,
    new_folder,
    put_together,
    read_report,
    write_files,
    write_findings,
)
from opfixtures.pull_request.result_reader import read_result
from opfixtures.report.result_json import result_json
from opfixtures.repository.git import Repository
from opfixtures.rules.findings import Finding, Severity
from tests.repositories import GitRepository

FINDING = Finding("OPF201", Severity.ERROR, "aten::gelu", Place("a.cpp", 3, 1), "a message", "a hint")


def row(
    operator: str = "a::b", status: Status = Status.GENERATED, commit: str | None = None
) -> FixtureResult:
    return FixtureResult(
        operator,
        4,
        "b_0_3",
        status,
        made=Made.BY_THIS_RUN,
        fixture=f"{status}.ptl",
        pre_change_commit=commit,
    )


def part(folder: Path, name: str, *rows: FixtureResult, patch: str = "") -> Path:
    own = folder / name
    (own / "fixtures").mkdir(parents=True)
    (own / "result.json").write_text(result_json(Result(None, rows)))
    if patch:
        (own / "fixtures.patch").write_text(patch)
    return own


def test_parts_become_one_result(tmp_path: Path) -> None:
    one = part(tmp_path, "opfixtures-part-a", row("a::b", commit="c" * 40), patch="one\n")
    part(tmp_path, "opfixtures-part-b", row("a::c"), patch="two\n")
    write_findings(str(part(tmp_path, "opfixtures-plan")), [FINDING])
    (one / "fixtures/x.ptl").write_bytes(b"x")
    assert put_together(str(tmp_path))
    report = json.loads((tmp_path / "result.json").read_text())
    assert [fixture["operator"] for fixture in report["fixtures"]] == ["a::b", "a::c"]
    assert (report["schema"], report["pre_change_commit"]) == (3, "c" * 40)
    assert [finding["code"] for finding in report["findings"]] == ["OPF201"]
    assert (tmp_path / "fixtures.patch").read_text() == "one\ntwo\n"
    assert [path.name for path in (tmp_path / "fixtures").iterdir()] == ["x.ptl"]
    assert {path.name for path in tmp_path.iterdir()} == {"result.json", "fixtures.patch", "fixtures"}
    assert not put_together(str(tmp_path))
    assert json.loads((tmp_path / "result.json").read_text()) == report


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": 3, "pre_change_commit": null, "fixtures": [1]}',
        '{"schema": 3, "pre_change_commit": null, "fixtures": [], "findings": [1]}',
        "[" * 100_000,
        "9" * (9 << 20),
    ],
)
def test_a_part_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    own = part(tmp_path, "opfixtures-part-a")
    (own / "result.json").write_text(text)
    with pytest.raises(UserError, match=r"opfixtures-part-a is no result"):
        put_together(str(tmp_path))
    assert os.listdir(tmp_path) == ["opfixtures-part-a"]


def test_what_was_put_together_before_is_not_put_together_again(tmp_path: Path) -> None:
    for name in ("opfixtures-part-a", "opfixtures-result"):
        own = part(tmp_path, name, row(), patch="one\n")
        (own / "fixtures/x.ptl").write_bytes(b"x")
    assert put_together(str(tmp_path), "opfixtures-result")
    report = read_report(str(tmp_path))
    assert report is not None
    assert len(report.fixtures) == 1
    assert sorted(os.listdir(tmp_path)) == ["fixtures", "fixtures.patch", "result.json"]


@pytest.mark.parametrize("name", ["result.json", "fixtures.patch", "fixtures"])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    folder, elsewhere = tmp_path / "result", tmp_path / "elsewhere"
    own = part(folder, "opfixtures-part-a", row(), patch="a patch")
    (own / "fixtures/x.ptl").write_bytes(b"x")
    if name == "fixtures":
        elsewhere.mkdir()
    os.symlink(elsewhere, folder / name)
    with pytest.raises(UserError, match=r"no part of a result|is a link"):
        put_together(str(folder)) or read_report(str(folder))
    assert not elsewhere.is_file()
    assert name != "fixtures" or os.listdir(elsewhere) == []


@pytest.mark.parametrize("below", ["", "opfixtures-part-a"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_result_that_is_no_file_is_not_opened(tmp_path: Path, below: str, kind: str) -> None:
    folder, secret = tmp_path / "result", tmp_path / "secret.json"
    own = part(folder, "opfixtures-part-a")
    (own / "result.json").unlink()
    secret.write_text(result_json(Result(None, ())))
    path = folder / below / "result.json"
    if kind == "link":
        path.symlink_to(secret)
    else:
        os.mkfifo(path)
    with pytest.raises(UserError, match="is a link, or no file at all"):
        put_together(str(folder)) or read_report(str(folder))


def test_no_part_replaces_a_file_of_another(tmp_path: Path) -> None:
    for name in ("a", "b"):
        own = part(tmp_path, f"opfixtures-part-{name}")
        (own / "fixtures/x.ptl").write_text(name)
    with pytest.raises(UserError, match=r"two parts have 'fixtures/x\.ptl'"):
        put_together(str(tmp_path))


def test_all_parts_together_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_folder, "MAX_BYTES", 1 << 20)
    for name in ("a", "b"):
        own = part(tmp_path, f"opfixtures-part-{name}")
        (own / f"fixtures/{name}.ptl").write_bytes(bytes(600_000))
    with pytest.raises(UserError, match="have more than 1 MiB together"):
        put_together(str(tmp_path))


def test_parts_may_lack_what_was_not_made(tmp_path: Path) -> None:
    own = part(tmp_path, "opfixtures-plan")
    (own / "result.json").unlink()
    (own / "fixtures").rmdir()
    put_together(str(tmp_path))
    assert read_report(str(tmp_path)) == Result(None, ())
    # Nobody checked, which is another thing than to find nothing.
    assert "findings" not in json.loads((tmp_path / "result.json").read_text())


def test_what_no_part_tells_of_stays_planned(tmp_path: Path) -> None:
    plan = part(tmp_path, "opfixtures-plan")
    (plan / "result.json").write_text(result_json(Result(None, (), ("generated.ptl", "lost.ptl"))))
    part(tmp_path, "opfixtures-part-a", row())
    put_together(str(tmp_path))
    report = read_report(str(tmp_path))
    assert report is not None
    assert report.planned == ("lost.ptl",)


def test_what_held_for_all_parts_held(tmp_path: Path) -> None:
    """A part that ran nothing says nothing of it."""
    for name, isolation in {"a": ("Landlock", "seccomp"), "b": ("seccomp",), "c": None}.items():
        own = part(tmp_path, f"opfixtures-part-{name}")
        (own / "result.json").write_text(result_json(Result(None, (), isolation=isolation)))
    put_together(str(tmp_path))
    report = read_report(str(tmp_path))
    assert report is not None
    assert report.isolation == ("seccomp",)
    assert report.writes_unlimited


def test_a_note_of_several_parts_stands_once(tmp_path: Path) -> None:
    for name, notes in {"plan": ("ours", "not seen"), "a": ("ours",), "b": ("ours", "theirs")}.items():
        own = part(tmp_path, f"opfixtures-part-{name}")
        (own / "result.json").write_text(result_json(Result(None, (), notes=notes)))
    put_together(str(tmp_path))
    report = read_report(str(tmp_path))
    assert report is not None
    assert sorted(report.notes) == ["not seen", "ours", "theirs"]


def test_nothing_to_put_together_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither a result\.json nor up to 257 parts"):
        put_together(str(tmp_path))


def test_only_a_result_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}")
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures/x.ptl").write_bytes(b"x")
    assert os.listdir(new_folder(str(tmp_path))) == []
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match="holds something else than a result"):
        new_folder(str(tmp_path))


def test_what_was_made_is_what_this_run_says_that_it_made() -> None:
    rows = [replace(row(str(how)), made=how, fixture=f"{how}.ptl") for how in (*Made, None)]

    assert made(rows) == ["by this run.ptl"]
    assert made([replace(row(), fixture=None)]) == []


FACTS = Facts(Fact(Answer.YES), Fact(Answer.YES), Fact(Answer.YES))


@pytest.fixture
def side(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """The side repository after `generate`: fixtures and records that no commit has."""
    side = new_repository({"setup.py": "", ".gitignore": "*.ptl\n"})
    (side.root / "fixtures").mkdir()
    for name in ("made", "differs", "brought", "published"):
        for path in (f"fixtures/{name}.ptl", f"fixtures/{name}.ptl.json"):
            (side.root / path).write_text(path)
    return side


def test_what_target_does_not_hold_is_handed_over_and_what_this_run_made_is_in_the_patch(
    side: GitRepository, tmp_path: Path
) -> None:
    def told(name: str, how: Made | None, status: Status, reproduced: Answer) -> FixtureResult:
        facts = replace(FACTS, reproduced=Fact(reproduced))
        path = f"fixtures/{name}.ptl"
        return replace(row(), made=how, status=status, fixture=path, runtime="torch", facts=facts)

    folder = part(
        tmp_path,
        "result",
        told("made", Made.BY_THIS_RUN, Status.VERIFIED, Answer.YES),
        told("differs", Made.BY_THIS_RUN, Status.MISMATCH, Answer.YES),
        told("brought", Made.FOUND, Status.UNPROVEN, Answer.UNKNOWN),
        told("published", Made.FOUND, Status.VERIFIED, Answer.NOT_APPLICABLE),
        told("refused", None, Status.REFUSED, Answer.YES),
    )

    write_files(Repository.discover(str(side.root), side.environment), str(folder))

    assert sorted(os.listdir(folder / "fixtures")) == [
        f"{name}.ptl{end}" for name in ("brought", "differs", "made") for end in ("", ".json")
    ]
    patched = [line for line in (folder / "fixtures.patch").read_text().splitlines() if "diff --git" in line]
    assert patched == [
        f"diff --git a/fixtures/made.ptl{end} b/fixtures/made.ptl{end}" for end in ("", ".json")
    ]


def test_two_new_fixtures_of_one_name_are_refused(side: GitRepository, tmp_path: Path) -> None:
    """Two projects may have them; an artifact holds each by its name alone."""
    paths = ("fixtures/made.ptl", "lib/fixtures/made.ptl")
    folder = part(tmp_path, "result", *(replace(row(), fixture=path, runtime="torch") for path in paths))
    with pytest.raises(UserError, match=rf"{paths[0]} and {paths[1]} are new and have one name"):
        write_files(Repository.discover(str(side.root), side.environment), str(folder))
    assert os.listdir(folder / "fixtures") == []


def test_a_text_of_any_length_costs_no_other_row(tmp_path: Path) -> None:
    """An operator's name is the branch's, a platform a record's, and a path is in a finding."""
    long = replace(row("a::b"), operator="a::" + "b" * 30_000, reason="x" * 30_000)
    finding = replace(FINDING, message="y" * 30_000)
    folder = part(tmp_path, "opfixtures-part-a", long, row("a::c"))
    write_findings(str(folder), [finding])
    result, findings = read_result((folder / "result.json").read_bytes())

    assert [len(one.operator) for one in result.fixtures] == [20_000, 4]
    assert result.fixtures[0].reason.endswith("x...")
    assert findings is not None
    assert len(findings[0].message) == 20_000
