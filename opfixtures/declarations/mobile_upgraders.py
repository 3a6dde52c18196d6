"""Reads the mobile upgrader table, and which operators and upgraders its generator leaves out.

The table is torch/csrc/jit/mobile/upgrader_mobile.cpp, written by
torchgen/operator_versions/gen_mobile_upgraders.py and never by hand. So one form is read, and what has
another form is no row.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator

from opfixtures.declarations.cpp_conditionals import CONDITIONAL, live_tokens
from opfixtures.declarations.cpp_tokens import TROUBLE, normalise_line_breaks, tokenise
from opfixtures.declarations.cpp_two_ways import read_in_two_ways
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.python_source import SourceLines, parse, place
from opfixtures.declarations.upgrader_model import MobileUpgrader, MobileUpgraders

# Behind the table stand the instructions of the upgraders, most of the file.
_BEHIND_TABLE = "getUpgraderBytecodeList()"
_ROW = re.compile(
    r'\bstring\((?:\s*+"(?P<operator>[^"\\\n]*+)"\s*+\))?'
    r"|\bUpgrader\(\s*+\{\s*+(?P<first>0|[1-9][0-9]{0,9}+)\s*+,\s*+(?P<last>0|[1-9][0-9]{0,9}+)\s*+,"
    r'\s*+"(?P<name>[^"\\\n]*+)"'
)
_NO_BREAK = re.compile("[^\n]")
# The second name is PyTorch's own spelling.
_EXCLUSIONS = frozenset({"EXCLUDED_OP_SET", "EXCLUE_UPGRADER_SET"})


def read_mobile_upgraders(path: str, table: bytes, generator: tuple[str, bytes] | None) -> MobileUpgraders:
    """The rows of the table at `path`, and the exclusions of the generator, its path and bytes.

    Rows in comments, in the arms of an `#if` that can never be compiled, and of an operator whose name is no plain
    literal are none; nor has a file any that compilers read in two ways. Nothing is run, and nothing is
    raised.
    """
    text = table.decode("utf-8", "replace")
    excluded = tuple(_excluded(*generator)) if generator else ()
    return MobileUpgraders(path, tuple(_rows(path, text)), excluded)


def _rows(path: str, text: str) -> Iterator[MobileUpgrader]:
    text = normalise_line_breaks(text.partition(_BEHIND_TABLE)[0])
    if read_in_two_ways(text):
        return
    # Of the text as it stands: what was compiled lacks those inside of a word.
    breaks = [match.start() for match in re.finditer("\n", text)]
    operator = ""
    for match in _ROW.finditer(_compiled(text)):
        if match["name"] is None:
            operator = match["operator"] or ""
            continue
        line = bisect_right(breaks, match.start())
        column = match.start() - (breaks[line - 1] if line else -1)
        at = Place(path, line + 1, column)
        yield MobileUpgrader(operator, int(match["first"]), int(match["last"]), match["name"], at)


def _compiled(text: str) -> str:
    """What could be compiled of a C++ text, every token in its place."""
    parts, end = list[str](), 0
    for token in live_tokens(tokenise(text)):
        if token.kind not in (CONDITIONAL, TROUBLE, "directive"):
            parts += [_NO_BREAK.sub(" ", text[end : token.offset]), token.text]
            end = token.offset + len(token.text)
    return "".join(parts)


def _excluded(path: str, source: bytes) -> Iterator[tuple[str, Place]]:
    tree = parse(path, source)
    if isinstance(tree, Problem):
        return
    lines = SourceLines(source)
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _EXCLUSIONS:
                elements = value.elts if isinstance(value, ast.List | ast.Set | ast.Tuple) else []
                for element in elements:
                    if isinstance(element, ast.Constant) and isinstance(element.value, str):
                        yield element.value, place(path, lines, element)
