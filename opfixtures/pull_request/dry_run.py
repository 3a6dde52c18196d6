"""GitHub as it would be: reads are made, writes are only told, and seen by later reads of comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from opfixtures.pull_request.hub import Check, Comment, Hub, PullRequest, ReviewComment

_NO_COMMIT = "0" * 40


class DryRun:
    """A `Hub` that tells `tell` in a line what `hub` would be asked to write. `author` is whose comments it adds."""

    def __init__(self, hub: Hub, author: str, tell: Callable[[str], object]) -> None:
        """Nothing is asked yet."""
        self.repository = hub.repository
        self._hub, self._author, self._tell = hub, author, tell
        self._comments: dict[int, list[Comment]] = {}

    def pull_requests(self, head: str) -> list[int]:
        """See `Hub.pull_requests`."""
        return self._hub.pull_requests(head)

    def pull_request(self, number: int) -> PullRequest:
        """See `Hub.pull_request`."""
        return self._hub.pull_request(number)

    def comments(self, number: int) -> list[Comment]:
        """See `Hub.comments`."""
        if number not in self._comments:
            self._comments[number] = self._hub.comments(number)
        return list(self._comments[number])

    def create_comment(self, number: int, body: str) -> Comment:
        """Tell."""
        self._tell(f"would comment on pull request {number}: {len(body)} characters")
        there = self.comments(number)
        created = Comment(max((one.id for one in there), default=0) + 1, self._author, body)
        self._comments[number] = [*there, created]
        return created

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """Tell."""
        self._tell(f"would edit the comment on pull request {number}: {len(body)} characters")
        self._comments[number] = [
            replace(one, body=body) if one.id == comment else one for one in self.comments(number)
        ]

    def delete_comment(self, number: int, comment: int) -> None:
        """Tell."""
        self._tell(f"would delete comment {comment} on pull request {number}: there are several")
        self._comments[number] = [one for one in self.comments(number) if one.id != comment]

    def review_comments(self, number: int) -> list[ReviewComment]:
        """See `Hub.review_comments`."""
        return self._hub.review_comments(number)

    def create_review_comment(self, number: int, commit: str, path: str, line: int, body: str) -> None:  # noqa: ARG002 - a Hub
        """Tell."""
        self._tell(f"would suggest another line {line} of {path} on pull request {number}")

    def delete_review_comment(self, number: int, comment: int) -> None:
        """Tell."""
        self._tell(f"would delete suggestion {comment} on pull request {number}")

    def checks(self, commit: str, name: str) -> list[int]:
        """See `Hub.checks`."""
        return self._hub.checks(commit, name)

    def create_check(self, check: Check) -> None:
        """Tell."""
        self._tell(f"would make a check run at {check.commit[:12]}, {check.conclusion}: {check.title}")

    def edit_check(self, number: int, check: Check) -> None:
        """Tell."""
        self._tell(f"would edit check run {number} at {check.commit[:12]}, {check.conclusion}: {check.title}")

    def file(self, path: str, commit: str) -> bytes | None:
        """See `Hub.file`."""
        return self._hub.file(path, commit)

    def merge_base(self, base: str, head: str) -> str:
        """See `Hub.merge_base`."""
        return self._hub.merge_base(base, head)

    def parents(self, repository: str, commit: str) -> tuple[str, ...]:
        """See `Hub.parents`."""
        return self._hub.parents(repository, commit)

    def has_ancestor(self, commit: str, tip: str) -> bool:
        """See `Hub.has_ancestor`."""
        return self._hub.has_ancestor(commit, tip)

    def names(self, folder: str, commit: str) -> frozenset[str]:
        """See `Hub.names`."""
        return self._hub.names(folder, commit)

    def create_commit(self, repository: str, parent: str, files: Mapping[str, bytes], message: str) -> str:  # noqa: ARG002 - a Hub
        """Tell."""
        for path, data in files.items():
            self._tell(f"would add {path} to {repository} upon {parent[:12]}: {len(data)} bytes")
        return _NO_COMMIT

    def move_branch(self, repository: str, branch: str, commit: str) -> None:  # noqa: ARG002 - a Hub
        """Tell."""
        self._tell(f"would move branch {branch} of {repository} forward to that commit")
