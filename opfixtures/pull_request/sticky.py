"""The one comment on a pull request: found, written, repaired, or left alone."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from opfixtures.pull_request.hub import Comment, GitHubError, Hub, Refused, Unclear

MARKER = "<!-- opfixtures -->"
"""The comment's first line. Anybody can write it: a comment is ours by its author too."""
LIMIT = 65_536 - len(MARKER) - 1
"""The most characters under the marker: GitHub refuses a body of more than 65,536."""
# Every round looks first. Others can undo what is done here only so often.
_ROUNDS = 10
# The run that a report was made by is no news where nothing else is. Whose files are to be fetched is: those of an
# older run are gone some day, or never came where it was killed before it had handed them over.
_RUN = re.compile(r"(/actions/runs/)\d+")
# Nor is what an earlier run could not commit, until this one has tried.
_NOT_COMMITTED = re.compile(r"^Nothing was committed: .*\n\n", re.MULTILINE)


class Outcome(StrEnum):
    """What became of the comment."""

    WRITTEN = "written"
    UNTOUCHED = "left as it is"
    NOT_NEEDED = "not needed"
    MOVED_ON = "not written: the pull request has moved on or was closed"


def put_comment(
    hub: Hub, number: int, markdown: str, *, author: str, heads: Collection[str], only_update: bool = False
) -> Outcome:
    """Have the one comment of `author` on a pull request say `markdown`, of at most `LIMIT` characters.

    Nothing is written unless the pull request is open with its head among `heads`, the ids of commits. `only_update`
    leaves a pull request alone that has no comment. Of several, which runs at the same time leave, the oldest stays.

    Raises GitHubError.
    """
    body = f"{MARKER}\n{markdown}"
    has_written = False
    for _ in range(_ROUNDS):
        ours = _ours(hub.comments(number), author)
        first, others = (ours[0] if ours else None), ours[1:]
        if first is None and only_update:
            return Outcome.NOT_NEEDED
        is_said = first is not None and _same(first.body, body)
        if is_said and not others:
            return Outcome.WRITTEN if has_written else Outcome.UNTOUCHED
        pull = hub.pull_request(number)
        if not (pull.is_open and pull.head_sha in heads):
            return Outcome.MOVED_ON
        for other in others:
            hub.delete_comment(number, other.id)
        if _write(hub, number, author, first, body, is_said):
            return Outcome.WRITTEN
        has_written = True
    raise GitHubError(
        f"the comment on pull request {number} does not stay as it is written: run this job again"
    )


def find_comment(hub: Hub, number: int, author: str) -> Comment | None:
    """The one comment of `author` on a pull request, if it is there. Raises GitHubError."""
    return next(iter(_ours(hub.comments(number), author)), None)


def _create(hub: Hub, number: int, body: str, author: str) -> None:
    created = hub.create_comment(number, body)
    if created.author != author:
        # Nobody would find it again.
        hub.delete_comment(number, created.id)
        wrong = f"the token comments as {created.author}, and {author} was expected"
        raise GitHubError(f"{wrong}: say `author: {created.author}` in the workflow")


def _write(hub: Hub, number: int, author: str, first: Comment | None, body: str, is_said: bool) -> bool:
    """Whether it is done; else one has to look again."""
    try:
        if first is None:
            _create(hub, number, body, author)
            # Another run may have done the same since.
            return False
        if not is_said:
            hub.edit_comment(number, first.id, body)
        return True
    except Unclear:
        return False
    except Refused as refused:
        if refused.status == 404 and first is not None:
            return False
        raise


def _ours(comments: Collection[Comment], author: str) -> list[Comment]:
    ours = [one for one in comments if one.author == author and _unix(one.body).split("\n", 1)[0] == MARKER]
    return sorted(ours, key=lambda comment: comment.id)


def _same(there: str, new: str) -> bool:
    there, new = (_RUN.sub("", _unix(text)).strip() for text in (there, new))
    return new in (there, _NOT_COMMITTED.sub("", there))


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")
