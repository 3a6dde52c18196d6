"""Which pull requests a run belongs to: what GitHub says of its head, and nothing that the run says itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from opfixtures.errors import UserError
from opfixtures.pull_request.hub import GitHubError, Hub, PullRequest
from opfixtures.pull_request.payload import OBJECT_ID

_HEAD = re.compile(r"[A-Za-z0-9_-]+(\[bot\])?:[^\x00-\x20\x7f~^:?*\[\\]+", re.ASCII)


def check_head(head: str, sha: str) -> None:
    """Raises UserError where these are not `owner:branch` and the id of a commit."""
    if not _HEAD.fullmatch(head):
        raise UserError(f"--head is {head!r}: give OWNER:BRANCH, as the event has it")
    if not OBJECT_ID.fullmatch(sha):
        raise UserError(f"--head-sha is {sha!r}: give the full id of a commit")


def pull_requests_from(hub: Hub, head: str, number: int | None = None) -> list[PullRequest]:
    """The open pull requests from `owner:branch`, whatever commit they are at by now.

    `number` is known where the event itself is about a pull request: no other is meant then.

    Raises GitHubError: GitHub cannot be asked.
    """
    owner, _, branch = head.partition(":")
    numbers = hub.pull_requests(head) if number is None else [number]
    pulls = [pull for pull in map(hub.pull_request, numbers) if pull.is_open and pull.head_branch == branch]
    return [pull for pull in pulls if (pull.head_repository or "").partition("/")[0].lower() == owner.lower()]


def at_commit(hub: Hub, pulls: Sequence[PullRequest], sha: str, started: str | None) -> list[PullRequest]:
    """Those of `pulls` whose head is commit `sha`. A branch and its backport have one head: where the commit that a
    result says it `started` from tells whose it is, that one alone; else all.
    """
    found = [pull for pull in pulls if pull.head_sha == sha]
    if len(found) < 2 or started is None:
        return found
    return [pull for pull in found if _starts(hub, pull, started)] or found


def _starts(hub: Hub, pull: PullRequest, commit: str) -> bool:
    # Without `contents: read` GitHub compares nothing in a private repository.
    with suppress(GitHubError):
        return commit in (pull.base_sha, hub.merge_base(pull.base_sha, pull.head_sha))
    return False
