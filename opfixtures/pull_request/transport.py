"""One request to GitHub and its reply, through PyGithub: it says who asks, and leaves time between requests.

PyGithub's objects are not used: what GitHub left out is None in them, or is asked for once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from urllib.parse import urlsplit

import requests
from github import Auth, Github
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, RequestsResponse
from urllib3.exceptions import HTTPError

from opfixtures.pull_request.hub import GitHubError
from opfixtures.pull_request.retries import NoReply, Reply

# Seconds without a byte, and for all bytes of an answer.
_SILENCE, _LONGEST = 15, 60
# Seconds between requests, and between writes: GitHub asks for one.
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
_PAUSE, _PAUSE_OF_WRITES = 0.25, 1.0
_PART, _MOST = 1 << 16, 32 << 20


class Transport:
    """GitHub's REST API at `url`. Close it. Between requests there are pauses, as GitHub asks for."""

    def __init__(self, url: str, token: str) -> None:
        """Nothing is sent yet. `token` may be empty."""
        self._github = Github(
            # PyGithub takes no empty one.
            auth=Auth.Token(token) if token else None,
            base_url=url,
            retry=None,
            user_agent="opfixtures",
            seconds_between_requests=_PAUSE,
            seconds_between_writes=_PAUSE_OF_WRITES,
        )
        parts = urlsplit(url)
        connection = _Https if parts.scheme == "https" else _Http
        self._connection = connection(parts.hostname or "", parts.port, timeout=_SILENCE)

    def close(self) -> None:
        """Ends all connections."""
        self._connection.close()
        self._github.close()

    def send(
        self, verb: str, path: str, parameters: Mapping[str, str], body: Mapping[str, object] | None
    ) -> Reply:
        """The reply to one request; redirections are followed, and no token goes to another server.

        Raises:
            NoReply: the connection was dropped, or nothing came in time.
            GitHubError: what answers is not GitHub.
        """
        try:
            status, headers, text = self._github.requester.requestJson(
                verb, path, dict(parameters), None, body, self._connection
            )
        except requests.RequestException as error:
            raise NoReply(type(error).__name__) from error
        # A write that is redirected to another server, headers that should be numbers.
        except (RuntimeError, ValueError, OverflowError) as error:
            raise GitHubError(f"GitHub's answer is odd: {error}: look at GITHUB_API_URL") from error
        return Reply(status, headers, text)


class _Response(RequestsResponse):
    """A response of bounded size and time: the rest of a longer one is cut off, and then it is no JSON."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response)
        with response:
            self._text = _content(response).decode("utf-8", "replace")

    def read(self) -> str:
        """All of it."""
        return self._text


def _content(response: requests.Response) -> bytes:
    """Raises requests.RequestException: it ends too soon, or comes too slowly, some bytes now and then."""
    end, content = monotonic() + _LONGEST, bytearray()
    try:
        # What is there, and no waiting for more.
        while len(content) < _MOST and (part := response.raw.read1(_PART, decode_content=True)):
            content += part
            if monotonic() > end:
                raise requests.ReadTimeout(f"it took more than {_LONGEST} seconds")
    except HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    return bytes(content[:_MOST])


def _response(connection: HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass) -> _Response:
    response = connection.session.request(
        connection.verb,
        f"{connection.protocol}://{connection.host}:{connection.port}{connection.url}",
        headers=connection.headers,
        data=connection.input,
        timeout=connection.timeout,
        # PyGithub follows a redirection without its query: another page, another commit.
        allow_redirects=connection.verb == "GET",
        stream=True,
    )
    if response.status_code == requests.codes.accepted:
        # PyGithub would ask again for ever.
        response.close()
        raise requests.ReadTimeout("GitHub is still at work")
    return _Response(response)


class _Http(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        """As PyGithub asks for it."""
        return _response(self)


class _Https(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        """As PyGithub asks for it."""
        return _response(self)
