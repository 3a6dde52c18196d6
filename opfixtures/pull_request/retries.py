"""When a request is made again, and how long is waited for it.

PyGithub's own retries leave PATCH out, repeat a POST that may have been carried out, and wait as long as GitHub asks
for; here all requests of a run share one limit. What GitHub wants of its clients:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from opfixtures.pull_request.hub import GitHubError, Refused, Unclear

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
# GitHub asks for a minute where a secondary limit says nothing else.
_LIMITED = 60.0
# A 403 is a limit too where it says so:
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
_LIMITS = (
    "rate limit",
    "please wait a few minutes before you try again",
    "please retry your request again later",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever it says: the status of HTTP, headers by their names in small letters, the body."""

    status: int
    headers: Mapping[str, str]
    text: str


class NoReply(Exception):
    """A request was not answered; it may have been carried out all the same."""


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


class Retries:
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
        self,
        what: str,
        send: Callable[[], Reply],
        *,
        repeatable: bool = True,
        seconds: float | None = None,
        needs: str = "",
    ) -> Reply:
        """What `send` returns, which may raise NoReply. `what` completes the sentence "GitHub cannot ...".

        It is sent again for `seconds` at the most, where it is worth less than the others; but what GitHub asks to wait
        for, the next request would have to wait for as well. `needs` is the permission
        without which GitHub says no, as a workflow writes it.

        Raises:
            Refused: GitHub says no, and would again.
            Unclear: the request is not `repeatable`, and may have been carried out. A pause was made.
            GitHubError: it did not work out in time.
        """
        pause = _FIRST_PAUSE
        end = self._end if seconds is None else min(self._end, self._clock() + seconds)
        while True:
            try:
                reply = send()
            except NoReply as error:
                failure = _Failure(f"no answer ({error})", is_unclear=True)
            else:
                if reply.status < HTTPStatus.BAD_REQUEST:
                    return reply
                failure = _failure(reply, self._clock())
            if failure.is_final:
                why = f"{failure.why}{_lack(failure.status, needs)}"
                raise Refused(f"GitHub refused to {what}: {why}", failure.status)
            wait = pause if failure.wait is None else failure.wait
            if self._clock() + wait > (end if failure.wait is None else self._end):
                raise GitHubError(
                    f"GitHub could not be brought to {what}: {failure.why}: run this job again later"
                )
            self._sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)
            if failure.is_unclear and not repeatable:
                raise Unclear(f"whether GitHub did {what} is not known: {failure.why}")


def _lack(status: int, needs: str) -> str:
    """What may be missing. GitHub hides what a token may not read behind a 404."""
    if status == HTTPStatus.FORBIDDEN and needs:
        return f": the job needs `permissions: {needs}`"
    if status == HTTPStatus.NOT_FOUND and needs:
        return f": it is not there, or the job lacks `permissions: {needs}`"
    return ""


def _failure(reply: Reply, now: float) -> _Failure:
    message = _message(reply)
    why = f"{reply.status} {message[:200]}".strip()
    after, reset = reply.headers.get("retry-after", ""), reply.headers.get("x-ratelimit-reset", "")
    says_so = bool(after) or any(limit in message.lower() for limit in _LIMITS)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS or (reply.status == HTTPStatus.FORBIDDEN and says_so):
        if after.isdecimal():
            return _Failure(why, wait=float(after))
        is_used_up = reply.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal()
        return _Failure(why, wait=max(1.0, float(reset) - now + 1) if is_used_up else _LIMITED)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _Failure(why, is_unclear=True)
    return _Failure(why, is_final=True, status=reply.status)


def _message(reply: Reply) -> str:
    try:
        told = json.loads(reply.text)
    except (ValueError, RecursionError):
        return ""
    message = told.get("message") if isinstance(told, dict) else None
    return message if isinstance(message, str) else ""
