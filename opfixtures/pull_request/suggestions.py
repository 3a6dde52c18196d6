"""Suggestions on the diff of a pull request: mends of one line, which its author takes with a click.

https://docs.github.com/en/rest/pulls/comments
"""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.pull_request.hub import GitHubError, Hub, PullRequest, Refused, ReviewComment
from opfixtures.report.suggestion_markdown import suggestion_markdown
from opfixtures.rules.findings import Suggestion

MARKER = "<!-- opfixtures suggestion -->"
"""The first line of each. Anybody can write it: one is ours by its author too."""
_MOST = 10
_UNPROCESSABLE = 422


def put_suggestions(hub: Hub, pull: PullRequest, suggestions: Sequence[Suggestion], author: str) -> int:
    """Have the diff of `pull` show these suggestions of `author`, each once; how many were written.

    One whose line has another text at the head by now, or stands in no part of the diff, is left out. What an earlier
    run suggested, and nobody needs any more, goes, unless its line has changed since: GitHub shows that as outdated.

    Raises GitHubError: GitHub cannot be asked, or the token may not write.
    """
    shown = [one for one in suggestions[:_MOST] if suggestion_markdown(one) and _stands(hub, pull, one)]
    ours = [one for one in hub.review_comments(pull.number) if _is_ours(one, author)]
    wanted = {(one.path, one.line, _body(one)): one for one in shown}
    there = {
        (one.path, one.line, one.body.replace("\r\n", "\n")): one for one in ours if one.line is not None
    }
    for key, comment in there.items():
        if key not in wanted:
            hub.delete_review_comment(pull.number, comment.id)
    return sum(_written(hub, pull, one) for key, one in wanted.items() if key not in there)


def _written(hub: Hub, pull: PullRequest, one: Suggestion) -> bool:
    try:
        hub.create_review_comment(pull.number, pull.head_sha, one.path, one.line, _body(one))
    except Refused as refused:
        # The diff does not show that line.
        if refused.status != _UNPROCESSABLE:
            raise
        return False
    return True


def _is_ours(comment: ReviewComment, author: str) -> bool:
    return comment.author == author and comment.body.replace("\r\n", "\n").startswith(f"{MARKER}\n")


def _body(suggestion: Suggestion) -> str:
    return f"{MARKER}\n{suggestion_markdown(suggestion)}"


def _stands(hub: Hub, pull: PullRequest, one: Suggestion) -> bool:
    """Whether the head has that line: what was judged may be GitHub's merge with the base branch, or an invention."""
    try:
        content = hub.file(one.path, pull.head_sha) or b""
    except GitHubError:
        return False
    lines = content.decode("utf-8", "replace").split("\n")
    return one.line <= len(lines) and lines[one.line - 1].removesuffix("\r") == one.old
