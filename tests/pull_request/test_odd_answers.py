"""Success whose body is none of GitHub's: a page, nothing, half a document, another type, a member less."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from opfixtures import cli
from opfixtures.pull_request.client import _NEXT, Client
from opfixtures.pull_request.hub import GitHubError
from opfixtures.pull_request.sticky import MARKER
from tests.github_server import BOT, GitHub, GitHubServer, Odd, Request
from tests.pull_request.test_artifact import zipped
from tests.repositories import Ran

Body = Callable[[Any], bytes]
Clients = Callable[..., Client]
Files = dict[str, bytes]
_COMMENTS, _COMMENT = "/issues/8/comments", "/issues/comments/1"

# By name a request: its method, the end of its path, and what makes it.
CALLS: dict[str, tuple[str, str, Callable[[Client, GitHub], object]]] = {
    "pull requests": ("GET", "/pulls", lambda client, _: client.pull_requests("owner:change")),
    "pull request": ("GET", "/pulls/8", lambda client, _: client.pull_request(8)),
    "comparison": ("GET", r"/compare/\w+\.\.\.\w+", lambda client, _: client.has_ancestor("main", "change")),
    "comments": ("GET", _COMMENTS, lambda client, _: client.comments(8)),
    "new comment": ("POST", _COMMENTS, lambda client, _: client.create_comment(8, "a text")),
    "edited comment": ("PATCH", _COMMENT, lambda client, _: client.edit_comment(8, 1, "a text")),
    "deleted comment": ("DELETE", "/issues/comments/2", lambda client, _: client.delete_comment(8, 2)),
    "file": (
        "GET",
        r"/contents/\.opfixtures\.toml",
        lambda client, _: client.file(".opfixtures.toml", "main"),
    ),
    "folder": ("GET", "/contents/test/fixtures", lambda client, _: client.names("test/fixtures", "main")),
    "head": ("GET", r"/git/commits/\w+", lambda client, hub: committed(client, hub)),
    "blob": ("POST", "/git/blobs", lambda client, hub: committed(client, hub)),
    "tree": ("POST", "/git/trees", lambda client, hub: committed(client, hub)),
    "commit": ("POST", "/git/commits", lambda client, hub: committed(client, hub)),
    "branch": ("PATCH", "/git/refs/heads/change", lambda client, hub: moved(client, hub)),
}
# What is read of an answer, of the first object where it is a list. The account of an author may be gone.
MEMBERS = {
    "pull requests": ["number"],
    "pull request": [
        *("number", "state", "maintainer_can_modify", "head", "head.sha", "head.ref", "head.repo"),
        *("head.repo.full_name", "head.repo.default_branch", "base", "base.sha"),
    ],
    "comparison": ["merge_base_commit", "merge_base_commit.sha"],
    "comments": ["id", "user", "user.login", "body"],
    "new comment": ["id", "user", "user.login", "body"],
    "edited comment": ["id"],
    "file": ["type", "encoding", "content"],
    "folder": ["name"],
    "head": ["tree", "tree.sha"],
    "blob": ["sha"],
    "tree": ["sha"],
    "commit": ["sha"],
    "branch": ["object", "object.sha"],
}
NULLABLE, OPTIONAL = {"head.repo", "user", "body"}, {"body"}


def committed(client: Client, hub: GitHub) -> object:
    return client.create_commit("owner/repo", hub.head(hub.pulls[8]), {"a": b"b"}, "a commit")


def moved(client: Client, hub: GitHub) -> None:
    client.move_branch("owner/repo", "change", hub.head(hub.pulls[8]))


def _always(body: bytes) -> Body:
    return lambda _: body


ODD: dict[str, Body] = {
    "HTML": _always(b"<!DOCTYPE html><html><body>Unicorn! &middot; GitHub</body></html>"),
    "null": _always(b"null"),
    "cut": lambda body: json.dumps(body).encode()[:-1] if body else b"{",
    # A list may well be empty where there may be none.
    "another type": lambda body: b"{}" if isinstance(body, list) else b"[]",
}
MORE: dict[str, Body] = {
    "nothing": _always(b""),
    "text": _always(b'"an answer"'),
    "number": _always(b"200"),
    "list of nulls": _always(b"[null]"),
    "list of lists": _always(b"[[]]"),
    "list of empty objects": _always(b"[{}]"),
    "empty object": _always(b"{}"),
    "deep": _always(b"[" * 100_000),
    "long number": _always(b"1" * 5_000),
    "no UTF-8": _always(b'{"\xff": 1'),
}
GONE = object()


def _with(member: str, value: object) -> Body:
    """The answer with another value for a member."""

    def edited(body: Any) -> bytes:
        *path, last = member.split(".")
        holder = body[0] if isinstance(body, list) else body
        for step in path:
            holder = holder[step]
        # Otherwise nothing is tested.
        assert last in holder
        if value is GONE:
            del holder[last]
        else:
            holder[last] = value
        return json.dumps(body).encode()

    return edited


def odd_at(name: str, body: Body) -> Callable[[Request], Odd | None]:
    """Answers the requests of that name with another body."""
    method, path, _ = CALLS[name]

    def inject(request: Request) -> Odd | None:
        if request.method != method or not re.fullmatch(f"/repos/owner/repo{path}", request.path):
            return None
        # No other status has room for a body.
        return Odd(body, 200 if method == "DELETE" else None)

    return inject


@pytest.fixture(autouse=True)
def two_comments(hub: GitHub) -> None:
    """Which leave one to edit, and one to delete."""
    for text in ("old", "double"):
        hub.comment(8, BOT, f"{MARKER}\n{text}")


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", CALLS)
def test_an_answer_that_is_none_of_githubs_is_an_error(
    hub: GitHub, server: GitHubServer, client: Clients, name: str
) -> None:
    asking = client("commits")
    # Nothing is open, or nothing is said, but no folder of git's is empty.
    empty = [] if name in ("pull requests", "comments") else [_always(b"[]")]
    for body in (*ODD.values(), *MORE.values(), *empty):
        server.inject = odd_at(name, body)

        with pytest.raises(GitHubError, match=r"^GitHub's answer is odd: ") as raised:
            CALLS[name][2](asking, hub)

        assert len(str(raised.value)) < 400
    server.inject = lambda _: None
    CALLS[name][2](asking, hub)


def test_a_link_without_an_end_is_none() -> None:
    begun = process_time()
    assert _NEXT.search("<" * 60_000) is None
    assert process_time() - begun < 3
    assert _NEXT.findall('<http://a/?page=2>; rel="next", <http://a/?page=9>; rel="last"') == [
        "http://a/?page=2"
    ]


def test_an_answer_that_is_too_large_is_cut_off(server: GitHubServer, client: Clients) -> None:
    server.inject = odd_at("pull request", _always(b'{"number": "' + b"8" * (33 << 20) + b'"}'))

    with pytest.raises(GitHubError, match=r"^GitHub's answer is odd: .* is not JSON: "):
        client().pull_request(8)


@pytest.mark.sampled(16)
@pytest.mark.parametrize(
    ("name", "member"), [(name, member) for name, members in MEMBERS.items() for member in members]
)
def test_a_member_that_is_missing_or_of_another_type_is_an_error(
    hub: GitHub, server: GitHubServer, client: Clients, name: str, member: str
) -> None:
    wrong: list[object] = [{"a": 1}, [], -1.5]
    wrong += [] if member in NULLABLE else [None]
    wrong += [] if member in OPTIONAL else [GONE]
    for value in wrong:
        server.inject = odd_at(name, _with(member, value))

        with pytest.raises(GitHubError, match=rf"^GitHub's answer is odd: .*{member.rpartition('.')[2]}"):
            CALLS[name][2](client("commits"), hub)


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [
        ("file", "content", "<html>"),
        ("file", "content", "\u00e9"),
        ("edited comment", "id", 2),
        ("branch", "object.sha", "a" * 40),
        ("blob", "sha", "HEAD"),
        ("pull request", "head.repo.full_name", "owner/repo/../other"),
    ],
)
def test_a_value_that_nobody_asked_for_is_an_error(
    hub: GitHub, server: GitHubServer, client: Clients, name: str, member: str, value: object
) -> None:
    server.inject = odd_at(name, _with(member, value))

    with pytest.raises(GitHubError, match=r"^GitHub's answer is odd: "):
        CALLS[name][2](client("commits"), hub)


def test_an_author_and_a_text_may_be_missing(server: GitHubServer, client: Clients) -> None:
    server.inject = odd_at(
        "comments", lambda body: json.dumps([{"id": body[0]["id"], "user": None}]).encode()
    )

    (comment,) = client().comments(8)

    assert (comment.id, comment.author, comment.body) == (1, "", "")


@pytest.mark.parametrize("value", ["dir", "submodule", "symlink"])
def test_what_is_no_file_is_none(server: GitHubServer, client: Clients, value: str) -> None:
    server.inject = odd_at("file", _with("type", value))

    assert client().file(".opfixtures.toml", "main") is None


def test_a_list_without_an_end_is_given_up(
    hub: GitHub, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        hub.comment(8, "somebody", f"comment {number}")
    assert len(client().comments(8)) == 202
    monkeypatch.setattr("opfixtures.pull_request.client._MOST_PAGES", 2)

    with pytest.raises(GitHubError, match="it has no end of comments"):
        client().comments(8)


@pytest.fixture
def command(
    server: GitHubServer,
    files: Files,
    result: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[], Ran]:
    """Runs `opfixtures publish --commit` for pull request 8, without pauses."""
    monkeypatch.setattr("opfixtures.pull_request.transport._PAUSE", None)
    monkeypatch.setattr("opfixtures.pull_request.transport._PAUSE_OF_WRITES", None)
    for name, value in (("API_URL", server.url), ("REPOSITORY", "owner/repo"), ("TOKEN", "commits")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    main = server.hub.git("owner/repo", "rev-parse", "main").decode().strip()
    for row in result["fixtures"]:
        row["pre_change_commit"] = main
    result["pre_change_commit"] = main
    artifact = tmp_path / "artifact.zip"
    artifact.write_bytes(zipped({**files, "result.json": json.dumps(result).encode()}))
    head = server.hub.head(server.hub.pulls[8])

    def run() -> Ran:
        arguments = ["--head=owner:change", f"--head-sha={head}", "--commit"]
        return Ran(cli.main(["publish", str(artifact), *arguments]), *capsys.readouterr())

    return run


@pytest.mark.sampled(26)
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", [name for name in CALLS if name != "comparison"])
def test_publish_ends_with_one_sentence_and_asks_no_more(
    command: Callable[..., Ran], hub: GitHub, server: GitHubServer, name: str, odd: str
) -> None:
    if name == "new comment":
        hub.comments.clear()
    server.inject = odd_at(name, ODD[odd])

    ran = command()

    assert ran.status == 2
    assert ran.err.startswith("opfixtures: error: GitHub's answer is odd: ")
    assert ran.err.count("\n") == 1
    last = server.requests[-1]
    assert odd_at(name, ODD[odd])(last), f"the last request was {last}"


@pytest.mark.parametrize("odd", ODD)
def test_a_comment_whose_answer_was_odd_is_not_written_twice(
    command: Callable[..., Ran], hub: GitHub, server: GitHubServer, odd: str
) -> None:
    hub.comments.clear()
    server.inject = odd_at("new comment", ODD[odd])
    assert (command().status, len(hub.comments)) == (2, 1)
    server.inject = lambda _: None

    assert (command().status, len(hub.comments)) == (0, 1)


@pytest.mark.parametrize("odd", ODD)
def test_a_comment_can_do_without_a_comparison(
    command: Callable[..., Ran], hub: GitHub, server: GitHubServer, odd: str
) -> None:
    server.inject = odd_at("comparison", ODD[odd])

    assert command().status == 0

    assert [one.path for one in server.requests if odd_at("comparison", ODD[odd])(one)]
    (comment,) = hub.comments.values()
    assert "which the base branch" not in comment.body


@pytest.mark.parametrize("odd", ODD)
def test_what_was_published_is_no_failure_where_its_address_cannot_be_told(
    command: Callable[..., Ran],
    server: GitHubServer,
    odd: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "output").touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    inject = odd_at("comments", ODD[odd])
    server.inject = lambda request: inject(request) if is_committed(server) else None

    assert command().status == 0

    assert (tmp_path / "output").read_text() == ""


def is_committed(server: GitHubServer) -> bool:
    """Whether the comment tells of the commit: what comes then only looks for it."""
    return server.writes.count("PATCH /repos/owner/repo/issues/comments/1") == 2
