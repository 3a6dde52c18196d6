"""When a request is made again: against a server that fails as GitHub does."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from opfixtures.pull_request.client import Client
from opfixtures.pull_request.hub import GitHubError, Refused, Unclear
from tests.github_server import Fault, GitHub, GitHubServer, Request
from tests.pull_request.conftest import Clock

Clients = Callable[..., Client]


def first(count: int, fault: Fault) -> Callable[[Request], Fault | None]:
    left = [fault] * count
    return lambda _: left.pop() if left else None


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (Fault(500), [1, 2, 4]),
        (Fault(0), [1, 2, 4]),
        (Fault(429, retry_after=7), [7, 7, 7]),
        (Fault(403, retry_after=7), [7, 7, 7]),
        (Fault(429), [60, 60, 60]),
        (Fault(403, message="You have exceeded a secondary rate limit. Wait."), [60, 60, 60]),
    ],
    ids=str,
)
def test_reading_and_editing_are_tried_again(
    hub: GitHub, server: GitHubServer, client: Clients, clock: Clock, fault: Fault, waits: list[float]
) -> None:
    hub.comment(7, "somebody", "old")
    server.inject = first(3, fault)
    assert [comment.body for comment in client().comments(7)] == ["old"]

    server.inject = first(3, fault)
    client().edit_comment(7, 1, "new")

    assert hub.comments[1].body == "new"
    assert clock.slept == waits * 2


def test_an_answer_that_does_not_come_is_asked_for_again(
    server: GitHubServer, client: Clients, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opfixtures.pull_request.transport._SILENCE", 0.5)
    server.inject = lambda _: time.sleep(1.5) if len(server.requests) == 1 else None

    assert client().pull_request(7).number == 7

    assert (len(server.requests), clock.slept) == (2, [1])


def test_what_github_asks_to_wait_for_is_waited_for_by_what_is_worth_less_too(
    hub: GitHub, server: GitHubServer, client: Clients, clock: Clock
) -> None:
    main = hub.git("owner/repo", "rev-parse", "main").decode().strip()
    server.inject = first(1, Fault(429, retry_after=60))
    assert client().merge_base("main", "change") == main
    server.inject = lambda _: Fault(502)
    with pytest.raises(GitHubError, match="could not be brought to compare"):
        client().merge_base("main", "change")
    assert clock.slept == [60, 1, 2, 4, 8]


def test_limits_that_are_no_numbers_are_told(server: GitHubServer, client: Clients) -> None:
    limits = {"X-RateLimit-Remaining": "many", "X-RateLimit-Limit": "inf"}
    server.inject = first(1, Fault(403, headers=limits))

    with pytest.raises(GitHubError, match="answer is odd: could not convert string to float: 'many'"):
        client().comments(7)


def test_a_used_up_limit_is_waited_for_until_it_is_reset(
    server: GitHubServer, client: Clients, clock: Clock
) -> None:
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 40)}
    server.inject = first(1, Fault(403, message="API rate limit exceeded for installation", headers=used_up))

    client().comments(7)

    assert clock.slept == [41]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault(500, message="broken"), "500 broken"),
        (Fault(0), "no answer"),
        (Fault(429, retry_after=3600), "429 a fault"),
        (Fault(429, retry_after=10**30), "429 a fault"),
    ],
    ids=str,
)
def test_all_requests_of_a_run_share_one_limit_of_time(
    server: GitHubServer, client: Clients, clock: Clock, fault: Fault, why: str
) -> None:
    server.inject = lambda _: fault
    asked = client(seconds=100)

    for _ in range(2):
        with pytest.raises(GitHubError, match=f"list the comments on pull request 7: {why}"):
            asked.comments(7)

    assert sum(clock.slept) <= 100


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_a_refusal_is_final(server: GitHubServer, client: Clients, clock: Clock, status: int) -> None:
    server.inject = lambda _: Fault(status, message="no")

    with pytest.raises(Refused, match=f"{status} no") as raised:
        client().comments(7)

    assert (raised.value.status, clock.slept, len(server.requests)) == (status, [], 1)


@pytest.mark.parametrize("fault", [Fault(502), Fault(0), Fault(0, carried_out=True)], ids=str)
def test_a_comment_is_not_written_twice_where_it_may_have_been_written(
    hub: GitHub, server: GitHubServer, client: Clients, clock: Clock, fault: Fault
) -> None:
    server.inject = lambda _: fault

    with pytest.raises(Unclear):
        client().create_comment(7, "one")

    assert (len(server.writes), clock.slept, len(hub.comments)) == (1, [1], int(fault.carried_out))


def test_a_server_that_is_not_there_is_an_error_of_one_sentence(
    server: GitHubServer, client: Clients
) -> None:
    asked = client()
    server.url = "http://127.0.0.1:9"

    with pytest.raises(
        GitHubError, match=r"could not be brought to show pull request 7: no answer \(ConnectionError\)"
    ):
        client().pull_request(7)

    assert asked.pull_request(7).number == 7
