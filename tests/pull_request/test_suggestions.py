"""Mends of one line, on the diff of a pull request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import cmarkgfm
import pytest

from opfixtures.pull_request.client import Client
from opfixtures.pull_request.hub import GitHubError
from opfixtures.pull_request.suggestions import MARKER, put_suggestions
from opfixtures.report.suggestion_markdown import suggestion_markdown
from opfixtures.rules.findings import Suggestion
from tests.github_server import BOT, Fault, GitHub, GitHubServer
from tests.pull_request.test_publish import published
from tests.pull_request.test_result_markdown import HOSTILE

Clients = Callable[..., Client]
LINE = Suggestion("map.cpp", 1, "another change", "a better change")


def put(client: Client, *suggestions: Suggestion) -> int:
    return put_suggestions(client, client.pull_request(8), suggestions, BOT)


def shown(hub: GitHub) -> list[tuple[str, int, str]]:
    return [(one["path"], one["line"], one["body"]) for one in hub.review_comments.values()]


def test_a_line_is_suggested_once_and_goes_when_nobody_needs_it(
    hub: GitHub, server: GitHubServer, client: Clients
) -> None:
    assert [put(client(), LINE) for _ in range(2)] == [1, 0]
    said = "`opfixtures check --fix` writes this line so:"
    body = f"{MARKER}\n{said}\n\n```suggestion\na better change\n```\n"
    assert shown(hub) == [("map.cpp", 1, body)]
    other = replace(LINE, new="the best change")
    assert put(client(), other) == 1
    assert [one[2].split("\n")[4] for one in shown(hub)] == ["the best change"]
    assert put(client()) == 0
    assert shown(hub) == []
    assert [one.partition(" ")[0] for one in server.writes] == ["POST", "DELETE", "POST", "DELETE"]


def test_what_others_wrote_stays_and_what_is_outdated(hub: GitHub, client: Clients) -> None:
    theirs = {"number": 8, "path": "map.cpp", "line": 1, "commit_id": "a" * 40}
    hub.review_comments[1] = {**theirs, "login": "somebody", "body": f"{MARKER}\nplanted"}
    hub.review_comments[2] = {**theirs, "login": BOT, "body": "another workflow's"}
    hub.review_comments[3] = {**theirs, "login": BOT, "body": f"{MARKER}\nold", "line": None}
    assert put(client()) == 0
    assert list(hub.review_comments) == [1, 2, 3]


@pytest.mark.parametrize(
    "suggestion",
    [
        replace(LINE, old="a line that the head does not have"),
        replace(LINE, line=99),
        replace(LINE, path="nowhere"),
        # It is there, and in no part of the diff.
        Suggestion(".opfixtures.toml", 1, "[tool.opfixtures]", "[tool.other]"),
        replace(LINE, new="x" * 1_001),
        replace(LINE, new="`" * 80),
        *(replace(LINE, new=text) for text in ("a\nb", "\u202ea", "\x1b[2J", "a\r", "a\u3164")),
    ],
    ids=repr,
)
def test_only_a_line_of_the_diff_is_suggested(hub: GitHub, client: Clients, suggestion: Suggestion) -> None:
    assert put(client(), suggestion) == 0
    assert shown(hub) == []


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable() and "`" * 61 not in text])
def test_a_suggestion_is_one_block_whatever_its_line_is(text: str) -> None:
    html = cmarkgfm.github_flavored_markdown_to_html(suggestion_markdown(replace(LINE, new=text)))
    assert re.sub(r"(?s)<pre lang=.suggestion.><code>.*?</code></pre>", "", html).strip() == (
        "<p><code>opfixtures check --fix</code> writes this line so:</p>"
    )


def test_what_github_refuses_is_raised_and_what_it_does_not_show_is_left_out(
    hub: GitHub, server: GitHubServer, client: Clients
) -> None:
    server.inject = lambda request: Fault(403) if "/contents/" in request.path else None
    assert put(client(), LINE) == 0
    server.inject = lambda request: Fault(403) if request.method == "POST" else None
    with pytest.raises(
        GitHubError, match="suggest on pull request 8: 403 a fault: the job needs `permissions: pull-"
    ):
        put(client(), LINE)
    assert shown(hub) == []


def test_a_result_brings_them_and_a_pull_request_can_do_without(
    hub: GitHub, server: GitHubServer, client: Clients, files: dict[str, bytes]
) -> None:
    rest = files["result.json"].rstrip()[:-1]
    files["result.json"] = (
        rest
        + b', "suggestions": [{"path": "map.cpp", "line": 1, "old": "another change", "new": "a better one"}]}'
    )
    assert "would suggest another line 1 of map.cpp on pull request 8" in published(
        hub, client(), files, commit=False, dry_run=True
    )
    server.inject = lambda request: Fault(403) if "/pulls/8/comments" in request.path else None
    told = published(hub, client(), files, commit=False)
    assert told[1].startswith("pull request 8: no suggestions: GitHub refused to list the suggestions")
    server.inject = lambda _: None
    assert published(hub, client(), files, commit=False)[1] == "pull request 8: 1 suggestion written"
    nothing = {"result.json": b'{"schema": 3, "pre_change_commit": null, "fixtures": []}'}
    assert "would delete suggestion 1 on pull request 8" in published(hub, client(), nothing, dry_run=True)
