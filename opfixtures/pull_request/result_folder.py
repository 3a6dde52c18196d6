"""The folder that a job hands over as an artifact.

    result.json            the report of `generate`, and what a check found (schemas/result.schema.json)
    fixtures.patch         the new fixtures and records, for `git apply`
    fixtures/NAME.ptl      the same as files, by their names alone, and those that differ when they are replayed
    fixtures/NAME.ptl.json
    status.html            where every operator stands, with what `generate` found: for people, and read by nobody here

The jobs of a matrix hand over parts, a folder of this kind each, which are put together before anybody reads them.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from opfixtures.atomic_write import write_whole
from opfixtures.errors import UserError
from opfixtures.proving.result import FixtureResult, Made, Result, Status
from opfixtures.pull_request.artifact_files import FIXTURES, MAX_BYTES, PAGE, PATCH, RESULT, read_files
from opfixtures.pull_request.result_reader import MAX_BYTES as MOST_RESULT
from opfixtures.pull_request.result_reader import ResultError, read_result
from opfixtures.records.record import record_path
from opfixtures.report.findings_json import finding_rows
from opfixtures.report.result_json import cut, result_json
from opfixtures.repository.git import Repository
from opfixtures.rules.findings import Finding, Suggestion
from opfixtures.worker.observations import held_in_all

_MOST_PARTS = 257
# Whatever the user's settings say of diffs.
_AS_PATCH = (
    "--binary",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


def new_folder(folder: str) -> str:
    """An empty folder for a result; what an earlier run left of one goes, and nothing else. Raises UserError."""
    os.makedirs(folder, exist_ok=True)
    for name in (RESULT, PATCH, PAGE):
        if os.path.lexists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    shutil.rmtree(os.path.join(folder, FIXTURES), ignore_errors=True)
    if os.listdir(folder):
        raise UserError(
            f"{folder} holds something else than a result: name an empty folder in input 'result'"
        )
    return folder


def write_findings(folder: str, findings: Sequence[Finding], suggestions: Sequence[Suggestion] = ()) -> None:
    """Have the report in `folder` say what a check found too; where there is none, it says that alone."""
    report = read_report(folder) or Result(None, ())
    _write(folder, replace(report, suggestions=tuple(suggestions)), findings)


def _write(folder: str, result: Result, findings: Sequence[Finding] | None) -> None:
    report = json.loads(result_json(result))
    if findings is not None:
        report["findings"] = cut(finding_rows(findings))
    write_whole(os.path.join(folder, RESULT), f"{json.dumps(report, indent=2)}\n".encode())


def read_report(folder: str) -> Result | None:
    """The report in `folder`; None where there is none. Raises UserError."""
    path = os.path.join(folder, RESULT)
    if not os.path.lexists(path):
        return None
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise UserError(f"{path} is no result of opfixtures: it is a link, or no file at all")
    with open(path, "rb") as stream:
        return _parsed(stream.read(MOST_RESULT + 1), path)[0]


def _parsed(data: bytes, path: str) -> tuple[Result, tuple[Finding, ...] | None]:
    try:
        return read_result(data)
    except ResultError as error:
        raise UserError(f"{path} is no result of opfixtures: {error}") from error


def made(fixtures: Iterable[FixtureResult]) -> list[str]:
    """The paths of the fixtures that the run made."""
    return [one.fixture for one in fixtures if one.made is Made.BY_THIS_RUN and one.fixture]


def write_files(side: Repository, folder: str) -> None:
    """Copy what target does not hold into `folder`, beside the report, and write the patch of what was made.

    Raises GitError, OSError; UserError where two of them have one name.
    """
    report = read_report(folder)
    fixtures = report.fixtures if report else ()
    new = [one.fixture for one in fixtures if one.is_new and one.fixture and one.runtime]
    _refuse_one_name_for_two(new)
    for path in _with_records(new):
        os.makedirs(os.path.join(folder, FIXTURES), exist_ok=True)
        copied = os.path.join(folder, FIXTURES, os.path.basename(path))
        shutil.copyfile(os.path.join(side.root, path), copied, follow_symlinks=False)
    # One that differs when it is replayed is for looking at.
    paths = _with_records(made(one for one in fixtures if one.status is not Status.MISMATCH))
    if not paths:
        return
    # The highest there are (gitattributes): bytes as they are, and a patch that git itself holds to them.
    info = os.path.join(side.root, ".git", "info")
    os.makedirs(info, exist_ok=True)
    write_whole(os.path.join(info, "attributes"), b"* -text -filter -ident -diff\n")
    # The settings of a repository may ignore what is generated.
    names = "\0".join(f":(top,literal){path}" for path in paths).encode("utf-8", "surrogateescape")
    # Thousands of paths are more than a command line holds on some systems.
    options = ("--force", "--sparse", "--pathspec-from-file=-", "--pathspec-file-nul")
    side.run("add", *options, stdin=names)
    patch = side.run("-c", "core.quotePath=false", "diff", "--cached", *_AS_PATCH)
    if patch:
        write_whole(os.path.join(folder, PATCH), patch)


def _refuse_one_name_for_two(fixtures: Sequence[str]) -> None:
    """An artifact holds each by its name alone: two projects may both have it."""
    paths: dict[str, str] = {}
    for path in fixtures:
        other = paths.setdefault(os.path.basename(path), path)
        if other != path:
            raise UserError(
                f"{other} and {path} are new and have one name: give one module another name, or bring one of them "
                "in a change of its own"
            )


def _with_records(fixtures: Sequence[str]) -> list[str]:
    return [path for fixture in fixtures for path in (fixture, record_path(fixture))]


def put_together(folder: str, whole: str = "") -> bool:
    """Make one result of the parts below `folder`, if there is none; whether that was done. Raises UserError.

    A folder called `whole`, the name of the artifact of all, is what somebody has put together before.

    The parts were made by jobs that executed a pull request's code: nothing but their form is relied upon here.
    """
    if os.path.lexists(os.path.join(folder, RESULT)):
        return False
    every = list(_parts(folder))
    parts = [part for part in every if os.path.basename(part[0]) == whole] or every
    reports = [_parsed(files[RESULT], part) for part, files in parts if RESULT in files]
    rows = tuple(fixture for result, _ in reports for fixture in result.fixtures)
    commits = {row.pre_change_commit for row in rows} - {None}
    checked = [findings for _, findings in reports if findings is not None]
    for name, content in _joined(parts).items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(content)
    told = {row.fixture for row in rows}
    planned = tuple(path for result, _ in reports for path in result.planned if path not in told)
    # Each job tells what the branch's settings say, its own rows aside.
    notes = dict.fromkeys(note for result, _ in reports for note in result.notes)
    suggestions = dict.fromkeys(one for result, _ in reports for one in result.suggestions)
    seen = [result.isolation for result, _ in reports if result.isolation is not None]
    _write(
        folder,
        Result(
            commits.pop() if len(commits) == 1 else None,
            rows,
            planned,
            held_in_all(seen),
            tuple(notes),
            tuple(suggestions),
        ),
        [finding for findings in checked for finding in findings] if checked else None,
    )
    for part, _ in every:
        shutil.rmtree(part)
    return True


def _parts(folder: str) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    """The folder of each part and its files. Raises UserError, ArtifactError among them."""
    found = []
    if os.path.isdir(folder):
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda one: one.name)
    # What is put together is written here: nothing may lie in its place, a link to elsewhere least of all.
    other = [one.name for one in found if one.name == FIXTURES or not one.is_dir(follow_symlinks=False)]
    if other:
        raise UserError(f"{folder} holds {other[0]!r}, which is no part of a result: download the artifacts")
    if not found or len(found) > _MOST_PARTS:
        raise UserError(
            f"{folder} has neither a {RESULT} nor up to {_MOST_PARTS} parts of one: download the artifacts"
        )
    left = MAX_BYTES
    for entry in found:
        files = read_files(entry.path)
        left -= sum(map(len, files.values()))
        if left < 0:
            raise UserError(f"the parts in {folder} have more than {MAX_BYTES >> 20} MiB together")
        yield entry.path, files


def _joined(parts: Sequence[tuple[str, Mapping[str, bytes]]]) -> dict[str, bytes]:
    """The files of all parts but their reports. Raises UserError where two have one of the same name."""
    joined: dict[str, bytes] = {}
    for _, files in parts:
        for name, content in files.items():
            if name == PATCH:
                joined[PATCH] = joined.get(PATCH, b"") + content
            elif name in joined:
                raise UserError(f"two parts have {name!r}: make it with one runtime")
            elif name != RESULT:
                joined[name] = content
    return joined
