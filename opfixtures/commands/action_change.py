"""The change that a workflow was started for: judged, planned, and its fixtures made in a repository of their own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from opfixtures.atomic_write import write_whole
from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.projects import projects
from opfixtures.change.read_change import read_change
from opfixtures.commands import judging
from opfixtures.commands.action_history import deepen
from opfixtures.commands.action_making import generated, harmless, wanted_of
from opfixtures.commands.action_sweep import Library, libraries_of, swept
from opfixtures.commands.generate import notes_of
from opfixtures.commands.planning import Planned
from opfixtures.commands.planning import planned as planned_in
from opfixtures.commands.suggesting import suggested
from opfixtures.declarations.model import MapEntry
from opfixtures.errors import NothingToCheck, UserError
from opfixtures.making.plan import no_runtime, runtime_for
from opfixtures.proving.generate import lost, refused
from opfixtures.proving.result import FixtureResult, Result, Status, result_of
from opfixtures.pull_request import result_folder
from opfixtures.pull_request.artifact import read_artifact
from opfixtures.pull_request.artifact_files import RESULT
from opfixtures.pull_request.events import Mode
from opfixtures.pull_request.job import Job
from opfixtures.pull_request.publish import publication_of
from opfixtures.pull_request.runner_files import MOST_MARKDOWN
from opfixtures.pull_request.side_repository import Side
from opfixtures.report.plan_text import intentions
from opfixtures.report.result_github import annotated
from opfixtures.report.result_json import result_json
from opfixtures.report.result_markdown import Publication, result_markdown
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.rules.findings import Finding, Severity, Suggestion

_MOST_JOBS = 256
"""Of a matrix: https://docs.github.com/en/actions/reference/limits"""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the check found, None where another job of the run checks. `declares`: whether there was what to check.

    `entries` are all of the version maps, `operators` those that the change bumps. `errors` are those of projects that
    cannot be judged. `libraries` are what can be swept.
    """

    entries: tuple[MapEntry, ...] = ()
    operators: tuple[str, ...] = ()
    findings: tuple[Finding, ...] | None = ()
    declares: bool = True
    errors: tuple[UserError, ...] = ()
    libraries: tuple[Library, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


def judge_and_make(job: Job, side: Side) -> int:
    """Annotate the change, make what the event asks for, leave result, outputs and summary; the exit status.

    Raises UserError: the settings cannot be used, or more runtimes are needed than a matrix has jobs.
    """
    judged = _judged(job, side)
    status = (
        judging.show_together(judged.findings, judged.errors, "github") if judged.findings is not None else 0
    )
    if any(one.severity is Severity.ERROR for one in judged.findings or ()):
        # Of what is committed already the index of a clone shows nothing.
        job.tell(f"the same on your machine: opfixtures check --from-ref {side.base[:12]} --to-ref HEAD")
    job.output({"changed-operators": json.dumps(judged.operators)})
    job.output({"pre-change-commit": side.base, "head": job.activity.head or ""})
    folder = result_folder.new_folder(job.inputs.result)
    try:
        status = max(status, _made(job, side, judged, folder))
        # It runs the library: nothing of this job asks git after it.
        found = swept(job, side, judged.libraries, judged.findings, harmless(job.environment))
        judged = replace(judged, findings=(*(judged.findings or ()), *found)) if found else judged
        return max(status, judging.show(found, "github")) if found else status
    finally:
        # What cannot be read is no basis for a fixture: findings are all there is to tell then.
        if judged.findings is not None and (job.has_result or status):
            result_folder.write_findings(folder, judged.findings, judged.suggestions)
        job.output_report()
        _tell(job, judged)
        if job.has_result:
            job.output({"upload": folder})


def _made(job: Job, side: Side, judged: _Judged, folder: str) -> int:
    """Leave fixtures and a report in `folder`; in the summary what would be made, or that nothing was. The status."""
    if not judged.declares:
        result_folder.write_findings(folder, ())
        return 0
    if job.inputs.mode is Mode.PLAN:
        status, lines = _plan(job, side, folder)
        intended = lines or ["nothing is to be made, or replayed"]
        for line in intended:
            job.tell(line)
        job.summarise("\n".join(intended))
        return status
    status, printed = generated(job, side, folder)
    if not job.has_result:
        job.summarise(f"{printed}opfixtures: no fixtures were made: the log of this step says why")
    elif job.inputs.dry_run:
        job.summarise(printed)
    return status


def _tell(job: Job, judged: _Judged) -> None:
    """In the summary what the pull request is told, and on the version map's lines what failed."""
    head = job.activity.head or ""
    told = Publication(head, Result(None, ()), judged.findings or ())
    if job.has_result:
        told = publication_of(read_artifact(job.inputs.result), head, job.run)
    if job.inputs.mode is Mode.PLAN:
        # The jobs that make them come after this one.
        told = replace(told, result=replace(told.result, planned=()))
    for line in annotated(told.result.fixtures, judged.entries):
        sys.stdout.write(f"{line}\n")
    # A part knows nothing of what others have to tell, and a job that failed nothing of what is owed.
    is_part = job.inputs.mode is Mode.PLAN or job.inputs.dry_run or judged.findings is None
    if not (told.nothing_owed and (is_part or not job.has_result)):
        job.summarise_markdown(result_markdown(told, MOST_MARKDOWN))


