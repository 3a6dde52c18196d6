"""Reads a result that somebody else wrote: what `generate --report` writes, and findings beside it.

The form is that of `schemas/result.schema.json`, with an optional member `findings` as `schemas/findings.schema.json`
has it. Every limit is far above what a real change needs: each fixture of a repository is a row, every time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from opfixtures.archives.formats import LOADERS
from opfixtures.declarations.place import Place
from opfixtures.proving.result import (
    Accepted,
    Answer,
    Fact,
    Facts,
    FixtureResult,
    LoaderFacts,
    Made,
    Result,
    Status,
)
from opfixtures.records.member_forms import is_count
from opfixtures.records.recorded_values import is_text
from opfixtures.report.result_json import MOST_TEXT, SCHEMA
from opfixtures.rules.findings import Finding, Severity, Suggestion
from opfixtures.settings.accepted_breaks import Way
from opfixtures.strict_json import parse_json, wrong_members

MAX_BYTES = 16 << 20
MAX_ROWS = 5_000
MAX_TEXT = MOST_TEXT
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_NEEDED = ("schema", "pre_change_commit", "fixtures")
_OPTIONAL = ("planned", "isolation", "notes", "suggestions", "findings")
_CODE = re.compile(r"OPF[0-9]{3}|sweep\.[a-z]{1,20}", re.ASCII)

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)


class ResultError(ValueError):
    """Not a result: the message says what is missing or wrong."""


def read_result(data: bytes) -> tuple[Result, tuple[Finding, ...] | None]:
    """The result in `data`, and the findings: None where nobody checked.

    Raises ResultError with what is wrong, never anything else.
    """
    if len(data) > MAX_BYTES:
        raise ResultError(f"it has {len(data)} bytes (at most {MAX_BYTES})")
    try:
        root = parse_json(data)
    except ValueError as error:
        raise ResultError(str(error)) from error
    if not isinstance(root, dict):
        raise ResultError("it is not an object")
    members = _Members({**{name: [] for name in _OPTIONAL}, **root}, (*_NEEDED, *_OPTIONAL), "it")
    if members.count("schema", 1) != SCHEMA:
        raise ResultError(f"its schema is {root['schema']}, this opfixtures reads {SCHEMA}")
    fixtures = members.rows("fixtures", _fixture)
    findings = members.rows("findings", _finding) if "findings" in root else None
    planned = members.rows("planned", _text)
    isolation = members.rows("isolation", _text) if "isolation" in root else None
    notes, suggestions = members.rows("notes", _text), members.rows("suggestions", _suggestion)
    commit = members.commit("pre_change_commit")
    return Result(commit, fixtures, planned, isolation, notes, suggestions), findings


class _Members:
    """An object that has to have exactly these members, each read in one form. All raise ResultError."""

    def __init__(self, value: Any, names: tuple[str, ...], where: str) -> None:
        wrong = wrong_members(value, names, where)
        if wrong:
            raise ResultError(wrong)
        self._values: Mapping[str, Any] = value
        self._where = "its " if where == "it" else f"{where}."

    def at(self, name: str) -> str:
        """What to call a member in a sentence."""
        return f"{self._where}{name}"

    def text(self, name: str) -> str:
        return self.part(name, _text)

    def text_or_none(self, name: str) -> str | None:
        return None if self._values[name] is None else self.text(name)

    def matching(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        if not (isinstance(self._values[name], str) and pattern.fullmatch(self._values[name])):
            raise ResultError(f"{self.at(name)} is not {what}")
        return self.text(name)

    def commit(self, name: str) -> str | None:
        is_none = self._values[name] is None
        return None if is_none else self.matching(name, _COMMIT, "a commit's id or null")

    def count(self, name: str, lowest: int) -> int:
        value = self._values[name]
        if not is_count(value, lowest):
            raise ResultError(f"{self.at(name)} is not an integer from {lowest}")
        return int(value)

    def count_or_none(self, name: str, lowest: int) -> int | None:
        return None if self._values[name] is None else self.count(name, lowest)

    def word_or_none(self, name: str, words: type[Word]) -> Word | None:
        return None if self._values[name] is None else self.word(name, words)

    def word(self, name: str, words: type[Word]) -> Word:
        value = self._values[name]
        if value not in list(words):
            raise ResultError(f"{self.at(name)} is not one of {', '.join(words)}")
        return words(value)

    def flag(self, name: str) -> bool:
        value = self._values[name]
        if not isinstance(value, bool):
            raise ResultError(f"{self.at(name)} is not true or false")
        return value

    def rows(self, name: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
        value = self._values[name]
        if not isinstance(value, list):
            raise ResultError(f"{self.at(name)} is not a list")
        if len(value) > MAX_ROWS:
            raise ResultError(f"{self.at(name)} has {len(value)} rows (at most {MAX_ROWS})")
        return tuple(read(one, f"{self.at(name)}[{number}]") for number, one in enumerate(value))

    def part(self, name: str, read: Callable[[Any, str], T]) -> T:
        return read(self._values[name], self.at(name))

    def part_or_none(self, name: str, read: Callable[[Any, str], T]) -> T | None:
        return None if self._values[name] is None else self.part(name, read)


_FIXTURE = (
    "operator",
    "bumped_at_version",
    "upgrader_name",
    "module",
    "fixture",
    "made",
    "status",
    "reason",
    "runtime",
    "replayed_by",
    "pre_change_commit",
    "synthetic",
    "waived",
    "accepted",
    "facts",
)


def _fixture(value: Any, where: str) -> FixtureResult:
    members = _Members(value, _FIXTURE, where)
    status, accepted = members.word("status", Status), members.part_or_none("accepted", _accepted)
    if (accepted is not None) is not (status is Status.ACCEPTED):
        raise ResultError(f"{members.at('accepted')} does not go with the status {status}")
    return FixtureResult(
        operator=members.text("operator"),
        bumped_at_version=members.count_or_none("bumped_at_version", 0),
        upgrader_name=members.text_or_none("upgrader_name"),
        made=members.word_or_none("made", Made),
        status=status,
        reason=members.text("reason"),
        module=members.text_or_none("module"),
        fixture=members.text_or_none("fixture"),
        runtime=members.text_or_none("runtime"),
        replayed_by=members.text_or_none("replayed_by"),
        synthetic=members.rows("synthetic", _text),
        facts=members.part_or_none("facts", _facts),
        waived=members.text("waived"),
        accepted=accepted,
        pre_change_commit=members.commit("pre_change_commit"),
    )


def _accepted(value: Any, where: str) -> Accepted:
    members = _Members(value, ("how", "error", "release", "reason", "source", "by_branch"), where)
    return Accepted(
        how=members.word("how", Way),
        error=members.text("error"),
        release=members.text("release"),
        reason=members.text("reason"),
        source=members.text("source"),
        by_branch=members.flag("by_branch"),
    )


def _text(value: Any, where: str) -> str:
    if not is_text(value):
        raise ResultError(f"{where} is not a text")
    if len(value) > MAX_TEXT:
        raise ResultError(f"{where} has {len(value)} characters (at most {MAX_TEXT})")
    return str(value)


def _facts(value: Any, where: str) -> Facts:
    members = _Members(value, ("pre-change", "covers", "reproduced", "loaders"), where)
    return Facts(
        pre_change=members.part("pre-change", _fact),
        covers=members.part("covers", _fact),
        reproduced=members.part("reproduced", _fact),
        loaders=members.part("loaders", _loaders),
    )


def _loaders(value: Any, where: str) -> dict[str, LoaderFacts]:
    known = tuple(loader for loader in LOADERS if isinstance(value, dict) and loader in value)
    members = _Members(value, known, where)
    return {loader: members.part(loader, _loader) for loader in known}


def _loader(value: Any, where: str) -> LoaderFacts:
    by_name = isinstance(value, dict) and "names" in value
    names = ("loads", "equal", "applied", "sensitive", *(("names", "defaults") if by_name else ()))
    members = _Members(value, names, where)
    return LoaderFacts(*(members.part(name, _fact) for name in names))


def _fact(value: Any, where: str) -> Fact:
    members = _Members(value, ("value", "reason"), where)
    return Fact(members.word("value", Answer), members.text("reason"))


def _suggestion(value: Any, where: str) -> Suggestion:
    members = _Members(value, ("path", "line", "old", "new"), where)
    line = members.count("line", 1)
    return Suggestion(members.text("path"), line, members.text("old"), members.text("new"))


def _finding(value: Any, where: str) -> Finding:
    names = ("code", "severity", "operator", "message", "hint", "path", "line", "column")
    members = _Members(value, names, where)
    return Finding(
        code=members.matching("code", _CODE, "a finding's code"),
        severity=members.word("severity", Severity),
        operator=members.text_or_none("operator"),
        place=Place(members.text("path"), members.count("line", 1), members.count("column", 1)),
        message=members.text("message"),
        hint=members.text("hint"),
    )
