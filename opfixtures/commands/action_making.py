"""What a job of a workflow starts to have fixtures made: `opfixtures generate` in the side repository, and its page."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping

from opfixtures.commands.planning import Wanted
from opfixtures.commands.told_errors import annotate
from opfixtures.pull_request import result_folder
from opfixtures.pull_request.artifact_files import PAGE, RESULT
from opfixtures.pull_request.job import Job
from opfixtures.pull_request.overheard import overhearing
from opfixtures.pull_request.runner_files import without_commands
from opfixtures.pull_request.side_repository import Side
from opfixtures.repository.git import Repository
from opfixtures.runtimes.commands import TIDY_SECONDS, run_kept
from opfixtures.runtimes.side_checkout import HARMLESS, configured
from opfixtures.worker.processes import as_exit_status


def wanted_of(job: Job, side: Side) -> Wanted:
    """What the inputs of the job ask to be made."""
    inputs = job.inputs
    return Wanted(
        # The commit that brought an entry which target has is looked for in history.
        target=side.base,
        operators=inputs.operators,
        regenerate=inputs.regenerate,
        dry_run=inputs.dry_run,
        runtime=inputs.runtime,
        post_change_python=inputs.post_change_python,
    )


def generated(job: Job, side: Side, folder: str) -> tuple[int, str]:
    """The exit status of `generate` in the side repository, and what it printed."""
    wanted = wanted_of(job, side)
    report = os.path.join(folder, RESULT)
    arguments = ["--verbose", f"--report={report}", *(f"--operator={name}" for name in wanted.operators)]
    arguments += [f"--target={wanted.target}"] if wanted.target else []
    arguments += ["--regenerate"] if wanted.regenerate else []
    arguments += ["--dry-run"] if wanted.dry_run else []
    arguments += [f"--runtime={wanted.runtime}"] if wanted.runtime else []
    if wanted.post_change_python:
        arguments += [f"--post-change-python={wanted.post_change_python}"]
    # A process of its own has nothing of the job's in its environment, which what it starts could read.
    command = [sys.executable, "-I", "-m", "opfixtures", "generate", *arguments]
    with without_commands(sys.stdout), tempfile.TemporaryFile() as told:
        with overhearing() as (stream, heard):
            status = run_kept(
                command, harmless(job.environment), side.repository.root, told, stream, TIDY_SECONDS
            )
        told.seek(0)
        out = told.read().decode("utf-8", "backslashreplace")
        sys.stdout.write(out)
    if heard.error:
        annotate(job.environment, heard.error)
    # What was executed may have told this repository's git what to execute: it gets no token.
    repository = Repository.discover(side.repository.root, configured(harmless(job.environment), HARMLESS))
    result_folder.write_files(repository, folder)
    if job.has_result and not wanted.dry_run and not wanted.runtime:
        _write_page(job, repository, folder)
    return as_exit_status(status), out


def _write_page(job: Job, repository: Repository, folder: str) -> None:
    """Leave a page of all operators beside the report, with the verdicts of that. A result is whole without it."""
    path = os.path.join(folder, PAGE)
    status = ["status", "--format=html", f"--results={os.path.join(folder, RESULT)}"]
    command = [sys.executable, "-I", "-m", "opfixtures", *status]
    environment = configured(harmless(job.environment), HARMLESS)
    with open(path, "wb") as page:
        ended = run_kept(command, environment, repository.root, page, seconds=TIDY_SECONDS)
    if ended:
        os.remove(path)
        job.tell(f"the artifact has no {PAGE}: what was said above is why")


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what a runner and action.yml put there."""
    foreign = ("GITHUB_", "ACTIONS_", "INPUT_", "RUNNER_", "OPFIXTURES_")
    return {
        name: value
        for name, value in environment.items()
        if name == "OPFIXTURES_CACHE" or not name.startswith(foreign)
    }
