"""Values out of an event's payload: each is what it should be, or a UserError says where it is not.

A payload holds what the author of a pull request chose: names of branches and accounts.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Self

from opfixtures.errors import UserError

# https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context
OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?(?:\[bot\])?", re.ASCII)
_LONGEST_NAME = 255


class Payload:
    """A JSON object and where it stands in the event."""

    error: ClassVar[type[UserError]] = UserError
    sentence: ClassVar[str] = "{where} is not {wanted}: {shown} (is GITHUB_EVENT_PATH the event of this run?)"
    """What is raised, and what it says."""

    def __init__(self, values: object, where: str) -> None:
        """Raises UserError if `values` is no object."""
        if not isinstance(values, Mapping):
            raise self.wrong(where, "an object", values)
        self._values = values
        self._where = where

    @classmethod
    def wrong(cls, where: str, wanted: str, value: object) -> UserError:
        """What to raise for a value that is not as it should be."""
        shown = repr(value)
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        return cls.error(cls.sentence.format(where=where, wanted=wanted, shown=shown))

    def object(self, key: str) -> Self:
        """The object at `key`. Raises UserError if there is none."""
        return type(self)(self._values.get(key), self._at(key))

    def has(self, key: str) -> bool:
        """Whether something other than null is at `key`."""
        return self._values.get(key) is not None

    def text(self, key: str) -> str:
        """A text of one line. Raises UserError."""
        value = self._values.get(key)
        if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST_NAME:
            raise self.wrong(self._at(key), f"a line of at most {_LONGEST_NAME} characters", value)
        return value

    def flag(self, key: str) -> bool:
        """True or false. Raises UserError."""
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise self.wrong(self._at(key), "true or false", value)
        return value

    def number(self, key: str) -> int:
        """A whole number above 0. Raises UserError."""
        value = self._values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
            raise self.wrong(self._at(key), "a whole number above 0", value)
        return value

    def commit(self, key: str) -> str:
        """The id of a commit. Raises UserError."""
        value = self._values.get(key)
        if not isinstance(value, str) or not OBJECT_ID.fullmatch(value):
            raise self.wrong(self._at(key), "the id of a commit", value)
        return value

    def branch(self, key: str) -> str:
        """The name of a branch. Raises UserError."""
        value = self.text(key)
        if not is_branch(value):
            raise self.wrong(self._at(key), "the name of a branch", value)
        return value

    def owner(self, key: str) -> str:
        """The name of an account. Raises UserError."""
        value = self.text(key)
        if not _OWNER.fullmatch(value):
            raise self.wrong(self._at(key), "the name of an account", value)
        return value

    def _at(self, key: str) -> str:
        return f"{self._where}.{key}"


def is_branch(name: str) -> bool:
    """Whether git takes `name` for a branch, by the rules of git-check-ref-format that can do harm here."""
    odd = set(" ~^:?*[\\\x7f") & set(name)
    parts = name.split("/")
    ends = any(not part or part.startswith((".", "-")) or part.endswith((".", ".lock")) for part in parts)
    return name.isprintable() and not (odd or ends or ".." in name or "@{" in name or name == "@")
