"""What is read of GitHub keeps its promise for any bytes: an event's payload, and the answer to every request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import product

from opfixtures.errors import UserError
from opfixtures.pull_request.client import Client
from opfixtures.pull_request.events import Activity, Dispatch, Mode, activity_of
from opfixtures.pull_request.hub import GitHubError
from opfixtures.pull_request.retries import Reply, Retries
from opfixtures.pull_request.transport import Transport

_EVENTS = ("pull_request", "merge_group", "push", "workflow_dispatch", "workflow_run")
_HEAD = "86" * 20
_ASKED = (Dispatch(), Dispatch(8, None, _HEAD), Dispatch(None, None, _HEAD))
_STATUS = {"GET": 200, "POST": 201, "PATCH": 200, "DELETE": 204}


def event(data: bytes) -> None:
    """Whatever the payload says, an event asks for something of this form, or is refused."""
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError):
        return
    for name, mode, asked in product(_EVENTS, (Mode.GENERATE, Mode.PUBLISH), _ASKED):
        # The answer about a pull request is as an event's payload has it.
        with suppress(UserError):
            activity = activity_of(name, payload, mode, asked, lambda _: _of(payload, "pull_request"))
            assert _can_be_an_argument(activity), activity


def _of(payload: object, key: str) -> object:
    return payload.get(key) if isinstance(payload, dict) else payload


def _can_be_an_argument(activity: Activity) -> bool:
    texts = (activity.base, activity.head, activity.branch)
    return all(text is None or (text.isprintable() and not text.startswith("-")) for text in texts)


class _Same(Transport):
    """Answers every request with the same text, and asks nobody."""

    def __init__(self, text: str) -> None:
        self._text = text

    def send(
        self, verb: str, path: str, parameters: Mapping[str, str], body: Mapping[str, object] | None
    ) -> Reply:
        """As `Transport.send`."""
        assert path.startswith("/repos/")
        assert json.dumps([parameters, body])
        return Reply(_STATUS[verb], {}, self._text)


_REQUESTS: tuple[Callable[[Client], object], ...] = (
    lambda client: client.merge_base("main", "change"),
    lambda client: client.pull_requests("owner:change"),
    lambda client: client.pull_request(8),
    lambda client: client.comments(8),
    lambda client: client.create_comment(8, "a text"),
    lambda client: client.edit_comment(8, 1, "a text"),
    lambda client: client.delete_comment(8, 1),
    lambda client: client.file("a/b", _HEAD),
    lambda client: client.names("a", _HEAD),
    lambda client: client.create_commit("owner/repo", _HEAD, {"a": b"b"}, "a commit"),
    lambda client: client.move_branch("owner/repo", "change", _HEAD),
)


def answer(data: bytes) -> None:
    """Whatever GitHub answers with success, it is of the form that was asked for, or a GitHubError."""
    sentences: list[str] = []
    client = Client(_Same(data.decode("utf-8", "replace")), "owner/repo", Retries(0.0))
    for request in _REQUESTS:
        try:
            request(client)
        except GitHubError as error:
            sentences.append(str(error))
    assert all(0 < len(sentence) < 1_000 for sentence in sentences)
