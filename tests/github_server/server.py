"""The HTTP server: finds a request's operation, checks its token, injects faults, validates both ways."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from tests.github_server.description import Description
from tests.github_server.operations import OPERATIONS, Call
from tests.github_server.smart_http import serve_git
from tests.github_server.state import GitHub, Refused


@dataclass(frozen=True)
class Request:
    """A request as the tests see it. `nth_write` counts requests that are no GET, from 0."""

    method: str
    path: str
    nth_write: int | None


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a request: an error, or with status 0 a dropped connection; carried out all the same?"""

    status: int
    carried_out: bool = False
    message: str = "a fault"
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Odd:
    """A request is carried out and answered with another body, made of the one it should be; with another status?"""

    body: Callable[[Any], bytes]
    status: int | None = None


class GitHubServer:
    """Serves `hub`. `inject` is asked before each request; `broken` is what of the description was not kept to."""

    def __init__(self, hub: GitHub, description: Description) -> None:
        self.hub, self.description = hub, description
        self.inject: Callable[[Request], Fault | Odd | None] = lambda _: None
        # The status that a request of git's is answered with instead, 0 a dropped connection; None: none.
        self.git_fault: Callable[[], int | None] = lambda: None
        self.requests: list[Request] = []
        self.broken: list[str] = []
        self.lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.github = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def writes(self) -> list[str]:
        """The requests that were no GET, as `METHOD path`."""
        return [f"{one.method} {one.path}" for one in self.requests if one.method != "GET"]

    @contextmanager
    def running(self) -> Iterator[GitHubServer]:
        """Answers until it is left."""
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            thread.join()
            self._http.server_close()

    def count(self, method: str, path: str) -> Request:
        """Note a request."""
        with self.lock:
            request = Request(method, path, None if method == "GET" else len(self.writes))
            self.requests.append(request)
        return request


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    github: GitHubServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two packets, and the second would wait 40 ms.
    disable_nagle_algorithm = True
    server: _Http

    def _serve(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        github = self.server.github
        parts = urlsplit(self.path)
        of_git = re.fullmatch(r"(/[^/]+/[^/]+?)(?:\.git)?(/info/refs|/git-[a-z]+-pack)", parts.path)
        if of_git:
            failing = github.git_fault()
            if failing is not None:
                return self._drop() if failing == 0 else self._send(failing, None, {})
            return serve_git(self, github.hub, f"{of_git[1]}.git{of_git[2]}", data)
        fault = github.inject(github.count(self.command, parts.path))
        if fault is None or isinstance(fault, Odd) or fault.carried_out:
            status, body, headers = self._carried_out(github, parts.path, dict(parse_qsl(parts.query)), data)
        if fault is None:
            return self._send(status, body, headers)
        if isinstance(fault, Odd):
            return self._send_data(fault.status or status, fault.body(body), headers)
        if not fault.status:
            return self._drop()
        later = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return self._send(fault.status, {"message": fault.message}, {**later, **fault.headers})

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - named by http.server

    def _carried_out(
        self, github: GitHubServer, path: str, query: dict[str, str], data: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        found = _find(self.command, path)
        if found is None:
            github.broken.append(f"{self.command} {path}: no such operation here")
            return 404, {"message": "Not Found"}, {}
        template, names = found
        body = json.loads(data) if data else None
        page: dict[str, str] = {key: query[key] for key in ("page", "per_page") if key in query}
        broken = github.description.broken_request(self.command, template, query, body)
        try:
            call = Call(
                github.hub,
                github.description,
                self.command,
                template,
                names,
                query,
                body,
                self._login(github, template, names),
            )
            with github.hub.lock:
                status, answer = self._localised(*OPERATIONS[self.command, template].run(call), names)
        except Refused as refused:
            status, answer = refused.status, {"message": str(refused), "documentation_url": "https://docs"}
        headers: dict[str, str] = {}
        if isinstance(answer, list) and not template.endswith("{path}"):
            answer, headers = self._page(answer, path, query, page)
        broken += github.description.broken_response(self.command, template, status, answer)
        github.broken += [f"{self.command} {path}: {one}" for one in broken]
        return status, answer, headers

    def _localised(self, status: int, answer: Any, names: dict[str, str]) -> tuple[int, Any]:
        """The addresses of the description's examples lead here."""
        here = f"{self.server.github.url}/repos/{names['owner']}/{names['repo']}"
        there = r"https://api\.github\.com/repos/[^/\"]+/[^/\"]+"
        return status, json.loads(re.sub(there, here, json.dumps(answer)))

    def _login(self, github: GitHubServer, template: str, names: dict[str, str]) -> str:
        """Whom the request's token speaks for. Raises Refused as GitHub refuses."""
        token = github.hub.tokens.get(self.headers.get("Authorization", "").partition(" ")[2])
        if token is None:
            raise Refused(401, "Bad credentials")
        operation = OPERATIONS[self.command, template]
        allowed = {token.permissions.get(name) for name in operation.permissions}
        inside = not token.repositories or f"{names['owner']}/{names['repo']}" in token.repositories
        enough = bool(allowed & {"write", operation.access}) or operation.permissions == ("metadata",)
        if operation.access == "write" and not (enough and inside):
            raise Refused(403, "Resource not accessible by integration")
        if not enough:
            raise Refused(404, "Not Found")
        return token.login

    def _page(
        self, items: list[Any], path: str, query: dict[str, str], page: dict[str, str]
    ) -> tuple[list[Any], dict[str, str]]:
        number, size = int(page.get("page", 1)), min(int(page.get("per_page", 30)), 100)
        last = max(1, -(-len(items) // size))
        links = {"next": number + 1, "last": last} if number < last else {}
        url = f"{self.server.github.url}{path}"
        link = ", ".join(
            f'<{url}?{urlencode({**query, "page": at})}>; rel="{rel}"' for rel, at in links.items()
        )
        return items[(number - 1) * size : number * size], {"Link": link} if link else {}

    def _send(self, status: int, body: Any, headers: dict[str, str]) -> None:
        self._send_data(status, b"" if body is None else json.dumps(body).encode(), headers)

    def _send_data(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def _find(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The path of the operation as it is described, and what stands in it."""
    for known, template in OPERATIONS:
        # These two hold slashes.
        pattern = re.sub(r"\{(path|ref)\}", r"(?P<\1>.+)", template)
        match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), path)
        if known == method and match:
            return template, {name: unquote(value) for name, value in match.groupdict().items()}
    return None
