"""Where GitHub is and which repository it is about, as the runner says; and a client to ask it with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opfixtures.errors import UserError
from opfixtures.pull_request.hub import is_repository

if TYPE_CHECKING:
    from opfixtures.pull_request.client import Client

# For all requests of a process; less than a job that only publishes may take.
_SECONDS = 300.0
_HOST = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """The address of GitHub's REST API, without a slash at its end, and a repository there, `owner/name`."""

    api: str
    repository: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Address:
        """What the runner names. Raises UserError if it names no API, or no repository."""
        api = environment.get("GITHUB_API_URL") or "https://api.github.com"
        repository = environment.get("GITHUB_REPOSITORY", "")
        if not _is_address(api):
            raise UserError("GITHUB_API_URL is no address: run this in a workflow")
        if not is_repository(repository):
            raise UserError("GITHUB_REPOSITORY is not owner/name: run this in a workflow")
        return cls(api.rstrip("/"), repository)


def server_of(environment: Mapping[str, str]) -> str:
    """The address of GitHub's pages that the runner names, without a slash at its end."""
    return (environment.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/")


@contextmanager
def connected(address: Address, token: str) -> Iterator[Client]:
    """A client for the repository at `address`, whose requests share one limit of time. `token` may be empty.

    Raises UserError: PyGithub is not installed.
    """
    # It takes 200 ms to import, and most events need no answer of GitHub's.
    try:
        from opfixtures.pull_request.client import Client
        from opfixtures.pull_request.retries import Retries
        from opfixtures.pull_request.transport import Transport
    except ModuleNotFoundError as error:
        raise UserError(
            f"PyGithub is needed to ask GitHub: {error}: pip install 'opfixtures[github]'"
        ) from error

    with closing(Transport(address.api, token)) as transport:
        yield Client(transport, address.repository, Retries(_SECONDS))


@contextmanager
def connected_once(address: Address, token: str) -> Iterator[Callable[[], Client]]:
    """What gives the client for all that a job asks, with one limit of time: connected when it is first wanted."""
    with ExitStack() as opened:
        yield cache(lambda: opened.enter_context(connected(address, token)))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # It is a number below 65,536 only where it is asked for.
        parts.port  # noqa: B018
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or parts.username) and url.isprintable() and " " not in url
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(parts.hostname or "")) and is_plain
