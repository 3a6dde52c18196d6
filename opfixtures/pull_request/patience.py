"""When a request is made again, and how long is waited for it.

PyGithub's own retries leave PATCH out, repeat a POST that may have been carried out, and wait as long as GitHub asks
for; here all requests of a run share one limit. What GitHub wants of its clients:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import requests
from github import GithubException, RateLimitExceededException

from opfixtures.pull_request.hub import GitHubError, Refused, Unclear

T = TypeVar("T")
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
# GitHub asks for a minute where a secondary limit says nothing else.
_LIMITED = 60.0


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a request failed; `wait` in seconds where GitHub asks for a time.

    `is_unclear`: it may have been carried out all the same.
    """

    why: str
    is_final: bool = False
    wait: float | None = None
    is_unclear: bool = False
    status: int = 0


class Patience:
    """Makes requests again until `seconds` from now. `clock` and `sleep` are in seconds; `clock` is the time of day."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Starts at once."""
        self._clock, self._sleep = clock, sleep
        self._end = clock() + seconds

    def attempt(
        self, what: str, request: Callable[[], T], *, repeatable: bool = True, seconds: float | None = None
    ) -> T:
        """What `request` returns. `what` completes the sentence "GitHub cannot ...".

        It is made again for `seconds` at the most, where it is worth less than the others.

        Raises:
            Refused: GitHub says no, and would again.
            Unclear: the request is not `repeatable`, and may have been carried out. A pause was made.
            GitHubError: it did not work out in time.
        """
        pause = _FIRST_PAUSE
        end = self._end if seconds is None else min(self._end, self._clock() + seconds)
        while True:
            try:
                return request()
            except (GithubException, requests.RequestException) as error:
                failure = _failure(error, self._clock())
            if failure.is_final:
                raise Refused(f"GitHub refused to {what}: {failure.why}", failure.status)
            wait = pause if failure.wait is None else failure.wait
            if self._clock() + wait > end:
                raise GitHubError(
                    f"GitHub could not be brought to {what}: {failure.why}: run this job again later"
                )
            self._sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)
            if failure.is_unclear and not repeatable:
                raise Unclear(f"whether GitHub did {what} is not known: {failure.why}")


def _failure(error: GithubException | requests.RequestException, now: float) -> _Failure:
    if isinstance(error, requests.RequestException):
        return _Failure(f"no answer ({type(error).__name__})", is_unclear=True)
    headers = error.headers or {}
    why = f"{error.status} {_message(error)}".strip()
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    is_limited = error.status == 429 or isinstance(error, RateLimitExceededException)
    if is_limited or (error.status == 403 and after):
        if after.isdecimal():
            return _Failure(why, wait=float(after))
        is_used_up = headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal()
        return _Failure(why, wait=max(1.0, float(reset) - now + 1) if is_used_up else _LIMITED)
    if error.status >= 500:
        return _Failure(why, is_unclear=True)
    return _Failure(why, is_final=True, status=error.status)


def _message(error: GithubException) -> str:
    message = error.data.get("message") if isinstance(error.data, dict) else None
    return message[:200] if isinstance(message, str) else ""
