"""The comment on a pull request, with the real PyGithub over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from opfixtures.pull_request.client import Client
from opfixtures.pull_request.hub import GitHubError
from opfixtures.pull_request.sticky import LIMIT, MARKER, Outcome, put_comment
from tests.github_server import BOT, Comment, Fault, GitHub, GitHubServer, Request, Token

Clients = Callable[..., Client]


def put(hub: GitHub, client: Client, markdown: str, *, only_update: bool = False, head: str = "") -> Outcome:
    heads = {head or hub.head(hub.pulls[7])}
    return put_comment(client, 7, markdown, author=BOT, heads=heads, only_update=only_update)


def bodies(hub: GitHub) -> list[str]:
    return [comment.body for comment in hub.comments.values()]


def test_it_is_created_then_edited_then_left_alone(
    hub: GitHub, server: GitHubServer, client: Clients
) -> None:
    outcomes = [put(hub, client(), text) for text in ("one", "two", "two")]

    assert outcomes == [Outcome.WRITTEN, Outcome.WRITTEN, Outcome.UNTOUCHED]
    assert bodies(hub) == [f"{MARKER}\ntwo"]
    assert server.writes == [
        "POST /repos/owner/repo/issues/7/comments",
        "PATCH /repos/owner/repo/issues/comments/1",
    ]


def test_what_another_login_wrote_is_taken_back(hub: GitHub, client: Clients) -> None:
    """Nobody would look for it under that name, and each run would write one more."""
    hub.tokens["comments"] = Token("a-robot", hub.tokens["comments"].permissions)

    with pytest.raises(GitHubError, match=r"the token comments as a-robot, .*: say `author: a-robot`"):
        put(hub, client(), "one")

    assert bodies(hub) == []
    assert (
        put_comment(client(), 7, "one", author="a-robot", heads={hub.head(hub.pulls[7])}) is Outcome.WRITTEN
    )


def test_another_run_with_the_same_result_does_not_touch_it(hub: GitHub, client: Clients) -> None:
    told = "report of [this run](https://github.com/owner/repo/actions/runs/{0})\n"
    put(hub, client(), told.format(12))

    again = put(hub, client(), told.format(13))

    assert again is Outcome.UNTOUCHED


def test_line_ends_of_a_browser_are_no_change(hub: GitHub, client: Clients) -> None:
    hub.comment(7, BOT, f"{MARKER}\r\none\r\ntwo")

    assert put(hub, client(), "one\ntwo\n") is Outcome.UNTOUCHED


@pytest.mark.parametrize(
    ("author", "body"),
    [
        ("somebody", f"{MARKER}\nplanted"),
        (BOT, f"another workflow's, and it quotes\n{MARKER}\n"),
        (BOT, f"{MARKER} \nanother marker"),
        (BOT, ""),
    ],
)
def test_no_other_comment_is_taken_for_it(hub: GitHub, client: Clients, author: str, body: str) -> None:
    hub.comment(7, author, body)

    put(hub, client(), "one")

    assert bodies(hub) == [body, f"{MARKER}\none"]


def test_it_is_found_on_any_page(hub: GitHub, client: Clients) -> None:
    for number in range(230):
        hub.comment(7, "somebody", f"comment {number}")
    hub.comment(7, BOT, f"{MARKER}\nold")
    hub.comment(8, BOT, f"{MARKER}\nof another pull request")

    put(hub, client(), "new")

    assert bodies(hub)[230:] == [f"{MARKER}\nnew", f"{MARKER}\nof another pull request"]


def test_the_oldest_stays_of_several(hub: GitHub, client: Clients) -> None:
    for text in ("oldest", "one", "new"):
        hub.comment(7, BOT, f"{MARKER}\n{text}")

    assert put(hub, client(), "new") is Outcome.WRITTEN

    assert hub.comments == {1: Comment(1, 7, BOT, f"{MARKER}\nnew")}


def test_nothing_is_written_where_nothing_was_owed_before(
    hub: GitHub, server: GitHubServer, client: Clients
) -> None:
    assert put(hub, client(), "nothing owed", only_update=True) is Outcome.NOT_NEEDED
    assert server.writes == []

    put(hub, client(), "owed")
    put(hub, client(), "nothing owed", only_update=True)

    assert bodies(hub) == [f"{MARKER}\nnothing owed"]


@pytest.mark.parametrize("change", ["head", "closed"])
def test_it_is_not_written_where_the_pull_request_moved_on(
    hub: GitHub, server: GitHubServer, client: Clients, change: str
) -> None:
    head = hub.head(hub.pulls[7])
    hub.comment(7, BOT, f"{MARKER}\nof a newer head")
    if change == "head":
        hub.commit("patch-1", {"map.cpp": b"a newer change"}, "somebody/repo")
    else:
        hub.pulls[7].state = "closed"

    assert put(hub, client(), "of an older head", head=head) is Outcome.MOVED_ON
    assert server.writes == []


def test_the_longest_body_is_accepted(hub: GitHub, client: Clients) -> None:
    assert put(hub, client(), "😀" * LIMIT) is Outcome.WRITTEN
    with pytest.raises(GitHubError, match="422 Body is too long"):
        put(hub, client(), "x" * (LIMIT + 1))


def test_twenty_runs_at_once_leave_one_comment(hub: GitHub, server: GitHubServer, client: Clients) -> None:
    together = threading.Barrier(20)
    listed = threading.local()

    def all_look_before_one_writes(request: Request) -> None:
        if request.method == "GET" and request.path.endswith("/comments") and not hasattr(listed, "once"):
            listed.once = True
            together.wait(60)

    server.inject = all_look_before_one_writes
    clients = [client() for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda number: put(hub, clients[number], f"run {number}"), range(20)))

    created = [write for write in server.writes if write.startswith("POST")]
    (comment,) = hub.comments.values()
    # They did race.
    assert len(created) > 1
    assert set(outcomes) <= {Outcome.WRITTEN, Outcome.UNTOUCHED}
    assert comment.id == 1
    assert comment.body in [f"{MARKER}\nrun {number}" for number in range(20)]


FAULTS = [
    Fault(500),
    Fault(502, carried_out=True),
    Fault(0),
    Fault(0, carried_out=True),
    Fault(429, message="slow down", retry_after=3),
    Fault(403, message="You have exceeded a secondary rate limit."),
    Fault(403, message="abuse", retry_after=2),
]


@pytest.mark.sampled(14)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("position", range(4))
def test_a_fault_at_any_write_loses_nothing_and_doubles_nothing(
    hub: GitHub, server: GitHubServer, client: Clients, fault: Fault, position: int
) -> None:
    failed: list[object] = []

    def once(request: Request) -> Fault | None:
        if request.nth_write == position and not failed:
            failed.append(request)
            return fault
        return None

    server.inject = once
    put(hub, client(), "one")
    hub.comment(7, BOT, f"{MARKER}\na duplicate")
    put(hub, client(), "two")

    # Without a fault there are three: POST, DELETE, PATCH; a fault that was not carried out adds one.
    assert failed or position == 3
    assert bodies(hub) == [f"{MARKER}\ntwo"]


def test_a_comment_that_is_deleted_meanwhile_is_written_again(
    hub: GitHub, server: GitHubServer, client: Clients
) -> None:
    hub.comment(7, BOT, f"{MARKER}\nold")

    def deleted_before_it_is_edited(request: Request) -> None:
        if request.method == "PATCH":
            hub.comments.pop(1)

    server.inject = deleted_before_it_is_edited
    put(hub, client(), "new")

    assert bodies(hub) == [f"{MARKER}\nnew"]


def test_a_comment_that_never_stays_is_given_up(hub: GitHub, server: GitHubServer, client: Clients) -> None:
    server.inject = lambda request: hub.comments.clear() if request.method == "GET" else None

    with pytest.raises(GitHubError, match="does not stay as it is written"):
        put(hub, client(), "one")


def test_what_may_not_be_deleted_is_told(hub: GitHub, client: Clients) -> None:
    for text in ("one", "one"):
        hub.comment(7, BOT, f"{MARKER}\n{text}")

    with pytest.raises(GitHubError, match="refused to delete a second comment on pull request 7: 403"):
        put(hub, client("reads"), "one")
