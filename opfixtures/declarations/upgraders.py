"""Reads the upgraders of a C++ file such as torch/csrc/jit/operator_upgraders/upgraders_entry.cpp.

They stand in a map from name to TorchScript source, `std::unordered_map<std::string, std::string>
kUpgradersEntryMap({{"gelu_0_9", R"SCRIPT(...)SCRIPT"}})`. Nothing is compiled.
"""

from __future__ import annotations

import re

from opfixtures.declarations.cpp_cursor import Cursor
from opfixtures.declarations.cpp_initialiser import InitialiserReader, UnclosedError
from opfixtures.declarations.cpp_tokens import Token
from opfixtures.declarations.model import Place, Problem
from opfixtures.declarations.upgrader_model import Upgrader, Upgraders

_DEFINED = re.compile(r"^[ \t]*def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)
_MAP = "std::unordered_map<std::string, std::string>"


def read_upgraders(path: str, source: bytes) -> Upgraders:
    """The upgraders in the file at `path`, UTF-8; whatever the bytes, never an exception.

    Every arm of an `#if` counts unless it can never be compiled.
    """
    cursor = Cursor(path, source.decode("utf-8-sig", "replace"), subject="the map of upgraders")
    reader = _UpgradersReader(cursor)
    end = None
    while not cursor.is_at_end and end is None:
        if _steps_to_initialiser(cursor):
            try:
                reader.read()
            except UnclosedError:
                break
            end = reader.end
    if end is None and not cursor.problems:
        message = f"no upgraders here: write a {_MAP}, or set `upgraders` to the file that has it"
        cursor.problems.append(Problem(Place(path, 1, 1), message))
    problems = sorted(cursor.problems, key=lambda problem: problem.place)
    return Upgraders(path, tuple(reader.upgraders), tuple(problems), end)


def _steps_to_initialiser(cursor: Cursor) -> bool:
    """Steps over a word or a sign; says whether a map of strings was declared and its `{` is here."""
    word = cursor.token
    following = cursor.advance()
    if word.kind != "word" or not word.text.lower().endswith("map") or following.text != "<":
        return False
    if not cursor.skip_template_arguments() <= {"std", "string"}:
        return False
    while cursor.token.kind == "word":
        cursor.advance()
    if cursor.token.text in ("(", "="):
        cursor.advance()
    return cursor.token.text == "{"


class _UpgradersReader(InitialiserReader):
    """Reads `{name, source}` where the version map has an operator and its entries."""

    _pair = "an upgrader, {name, source}, in braces,"

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self.upgraders: list[Upgrader] = []

    def _read_pair(self, opening: Token, before: int) -> None:
        """Reads from behind the `{` of an upgrader to behind its `}`."""
        cursor = self._cursor
        place = cursor.lines.place(cursor.token.offset)
        name = self._read_string("the name of an upgrader, a string literal,")
        source = None
        if cursor.token.text == ",":
            cursor.advance()
            source = self._read_string("the source of an upgrader, a string literal,")
        elif name is not None:
            cursor.refuse_token("`,` and the source of the upgrader")
        if name is not None and source is not None and not self._is_divided(before):
            self.upgraders.append(Upgrader(name, tuple(_DEFINED.findall(source)), place, source))
        self._close_pair(opening, "an upgrader")
