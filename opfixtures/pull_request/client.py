"""GitHub through PyGithub."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

from github import Auth, Github, InputGitTreeElement
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest as ApiPullRequest
from github.Repository import Repository

from opfixtures.pull_request.hub import Comment, GitHubError, PullRequest, Refused
from opfixtures.pull_request.patience import Patience

T = TypeVar("T")
_NOT_FOUND = 404
# Seconds for what a comment can do without.
_NICETY = 20.0


class Client:
    """A `Hub`: `repository` is `owner/name`."""

    def __init__(self, github: Github, repository: str, patience: Patience) -> None:
        """`github` has to be lazy, without retries of its own: see `connect`."""
        self.repository = repository
        self._github = github
        self._patience = patience
        self._api = github.get_repo(repository)

    def pull_requests(self, head: str) -> list[int]:
        """See `Hub.pull_requests`."""
        found = self._api.get_pulls(state="open", head=head)
        return self._patience.attempt("list pull requests", lambda: [pull.number for pull in found])

    def pull_request(self, number: int) -> PullRequest:
        """See `Hub.pull_request`."""
        return self._patience.attempt(
            f"show pull request {number}", lambda: _pull_request(self._api.get_pull(number))
        )

    def comments(self, number: int) -> list[Comment]:
        """See `Hub.comments`."""

        def read() -> list[Comment]:
            found = self._api.get_issue(number).get_comments()
            return [_comment(one) for one in found]

        return self._patience.attempt(f"list the comments on pull request {number}", read)

    def create_comment(self, number: int, body: str) -> Comment:
        """See `Hub.create_comment`."""
        issue = self._api.get_issue(number)
        what = f"comment on pull request {number}"
        return _comment(self._patience.attempt(what, lambda: issue.create_comment(body), repeatable=False))

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """See `Hub.edit_comment`."""
        found = self._api.get_issue(number).get_comment(comment)
        self._patience.attempt(f"edit the comment on pull request {number}", lambda: found.edit(body))

    def delete_comment(self, number: int, comment: int) -> None:
        """See `Hub.delete_comment`."""
        found = self._api.get_issue(number).get_comment(comment)
        self._if_there(f"delete a second comment on pull request {number}", found.delete)

    def file(self, path: str, commit: str) -> bytes | None:
        """See `Hub.file`."""

        def read() -> bytes | None:
            found = self._api.get_contents(path, ref=commit)
            if isinstance(found, list):
                return None
            if found.encoding != "base64":
                raise GitHubError(f"GitHub does not show {path} at {commit[:12]}: it is larger than 1 MB")
            return found.decoded_content

        return self._if_there(f"show {path}", read)

    def has_ancestor(self, commit: str, tip: str) -> bool:
        """See `Hub.has_ancestor`."""

        def ask() -> bool:
            return self._api.compare(commit, tip).merge_base_commit.sha == commit

        return self._patience.attempt(f"compare {commit[:12]} with {tip[:12]}", ask, seconds=_NICETY)

    def names(self, folder: str, commit: str) -> frozenset[str]:
        """See `Hub.names`."""

        def read() -> frozenset[str]:
            found = self._api.get_contents(folder, ref=commit)
            return frozenset(one.name for one in (found if isinstance(found, list) else [found]))

        return self._if_there(f"list {folder}", read) or frozenset()

    def _if_there(self, what: str, request: Callable[[], T]) -> T | None:
        """What `request` returns; None where what it is about is not there."""
        try:
            return self._patience.attempt(what, request)
        except Refused as refused:
            if refused.status != _NOT_FOUND:
                raise
            return None

    def create_commit(
        self, repository: str, parent: str, files: Mapping[str, bytes], message: str
    ) -> str | None:
        """See `Hub.create_commit`."""
        # What git has an object of already, it does not have twice: all of this can be repeated.
        api, attempt = self._github.get_repo(repository), self._patience.attempt
        head = attempt("show the head", lambda: api.get_git_commit(parent))
        blobs = [self._blob(api, path, data) for path, data in files.items()]
        tree = attempt("make a tree", lambda: api.create_git_tree(blobs, head.tree))
        if tree.sha == head.tree.sha:
            return None
        return attempt("make a commit", lambda: api.create_git_commit(message, tree, [head])).sha

    def _blob(self, api: Repository, path: str, data: bytes) -> InputGitTreeElement:
        content = base64.b64encode(data).decode()
        blob = self._patience.attempt(f"keep {path}", lambda: api.create_git_blob(content, "base64"))
        return InputGitTreeElement(path, "100644", "blob", sha=blob.sha)

    def move_branch(self, repository: str, branch: str, commit: str) -> None:
        """See `Hub.move_branch`."""
        api = self._github.get_repo(repository)
        # Not where GitHub's answer says: what `%` and `#` of a name mean in an address would be its word.
        url = f"{api.url}/git/refs/heads/{quote(branch)}"
        change = {"sha": commit, "force": False}
        self._patience.attempt(
            f"move {branch}", lambda: api.requester.requestJsonAndCheck("PATCH", url, input=change)
        )


def connect(token: str, url: str, *, paced: bool = True) -> Github:
    """PyGithub as `Client` needs it. Close it. `paced` leaves a second between writes, as GitHub asks for."""
    return Github(
        auth=Auth.Token(token),
        base_url=url,
        per_page=100,
        retry=None,
        lazy=True,
        user_agent="opfixtures",
        seconds_between_requests=0.25 if paced else None,
        seconds_between_writes=1.0 if paced else None,
    )


def _comment(one: IssueComment) -> Comment:
    # The account of an author may be gone, which PyGithub's types leave out.
    return Comment(one.id, one.user.login if one.user else "", one.body)


def _pull_request(pull: ApiPullRequest) -> PullRequest:
    return PullRequest(
        number=pull.number,
        is_open=pull.state == "open",
        head_sha=pull.head.sha,
        head_branch=pull.head.ref,
        # PyGithub's types leave out that a fork may be deleted.
        head_repository=pull.head.repo.full_name if pull.head.repo else None,
        from_default_branch=bool(pull.head.repo) and pull.head.ref == pull.head.repo.default_branch,
        base_sha=pull.base.sha,
        maintainer_can_modify=pull.maintainer_can_modify,
    )
