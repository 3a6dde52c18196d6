"""`opfixtures publish`: the privileged half. It takes a result artifact as hostile data and checks nothing out."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from dataclasses import replace

from opfixtures.commands.told_errors import annotate, annotated
from opfixtures.errors import UserError
from opfixtures.pull_request.artifact import read_artifact
from opfixtures.pull_request.connection import Address, connected, server_of
from opfixtures.pull_request.dry_run import DryRun
from opfixtures.pull_request.hub import GitHubError, Hub
from opfixtures.pull_request.inputs import ARTIFACT, ARTIFACT_NAME, AUTHOR
from opfixtures.pull_request.publish import Wanted, publication_of, publish
from opfixtures.pull_request.runner_files import MOST_MARKDOWN, append_summary, write_outputs
from opfixtures.pull_request.sticky import find_comment
from opfixtures.report.result_markdown import Run, result_markdown
from opfixtures.repository.printable import printable


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures publish` takes."""
    command.description = (
        "Comment a result on the pull request that it is of, with GITHUB_TOKEN, on the GitHub that "
        "GITHUB_API_URL and GITHUB_REPOSITORY name. Nothing in RESULT is trusted, loaded or run."
    )
    command.add_argument("result", metavar="RESULT", help="the artifact: its zip file, or the folder of it")
    command.add_argument(
        "--head", metavar="OWNER:BRANCH", required=True, help="the head, as the event has it"
    )
    command.add_argument("--head-sha", metavar="SHA", required=True, help="and its commit")
    command.add_argument(
        "--pull-request",
        dest="number",
        metavar="N",
        type=int,
        help="its number, where the event is about a pull request (default: looked up by its head)",
    )
    command.add_argument(
        "--run", dest="run_id", metavar="ID", type=int, help="the workflow run that has the artifact"
    )
    command.add_argument(
        "--artifact",
        metavar="NAME",
        default=ARTIFACT,
        help="and its name there (default: %(default)s)",
    )
    command.add_argument(
        "--author",
        metavar="LOGIN",
        default=AUTHOR,
        help="whose comments the token writes (default: %(default)s)",
    )
    command.add_argument(
        "--commit", action="store_true", help="commit fixtures and records to the head branch"
    )
    command.add_argument(
        "--require-commit",
        action="store_true",
        help="end with status 1 where a fixture that was made is not committed",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be written, and write nothing"
    )


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    wanted = Wanted(
        options.head,
        options.head_sha,
        options.author,
        options.commit,
        options.number,
        is_required=options.require_commit,
    )
    with annotated(os.environ):
        return run(options.result, wanted, options.run_id, options.artifact, dry_run=options.dry_run)


def run(path: str, wanted: Wanted, run_id: int | None, artifact_name: str, *, dry_run: bool) -> int:
    """Publish the artifact at `path`. The summary is written before GitHub is asked for anything.

    Raises UserError: the artifact is refused, the environment is no workflow's, GitHub cannot be reached or refuses.
    """
    token = os.environ.get("GITHUB_TOKEN", "")
    address = Address.of(os.environ)
    if not ARTIFACT_NAME.fullmatch(artifact_name):
        raise UserError(f"--artifact is {artifact_name!r}: give letters, digits, '.', '_', '+' and '-'")
    # There the token of a fork cannot write, and a workflow on workflow_run comes after.
    wanted = replace(wanted, has_second=os.environ.get("GITHUB_EVENT_NAME") == "pull_request")
    artifact = read_artifact(path)
    of_run = None if run_id is None else Run(address.repository, run_id, artifact_name, server_of(os.environ))
    publication = publication_of(artifact, wanted.sha, of_run)
    append_summary(os.environ.get("GITHUB_STEP_SUMMARY"), result_markdown(publication, MOST_MARKDOWN))
    if not token:
        raise UserError("GITHUB_TOKEN is not set: give it to the step, from `github.token`")
    with connected(address, token) as client:
        hub: Hub = DryRun(client, wanted.author, _tell_of_a_write) if dry_run else client
        published = publish(hub, wanted, artifact, publication, _tell_of_a_dry_run if dry_run else _tell)
        if published is not None and not dry_run and os.environ.get("GITHUB_OUTPUT"):
            _output(hub, published.numbers[0], wanted)
    if published is None or not published.lacks_commit:
        return 0
    annotate(os.environ, "what was made is not committed, and had to be: the comment says why")
    return 1


def _output(hub: Hub, number: int, wanted: Wanted) -> None:
    comment = None
    # It is written already.
    with suppress(GitHubError):
        comment = find_comment(hub, number, wanted.author)
    # One of an earlier head tells nothing of this.
    if comment is not None and wanted.sha[:12] in comment.body:
        url = f"{server_of(os.environ)}/{hub.repository}/pull/{number}#issuecomment-{comment.id}"
        write_outputs(os.environ.get("GITHUB_OUTPUT"), {"comment-url": url})


def _tell(line: str) -> None:
    # The runner takes a line that starts with `::` for a command.
    sys.stdout.write(f"opfixtures: {printable(line)}\n")


def _tell_of_a_write(line: str) -> None:
    _tell(f"dry run: {line}")


def _tell_of_a_dry_run(line: str) -> None:
    _tell(f"dry run: it would end with: {line}")
