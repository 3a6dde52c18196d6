"""The folder that becomes an artifact, and the parts of a matrix put together."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from opfixtures.declarations.model import Place
from opfixtures.errors import UserError
from opfixtures.findings import Finding, Severity
from opfixtures.pull_request.result_folder import (
    made,
    new_folder,
    put_together,
    read_rows,
    write_findings,
)

FINDING = Finding("OPF201", Severity.ERROR, "aten::gelu", Place("a.cpp", 3, 1), "a message", "a hint")


def part(folder: Path, name: str, *rows: dict[str, object], patch: str = "") -> Path:
    own = folder / name
    (own / "fixtures").mkdir(parents=True)
    (own / "result.json").write_text(json.dumps({"schema": 1, "pre_change_commit": None, "fixtures": rows}))
    if patch:
        (own / "fixtures.patch").write_text(patch)
    return own


def test_parts_become_one_result(tmp_path: Path) -> None:
    one = part(
        tmp_path, "opfixtures-part-a", {"operator": "a::b", "pre_change_commit": "c" * 40}, patch="one\n"
    )
    part(tmp_path, "opfixtures-part-b", {"operator": "a::c", "pre_change_commit": None}, patch="two\n")
    plan = part(tmp_path, "opfixtures-plan")
    write_findings(str(plan), [FINDING])
    (one / "fixtures/x.ptl").write_bytes(b"x")
    os.symlink("/etc/passwd", one / "fixtures/y.ptl")
    put_together(str(tmp_path))
    report = json.loads((tmp_path / "result.json").read_text())
    assert [row["operator"] for row in report["fixtures"]] == ["a::b", "a::c"]
    assert (report["schema"], report["pre_change_commit"]) == (1, "c" * 40)
    assert [finding["code"] for finding in report["findings"]] == ["OPF201"]
    assert (tmp_path / "fixtures.patch").read_text() == "one\ntwo\n"
    assert [path.name for path in (tmp_path / "fixtures").iterdir()] == ["x.ptl"]
    assert {path.name for path in tmp_path.iterdir()} == {"result.json", "fixtures.patch", "fixtures"}
    put_together(str(tmp_path))
    assert json.loads((tmp_path / "result.json").read_text()) == report


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"fixtures": 1}',
        '{"fixtures": [1]}',
        '{"fixtures": [], "findings": [1]}',
        "[" * 100_000,
        "9" * (9 << 20),
    ],
)
def test_a_part_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    own = part(tmp_path, "opfixtures-part-a")
    (own / "result.json").write_text(text)
    with pytest.raises(UserError, match=r"opfixtures-part-a/result\.json is no result"):
        put_together(str(tmp_path))
    assert os.listdir(tmp_path) == ["opfixtures-part-a"]


def test_parts_may_lack_what_was_not_made(tmp_path: Path) -> None:
    own = part(tmp_path, "opfixtures-plan")
    (own / "result.json").unlink()
    (own / "fixtures").rmdir()
    put_together(str(tmp_path))
    assert read_rows(str(tmp_path)) == []
    # Nobody checked, which is another thing than to find nothing.
    assert "findings" not in json.loads((tmp_path / "result.json").read_text())


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


def test_what_was_refused_was_not_made() -> None:
    rows = [
        {"status": status, "fixture": status} for status in ("generated", "present", "refused", "mismatch")
    ]
    assert made(rows) == ["generated", "mismatch"]
