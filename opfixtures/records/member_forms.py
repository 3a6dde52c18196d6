"""The forms that the members of a record have, by the annotations of its data classes."""

from __future__ import annotations

import re
from collections.abc import Callable

from opfixtures.records.recorded_values import Json, is_text
from opfixtures.settings.runtime_spec import KINDS

PROOFS = ("schema", "operator-version", "archive-version", "commit")
ALTERED = ("bytecode version", "version record")


def is_count(value: Json, lowest: int) -> bool:
    """Whether it is an integer from `lowest` on, of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value < 1 << 63


def _matches(pattern: str) -> Callable[[Json], bool]:
    expression = re.compile(pattern)
    return lambda value: isinstance(value, str) and bool(expression.fullmatch(value))


def _is_list_of(is_item: Callable[[Json], bool], lowest: int) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, list) and len(value) >= lowest and all(map(is_item, value))


def _or_none(form: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda value: value is None or form(value)


FORMS: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "str": ("a text", is_text),
    "tuple[str, ...]": ("a list of texts", _is_list_of(is_text, 0)),
    "str | None": ("a text or null", _or_none(is_text)),
    "Positive | None": ("a positive integer or null", _or_none(lambda value: is_count(value, 1))),
    "Positive": ("a positive integer", lambda value: is_count(value, 1)),
    "NotNegative": ("an integer from 0", lambda value: is_count(value, 0)),
    "NotNegative | None": ("an integer from 0 or null", _or_none(lambda value: is_count(value, 0))),
    "Sha256": ("a sha256", _matches("[0-9a-f]{64}")),
    "Commit | None": ("a commit's id or null", _or_none(_matches("[0-9a-f]{40}([0-9a-f]{24})?"))),
    "Kind": (f"one of {', '.join(KINDS)}", lambda value: value in KINDS),
    "Proofs": (f"a list of some of {', '.join(PROOFS)}", _is_list_of(lambda v: v in PROOFS, 0)),
    "Altered": (f"one of {', '.join(ALTERED)}", lambda value: value in ALTERED),
}
