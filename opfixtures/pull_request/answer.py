"""Values out of what GitHub answered: each is what it should be, or a GitHubError says where it is not.

What answers with success may be a proxy, a page of maintenance, or half a document.
"""

from __future__ import annotations

import json

from opfixtures.pull_request.hub import GitHubError, is_repository
from opfixtures.pull_request.payload import Payload


class Answer(Payload):
    """A JSON object in an answer and where it stands there. What it raises is a GitHubError."""

    error = GitHubError
    sentence = (
        "GitHub's answer is odd: {where} is not {wanted}: {shown}:"
        " look at GITHUB_API_URL, and run this job again later"
    )

    def optional(self, key: str) -> Answer | None:
        """The object at `key`, where there may be null. Raises GitHubError if there is nothing."""
        return None if key in self._values and not self.has(key) else self.object(key)

    def value(self, key: str) -> object:
        """What is at `key`, if anything."""
        return self._values.get(key)

    def string(self, key: str) -> str:
        """Any text. Raises GitHubError."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self.wrong(self._at(key), "a text", value)
        return value

    def repository(self, key: str) -> str:
        """The name of a repository, `owner/name`. Raises GitHubError."""
        value = self.string(key)
        if not is_repository(value):
            raise self.wrong(self._at(key), "owner/name", value)
        return value


def read_json(text: str, where: str) -> object:
    """What a body says, which is never null. Raises GitHubError if it is that, or no JSON."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        raise Answer.wrong(where, "JSON", text) from None
    if value is None:
        raise Answer.wrong(where, "an object or a list", value)
    return value


def read_list(value: object, where: str) -> list[Answer]:
    """The objects in a list. Raises GitHubError if it is none, or holds something else."""
    if not isinstance(value, list):
        raise Answer.wrong(where, "a list", value)
    return [Answer(one, f"{where}[{index}]") for index, one in enumerate(value)]
