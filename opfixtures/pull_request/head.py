"""Which pull request a run belongs to: what GitHub says of its head, and nothing that the run says itself."""

from __future__ import annotations

import re

from opfixtures.errors import UserError
from opfixtures.pull_request.hub import Hub, PullRequest

_HEAD = re.compile(r"[A-Za-z0-9_-]+(\[bot\])?:[^\x00-\x20\x7f~^:?*\[\\]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def find_pull_request(hub: Hub, head: str, sha: str) -> PullRequest | None:
    """The open pull request whose head is commit `sha` of `owner:branch`; None where there is none, or none any more.

    Raises:
        UserError: `head` or `sha` is not of that form, or several pull requests have this head.
        GitHubError: GitHub cannot be asked.
    """
    if not _HEAD.fullmatch(head):
        raise UserError(f"--head is {head!r}: give OWNER:BRANCH, as the event has it")
    if not _COMMIT.fullmatch(sha):
        raise UserError(f"--head-sha is {sha!r}: give the full id of a commit")
    owner, _, branch = head.partition(":")
    pulls = [hub.pull_request(number) for number in hub.pull_requests(head)]
    found = [pull for pull in pulls if (pull.is_open, pull.head_sha, pull.head_branch) == (True, sha, branch)]
    found = [
        pull for pull in found if (pull.head_repository or "").partition("/")[0].lower() == owner.lower()
    ]
    if len(found) > 1:
        numbers = ", ".join(str(pull.number) for pull in found)
        raise UserError(f"pull requests {numbers} have the same head {head}: close all but one")
    return found[0] if found else None
