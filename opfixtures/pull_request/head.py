"""Which pull request a run belongs to: what GitHub says of its head, and nothing that the run says itself."""

from __future__ import annotations

import re

from opfixtures.errors import UserError
from opfixtures.pull_request.hub import Hub, PullRequest
from opfixtures.pull_request.payload import OBJECT_ID

_HEAD = re.compile(r"[A-Za-z0-9_-]+(\[bot\])?:[^\x00-\x20\x7f~^:?*\[\\]+", re.ASCII)


def find_pull_request(hub: Hub, head: str, sha: str, number: int | None = None) -> PullRequest | None:
    """The open pull request whose head is commit `sha` of `owner:branch`; None where there is none, or none any more.

    `number` is known where the event itself is about a pull request: no other is meant then.

    Raises:
        UserError: `head` or `sha` is not of that form, or several pull requests have this head.
        GitHubError: GitHub cannot be asked.
    """
    if not _HEAD.fullmatch(head):
        raise UserError(f"--head is {head!r}: give OWNER:BRANCH, as the event has it")
    if not OBJECT_ID.fullmatch(sha):
        raise UserError(f"--head-sha is {sha!r}: give the full id of a commit")
    owner, _, branch = head.partition(":")
    numbers = hub.pull_requests(head) if number is None else [number]
    pulls = [hub.pull_request(one) for one in numbers]
    found = [pull for pull in pulls if (pull.is_open, pull.head_sha, pull.head_branch) == (True, sha, branch)]
    found = [
        pull for pull in found if (pull.head_repository or "").partition("/")[0].lower() == owner.lower()
    ]
    if len(found) > 1:
        several = ", ".join(str(pull.number) for pull in found)
        raise UserError(f"pull requests {several} have the same head {head}: close all but one")
    return found[0] if found else None
