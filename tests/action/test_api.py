"""The two questions asked of GitHub, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from opfixtures.errors import UserError
from opfixtures.pull_request.api import Api, GitHubUnavailable
from tests.action.conftest import Project

BASE = "a" * 40


@dataclass
class Answers:
    """What the server answers by path, a status and a body, and what it was asked with which token."""

    url: str = ""
    bodies: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def api(self) -> Api:
        return Api.of({"GITHUB_API_URL": f"{self.url}/", "GITHUB_REPOSITORY": "octo/library"}, "ghs_x")


@pytest.fixture
def answers() -> Iterator[Answers]:
    """A server on this machine."""
    found = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers["Authorization"]))
            status, body = found.bodies.get(self.path.partition("?")[0], (404, b"{}"))
            self.send_response(status)
            if status == 301:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


COMPARE = f"/repos/octo/library/compare/release%2F2...{BASE}"


def test_the_merge_base_is_githubs(answers: Answers) -> None:
    answers.bodies[COMPARE] = 200, json.dumps({"merge_base_commit": {"sha": "c" * 40}}).encode()
    assert answers.api().merge_base("release/2", BASE) == "c" * 40
    assert answers.asked == [(f"{COMPARE}?per_page=1&page=2", "Bearer ghs_x")]


def test_a_pull_request_is_described(answers: Answers) -> None:
    answers.bodies["/repos/octo/library/pulls/7"] = 200, b'{"number": 7}'
    assert answers.api().pull_request(7) == {"number": 7}


def test_a_token_does_not_follow_a_redirection(answers: Answers) -> None:
    answers.bodies["/repos/octo/library/pulls/7"] = 301, f"{answers.url}/repositories/1/pulls/7".encode()
    answers.bodies["/repositories/1/pulls/7"] = 200, b"{}"
    answers.api().pull_request(7)
    assert [token for _, token in answers.asked] == ["Bearer ghs_x", None]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, b"{}"), "GitHub answered 404 to http"),
        ((200, b"{"), "GitHub cannot be reached"),
        ((200, b"[" * 100_000), "GitHub cannot be reached"),
    ],
)
def test_an_answer_that_is_none_says_so(answers: Answers, answer: tuple[int, bytes], why: str) -> None:
    answers.bodies["/repos/octo/library/pulls/7"] = answer
    with pytest.raises(GitHubUnavailable, match=why):
        answers.api().pull_request(7)


@pytest.mark.parametrize(("failures", "is_answered"), [(2, True), (3, False)])
def test_what_github_cannot_answer_now_is_asked_again(
    answers: Answers, failures: int, is_answered: bool
) -> None:
    path, slept = "/repos/octo/library/pulls/7", []
    answers.bodies[path] = 502, b""

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == failures:
            answers.bodies[path] = 200, b'{"number": 7}'

    api = replace(answers.api(), sleep=sleep)
    if is_answered:
        assert api.pull_request(7) == {"number": 7}
    else:
        with pytest.raises(GitHubUnavailable, match="GitHub answered 502"):
            api.pull_request(7)
    assert (len(answers.asked), slept) == (3, [1.0, 3.0])


@pytest.mark.parametrize(
    "body", [b"[]", b'{"merge_base_commit": null}', b'{"merge_base_commit": {"sha": "x"}}']
)
def test_a_comparison_is_read_strictly(answers: Answers, body: bytes) -> None:
    answers.bodies[COMPARE] = 200, body
    with pytest.raises(UserError, match="comparison"):
        answers.api().merge_base("release/2", BASE)


def test_a_workflow_names_api_and_repository() -> None:
    assert Api.of({"GITHUB_REPOSITORY": "a/b"}, "").url == "https://api.github.com"
    with pytest.raises(UserError, match="GITHUB_API_URL"):
        Api.of({"GITHUB_API_URL": "file:///etc", "GITHUB_REPOSITORY": "a/b"}, "")
    with pytest.raises(UserError, match="GITHUB_REPOSITORY"):
        Api.of({"GITHUB_REPOSITORY": "a/b/../c"}, "")


def test_github_says_where_a_checkout_of_the_head_starts_and_that_commit_is_fetched_alone(
    answers: Answers, project: Project
) -> None:
    project.add_hardswish()
    fork_point = project.upstream.git("rev-parse", "main")
    payload = project.open(merged=False)
    path = f"/repos/octo/library/compare/{project.base}...{project.head}"
    answers.bodies[path] = 200, json.dumps({"merge_base_commit": {"sha": fork_point}}).encode()
    done = project.run("pull_request", payload, GITHUB_API_URL=answers.url, OPFIXTURES_DRY_RUN="true")
    assert (done.status, done.outputs["pre-change-commit"]) == (0, fork_point), done.err
    assert done.outputs["changed-operators"] == '["aten::hardswish"]'
    assert "git fetches" not in done.out
    # The user's clone is as shallow as it was, and no partial one.
    assert project.job.git("rev-list", "--count", "HEAD") == "1"
    assert "promisor" not in project.job.git("config", "--list")


def test_a_dispatch_names_a_pull_request(answers: Answers, project: Project) -> None:
    project.add_hardswish()
    pull = project.open()["pull_request"]
    answers.bodies["/repos/octo/library/pulls/7"] = 200, json.dumps(pull).encode()
    done = project.run(
        "workflow_dispatch",
        {"inputs": {}},
        GITHUB_API_URL=answers.url,
        OPFIXTURES_PULL_REQUEST="7",
        OPFIXTURES_DRY_RUN="true",
        OPFIXTURES_OPERATORS="aten::hardswish",
    )
    assert (done.status, "would make  aten::hardswish" in done.out) == (0, True), done.err
