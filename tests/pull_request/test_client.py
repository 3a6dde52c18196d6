"""What a job asks GitHub before there is anything to publish, over real HTTP."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from opfixtures.errors import UserError
from opfixtures.pull_request.client import Client
from opfixtures.pull_request.connection import Address, connected, connected_once
from opfixtures.pull_request.hub import GitHubError
from opfixtures.pull_request.retries import Retries
from opfixtures.pull_request.transport import Transport
from tests.action_fixtures import Project
from tests.github_server import GitHubServer, Odd, Pull

BASE = "a" * 40


@dataclass
class Answers:
    """What the server answers by path, a status and a body, and what it was asked with which token."""

    url: str = ""
    bodies: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    pause: float = 0
    """Seconds before each byte of a body."""
    lost: int = 0
    """How many bytes of each body do not come."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Answers]:
    """A server on this machine; with a certificate and its key in a file it speaks TLS."""
    found = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers["Authorization"]))
            status, body = found.bodies.get(self.path.partition("?")[0], (404, b"{}"))
            self.send_response(status)
            if status == 301:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body) + found.lost))
            self.end_headers()
            for part in [body] if not found.pause else [body[at : at + 1] for at in range(len(body))]:
                time.sleep(found.pause)
                with suppress(OSError):
                    self.wfile.write(part)

        do_POST = do_GET  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        found.url = f"http{'s' * bool(certificate)}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def answers() -> Iterator[Answers]:
    with serving() as found:
        yield found


@pytest.fixture
def client(answers: Answers) -> Iterator[Client]:
    """Asks the server as a job does."""
    environment = {"GITHUB_API_URL": f"{answers.url}/", "GITHUB_REPOSITORY": "octo/library"}
    with connected(Address.of(environment), "ghs_x") as client:
        yield client


COMPARE = f"/repos/octo/library/compare/release%2F2...{BASE}"


PULL = "/repos/octo/library/pulls/7"
HIDDEN = "show pull request 7: 404: it is not there, or the job lacks `permissions: pull-requests: read`$"


def test_the_merge_base_is_githubs(answers: Answers, client: Client) -> None:
    answers.bodies[COMPARE] = 200, json.dumps({"merge_base_commit": {"sha": "c" * 40}}).encode()
    assert client.merge_base("release/2", BASE) == "c" * 40
    assert answers.asked == [(f"{COMPARE}?page=2&per_page=1", "token ghs_x")]


def test_a_pull_request_is_described(answers: Answers, client: Client) -> None:
    answers.bodies[PULL] = 200, b'{"number": 7}'
    assert client.described_pull_request(7) == {"number": 7}


def test_a_job_without_a_token_asks_without_one(answers: Answers) -> None:
    answers.bodies[PULL] = 200, b'{"number": 7}'
    with connected(Address(answers.url, "octo/library"), "") as client:
        assert client.described_pull_request(7) == {"number": 7}
    assert answers.asked == [(PULL, None)]


def test_github_is_asked_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = tmp_path / "certificate.pem"
    made = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 1 -subj /CN=here"
    command = [
        *made.split(),
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(certificate),
        "-out",
        "-",
    ]
    public = subprocess.run(command, check=True, capture_output=True).stdout
    certificate.write_bytes(certificate.read_bytes() + public)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(certificate) as answers:
        answers.bodies[PULL] = 200, b'{"number": 7}'
        with connected(Address(answers.url, "octo/library"), "ghs_x") as client:
            assert client.described_pull_request(7) == {"number": 7}
        assert answers.asked == [(PULL, "token ghs_x")]
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.setattr("opfixtures.pull_request.connection._SECONDS", 0.5)
        untrusted = pytest.raises(GitHubError, match=r"show pull request 7: no answer \(SSLError\)")
        with untrusted, connected(Address(answers.url, "octo/library"), "ghs_x") as client:
            client.described_pull_request(7)


def test_a_token_does_not_follow_a_redirection_elsewhere(answers: Answers, client: Client) -> None:
    with serving() as elsewhere:
        answers.bodies[PULL] = 301, f"{elsewhere.url}/repositories/1/pulls/7".encode()
        elsewhere.bodies["/repositories/1/pulls/7"] = 200, b"{}"
        client.described_pull_request(7)
        assert [token for _, token in answers.asked + elsewhere.asked] == ["token ghs_x", None]


def test_a_repository_with_a_new_name_is_asked_the_same(answers: Answers, client: Client) -> None:
    """A private one needs the token, and another page or commit would be another answer."""
    there = f"{answers.url}/repositories/1/compare/x?per_page=1&page=2"
    answers.bodies[COMPARE] = 301, there.encode()
    answers.bodies["/repositories/1/compare/x"] = 200, b'{"merge_base_commit": {"sha": "%s"}}' % (b"c" * 40)
    assert client.merge_base("release/2", BASE) == "c" * 40
    assert answers.asked[1:] == [(there.removeprefix(answers.url), "token ghs_x")]


