"""Two thousand rows with their fixtures and records, from the files of a job to what a pull request is told."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from opfixtures.archives.archive import read_archive
from opfixtures.archives.formats import JIT, LITE
from opfixtures.declarations.place import Place
from opfixtures.proving.result import Answer, Fact, Facts, FixtureResult, LoaderFacts, Made, Result, Status
from opfixtures.pull_request.artifact import parse_artifact, read_artifact
from opfixtures.pull_request.artifact_files import read_files
from opfixtures.pull_request.publish import publication_of
from opfixtures.pull_request.result_folder import put_together, write_files, write_findings
from opfixtures.pull_request.runner_files import MOST_MARKDOWN
from opfixtures.pull_request.sticky import LIMIT
from opfixtures.records.record import dump_record, load_record
from opfixtures.report.result_json import result_json
from opfixtures.report.result_markdown import Run, result_markdown
from opfixtures.repository.git import Repository
from opfixtures.rules.findings import Finding, Severity
from tests.pull_request.conftest import CORPUS, MADE
from tests.repositories import GitRepository, zipped_archive

ROWS = 2_000 if "OPFIXTURES_THOROUGH" in os.environ else 1_000
# Of the folder of a real library, and the reasons of real rows.
FOLDER = "packages/some_library/tests/backward_compatibility/fixtures"
WHY = "calls mylib::operator_with_a_long_name.an_overload, stamped 3"
YES, UNKNOWN = Fact(Answer.YES, WHY), Fact(Answer.UNKNOWN, WHY)
LOADER = LoaderFacts(YES, YES, YES, UNKNOWN)
COMMIT = "86" * 20


def row(number: int, status: Status = Status.VERIFIED) -> FixtureResult:
    return FixtureResult(
        operator=f"mylib::operator_with_a_long_name_{number}.an_overload",
        bumped_at_version=4,
        upgrader_name=f"operator_with_a_long_name_{number}_an_overload_0_3",
        status=status,
        made=Made.BY_THIS_RUN,
        reason="" if status is Status.VERIFIED else f"sample 2: int64 then, float32 now ({WHY})",
        module=f"TestVersionedOperatorWithALongName{number}AnOverloadV3",
        fixture=f"{FOLDER}/test_versioned_operator_with_a_long_name{number}_an_overload_v3.ptl",
        runtime="commit 77640c1d96f4 with torch 2.13.0+cpu",
        replayed_by="the work tree with torch 2.13.0+cpu",
        facts=Facts(YES, YES, YES, {JIT: LOADER, LITE: LOADER}),
        pre_change_commit=COMMIT,
    )


def finding(number: int) -> Finding:
    one = row(number)
    place = Place("packages/some_library/operator_versions.py", number + 1, 1)
    return Finding("OPF301", Severity.NOTE, one.operator, place, f"the fixture of {one.module} {WHY}", WHY)


def evidence(one: FixtureResult) -> tuple[bytes, bytes]:
    """The fixture of a row and its record."""
    record = load_record((CORPUS / f"{MADE[0]}.json").read_bytes())
    data = zipped_archive(3, one.operator)
    entry = replace(
        record.entry,
        operator=one.operator,
        bumped_at_version=one.bumped_at_version,
        upgrader_name=one.upgrader_name,
    )
    seen = read_archive(data)
    archive = replace(
        record.archive,
        file=os.path.basename(one.fixture or ""),
        sha256=seen.sha256,
        size=seen.size,
        version=seen.version,
        bytecode_version=seen.bytecode_version,
        operators=tuple(seen.operators),
    )
    module = replace(record.module, name=one.module or "")
    return data, dump_record(replace(record, entry=entry, archive=archive, module=module))


@pytest.fixture
def job(new_repository: Callable[..., GitRepository], tmp_path: Path) -> Callable[[str, range], None]:
    """Leaves in a folder below `result` what a job does that made and checked these rows."""

    def leave(name: str, numbers: range) -> None:
        side = new_repository({"README.md": "a library"}, name=f"side-{name}")
        (side.root / FOLDER).mkdir(parents=True)
        # One in a hundred differs: it is handed over too, and not for committing.
        rows = [row(one, Status.VERIFIED if one % 100 else Status.MISMATCH) for one in numbers]
        for one in rows:
            path = side.root / (one.fixture or "")
            data, record = evidence(one)
            path.write_bytes(data)
            path.with_name(f"{path.name}.json").write_bytes(record)
        folder = tmp_path / "result" / name
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(result_json(Result(COMMIT, tuple(rows))))
        write_files(Repository.discover(str(side.root), side.environment), str(folder))
        write_findings(str(folder), [finding(one) for one in numbers])

    return leave


def test_many_rows_get_from_two_jobs_to_the_comment(
    job: Callable[[str, range], None], tmp_path: Path
) -> None:
    job("opfixtures-part-a", range(ROWS // 2))
    job("opfixtures-part-b", range(ROWS // 2, ROWS))
    folder = str(tmp_path / "result")
    assert put_together(folder, "opfixtures-result")

    artifact = read_artifact(folder)

    assert [len(artifact.result.fixtures), len(artifact.fixtures), len(artifact.findings)] == [ROWS] * 3
    assert artifact.has_patch
    assert sum(made.may_be_committed for made in artifact.fixtures) == ROWS - ROWS // 100
    told = publication_of(artifact, COMMIT, Run("owner/repo", 1, "opfixtures-result"))
    for limit in (LIMIT, MOST_MARKDOWN):
        markdown = result_markdown(told, limit)
        assert len(markdown) <= len(markdown.encode()) <= limit
        assert markdown.startswith(
            f"### ❌ {ROWS // 100} operators break old models: see below what to do; {ROWS - ROWS // 100} fixtures"
        )
        left_out = re.search(
            r"^(\d+) more in the artifact and in the summary of the run\.$", markdown, re.MULTILINE
        )
        assert markdown.count("<code>mylib::") + int(left_out[1] if left_out else 0) == ROWS
        assert bool(left_out) == (limit == LIMIT)
        # What failed is shortened last: each is told whole.
        assert markdown.count("<details open>") == ROWS // 100


def test_twice_as_many_are_twice_the_work(job: Callable[[str, range], None], tmp_path: Path) -> None:
    def calls(count: int) -> int:
        """The calls of functions, Python's own included, that reading an artifact of `count` rows takes."""
        job(f"{count}", range(count))
        files = read_files(str(tmp_path / "result" / f"{count}"))
        counted = [0]

        def tracer(_frame: object, event: str, _argument: object) -> None:
            counted[0] += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(tracer)
        try:
            parse_artifact(files)
        finally:
            sys.setprofile(before)
        return counted[0]

    assert calls(200) < 2.1 * calls(100)
