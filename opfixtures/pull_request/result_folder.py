"""The folder that a job hands over as an artifact.

    result.json            the report of `generate` (schemas/result.schema.json)
    fixtures.patch         the new fixtures and records, for `git apply`
    fixtures/NAME.ptl      the same as files, by their names alone
    fixtures/NAME.ptl.json

The jobs of a matrix hand over parts, a folder of this kind each, which are put together before anybody reads them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opfixtures.archive import MAX_BYTES
from opfixtures.errors import UserError
from opfixtures.findings import Finding
from opfixtures.git import Repository
from opfixtures.record import record_path
from opfixtures.report.findings_json import finding_rows
from opfixtures.report.result_json import result_json
from opfixtures.result import Result, Status

RESULT = "result.json"
PATCH = "fixtures.patch"
FIXTURES = "fixtures"
_MADE = {Status.GENERATED, Status.VERIFIED, Status.MISMATCH}
_MOST_RESULT = 8 * 1024 * 1024
_MOST_PARTS = 257


def new_folder(folder: str) -> str:
    """An empty folder for a result; what an earlier run left of one goes, and nothing else. Raises UserError."""
    os.makedirs(folder, exist_ok=True)
    for name in (RESULT, PATCH):
        if os.path.lexists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    shutil.rmtree(os.path.join(folder, FIXTURES), ignore_errors=True)
    if os.listdir(folder):
        raise UserError(
            f"{folder} holds something else than a result: name an empty folder in input 'result'"
        )
    return folder


def write_findings(folder: str, findings: Sequence[Finding]) -> None:
    """Have the report in `folder` say what a check found too; where there is none, it says that alone."""
    report = _read(os.path.join(folder, RESULT)) or json.loads(result_json(Result(None, ())))
    _write(folder, {**report, "findings": finding_rows(findings)})


def _write(folder: str, report: Mapping[str, object]) -> None:
    with open(os.path.join(folder, RESULT), "w", encoding="utf-8") as out:
        out.write(f"{json.dumps(report, indent=2)}\n")


def read_rows(folder: str) -> list[Mapping[str, object]] | None:
    """The fixtures of the report in `folder`; None where there is no report. Raises UserError."""
    report = _read(os.path.join(folder, RESULT))
    return None if report is None else report["fixtures"]


def made(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The paths of the fixtures that were made."""
    return [str(row["fixture"]) for row in rows if row.get("status") in _MADE and row.get("fixture")]


def write_files(side: Repository, folder: str) -> None:
    """Copy what was made in `side` into `folder`, beside the report, and write the patch. Raises GitError, OSError."""
    rows = read_rows(folder) or []
    for path in _with_records(made(rows)):
        os.makedirs(os.path.join(folder, FIXTURES), exist_ok=True)
        copied = os.path.join(folder, FIXTURES, os.path.basename(path))
        shutil.copyfile(os.path.join(side.root, path), copied, follow_symlinks=False)
    # One that differs when it is replayed is for looking at.
    paths = _with_records(made([row for row in rows if row.get("status") != Status.MISMATCH]))
    if not paths:
        return
    # The settings of a repository may ignore what is generated.
    side.run("add", "--force", "--sparse", "--", *(f":(top,literal){path}" for path in paths))
    with open(os.path.join(folder, PATCH), "wb") as stream:
        stream.write(side.run("diff", "--cached", "--binary", "--full-index", "--no-color", "--no-ext-diff"))


def _with_records(fixtures: Sequence[str]) -> list[str]:
    return [path for fixture in fixtures for path in (fixture, record_path(fixture))]


def put_together(folder: str) -> bool:
    """Make one result of the parts below `folder`, if there is none; whether that was done. Raises UserError.

    The parts were made by jobs that executed a pull request's code: nothing but their form is relied upon here.
    """
    if os.path.exists(os.path.join(folder, RESULT)):
        return False
    parts = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    if not parts or len(parts) > _MOST_PARTS:
        raise UserError(
            f"{folder} has neither a {RESULT} nor up to {_MOST_PARTS} parts of one: download the artifacts"
        )
    reports = [report for part in parts if (report := _read(os.path.join(part, RESULT)))]
    _copy_files(parts, folder)
    rows = [row for report in reports for row in report["fixtures"]]
    commits = {row.get("pre_change_commit") for row in rows} - {None}
    whole = {
        "schema": 1,
        "pre_change_commit": commits.pop() if len(commits) == 1 else None,
        "fixtures": rows,
    }
    checked = [report["findings"] for report in reports if "findings" in report]
    if checked:
        whole["findings"] = [finding for findings in checked for finding in findings]
    _write(folder, whole)
    for part in parts:
        shutil.rmtree(part)
    return True


def _copy_files(parts: Sequence[str], folder: str) -> None:
    for part in parts:
        for path in _regular_files(os.path.join(part, FIXTURES)):
            os.makedirs(os.path.join(folder, FIXTURES), exist_ok=True)
            shutil.copyfile(path, os.path.join(folder, FIXTURES, os.path.basename(path)))
        patch = os.path.join(part, PATCH)
        if os.path.isfile(patch) and not os.path.islink(patch):
            with open(patch, "rb") as stream, open(os.path.join(folder, PATCH), "ab") as out:
                shutil.copyfileobj(stream, out)


def _regular_files(folder: str) -> Iterator[str]:
    if not os.path.isdir(folder) or os.path.islink(folder):
        return
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if (
                entry.is_file(follow_symlinks=False)
                and entry.stat(follow_symlinks=False).st_size <= MAX_BYTES
            ):
                yield entry.path


def _read(path: str) -> Mapping[str, Any] | None:
    try:
        with open(path, "rb") as stream:
            text = stream.read(_MOST_RESULT + 1)
    except FileNotFoundError:
        return None
    try:
        if len(text) > _MOST_RESULT:
            raise ValueError(f"more than {_MOST_RESULT} bytes")
        report = json.loads(text)
        for name in ("fixtures", *(["findings"] if "findings" in report else [])):
            rows = report[name]
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ValueError(f"no {name}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is no result of opfixtures: {error}") from error
    return report  # type: ignore[no-any-return]
