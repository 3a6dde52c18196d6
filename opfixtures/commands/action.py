"""`opfixtures action`: what action.yml runs. From the event of a workflow to annotations, fixtures and a result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from opfixtures.commands import check
from opfixtures.commands.generate import Wanted, planned
from opfixtures.comparison import Comparison, read_change
from opfixtures.errors import NothingToCheck, UserError
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.pull_request import result_folder
from opfixtures.pull_request.api import Api
from opfixtures.pull_request.events import Activity, Mode, Task, activity_of
from opfixtures.pull_request.inputs import Inputs, read_inputs, variable
from opfixtures.pull_request.runner_files import without_commands, write_outputs, write_summary
from opfixtures.pull_request.side_repository import Side, Surroundings, make_side
from opfixtures.report.findings_text import render
from opfixtures.report.printable import printable
from opfixtures.report.result_json import result_json
from opfixtures.result import Result
from opfixtures.scratch import scratch_folder

_MOST_JOBS = 256
"""Of a matrix: https://docs.github.com/en/actions/reference/limits"""
ARTIFACT = "opfixtures-result"
"""The name of the artifact that has the whole result, as action.yml has it."""
_HEADING = "opfixtures"
_MOST_EVENT = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Job:
    """One step of a workflow: what it was asked, what its event asks for, and where it runs."""

    inputs: Inputs
    activity: Activity
    api: Api
    environment: Mapping[str, str]

    def tell(self, text: str) -> None:
        """A line in the log."""
        sys.stdout.write(f"opfixtures: {printable(text)}\n")

    def summarise(self, text: str) -> None:
        """A block of the run's summary."""
        write_summary(self.environment.get("GITHUB_STEP_SUMMARY"), _HEADING, text)

    def output(self, values: Mapping[str, str]) -> None:
        """Outputs of the step."""
        write_outputs(self.environment.get("GITHUB_OUTPUT"), values)


def run() -> int:
    """Do what the event asks for; the exit status is the worst of the check's and the generation's.

    Raises:
        UserError: the event is refused, an input is wrong, or what the change starts from cannot be had. The summary
            says so too.
    """
    environment = dict(os.environ)
    try:
        job = _job(environment, os.environ)
        return _done(job)
    except UserError as error:
        write_summary(environment.get("GITHUB_STEP_SUMMARY"), _HEADING, f"error: {printable(str(error))}")
        raise


def _job(environment: Mapping[str, str], own: MutableMapping[str, str]) -> _Job:
    inputs = read_inputs(environment)
    # What is started from here on has no use for it, `publish` apart.
    own.pop(variable("token"), None)
    api = Api.of(environment, inputs.token)
    payload = _event(environment.get("GITHUB_EVENT_PATH", ""))
    name = environment.get("GITHUB_EVENT_NAME", "")
    activity = activity_of(name, payload, inputs.mode, inputs.asked, api.pull_request)
    return _Job(inputs, activity, api, environment)


def _event(path: str) -> object:
    try:
        with open(path, "rb") as stream:
            return json.loads(stream.read(_MOST_EVENT))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"GITHUB_EVENT_PATH cannot be read: {error}: run this in a workflow") from error


def _done(job: _Job) -> int:
    activity = job.activity
    if activity.task is Task.NOTHING:
        job.tell(f"nothing to do: {activity.reason}")
        job.summarise(f"Nothing to do: {printable(activity.reason)}")
        return 0
    if activity.task is Task.PUBLISH:
        return _published(job)
    workspace = job.environment.get("GITHUB_WORKSPACE") or os.getcwd()
    user = Repository.discover(workspace, os.environ)
    around = Surroundings(
        job.api.merge_base, job.environment.get("GITHUB_SERVER_URL", ""), job.inputs.token, job.tell
    )
    with scratch_folder("opfixtures-action-") as scratch:
        side = make_side(user, activity, around, os.path.join(scratch, "repository"))
        status = _judged_and_made(job, side)
    if job.inputs.mode is Mode.ALL and not job.inputs.dry_run and _has_result(job):
        if activity.number is None or activity.fork:
            job.tell(f"not published: {activity.reason or 'the event is about no pull request'}")
        else:
            return max(status, _published(job))
    return status


def _judged_and_made(job: _Job, side: Side) -> int:
    demanded = frozenset({"OPF301"} if job.inputs.require_fixtures else ())
    with GitObjects(side.repository) as objects:
        head = objects.resolve("HEAD")
        compared = Comparison(objects.commit(side.base), objects.commit(head or "HEAD"), side.base, head)
        try:
            findings = check.judged(objects, compared, demanded)
        except NothingToCheck as error:
            job.tell(str(error))
            job.summarise(printable(str(error)))
            return 0
        change = read_change(objects, compared)
    status = check.show(findings, "github")
    text, told, _ = render(findings, False)
    changed = list(dict.fromkeys(entry.operator for entry in change.added))
    job.output({"changed-operators": json.dumps(changed), "pre-change-commit": side.base})
    made = ""
    if job.activity.task is Task.GENERATE:
        if job.inputs.mode is Mode.PLAN:
            _plan(job, side)
        else:
            generated, made = _generate(job, side)
            status = max(status, generated)
    job.summarise("\n".join(part for part in (text, told, made) if part))
    return status


