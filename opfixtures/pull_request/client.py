"""GitHub's REST API: each request is made again as far as it may be, each answer is read strictly.

https://docs.github.com/en/rest
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from functools import partial
from urllib.parse import quote

from opfixtures.pull_request.answer import Answer, read_json, read_list
from opfixtures.pull_request.described import (
    check_body,
    comment_of,
    names_of,
    pull_request_of,
    review_comment_of,
)
from opfixtures.pull_request.hub import Check, Comment, GitHubError, PullRequest, Refused, ReviewComment
from opfixtures.pull_request.retries import Reply, Retries
from opfixtures.pull_request.transport import Transport

_NOT_FOUND = 404
_SUCCESS = {"GET": 200, "POST": 201, "PATCH": 200, "DELETE": 204}
# Seconds for what can be done without.
_NICETY = 20.0
_NOTHING: Mapping[str, str] = {}
# The permissions of a job, as a workflow writes them:
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
_READS, _COMMITS = "contents: read", "contents: write"
_READS_PULLS, _TELLS, _CHECKS = "pull-requests: read", "pull-requests: write", "checks: write"
_WHOLE_PAGES = {"per_page": "100"}
# https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers
_NEXT = re.compile(r'<([^<>]*)>;\s*rel="next"')
_MOST_PAGES = 1_000


class Client:
    """A `Hub`, and what a job asks before there is anything to publish. `repository` is `owner/name`."""

    def __init__(self, transport: Transport, repository: str, retries: Retries) -> None:
        """Nothing is asked yet."""
        self.repository = repository
        self._transport, self._retries = transport, retries

    def merge_base(self, base: str, head: str) -> str:
        """See `Hub.merge_base`. It is given up soon: who asks can do without."""
        revisions = "...".join(quote(one, safe="") for one in (base, head))
        # The files of the comparison, which nobody needs here, stand on the first page only.
        # https://docs.github.com/en/rest/commits/commits#compare-two-commits
        page = {"per_page": "1", "page": "2"}
        what = f"compare {base[:12]} with {head[:12]}"
        answer = self._ask(what, "GET", self._at(f"compare/{revisions}"), page, seconds=_NICETY, needs=_READS)
        return Answer(answer, "comparison").object("merge_base_commit").commit("sha")

    def described_pull_request(self, number: int) -> object:
        """GitHub's description of a pull request, as a pull_request event has it. Raises GitHubError."""
        return self._ask(
            f"show pull request {number}", "GET", self._at(f"pulls/{number}"), needs=_READS_PULLS
        )

    def pull_requests(self, head: str) -> list[int]:
        """See `Hub.pull_requests`."""
        asked = {"state": "open", "head": head, **_WHOLE_PAGES}
        found = self._pages("list pull requests", self._at("pulls"), asked, "pull requests")
        return [one.number("number") for one in found]

    def pull_request(self, number: int) -> PullRequest:
        """See `Hub.pull_request`."""
        return pull_request_of(Answer(self.described_pull_request(number), f"pull request {number}"))

    def comments(self, number: int) -> list[Comment]:
        """See `Hub.comments`."""
        what, where = f"list the comments on pull request {number}", "comments"
        found = self._pages(what, self._at(f"issues/{number}/comments"), _WHOLE_PAGES, where)
        return [comment_of(one) for one in found]

    def create_comment(self, number: int, body: str) -> Comment:
        """See `Hub.create_comment`."""
        what, path = f"comment on pull request {number}", self._at(f"issues/{number}/comments")
        answer = self._ask(what, "POST", path, body={"body": body}, repeatable=False, needs=_TELLS)
        return comment_of(Answer(answer, "comment"))

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """See `Hub.edit_comment`."""
        what, path = f"edit the comment on pull request {number}", self._at(f"issues/comments/{comment}")
        edited = Answer(self._ask(what, "PATCH", path, body={"body": body}, needs=_TELLS), "comment")
        if edited.number("id") != comment:
            raise edited.wrong("comment.id", str(comment), edited.number("id"))

    def delete_comment(self, number: int, comment: int) -> None:
        """See `Hub.delete_comment`."""
        what = f"delete a second comment on pull request {number}"
        self._if_there(what, "DELETE", self._at(f"issues/comments/{comment}"), needs=_TELLS)

    def review_comments(self, number: int) -> list[ReviewComment]:
        """See `Hub.review_comments`."""
        what, path = f"list the suggestions on pull request {number}", self._at(f"pulls/{number}/comments")
        return [review_comment_of(one) for one in self._pages(what, path, _WHOLE_PAGES, "review comments")]

    def create_review_comment(self, number: int, commit: str, path: str, line: int, body: str) -> None:
        """See `Hub.create_review_comment`."""
        told = {"commit_id": commit, "path": path, "line": line, "side": "RIGHT", "body": body}
        at = self._at(f"pulls/{number}/comments")
        self._ask(f"suggest on pull request {number}", "POST", at, body=told, repeatable=False, needs=_TELLS)

    def delete_review_comment(self, number: int, comment: int) -> None:
        """See `Hub.delete_review_comment`."""
        what = f"delete a suggestion on pull request {number}"
        self._if_there(what, "DELETE", self._at(f"pulls/comments/{comment}"), needs=_TELLS)

    def checks(self, commit: str, name: str) -> list[int]:
        """See `Hub.checks`."""
        asked = {"check_name": name, **_WHOLE_PAGES}
        path = self._at(f"commits/{commit}/check-runs")
        answer = Answer(self._ask("list check runs", "GET", path, asked, needs=_CHECKS), "check runs")
        found = read_list(answer.value("check_runs"), "check_runs")
        return [one.number("id") for one in found if one.value("external_id") == name]

    def create_check(self, check: Check) -> None:
        """See `Hub.create_check`."""
        body = {"head_sha": check.commit, **check_body(check)}
        self._ask("make a check run", "POST", self._at("check-runs"), body=body, needs=_CHECKS)

    def edit_check(self, number: int, check: Check) -> None:
        """See `Hub.edit_check`."""
        path = self._at(f"check-runs/{number}")
        self._ask("edit a check run", "PATCH", path, body=check_body(check), needs=_CHECKS)

    def file(self, path: str, commit: str) -> bytes | None:
        """See `Hub.file`."""
        answer = self._if_there(f"show {path}", "GET", self._at(f"contents/{quote(path)}"), {"ref": commit})
        if answer is None or (isinstance(answer, list) and names_of(answer, path)):
            return None
        found = Answer(answer, path)
        if found.string("type") != "file":
            return None
        if found.string("encoding") != "base64":
            raise GitHubError(f"GitHub does not show {path} at {commit[:12]}: it is larger than 1 MB")
        content = found.string("content")
        try:
            return base64.b64decode(content.replace("\n", ""), validate=True)
        except ValueError:
            raise found.wrong(f"{path}.content", "base64", content) from None

    def parents(self, repository: str, commit: str) -> tuple[str, ...]:
        """See `Hub.parents`."""
        answer = self._ask("show the head", "GET", f"/repos/{repository}/git/commits/{commit}", needs=_READS)
        found = read_list(Answer(answer, "head").value("parents"), "head.parents")
        return tuple(one.commit("sha") for one in found)

    def has_ancestor(self, commit: str, tip: str) -> bool:
        """See `Hub.has_ancestor`."""
        return self.merge_base(commit, tip) == commit

    def names(self, folder: str, commit: str) -> frozenset[str]:
        """See `Hub.names`."""
        path = self._at(f"contents/{quote(folder)}")
        answer = self._if_there(f"list {folder}", "GET", path, {"ref": commit})
        return frozenset() if answer is None else names_of(answer, folder)

    def create_commit(
        self, repository: str, parent: str, files: Mapping[str, bytes], message: str
    ) -> str | None:
        """See `Hub.create_commit`."""
        # What git has an object of already, it does not have twice: all of this can be repeated.
        at = f"/repos/{repository}/git"
        head = Answer(self._ask("show the head", "GET", f"{at}/commits/{parent}", needs=_READS), "head")
        there = head.object("tree").commit("sha")
        blobs = [self._blob(at, path, data) for path, data in files.items()]
        tree = self._made("make a tree", f"{at}/trees", {"base_tree": there, "tree": blobs}, "tree")
        if tree == there:
            return None
        commit = {"message": message, "tree": tree, "parents": [parent]}
        return self._made("make a commit", f"{at}/commits", commit, "commit")

    def _blob(self, at: str, path: str, data: bytes) -> Mapping[str, str]:
        content = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
        blob = self._made(f"keep {path}", f"{at}/blobs", content, "blob")
        return {"path": path, "mode": "100644", "type": "blob", "sha": blob}

    def _made(self, what: str, path: str, body: Mapping[str, object], where: str) -> str:
        """The id of a new object of git's."""
        return Answer(self._ask(what, "POST", path, body=body, needs=_COMMITS), where).commit("sha")

    def move_branch(self, repository: str, branch: str, commit: str) -> None:
        """See `Hub.move_branch`."""
        # Not where GitHub's answer says: what `%` and `#` of a name mean in an address would be its word.
        path = f"/repos/{repository}/git/refs/heads/{quote(branch)}"
        answer = self._ask(
            f"move {branch}", "PATCH", path, body={"sha": commit, "force": False}, needs=_COMMITS
        )
        moved = Answer(answer, "branch").object("object")
        if moved.commit("sha") != commit:
            raise moved.wrong("branch.object.sha", commit, moved.commit("sha"))

    def _at(self, path: str) -> str:
        return f"/repos/{self.repository}/{path}"

    def _ask(
        self,
        what: str,
        verb: str,
        path: str,
        parameters: Mapping[str, str] = _NOTHING,
        body: Mapping[str, object] | None = None,
        *,
        repeatable: bool = True,
        seconds: float | None = None,
        needs: str = "",
    ) -> object:
        """What the answer to one request says; see `Retries.attempt`."""
        reply = self._retries.attempt(
            what,
            lambda: self._transport.send(verb, path, parameters, body),
            repeatable=repeatable,
            seconds=seconds,
            needs=needs,
        )
        return _content(reply, verb, what)

    def _if_there(
        self, what: str, verb: str, path: str, parameters: Mapping[str, str] = _NOTHING, needs: str = _READS
    ) -> object | None:
        """What the answer says; None where what it is about is not there."""
        try:
            return self._ask(what, verb, path, parameters, needs=needs)
        except Refused as refused:
            if refused.status != _NOT_FOUND:
                raise
            return None

    def _pages(self, what: str, path: str, parameters: Mapping[str, str], where: str) -> Iterator[Answer]:
        """The objects in a list, page for page."""
        for _ in range(_MOST_PAGES):
            send = partial(self._transport.send, "GET", path, parameters, None)
            reply = self._retries.attempt(what, send, needs=_READS_PULLS)
            yield from read_list(_content(reply, "GET", what), where)
            following = _NEXT.search(reply.headers.get("link", ""))
            if following is None:
                return
            path, parameters = following[1], _NOTHING
        raise GitHubError(f"GitHub's answer is odd: it has no end of {where}: look at GITHUB_API_URL")


def _content(reply: Reply, verb: str, what: str) -> object:
    if reply.status != _SUCCESS[verb]:
        raise Answer.wrong(f"the status of a request to {what}", str(_SUCCESS[verb]), reply.status)
    return read_json(reply.text, what) if verb != "DELETE" else None
