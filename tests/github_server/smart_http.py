"""git's smart HTTP, by git's own CGI program (git-http-backend)."""

from __future__ import annotations

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.github_server.state import GitHub


def serve_git(handler: BaseHTTPRequestHandler, hub: GitHub, path: str, data: bytes) -> None:
    """Answer a fetch by whose token may read contents; `path` names the repository and git's service.

    Whoever pushes is refused.
    """
    if not _may_read(handler.headers.get("Authorization", ""), hub):
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
        handler.send_header("Content-Length", "0")
        return handler.end_headers()
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(hub.root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "uploadpack.allowFilter",
        "GIT_CONFIG_VALUE_0": "true",
        "GIT_CONFIG_KEY_1": "uploadpack.allowAnySHA1InWant",
        "GIT_CONFIG_VALUE_1": "true",
        "PATH_INFO": path,
        "QUERY_STRING": urlsplit(handler.path).query,
        "REQUEST_METHOD": handler.command,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(data)),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(("git", "http-backend"), input=data, env=environment, capture_output=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = [line.partition(": ") for line in head.decode().split("\r\n")]
    status = next((int(value[:3]) for name, _, value in headers if name == "Status"), 200)
    handler.send_response(status)
    for name, _, value in headers:
        if name != "Status":
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return None


def _may_read(authorization: str, hub: GitHub) -> bool:
    """As actions/checkout hands a token to git: basic, the user is `x-access-token`."""
    kind, _, secret = authorization.partition(" ")
    if kind.lower() != "basic":
        return False
    user, _, token = base64.b64decode(secret).decode().partition(":")
    known = hub.tokens.get(token)
    return user == "x-access-token" and known is not None and "contents" in known.permissions