def _wanted(job: _Job, side: Side) -> Wanted:
    inputs = job.inputs
    return Wanted(
        # With operators named, the commit that brought each is looked for in history.
        base=None if inputs.operators else side.base,
        operators=inputs.operators,
        regenerate=inputs.regenerate,
        dry_run=inputs.dry_run,
        runtime=inputs.runtime,
        post_change_python=inputs.post_change_python,
    )


def _plan(job: _Job, side: Side) -> None:
    """Name the runtimes that are needed, one job of a matrix each; what is settled already is this job's result."""
    repository = Repository.discover(side.repository.root, _harmless(job.environment))
    with GitObjects(repository) as objects:
        _, plan = planned(objects, _wanted(job, side), job.tell)
    names = list(dict.fromkeys(fixture.spec.name for fixture in plan.to_make))
    if len(names) > _MOST_JOBS:
        raise UserError(
            f"{len(names)} runtimes are needed, and a matrix has up to {_MOST_JOBS}: use `mode: generate`"
        )
    folder = result_folder.new_folder(job.inputs.result)
    with open(os.path.join(folder, result_folder.RESULT), "w", encoding="utf-8") as stream:
        stream.write(result_json(Result(None, plan.settled)) + "\n")
    job.output({"runtimes": json.dumps([] if job.inputs.dry_run else names)})
    _report(job)


def _generate(job: _Job, side: Side) -> tuple[int, str]:
    """The exit status of `generate` in the side repository, and what it printed."""
    wanted = _wanted(job, side)
    folder = result_folder.new_folder(job.inputs.result)
    report = os.path.join(folder, result_folder.RESULT)
    arguments = [f"--report={report}", *(f"--operator={name}" for name in wanted.operators)]
    arguments += [f"--base={wanted.base}"] if wanted.base else []
    arguments += ["--regenerate"] if wanted.regenerate else []
    arguments += ["--dry-run"] if wanted.dry_run else []
    arguments += [f"--runtime={wanted.runtime}"] if wanted.runtime else []
    if wanted.post_change_python:
        arguments += [f"--post-change-python={wanted.post_change_python}"]
    # A process of its own has nothing of the job's in its environment, which what it starts could read.
    command = [sys.executable, "-I", "-m", "opfixtures", "generate", *arguments]
    with without_commands(sys.stdout):
        done = subprocess.run(
            command,
            cwd=side.repository.root,
            env=_harmless(job.environment),
            stdout=subprocess.PIPE,
            check=False,
        )
        out = done.stdout.decode("utf-8", "backslashreplace")
        sys.stdout.write(out)
    result_folder.write_files(side.repository, folder)
    _report(job)
    if not _has_result(job):
        out += "opfixtures: no fixtures were made: the log of this step says why"
    return done.returncode, out


def _harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what a runner and action.yml put there."""
    foreign = ("GITHUB_", "ACTIONS_", "INPUT_", "RUNNER_", "OPFIXTURES_")
    return {
        name: value
        for name, value in environment.items()
        if name == "OPFIXTURES_CACHE" or not name.startswith(foreign)
    }


def _has_result(job: _Job) -> bool:
    return os.path.exists(os.path.join(job.inputs.result, result_folder.RESULT))


def _report(job: _Job) -> None:
    """What was made and what was refused, as outputs."""
    rows = result_folder.read_rows(job.inputs.result)
    if rows is None:
        return
    refused = [str(row["operator"]) for row in rows if row.get("status") == "refused"]
    job.output(
        {
            "generated": json.dumps(result_folder.made(rows)),
            "refused": json.dumps(list(dict.fromkeys(refused))),
            "report": os.path.join(job.inputs.result, result_folder.RESULT),
        }
    )


def _published(job: _Job) -> int:
    """Hand the result over to `opfixtures publish`, which alone gets the token; its exit status."""
    result_folder.put_together(job.inputs.result)
    _report(job)
    command = [
        sys.executable,
        "-I",
        "-m",
        "opfixtures",
        *publish_arguments(job.inputs, job.activity, job.environment),
    ]
    own = {name: value for name, value in job.environment.items() if name != variable("token")}
    return subprocess.run(command, env={**own, "GITHUB_TOKEN": job.inputs.token}, check=False).returncode


def publish_arguments(inputs: Inputs, activity: Activity, environment: Mapping[str, str]) -> list[str]:
    """The command line that publishes: which pull request is the event's word, and none of the result's.

    Raises UserError if the event does not say where the head is.
    """
    if not activity.branch or not activity.head:
        raise UserError(
            "the repository of the pull request's head is gone: there is no branch to look it up by"
        )
    run = str(activity.run or environment.get("GITHUB_RUN_ID", ""))
    arguments = [
        "publish",
        f"--head={activity.branch}",
        f"--head-sha={activity.head}",
        f"--artifact={ARTIFACT}",
    ]
    arguments += [f"--run={run}"] if run.isdecimal() else []
    arguments += ["--commit"] if inputs.commit else []
    arguments += ["--dry-run"] if inputs.dry_run else []
    return [*arguments, inputs.result]
