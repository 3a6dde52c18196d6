"""What a report is shown on: how wide, how loud, with which colours; and how text is made to fit."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TextIO

from opfixtures.report.colour import wants_colour
from opfixtures.repository.printable import printable
from opfixtures.values import dataclass

USUAL_COLUMNS = 80
_FEWEST_COLUMNS = 40
# https://en.wikipedia.org/wiki/ANSI_escape_code#SGR
GREEN, RED, YELLOW, CYAN, BOLD, DIM = "32", "1;31", "1;33", "1;36", "1", "2"
QUIET, USUAL, VERBOSE = -1, 0, 1
"""How much a command says: what is wrong alone, what matters, or every fact."""


@dataclass(frozen=True, slots=True)
class Screen:
    """`width` is in columns. `marks` says whether ticks and crosses can be shown; `loudness` is one of the three."""

    width: int = USUAL_COLUMNS
    colour: bool = False
    marks: bool = False
    loudness: int = USUAL

    def painted(self, text: str, code: str) -> str:
        """`text` in a colour, where there are any."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Screen()
"""What is no terminal."""


def screen_of(environment: Mapping[str, str], stream: TextIO, loudness: int = USUAL) -> Screen:
    """The screen that `stream` goes to. COLUMNS says how wide it is, as it does to a shell's programs; else a terminal
    does, and what is none has 80 columns."""
    terminal = stream.isatty()
    colour = wants_colour(environment, terminal)
    can_mark = (stream.encoding or "").lower().replace("-", "") == "utf8"
    width = max(columns(environment, stream), _FEWEST_COLUMNS)
    return Screen(width, colour, can_mark and (terminal or colour), loudness)


def columns(environment: Mapping[str, str], stream: TextIO) -> int:
    """How many characters fit on a line."""
    told = environment.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and len(told) < 6 and int(told):
        return int(told)
    if not stream.isatty():
        return USUAL_COLUMNS
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return found or USUAL_COLUMNS


def sentence_columns(environment: Mapping[str, str], stream: TextIO) -> int:
    """How many characters fit on a line of a sentence, such as an error: elsewhere than on a terminal, where programs
    and people look for the whole of it, as many as it has, unless COLUMNS says otherwise."""
    return columns(environment, stream) if stream.isatty() or environment.get("COLUMNS") else sys.maxsize


def wrapped(text: str, width: int, indent: str = "", more: str = "  ") -> Iterator[str]:
    """Lines of at most `width` columns, the first after `indent`, the others after `more` as well.

    A word is never cut, nor is what stands between backticks: a command that is copied has to run. Each line is
    harmless by itself: a break shall not make a command of a workflow out of what was none.
    """
    shown = printable(text)
    if len(indent) + len(shown) <= width:
        yield f"{indent}{shown}".rstrip()
        return
    start, words, used = indent, list[str](), 0
    for atom in _atoms(shown):
        if words and used + 1 + len(atom) > width - len(start):
            yield start + printable(" ".join(words))
            start, words, used = indent + more, [], 0
        used += len(atom) + bool(words)
        words.append(atom)
    yield (start + printable(" ".join(words))).rstrip()


def write_line(stream: TextIO, text: str) -> None:
    """Write a sentence in lines that fit, each harmless."""
    stream.write("".join(f"{line}\n" for line in wrapped(text, columns(os.environ, stream), more="    ")))


def write_error(text: str) -> None:
    """Write what is wrong to standard error, in lines that fit a terminal; elsewhere in one, which can be searched
    for."""
    lines = wrapped(text, sentence_columns(os.environ, sys.stderr), more="    ")
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def _atoms(text: str) -> Iterator[str]:
    """The words of a text, with those between backticks together. Blanks at its start stay with the first."""
    held = text[: len(text) - len(text.lstrip())]
    is_paired = text.count("`") % 2 == 0
    for word in text.split():
        held += word
        if is_paired and held.count("`") % 2:
            held += " "
            continue
        yield held
        held = ""


def cut(text: str, width: int) -> str:
    """`text` in at most `width` characters: of one that is longer the middle is left out."""
    if len(text) <= width:
        return text
    end = (width - 3) // 2
    return f"{text[: width - 3 - end]}...{text[len(text) - end :]}"