def _judged(job: Job, side: Side) -> _Judged:
    with GitObjects(side.repository) as objects:
        head = objects.resolve("HEAD")
        before, after = objects.commit(side.base), objects.commit(head or "HEAD")
        try:
            compared = projects(objects, Comparison(before, after, side.base, head, target=side.base))
            findings, errors = _found(job, objects, compared)
        except NothingToCheck as error:
            job.warn(str(error))
            return _Judged(declares=False)
        changes = list(_readable(objects, compared))
        mends = [one for change in changes for one in suggested(change, after, findings or ())]
        deepen(side, objects, changes)
        libraries = tuple(libraries_of(changes, head or side.base))
    operators = tuple(dict.fromkeys(entry.operator for change in changes for entry in change.added))
    entries = tuple(entry for change in changes for entry in change.version_map.entries)
    return _Judged(entries, operators, findings, errors=errors, libraries=libraries, suggestions=tuple(mends))


def _found(
    job: Job, objects: GitObjects, compared: Sequence[Comparison]
) -> tuple[tuple[Finding, ...] | None, tuple[UserError, ...]]:
    """What a check finds in all projects. Of a matrix, the job that plans has checked."""
    if job.inputs.runtime:
        return None, ()
    demanded = frozenset({"OPF301"} if job.requires_fixtures else ())
    findings, errors = judging.judged_together(objects, [[one] for one in compared], demanded)
    return tuple(findings), tuple(errors)


def _readable(objects: GitObjects, compared: Sequence[Comparison]) -> Iterator[Change]:
    """The changes of the projects that can be judged."""
    for one in compared:
        with suppress(UserError):
            yield read_change(objects, one)


def _plan(job: Job, side: Side, folder: str) -> tuple[int, list[str]]:
    """Name the runtimes that are needed, one job of a matrix each, and write what needs none; what is to be made.

    The status is 1 where something is lost: no other job looks for that.
    """
    repository = Repository.discover(side.repository.root, harmless(job.environment))
    with GitObjects(repository) as objects:
        todos = planned_in(objects, wanted_of(job, side), job.tell)
    jobs, left = _jobs(todos)
    planned = () if job.inputs.dry_run else tuple(jobs)
    names = list(dict.fromkeys(jobs.values()))
    if len(names) > _MOST_JOBS:
        raise UserError(
            f"{len(names)} runtimes are needed, and a matrix has up to {_MOST_JOBS}: use `mode: generate`"
        )
    refusals = [refused(one) for todo in todos for one in todo.plan.unplanned]
    gone = [lost(one, because) for todo in todos for one, because in todo.plan.lost]
    told = Result(None, (*refusals, *gone, *left), planned, notes=tuple(notes_of(todos)))
    write_whole(os.path.join(folder, RESULT), result_json(told).encode())
    job.output({"runtimes": json.dumps([] if job.inputs.dry_run else names)})
    return int(bool(gone)), [line for todo in todos for line in intentions(todo.plan)]


def _jobs(todos: Sequence[Planned]) -> tuple[dict[str, str], list[FixtureResult]]:
    """By the path of a fixture the runtime whose job makes or replays it; and what no job can."""
    jobs = {fixture.path: fixture.spec.name for todo in todos for fixture in todo.plan.to_make}
    left = []
    for found, config in ((one, todo.change.config) for todo in todos for one in todo.plan.found):
        spec = runtime_for(found.owner, config)
        if spec is not None:
            jobs[found.owner.path] = spec.name
        else:
            left.append(result_of(found.owner, Status.FAILED, no_runtime(found.owner)))
    return jobs, left
