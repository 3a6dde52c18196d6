"""`opfixtures action`: what action.yml runs. From the event of a workflow to annotations, fixtures and a result."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from opfixtures.commands.action_change import judge_and_make
from opfixtures.commands.action_warm_up import warmed_up
from opfixtures.commands.told_errors import annotated
from opfixtures.errors import UserError
from opfixtures.pull_request import result_folder
from opfixtures.pull_request.artifact import read_artifact
from opfixtures.pull_request.connection import Address, connected_once
from opfixtures.pull_request.events import Activity, Mode, Task, activity_of
from opfixtures.pull_request.inputs import Inputs, read_inputs, variable
from opfixtures.pull_request.job import Job, summarise
from opfixtures.pull_request.secret_removal import remove_secret
from opfixtures.pull_request.side_repository import Surroundings, make_side
from opfixtures.repository.git import Repository
from opfixtures.repository.printable import printable
from opfixtures.runtimes.commands import TIDY_SECONDS, run_kept
from opfixtures.worker.processes import as_exit_status
from opfixtures.worker.scratch import remove_left_over, scratch_folder

if TYPE_CHECKING:
    from opfixtures.pull_request.client import Client

_MOST_EVENT = 32 * 1024 * 1024


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures action` takes: no arguments."""
    command.description = (
        "Check the change that a workflow's event is about, and make its fixtures. The inputs of action.yml "
        "are read from OPFIXTURES_*, the event from GITHUB_*."
    )


def main(_: argparse.Namespace) -> int:
    """Do what the event asks for; the exit status is the worst of the check's, the generation's and publishing's.

    Raises:
        UserError: the event is refused, an input is wrong, or what the change starts from cannot be had. The summary
            says so too, as of an OSError.
    """
    environment = dict(os.environ)
    remove_left_over()
    with annotated(environment):
        try:
            return _performed(environment, os.environ)
        except (UserError, OSError) as error:
            summarise(environment, f"error: {printable(str(error))}")
            raise


def _performed(environment: Mapping[str, str], own: MutableMapping[str, str]) -> int:
    inputs = read_inputs(environment)
    # What is started from here on has no use for one, `publish` apart.
    for name in list(own):
        if name == variable("token") or (name.startswith(("GITHUB_", "GH_", "ACTIONS_")) and "TOKEN" in name):
            remove_secret(own, name)
    address = Address.of(environment)
    payload = _event(environment.get("GITHUB_EVENT_PATH", ""))
    name = environment.get("GITHUB_EVENT_NAME", "")
    if name == "schedule":
        return warmed_up(Job(inputs, Activity(Task.NOTHING), address, environment))
    with connected_once(address, inputs.token) as github:

        def pull_request(number: int) -> object:
            return github().described_pull_request(number)

        activity = activity_of(name, payload, inputs.mode, inputs.asked, pull_request)
        return _done(Job(inputs, activity, address, environment), github)


def _event(path: str) -> object:
    try:
        with open(path, "rb") as stream:
            return json.loads(stream.read(_MOST_EVENT))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"GITHUB_EVENT_PATH cannot be read: {error}: run this in a workflow") from error


def _done(job: Job, github: Callable[[], Client]) -> int:
    activity = job.activity
    # A workflow may ask for them as JSON whatever becomes of this.
    job.output({"changed-operators": "[]", "generated": "[]", "refused": "[]"})
    if activity.task is Task.NOTHING:
        job.tell(f"nothing to do: {activity.reason}")
        job.summarise(f"Nothing to do: {printable(activity.reason)}")
        return 0
    if activity.task is Task.PUBLISH:
        return _published(job, job.environment)
    workspace = job.environment.get("GITHUB_WORKSPACE") or os.getcwd()
    user = Repository.discover(workspace, os.environ)

    def merge_base(base: str, head: str) -> str:
        return github().merge_base(base, head)

    around = Surroundings(
        merge_base, job.environment.get("GITHUB_SERVER_URL", ""), job.inputs.token, job.tell
    )
    with scratch_folder("opfixtures-action-") as scratch:
        side = make_side(user, activity, around, os.path.join(scratch, "repository"))
        status = judge_and_make(job, side)
    if not job.has_result:
        return status
    if not job.will_publish:
        if job.inputs.mode is Mode.ALL and not job.inputs.dry_run:
            job.tell(f"not published: {activity.reason or 'the event is about no pull request'}")
        return status
    # The summary of this step has it already.
    quiet = {name: value for name, value in job.environment.items() if name != "GITHUB_STEP_SUMMARY"}
    return max(status, _published(job, quiet))


def _published(job: Job, environment: Mapping[str, str]) -> int:
    """Hand the result over to `opfixtures publish`, which alone gets the token; its exit status."""
    folder = job.inputs.result
    run = job.activity.run
    if run is not None and not (os.path.isdir(folder) and os.listdir(folder)):
        # It had nothing to do, or failed before: the action that downloads finds nothing, and no fault with that.
        nothing = f"nothing to publish: run {run} left no result in {folder}, and its log says why"
        job.tell(nothing)
        job.summarise(printable(nothing))
        return 0
    is_whole_now = result_folder.put_together(folder, job.inputs.artifact)
    # What is refused is not told in outputs either.
    read_artifact(folder)
    job.output_report()
    if is_whole_now or run is None:
        # The artifact of this very run has the files.
        job.output({"upload": folder})
        run = job.run_id
    own = {name: value for name, value in environment.items() if name != variable("token")}
    # A fixture that this job was to commit is an error where it could not.
    required = job.will_commit and job.inputs.require_fixtures is not False
    arguments = publish_arguments(job.inputs, job.activity, run, required=required)
    command = [sys.executable, "-I", "-m", "opfixtures", *arguments]
    privileged = {**own, "GITHUB_TOKEN": job.inputs.token}
    return as_exit_status(run_kept(command, privileged, seconds=TIDY_SECONDS))


def publish_arguments(
    inputs: Inputs, activity: Activity, run: int | None, *, required: bool = False
) -> list[str]:
    """The command line that publishes: which pull request is the event's word, and none of the result's.

    `run` is the id of the run whose artifact has the files. `required`: what is to be committed has to be.

    Raises UserError if the event does not say where the head is.
    """
    if not activity.branch or not activity.head:
        raise UserError(
            "the repository of the pull request's head is gone: there is no branch to look it up by"
        )
    arguments = [
        "publish",
        f"--head={activity.branch}",
        f"--head-sha={activity.head}",
        f"--artifact={inputs.artifact}",
        f"--author={inputs.author}",
    ]
    arguments += [f"--pull-request={activity.number}"] if activity.number else []
    arguments += [f"--run={run}"] if run else []
    arguments += ["--commit"] if inputs.commit else []
    arguments += ["--require-commit"] if inputs.commit and required else []
    arguments += ["--dry-run"] if inputs.dry_run else []
    return [*arguments, inputs.result]
