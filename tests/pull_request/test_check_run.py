"""The verdict in the list of checks, where a token may write it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from opfixtures.pull_request.client import Client
from tests.github_server import Fault, GitHub, GitHubServer
from tests.pull_request.test_publish import VERDICT, published

Clients = Callable[..., Client]
Files = dict[str, bytes]


def owing(result: dict[str, Any]) -> dict[str, Any]:
    """The result without what is wrong, and with the findings that its fixtures are not committed."""
    rows = [row for row in result["fixtures"] if row["status"] == "verified"]
    (finding,) = result["findings"]
    owed = [{**finding, "code": "OPF301", "operator": row["operator"]} for row in rows]
    return {**result, "fixtures": rows, "findings": owed}


def test_its_title_says_what_to_do(hub: GitHub, client: Clients, files: Files) -> None:
    told = published(hub, client("checks"), files, commit=False)
    head = hub.head(hub.pulls[8])
    assert told[-1] == f"check run opfixtures written at {head[:12]}"
    (check,) = hub.checks.values()
    assert (check["name"], check["head_sha"], check["conclusion"]) == ("opfixtures", head, "failure")
    assert check["output"]["title"] == VERDICT
    assert check["details_url"] == "https://github.com/owner/repo/actions/runs/12"
    (comment,) = hub.comments.values()
    assert comment.body.endswith(check["output"]["summary"])


def test_what_lies_ready_waits_for_somebody_and_what_is_committed_for_nobody(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files, result: dict[str, Any]
) -> None:
    """The same check run says so: a second one would be another line in the list."""
    files["result.json"] = json.dumps(owing(result)).encode()
    for commit, conclusion in ((False, "action_required"), (True, "success")):
        published(hub, client("checks"), files, commit=commit)
        (check,) = hub.checks.values()
        assert check["conclusion"] == conclusion
    writes = [one for one in server.writes if "check-runs" in one]
    assert [one.partition(" ")[0] for one in writes] == ["POST", "PATCH"]


def test_another_check_of_that_name_is_left_alone(hub: GitHub, client: Clients, files: Files) -> None:
    theirs = {"name": "opfixtures", "head_sha": hub.head(hub.pulls[8]), "external_id": "", "output": {}}
    hub.checks[1] = dict(theirs)
    published(hub, client("checks"), files, commit=False)
    assert (hub.checks[1], len(hub.checks)) == (theirs, 2)


@pytest.mark.parametrize("token", ["comments", "commits"])
def test_a_token_that_may_write_none_is_no_error(
    hub: GitHub, client: Clients, files: Files, token: str
) -> None:
    assert published(hub, client(token), files, commit=False) == ["pull request 8: comment written"]
    assert hub.checks == {}


def test_github_that_fails_is_told_and_costs_nothing_else(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files
) -> None:
    server.inject = lambda request: Fault(502) if "check-runs" in request.path else None
    told = published(hub, client("checks"), files, commit=False)
    assert told[0] == "pull request 8: comment written"
    assert told[1].startswith("no check run written: GitHub could not be brought to list check runs: 502")


def test_a_dry_run_says_what_it_would_write(
    hub: GitHub, server: GitHubServer, client: Clients, files: Files
) -> None:
    at = hub.head(hub.pulls[8])[:12]
    told = published(hub, client("checks"), files, commit=False, dry_run=True)
    assert f"would make a check run at {at}, failure: {VERDICT}" in told
    published(hub, client("checks"), files, commit=False)
    server.requests.clear()
    told = published(hub, client("checks"), files, commit=False, dry_run=True)
    assert f"would edit check run 1 at {at}, failure: {VERDICT}" in told
    assert server.writes == []
