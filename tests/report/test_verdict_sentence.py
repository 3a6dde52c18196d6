"""The first line of a comment: a mark, and what to do."""

from __future__ import annotations

import pytest

from opfixtures.declarations.place import Place
from opfixtures.proving.result import FixtureResult, Made, Result, Status
from opfixtures.report.publication import Publication
from opfixtures.report.verdict_sentence import verdict
from opfixtures.rules.findings import Finding, Severity

HERE = Place("map.cpp", 1, 1)


def row(status: Status, number: int = 0, made: Made = Made.FOUND, waived: str = "") -> FixtureResult:
    return FixtureResult(
        f"mylib::op{number}", 4, "up", status, made=made, module="Module", fixture="a.ptl", waived=waived
    )


def new(status: Status, number: int = 0) -> FixtureResult:
    return row(status, number, Made.BY_THIS_RUN)


def finding(severity: Severity, number: int = 9, code: str = "OPF103") -> Finding:
    return Finding(code, severity, f"mylib::op{number}", HERE, "wrong", "mend it")


ERROR, WARNING, NOTE = (finding(one) for one in Severity)
SENTENCES = [
    ([], [], "✅ Nothing to do: this change needs no fixture"),
    ([row(Status.VERIFIED)], [], "✅ Old models keep their results: 1 fixture replayed"),
    (
        [
            row(Status.VERIFIED),
            row(Status.VERIFIED),
            row(Status.ACCEPTED),
            row(Status.MISMATCH, waived="why"),
        ],
        [],
        "✅ Old models keep their results: 2 fixtures replayed, 1 accepted as broken, 1 waived",
    ),
    ([row(Status.GENERATED)], [], "✅ Nothing to fix: 1 not replayed yet"),
    ([new(Status.VERIFIED)], [], "📦 1 fixture to commit, proven: old models keep their results"),
    (
        [new(Status.VERIFIED), new(Status.VERIFIED, 1)],
        [finding(Severity.ERROR, 0, "OPF301"), finding(Severity.ERROR, 1, "OPF301")],
        "📦 2 fixtures to commit, both proven: old models keep their results",
    ),
    (
        [new(Status.VERIFIED), new(Status.VERIFIED, 1), new(Status.VERIFIED, 2), row(Status.VERIFIED, 3)],
        [WARNING],
        "📦 3 fixtures to commit, all proven: old models keep their results",
    ),
    (
        [new(Status.VERIFIED), new(Status.GENERATED, 1)],
        [],
        "📦 2 fixtures to commit, 1 proven, 1 not replayed yet",
    ),
    ([new(Status.MISMATCH)], [], "❌ 1 operator breaks old models: see below what to do"),
    # A fixture of each of two versions: it is one operator that breaks.
    (
        [row(Status.MISMATCH), row(Status.MISMATCH), row(Status.MISMATCH, 1)],
        [],
        "❌ 2 operators break old models: see below what to do",
    ),
    ([row(Status.REFUSED)], [], "❌ 1 fixture could not be made: see below what to do"),
    (
        [row(Status.FAILED), row(Status.FAILED, 1), row(Status.UNPROVEN, 2)],
        [],
        "❌ 2 fixtures could not be replayed, 1 fixture is not proven: see below what to do",
    ),
    (
        [new(Status.UNPROVEN), new(Status.UNPROVEN, 1)],
        [],
        "❌ 2 fixtures are not proven: see below what to do",
    ),
    (
        [new(Status.VERIFIED), row(Status.REFUSED, 9), row(Status.MISMATCH, 8)],
        [ERROR, NOTE],
        "❌ 1 operator breaks old models, 1 problem to fix: see below what to do; 1 fixture to commit, proven: old"
        " models keep their results",
    ),
    ([], [WARNING], "⚠️ Nothing to fix, 1 warning to read"),
    ([], [WARNING, WARNING, NOTE], "⚠️ Nothing to fix, 2 warnings and 1 note to read"),
    ([], [finding(Severity.ERROR, 0, "OPF301")], "❌ 1 problem to fix: see below what to do"),
]


@pytest.mark.parametrize(("rows", "findings", "line"), SENTENCES)
def test_it_says_what_to_do(rows: list[FixtureResult], findings: list[Finding], line: str) -> None:
    told = verdict(Publication("a" * 40, Result(None, tuple(rows)), tuple(findings)))
    assert told.line == line
    assert told.is_wrong is line.startswith("❌")


def test_what_was_pushed_is_not_to_be_committed() -> None:
    rows = (new(Status.VERIFIED), row(Status.VERIFIED, 1))
    told = verdict(Publication("a" * 40, Result(None, rows), pushed="b" * 40))
    assert told.line == "✅ 1 fixture committed, proven: old models keep their results"


def test_what_no_job_made_is_wrong() -> None:
    told = verdict(Publication("a" * 40, Result(None, (), ("a.ptl", "b.ptl"))))
    assert told.line == "❌ 2 fixtures not seen, for a job failed: see below what to do"
