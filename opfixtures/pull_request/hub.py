"""What is asked of GitHub and written there: the few operations of its API that publishing needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from opfixtures.errors import UserError

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", re.ASCII)


def is_repository(name: str) -> bool:
    """Whether `name` is `owner/name`, in characters that mean nothing else in an address."""
    return bool(_REPOSITORY.fullmatch(name))


class GitHubError(UserError):
    """GitHub cannot be reached, or did not do what was asked."""


class Refused(GitHubError):
    """GitHub refused: `status` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        """One sentence, and the status."""
        super().__init__(message)
        self.status = status


class Unclear(GitHubError):
    """A write may have been carried out or not: look before it is asked for again."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as GitHub has it. Repositories are `owner/name`; the head's is None where it was deleted.

    `from_default_branch`: whether the head's branch is the one that its repository goes on with.
    """

    number: int
    is_open: bool
    head_sha: str
    head_branch: str
    head_repository: str | None
    from_default_branch: bool
    base_sha: str
    maintainer_can_modify: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment. A smaller id is older."""

    id: int
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """A comment on a line of a pull request's diff; `line` is None where that has changed since."""

    id: int
    author: str
    body: str
    path: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """A check run that is over. `conclusion` is one of GitHub's, `summary` is Markdown, `url` leads to more."""

    name: str
    commit: str
    conclusion: str
    title: str
    summary: str
    url: str | None


class Hub(Protocol):
    """One repository on GitHub. Every method raises GitHubError; Refused where GitHub says no."""

    @property
    def repository(self) -> str:
        """`owner/name`."""
        ...

    def pull_requests(self, head: str) -> list[int]:
        """The numbers of the open pull requests from `owner:branch`."""
        ...

    def pull_request(self, number: int) -> PullRequest:
        """The pull request as it is now."""
        ...

    def comments(self, number: int) -> list[Comment]:
        """All comments on a pull request."""
        ...

    def create_comment(self, number: int, body: str) -> Comment:
        """Comment on a pull request. Raises Unclear where nobody can know whether it was done."""
        ...

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """Replace the text of a comment."""
        ...

    def delete_comment(self, number: int, comment: int) -> None:
        """Delete a comment; one that is gone already is deleted."""
        ...

    def review_comments(self, number: int) -> list[ReviewComment]:
        """All comments on lines of a pull request's diff."""
        ...

    def create_review_comment(self, number: int, commit: str, path: str, line: int, body: str) -> None:
        """Comment on a line of the diff as of `commit`. Raises Unclear as `create_comment`, and Refused with 422 where
        the diff does not show that line."""
        ...

    def delete_review_comment(self, number: int, comment: int) -> None:
        """Delete such a comment; one that is gone already is deleted."""
        ...

    def checks(self, commit: str, name: str) -> list[int]:
        """The ids of the check runs of that name at a commit that opfixtures made."""
        ...

    def create_check(self, check: Check) -> None:
        """Make a check run."""
        ...

    def edit_check(self, number: int, check: Check) -> None:
        """Have a check run say something else."""
        ...

    def file(self, path: str, commit: str) -> bytes | None:
        """The bytes of a file of at most 1 MB; None where there is no file."""
        ...

    def merge_base(self, base: str, head: str) -> str:
        """The id of the commit where two meet; each is a commit's id or a branch."""
        ...

    def parents(self, repository: str, commit: str) -> tuple[str, ...]:
        """The ids of a commit's parents."""
        ...

    def has_ancestor(self, commit: str, tip: str) -> bool:
        """Whether `commit` is in the history of commit `tip`."""
        ...

    def names(self, folder: str, commit: str) -> frozenset[str]:
        """The names of what lies in a folder, of up to 1,000."""
        ...

    def create_commit(
        self, repository: str, parent: str, files: Mapping[str, bytes], message: str
    ) -> str | None:
        """The id of a new commit upon `parent` with these files by path; None where `parent` has them all."""
        ...

    def move_branch(self, repository: str, branch: str, commit: str) -> None:
        """Move a branch forward to `commit`. Raises Refused with 422 where that is not forward."""
        ...