def test_what_is_written_goes_nowhere_else(answers: Answers, client: Client) -> None:
    answers.bodies["/repos/octo/library/issues/7/comments"] = 301, b"http://localhost:9/comments"
    with pytest.raises(GitHubError, match=r"answer is odd: .*redirected from host 127\.0\.0\.1 to localhost"):
        client.create_comment(7, "a text")


def test_an_answer_that_comes_byte_by_byte_is_given_up(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte ends the silence, and together they take all day."""
    monkeypatch.setattr("opfixtures.pull_request.transport._LONGEST", 0.2)
    answers.bodies[PULL], answers.pause = (200, b'{"number": 7}' + b" " * 100), 0.05
    with closing(Transport(answers.url, "ghs_x")) as transport:
        client = Client(transport, "octo/library", Retries(0.5))
        with pytest.raises(GitHubError, match=r"show pull request 7: no answer \(ReadTimeout\)"):
            client.described_pull_request(7)


def test_all_that_a_job_asks_shares_one_client(answers: Answers) -> None:
    """And nothing is connected before something is asked."""
    with connected_once(Address(answers.url, "octo/library"), "ghs_x") as github:
        assert github() is github()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, b"{}"), HIDDEN),
        ((404, b"["), HIDDEN),
        ((404, b"[1]"), HIDDEN),
        ((307, b"{}"), "answer is odd: the status of a request to show pull request 7 is not 200: 307"),
        ((200, b"{"), "answer is odd: show pull request 7 is not JSON: '{'"),
        ((200, b"[" * 100_000), "answer is odd: show pull request 7 is not JSON"),
        ((200, b'{"text": "' + b"x" * (32 << 20) + b'"}'), "answer is odd: show pull request 7 is not JSON"),
    ],
    ids=["404", "404 cut", "404 list", "307", "cut", "deep", "long"],
)
def test_an_answer_that_is_none_says_so(
    answers: Answers, client: Client, answer: tuple[int, bytes], why: str
) -> None:
    answers.bodies[PULL] = answer
    with pytest.raises(GitHubError, match=why):
        client.described_pull_request(7)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[", b"[1]", b'"no"'])
@pytest.mark.parametrize(("status", "failures"), [(502, 2), (202, 2), (502, 9)])
def test_what_github_cannot_answer_now_is_asked_again(
    answers: Answers, status: int, failures: int, body: bytes
) -> None:
    answers.bodies[PULL] = status, body
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == failures:
            answers.bodies[PULL] = 200, b'{"number": 7}'

    with closing(Transport(answers.url, "ghs_x")) as transport:
        client = Client(transport, "octo/library", Retries(10, lambda: sum(slept), sleep))
        if failures == 2:
            assert client.described_pull_request(7) == {"number": 7}
            assert (len(answers.asked), slept) == (3, [1, 2])
        else:
            with pytest.raises(GitHubError, match="could not be brought to show pull request 7: 502"):
                client.described_pull_request(7)
            assert (len(answers.asked), slept) == (4, [1, 2, 4])


def test_an_answer_that_is_cut_off_is_asked_for_again(answers: Answers) -> None:
    answers.bodies[PULL], answers.lost = (200, b'{"number": 7}'), 1

    def sleep(_: float) -> None:
        answers.lost = 0

    with closing(Transport(answers.url, "ghs_x")) as transport:
        client = Client(transport, "octo/library", Retries(10, sleep=sleep))
        assert client.described_pull_request(7) == {"number": 7}
    assert len(answers.asked) == 2


def test_requests_keep_the_pause_that_github_asks_for(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opfixtures.pull_request.transport._PAUSE", 0.2)
    monkeypatch.setattr("opfixtures.pull_request.transport._PAUSE_OF_WRITES", 0.5)
    answers.bodies[PULL] = 200, b'{"number": 7}'
    answers.bodies["/repos/octo/library/issues/7/comments"] = 201, b'{"id": 1, "user": {"login": "a"}}'
    with closing(Transport(answers.url, "ghs_x")) as transport:
        client = Client(transport, "octo/library", Retries(10))
        begun = time.monotonic()
        client.described_pull_request(7)
        client.described_pull_request(7)
        assert time.monotonic() - begun >= 0.2
        begun = time.monotonic()
        client.create_comment(7, "a text")
        client.create_comment(7, "a text")
        assert time.monotonic() - begun >= 0.5


def test_where_commits_meet_is_soon_given_up(answers: Answers) -> None:
    """Git finds it too."""
    answers.bodies[COMPARE] = 502, b""
    slept: list[float] = []
    with closing(Transport(answers.url, "ghs_x")) as transport:
        client = Client(transport, "octo/library", Retries(300, lambda: sum(slept), slept.append))
        with pytest.raises(GitHubError, match="could not be brought to compare release/2 with aaaaaaaaaaaa"):
            client.merge_base("release/2", BASE)
    assert slept == [1, 2, 4, 8]


@pytest.mark.parametrize(
    "body", [b"[]", b'{"merge_base_commit": null}', b'{"merge_base_commit": {"sha": "x"}}']
)
def test_a_comparison_is_read_strictly(answers: Answers, client: Client, body: bytes) -> None:
    answers.bodies[COMPARE] = 200, body
    with pytest.raises(UserError, match="comparison"):
        client.merge_base("release/2", BASE)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "http://",
        "http://[",
        "http://a:b",
        "http://a:99999",
        "http://a b",
        "http://a/?b",
        "http://u@a",
    ],
)
def test_a_workflow_names_api_and_repository(url: str) -> None:
    assert Address.of({"GITHUB_REPOSITORY": "a/b"}).api == "https://api.github.com"
    with pytest.raises(UserError, match="GITHUB_API_URL"):
        Address.of({"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "a/b"})
    with pytest.raises(UserError, match="GITHUB_REPOSITORY"):
        Address.of({"GITHUB_REPOSITORY": "a/b/../c"})


def test_github_says_where_a_checkout_of_the_head_starts_and_that_commit_is_fetched_alone(
    answers: Answers, project: Project
) -> None:
    project.add_hardswish()
    fork_point = project.upstream.git("rev-parse", "main")
    payload = project.open(merged=False)
    path = f"/repos/octo/library/compare/{project.base}...{project.head}"
    answers.bodies[path] = 200, json.dumps({"merge_base_commit": {"sha": fork_point}}).encode()
    asked = {"OPFIXTURES_DRY_RUN": "true", "OPFIXTURES_REQUIRE_FIXTURES": "false"}
    done = project.run("pull_request", payload, GITHUB_API_URL=answers.url, **asked)
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


ODD = {
    "HTML": b"<html>Unicorn!</html>",
    "list": b"[]",
    "null": b"null",
    "cut": b'{"number": 7, "head": {"sha": "',
    "number elsewhere": b'{"number": 8}',
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_answer_about_a_pull_request_is_one_sentence(
    github: GitHubServer, project: Project, odd: bytes
) -> None:
    github.hub.commit("main", {"a": b"1"})
    github.hub.commit("topic", {"a": b"2"})
    github.hub.pulls[7] = Pull(7, "octo/library", "topic")
    github.inject = lambda _: Odd(lambda _: odd)
    asked = {"GITHUB_API_URL": github.url, "OPFIXTURES_TOKEN": "reads", "OPFIXTURES_PULL_REQUEST": "7"}
    done = project.run("workflow_dispatch", {"inputs": {}}, **asked)
    assert (done.status, done.err.count("\n")) == (2, 1), done.err
    assert done.err.startswith("opfixtures: error: GitHub's answer is odd: ")
    assert [request.path for request in github.requests] == ["/repos/octo/library/pulls/7"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_git_finds_where_commits_meet_where_githubs_answer_is_odd(
    github: GitHubServer, project: Project, odd: bytes
) -> None:
    project.upstream.write("README.md", "another text\n")
    fork_point = project.upstream.git("rev-parse", "main")
    github.inject = lambda _: Odd(lambda _: odd, status=200)
    asked = {"GITHUB_API_URL": github.url, "OPFIXTURES_TOKEN": "reads"}
    done = project.run("pull_request", project.open(merged=False), **asked)
    assert (done.status, done.outputs["pre-change-commit"]) == (0, fork_point), done.err
    assert [request.path.split("/")[4] for request in github.requests] == ["compare"]
    assert "opfixtures: GitHub's answer is odd: " in done.out
    assert "git fetches history until the commits meet" in done.out


def test_without_pygithub_git_finds_it_too(project: Project, tmp_path: Path) -> None:
    """A module that stands in its way, as if it were not installed; it is imported only where GitHub is asked."""
    missing = tmp_path / "path"
    missing.mkdir()
    (missing / "github.py").write_text("raise ModuleNotFoundError('no PyGithub')\n")
    project.upstream.write("README.md", "another text\n")
    done = project.run("pull_request", project.open(merged=False), PYTHONPATH=str(missing))
    assert done.status == 0, done.err
    assert "PyGithub is needed to ask GitHub: no PyGithub: pip install 'opfixtures[github]'" in done.out
    assert "git fetches history until the commits meet" in done.out
    project.check_out("refs/pull/7/merge")
    done = project.run("pull_request", project.pull_request(), PYTHONPATH=str(missing))
    assert (done.status, "PyGithub" in done.out) == (0, False), done.err
