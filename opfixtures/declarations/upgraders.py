"""Reads the upgraders of a C++ file such as torch/csrc/jit/operator_upgraders/upgraders_entry.cpp.

They stand in a map from name to TorchScript source, `std::unordered_map<std::string, std::string>
kUpgradersEntryMap({{"gelu_0_9", R"SCRIPT(...)SCRIPT"}})`. Nothing is compiled.
"""

from __future__ import annotations

import re
from contextlib import suppress

from opfixtures.declarations.cpp_changes import note_change
from opfixtures.declarations.cpp_conditionals import Alternatives
from opfixtures.declarations.cpp_cursor import Cursor, Opening, UnclosedError
from opfixtures.declarations.cpp_initialiser import InitialiserReader
from opfixtures.declarations.cpp_text import cpp_text
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.upgrader_model import Upgrader, Upgraders

_DEFINED = re.compile(r"^[ \t]*def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)
_MAP = "std::unordered_map<std::string, std::string>"


def read_upgraders(path: str, source: bytes) -> Upgraders:
    """The upgraders in the file at `path`, UTF-8; whatever the bytes, never an exception.

    Every arm of an `#if` counts unless it can never be compiled.
    """
    text = cpp_text(path, source)
    if isinstance(text, Problem):
        return Upgraders(path, problems=(text,))
    cursor = Cursor(path, text, subject="the map of upgraders")
    reader = _UpgradersReader(cursor)
    try:
        end = _read_maps(cursor, reader)
    except UnclosedError:
        end = None
    if end is None and not cursor.problems:
        message = f"no upgraders here: write a {_MAP}, or set `upgraders` to the file that has it"
        cursor.problems.append(Problem(Place(path, 1, 1), message))
    problems = sorted(cursor.problems, key=lambda problem: problem.place)
    return Upgraders(path, tuple(reader.upgraders), tuple(problems), end)


def walk_upgraders(cursor: Cursor) -> None:
    """Steps through the file, and through the initialisers of its map of upgraders."""
    with suppress(UnclosedError):
        _read_maps(cursor, _UpgradersReader(cursor))


def _read_maps(cursor: Cursor, reader: _UpgradersReader) -> Place | None:
    """Reads the first map of strings, and those that are compiled instead of it; returns where the first one ends.

    Raises UnclosedError.
    """
    end: Place | None = None
    arms = Alternatives()
    names: set[str] = set()
    before = ""
    while not cursor.is_at_end:
        arm, text = cursor.arm, cursor.token.text
        if text in names:
            note_change(cursor, before)
        elif (name := _steps_to_initialiser(cursor)) and arms.exclude(arm):
            reader.read()
            while cursor.after_directive and cursor.token.text == "{":
                reader.read()
            end = end or reader.end
            arms.add(arm)
            names.add(name)
        before = text
    return end


def _steps_to_initialiser(cursor: Cursor) -> str:
    """Steps over a word or a sign. The name of a map of strings if that was declared and its `{` is here, else
    empty."""
    word = cursor.token
    following = cursor.advance()
    if word.kind != "word" or not word.text.lower().endswith("map") or following.text != "<":
        return ""
    if not cursor.skip_template_arguments() <= {"std", "string"}:
        return ""
    name = ""
    while cursor.token.kind == "word":
        name = cursor.token.text
        cursor.advance()
    if cursor.token.text in ("(", "="):
        cursor.advance()
    return name if cursor.token.text == "{" else ""


class _UpgradersReader(InitialiserReader):
    """Reads `{name, source}` where the version map has an operator and its entries."""

    _pair = "an upgrader, {name, source}, in braces,"

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self.upgraders: list[Upgrader] = []

    def _read_pair(self, opening: Opening) -> None:
        """Reads from behind the bracket of an upgrader to behind the one that closes it."""
        cursor = self._cursor
        place = cursor.lines.place(cursor.token.offset)
        name = self._read_string("the name of an upgrader, a string literal,")
        source = None
        if cursor.token.text == ",":
            cursor.advance()
            source = self._read_string("the source of an upgrader, a string literal,")
        elif name is not None:
            cursor.refuse_token("`,` and the source of the upgrader")
        if name is not None and source is not None and not self._is_divided(opening):
            self.upgraders.append(Upgrader(name, tuple(_DEFINED.findall(source)), place, source))
        self._close_pair(opening, "an upgrader")
