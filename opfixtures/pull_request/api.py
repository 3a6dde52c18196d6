"""The two questions that a job without PyGithub asks GitHub: where two commits meet, and what a pull request is.

https://docs.github.com/en/rest/commits/commits#compare-two-commits
https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from opfixtures.errors import UserError
from opfixtures.pull_request.payload import Payload

_SECONDS = 15
# Seconds before what GitHub could not answer is asked for again.
_PAUSES = (1.0, 3.0)
_SERVER_ERROR = 500
_MOST_BYTES = 32 * 1024 * 1024
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", re.ASCII)


def server_of(environment: Mapping[str, str]) -> str:
    """The address of GitHub's pages that the runner names, without a slash at its end."""
    return (environment.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/")


class GitHubUnavailable(UserError):
    """GitHub cannot be reached, or does not answer as it should."""


class _OutOfOrder(GitHubUnavailable):
    """What may be better in a moment."""


@dataclass(frozen=True, slots=True)
class Api:
    """GitHub's REST API at `url`, for one repository, `owner/name`. `sleep` is in seconds."""

    url: str
    repository: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, environment: Mapping[str, str], token: str) -> Api:
        """The API that the runner names. Raises UserError if it names none, or no repository."""
        url = environment.get("GITHUB_API_URL") or "https://api.github.com"
        repository = environment.get("GITHUB_REPOSITORY", "")
        if not url.startswith(("https://", "http://")):
            raise UserError("GITHUB_API_URL is no address: run this in a workflow")
        if not _REPOSITORY.fullmatch(repository):
            raise UserError("GITHUB_REPOSITORY is not owner/name: run this in a workflow")
        return cls(url.rstrip("/"), repository, token)

    def merge_base(self, base: str, head: str) -> str:
        """The id of the commit where two meet; each is a commit's id or a branch. Raises GitHubUnavailable."""
        revisions = "...".join(urllib.parse.quote(one, safe="") for one in (base, head))
        # The files of the comparison, which nobody needs here, stand on the first page only.
        answer = self._get(f"compare/{revisions}?per_page=1&page=2")
        return Payload(answer, "comparison").object("merge_base_commit").commit("sha")

    def pull_request(self, number: int) -> object:
        """GitHub's description of a pull request. Raises GitHubUnavailable."""
        return self._get(f"pulls/{number}")

    def _get(self, path: str) -> object:
        request = urllib.request.Request(f"{self.url}/repos/{self.repository}/{path}")
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("User-Agent", "opfixtures")
        if self.token:
            # A redirection may lead elsewhere, and the token shall not follow.
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        for pause in _PAUSES:
            with suppress(_OutOfOrder):
                return self._answer(request)
            self.sleep(pause)
        return self._answer(request)

    def _answer(self, request: urllib.request.Request) -> object:
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                return json.loads(answer.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            kind = GitHubUnavailable if error.code < _SERVER_ERROR else _OutOfOrder
            with error:
                raise kind(f"GitHub answered {error.code} to {request.full_url}") from error
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            raise GitHubUnavailable(f"GitHub cannot be reached at {self.url}: {error}") from error
