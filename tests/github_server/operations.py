"""The operations of GitHub's REST API that opfixtures calls: the description's example, filled with what is so."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.github_server.description import Description
from tests.github_server.state import Access, Comment, GitHub, Pull, Refused


@dataclass(frozen=True)
class Call:
    """A request that found its operation: what stands in the path and the query, the body, and who asks."""

    hub: GitHub
    description: Description
    method: str
    path: str
    names: dict[str, str]
    query: dict[str, str]
    body: Any
    login: str

    @property
    def repository(self) -> str:
        return f"{self.names['owner']}/{self.names['repo']}"

    def git(self, *args: str, stdin: bytes = b"") -> str:
        return self.hub.git(self.repository, *args, stdin=stdin).decode().strip()

    def answer(self, status: int, **members: Any) -> tuple[int, Any]:
        return status, {**self.description.example(self.method, self.path, status), **members}


@dataclass(frozen=True)
class Operation:
    """One operation: which of some permissions it needs, and what it does."""

    permissions: tuple[str, ...]
    access: Access
    run: Callable[[Call], tuple[int, Any]]


OPERATIONS: dict[tuple[str, str], Operation] = {}
_REPO = "/repos/{owner}/{repo}"
# As the examples have it: the server writes its own address and repository instead.
_API = "https://api.github.com/repos/owner/repo"


def _operation(method: str, path: str, *permissions: str) -> Callable[[Callable[[Call], Any]], Any]:
    def register(run: Callable[[Call], tuple[int, Any]]) -> Callable[[Call], tuple[int, Any]]:
        OPERATIONS[method, _REPO + path] = Operation(permissions, "read" if method == "GET" else "write", run)
        return run

    return register


@_operation("GET", "", "metadata")
def _repository(call: Call) -> tuple[int, Any]:
    call.git("rev-parse", "--git-dir")
    answer = call.answer(
        200, name=call.names["repo"], full_name=call.repository, default_branch="main", language=None
    )[1]
    # Its own example has less of these than the description requires, as of `requested_teams` below.
    return 200, {key: value for key, value in answer.items() if key not in ("source", "parent")}


@_operation("GET", "/pulls", "pull_requests")
def _pulls(call: Call) -> tuple[int, Any]:
    wanted = call.query.get("head")
    found = []
    for pull in call.hub.pulls.values():
        owner = pull.head_repository.partition("/")[0]
        if pull.state == call.query.get("state", "open") and wanted in (None, f"{owner}:{pull.head_branch}"):
            (simple,) = call.description.example("GET", _REPO + "/pulls", 200)
            found.append({**simple, **_pull_members(call, pull, simple)})
    return 200, found


@_operation("GET", "/pulls/{pull_number}", "pull_requests")
def _pull(call: Call) -> tuple[int, Any]:
    pull = _found(call.hub.pulls, int(call.names["pull_number"]))
    full = call.description.example("GET", call.path, 200)
    return call.answer(
        200, **_pull_members(call, pull, full), maintainer_can_modify=pull.maintainer_can_modify
    )


def _pull_members(call: Call, pull: Pull, example: dict[str, Any]) -> dict[str, Any]:
    base = {"ref": pull.base_branch, "sha": call.git("rev-parse", f"refs/heads/{pull.base_branch}")}
    owner, _, name = pull.head_repository.partition("/")
    repository = {**example["head"]["repo"], "name": name, "full_name": pull.head_repository}
    repository["default_branch"] = "main"
    head = {
        **example["head"],
        "ref": pull.head_branch,
        "sha": call.hub.head(pull),
        "label": f"{owner}:{pull.head_branch}",
        "user": {**example["head"]["user"], "login": owner},
        "repo": repository if call.hub.folder(pull.head_repository).is_dir() else None,
    }
    return {
        "number": pull.number,
        "state": pull.state,
        "requested_teams": [],
        "head": head,
        "base": {**example["base"], **base},
        "url": f"{_API}/pulls/{pull.number}",
        "issue_url": f"{_API}/issues/{pull.number}",
    }


@_operation("GET", "/issues/{issue_number}/comments", "pull_requests", "issues")
def _comments(call: Call) -> tuple[int, Any]:
    number = _found(call.hub.pulls, int(call.names["issue_number"])).number
    return 200, [_shown(call, one) for one in call.hub.comments.values() if one.number == number]


@_operation("POST", "/issues/{issue_number}/comments", "pull_requests", "issues")
def _comment(call: Call) -> tuple[int, Any]:
    number = _found(call.hub.pulls, int(call.names["issue_number"])).number
    _check_length(call.body["body"])
    return 201, _shown(call, call.hub.comment(number, call.login, call.body["body"]))


@_operation("PATCH", "/issues/comments/{comment_id}", "pull_requests", "issues")
def _edit_comment(call: Call) -> tuple[int, Any]:
    comment = _found(call.hub.comments, int(call.names["comment_id"]))
    _check_length(call.body["body"])
    comment.body = call.body["body"]
    return 200, _shown(call, comment)


@_operation("DELETE", "/issues/comments/{comment_id}", "pull_requests", "issues")
def _delete_comment(call: Call) -> tuple[int, Any]:
    del call.hub.comments[_found(call.hub.comments, int(call.names["comment_id"])).id]
    return 204, None


def _shown(call: Call, comment: Comment) -> dict[str, Any]:
    example = call.description.example("PATCH", _REPO + "/issues/comments/{comment_id}", 200)
    user = {**example["user"], "login": comment.author, "type": "Bot"}
    url = f"{_API}/issues/comments/{comment.id}"
    return {**example, "id": comment.id, "body": comment.body, "user": user, "url": url}


def _check_length(body: str) -> None:
    if len(body) > 65536:
        raise Refused(422, "Body is too long (maximum is 65536 characters)")


@_operation("GET", "/pulls/{pull_number}/comments", "pull_requests")
def _review_comments(call: Call) -> tuple[int, Any]:
    number = _found(call.hub.pulls, int(call.names["pull_number"])).number
    found = [one for one in call.hub.review_comments.items() if one[1]["number"] == number]
    return 200, [_review_members(call, *one) for one in found]


@_operation("POST", "/pulls/{pull_number}/comments", "pull_requests")
def _review_comment(call: Call) -> tuple[int, Any]:
    """On a line that a hunk of the diff shows, three lines of context and all."""
    pull = _found(call.hub.pulls, int(call.names["pull_number"]))
    base = call.git("merge-base", pull.base_branch, call.body["commit_id"])
    diff = call.git("diff", base, call.body["commit_id"], "--", call.body["path"])
    hunks = [
        (int(start), int(count or 1))
        for start, count in re.findall(r"(?m)^@@ -[0-9,]+ \+([0-9]+)(?:,([0-9]+))? @@", diff)
    ]
    if not any(start <= call.body["line"] < start + count for start, count in hunks):
        raise Refused(422, "Validation Failed: pull_request_review_thread.line must be part of the diff")
    told = {**call.body, "number": pull.number, "login": call.login}
    identity = max(call.hub.review_comments, default=0) + 1
    call.hub.review_comments[identity] = told
    return 201, _review_members(call, identity, told)


@_operation("DELETE", "/pulls/comments/{comment_id}", "pull_requests")
def _delete_review_comment(call: Call) -> tuple[int, Any]:
    number = int(call.names["comment_id"])
    _found(call.hub.review_comments, number)
    del call.hub.review_comments[number]
    return 204, None


def _review_members(call: Call, identity: int, told: dict[str, Any]) -> dict[str, Any]:
    example = call.description.example("POST", _REPO + "/pulls/{pull_number}/comments", 201)
    shown = {name: told[name] for name in ("path", "line", "body", "commit_id")}
    # That of one whose line has changed since is null, although the description knows no such answer.
    shown = {name: value for name, value in shown.items() if value is not None}
    kept = {name: value for name, value in example.items() if name != "line"}
    return {**kept, **shown, "id": identity, "user": {**example["user"], "login": told["login"]}}


@_operation("GET", "/commits/{ref}/check-runs", "checks")
def _checks(call: Call) -> tuple[int, Any]:
    call.git("rev-parse", "--verify", f"{call.names['ref']}^{{commit}}")
    found = [
        (number, one)
        for number, one in call.hub.checks.items()
        if one["head_sha"] == call.names["ref"] and call.query.get("check_name") in (None, one["name"])
    ]
    return 200, {"total_count": len(found), "check_runs": [_check_members(call, *one) for one in found]}


@_operation("POST", "/check-runs", "checks")
def _create_check(call: Call) -> tuple[int, Any]:
    call.git("rev-parse", "--verify", f"{call.body['head_sha']}^{{commit}}")
    number = len(call.hub.checks) + 1
    call.hub.checks[number] = call.body
    return 201, _check_members(call, number, call.body)


@_operation("PATCH", "/check-runs/{check_run_id}", "checks")
def _edit_check(call: Call) -> tuple[int, Any]:
    number = int(call.names["check_run_id"])
    call.hub.checks[number] = {**_found(call.hub.checks, number), **call.body}
    return 200, _check_members(call, number, call.hub.checks[number])


def _check_members(call: Call, number: int, told: dict[str, Any]) -> dict[str, Any]:
    example = call.description.example("PATCH", _REPO + "/check-runs/{check_run_id}", 200)
    return {**example, **told, "id": number, "output": {**example["output"], **told["output"]}}


@_operation("GET", "/contents/{path}", "contents")
def _contents(call: Call) -> tuple[int, Any]:
    commit, path = call.query.get("ref", "HEAD"), call.names["path"]
    example = call.description.example("GET", call.path, 200)
    members = {key: value for key, value in example.items() if key not in ("content", "encoding")}

    def shown(kind: str, sha: str, path: str) -> dict[str, Any]:
        told = {"path": path, "name": path.rpartition("/")[2], "sha": sha, "size": 0}
        return {**members, **told, "type": "file" if kind == "blob" else "dir"}

    sha = call.git("rev-parse", f"{commit}:{path}")
    kind = call.git("cat-file", "-t", sha)
    if kind == "tree":
        rows = [row.replace("\t", " ").split(" ", 3) for row in call.git("ls-tree", sha).split("\n")]
        return 200, [shown(kind, sha, f"{path}/{name}") for _, kind, sha, name in rows[:1000]]
    data = call.hub.git(call.repository, "cat-file", "blob", sha)
    content = {"encoding": "base64", "content": base64.encodebytes(data).decode()}
    if len(data) > 1 << 20:
        content = {"encoding": "none", "content": ""}
    return 200, {**shown(kind, sha, path), **content}


@_operation("GET", "/git/commits/{commit_sha}", "contents")
def _git_commit(call: Call) -> tuple[int, Any]:
    return call.answer(200, **_commit_members(call, call.names["commit_sha"]))


@_operation("POST", "/git/blobs", "contents")
def _git_blob(call: Call) -> tuple[int, Any]:
    try:
        data = base64.b64decode(call.body["content"], validate=call.body["encoding"] == "base64")
    except binascii.Error as error:
        raise Refused(422, "content is not valid Base64") from error
    return call.answer(201, sha=call.hub.blob(call.repository, data))


@_operation("POST", "/git/trees", "contents")
def _git_tree(call: Call) -> tuple[int, Any]:
    blobs = {one["path"]: one["sha"] for one in call.body["tree"]}
    return call.answer(201, sha=call.hub.tree(call.repository, call.body.get("base_tree"), blobs))


@_operation("POST", "/git/commits", "contents")
def _git_create_commit(call: Call) -> tuple[int, Any]:
    parents = [flag for parent in call.body["parents"] for flag in ("-p", parent)]
    commit = call.git(
        "commit-tree", call.body["tree"], *parents, "-F", "-", stdin=call.body["message"].encode()
    )
    return call.answer(201, **_commit_members(call, commit))


def _commit_members(call: Call, commit: str) -> dict[str, Any]:
    sha, tree = call.git("rev-parse", f"{commit}^{{commit}}", f"{commit}^{{tree}}").split("\n")
    parents = call.git("show", "--no-patch", "--format=%P", sha).split()
    return {
        "parents": [
            {"sha": one, "url": f"{_API}/git/commits/{one}", "html_url": f"https://github.com/commit/{one}"}
            for one in parents
        ],
        "sha": sha,
        "tree": {"sha": tree, "url": f"{_API}/git/trees/{tree}"},
        "url": f"{_API}/git/commits/{sha}",
    }


@_operation("GET", "/git/ref/{ref}", "contents")
def _git_get_ref(call: Call) -> tuple[int, Any]:
    return 200, _ref(call, f"refs/{call.names['ref']}")


@_operation("PATCH", "/git/refs/{ref}", "contents")
def _git_ref(call: Call) -> tuple[int, Any]:
    ref, new = f"refs/{call.names['ref']}", call.body["sha"]
    old = call.git("rev-parse", "--verify", ref)
    if not call.body.get("force") and call.git("merge-base", old, new) != old:
        raise Refused(422, "Update is not a fast forward")
    call.git("update-ref", ref, new, old)
    return 200, _ref(call, ref)


def _ref(call: Call, ref: str) -> dict[str, Any]:
    example = call.description.example(call.method, call.path, 200)
    target = {**example["object"], "sha": call.git("rev-parse", "--verify", ref)}
    return {**example, "ref": ref, "object": target, "url": f"{_API}/git/{ref}"}


@_operation("GET", "/compare/{basehead}", "contents")
def _compare(call: Call) -> tuple[int, Any]:
    base, _, head = call.names["basehead"].partition("...")
    example = call.description.example("GET", call.path, 200)
    merge_base = {**example["merge_base_commit"], "sha": call.git("merge-base", base, head)}
    return 200, {**example, "merge_base_commit": merge_base}


def _found(things: dict[int, Any], number: int) -> Any:
    if number not in things:
        raise Refused(404, "Not Found")
    return things[number]
