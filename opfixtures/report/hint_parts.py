"""A hint in Markdown: what is to be copied in blocks of its own, apart from what says where it goes.

A hint is text for a terminal, with anything of a repository in it. Sentences that are known here become prose with the
repository's part in code; of all others each line is code.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby

from opfixtures.report.markdown_text import code_block, code_span

_GIT = ("add", "apply", "checkout", "config", "fetch", "lfs", "mv", "restore", "rm")
# A hint is a branch's: no line that is known here is longer, and nobody reads more of them.
_LONGEST, _MOST_LINES = 400, 500
# Sentences without anything of a repository.
_SAID = frozenset(
    {
        "shows the lines and, with --apply, writes them; by hand that is",
        "shows the diff and, with --apply, writes it; by hand that is",
        "shows its entry and, with --apply, adds it;",
        "or keep it as it was, and add an overload or another name beside it",
        "adds an entry and an upgrader, if that is meant; if not, mend the operator",
        "mend the upgrader that its entry names, or the operator, until old models get their old results",
        "or put up with it for a while: waive that code in the settings",
    }
)
# What a line says that the lines below are to be put somewhere. Only the group is the repository's.
_INTO = re.compile(
    r"(add to (?:ALL_MODULES in|UPGRADERS in)|add to|import it in) ([^:,]+)(?::(\d+))?((?:, [^:]*)?):"
)
_LANGUAGES = {"py": "python", "cpp": "cpp", "h": "cpp", "yaml": "yaml", "toml": "toml"}


def hint_parts(hint: str) -> list[str]:
    """The parts of a hint in Markdown, a paragraph or a block each."""
    return [
        part
        for is_command, lines in groupby(hint.split("\n", _MOST_LINES)[:_MOST_LINES], _is_command)
        for part in _parts(is_command, list(lines))
    ]


def _is_command(line: str) -> bool:
    """Whether a line is a command with what belongs to it, and no sentence that only begins with one."""
    try:
        words = shlex.split(line) if len(line) <= _LONGEST else []
        first, second, *rest = words
    except ValueError:
        return False
    if first == "opfixtures":
        return all(word.startswith(("-", "OPF")) or set(word) & set(":/. ") for word in rest)
    return (first == "git" and second in _GIT) or (first.startswith("python") and second.startswith("-"))


def _parts(is_command: bool, lines: Sequence[str]) -> Iterator[str]:
    if is_command:
        yield code_block("\n".join(lines), "sh")
        return
    prose: list[str] = []
    rest = list(lines)
    while rest:
        line = rest.pop(0)
        goes_on = line.endswith(":") and bool(rest) and (not rest[0].strip() or rest[0].startswith(" "))
        if line.strip():
            prose.append(line)
        if goes_on:
            yield _prose(prose)
            code = _code(rest)
            del rest[: len(code)]
            yield code_block("\n".join(code).strip("\n"), _language(prose[-1]))
            prose = []
    if prose:
        yield _prose(prose)


def _code(lines: Sequence[str]) -> list[str]:
    """The lines up to the next that says where others go."""
    for place, line in enumerate(lines):
        if place and _into(line):
            return list(lines[:place])
    return list(lines)


def _into(line: str) -> re.Match[str] | None:
    return _INTO.fullmatch(line) if len(line) <= _LONGEST else None


def _prose(lines: Sequence[str]) -> str:
    # A backslash at the end of a line breaks it there.
    return "\\\n".join(_sentence(line) for line in lines)


def _sentence(line: str) -> str:
    if line in _SAID:
        return line.replace("--apply", "`--apply`").replace("; by hand that is", ". By hand:")
    into = _into(line)
    if into is None:
        return code_span(line)
    what = into[1].replace("ALL_MODULES", "`ALL_MODULES`").replace("UPGRADERS", "`UPGRADERS`")
    at = f", line {into[3]}" if into[3] else ""
    also = f", {code_span(into[4].strip(' ,'))}" if into[4].strip(" ,") else ""
    return f"{what[0].upper()}{what[1:]} {code_span(into[2])}{at}{also}:"


def _language(line: str) -> str:
    into = _into(line)
    return _LANGUAGES.get(into[2].rpartition(".")[2], "text") if into else "text"
