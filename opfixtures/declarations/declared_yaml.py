"""Reads the operators of PyTorch's `native_functions.yaml`: the lines `- func: abs(Tensor self) -> Tensor`, and what is
generated from each, `autogen: abs.out`.

Of YAML (https://yaml.org/spec/1.2.2) as much as such a line needs: a plain or quoted scalar, or a block scalar, on one
line or on several that are indented more. Anything else behind `func:` is a problem.
"""

from __future__ import annotations

import re

from opfixtures.declarations.declared_model import DeclaredOperators, Found
from opfixtures.declarations.place import Place, Problem

_NAMESPACE = "aten"
_FUNC = re.compile(r"""( *(?:- +)?)(?:func|'func'|"func") *:(?:[ \t]+|$)""")
_AUTOGEN = re.compile(r" +autogen *:[ \t]+(.*)")
_IN_BRACES = re.compile(r"""[ \t-]*\{[^#]*\bfunc["']? *:""")
_COMMENT = re.compile(r"(?:^|[ \t]+)#.*")
_BLOCK = re.compile(r"[>|][-+0-9]{0,2}[ \t]*(?:#.*)?")
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*+)"[ \t]*(?:#.*)?', re.DOTALL),
    "'": re.compile(r"'((?:[^']|'')*+)'[ \t]*(?:#.*)?"),
}
_ESCAPE = re.compile(r"\\(.)[ \t]*", re.DOTALL)
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "n": " ", "t": " ", " ": " ", "\n": ""}
# A plain scalar begins with none of these, and no schema does.
_NO_SCHEMA = "[]{}&*!%@`,?-"
_UNREADABLE = "this is no text that is read here: write `- func: name(Tensor x) -> Tensor` on one line"


def read_yaml_operators(path: str, source: bytes) -> DeclaredOperators:
    """The operators that a YAML file declares; whatever the bytes, never an exception.

    What names no namespace is of `aten`.
    """
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return DeclaredOperators(
            path, problems=(Problem(Place(path, 1, 1), "this file is not UTF-8: save it as UTF-8"),)
        )
    found, last = Found(path), None
    lines = text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        line, number = lines[index], index + 1
        index += 1
        if match := _FUNC.match(line):
            begin = index
            while index < len(lines) and _goes_on(lines[index], len(match[1])):
                index += 1
            place = Place(path, number, match.end() + 1)
            schema = _scalar(line[match.end() :], lines[begin:index])
            if schema is None:
                found.problem(place, _UNREADABLE)
            else:
                # A namespace that it names itself is its own.
                own = schema.partition("(")[0].partition("::")
                last = found.schema(own[0] if own[1] else _NAMESPACE, schema, place)
        elif (match := _AUTOGEN.match(line)) and last:
            for name in _COMMENT.sub("", match[1]).split(","):
                found.generated(last, name.strip(), Place(path, number, match.start(1) + 1))
        elif _IN_BRACES.match(line):
            found.problem(Place(path, number, 1), _UNREADABLE)
    return found.declared()


def _goes_on(line: str, column: int) -> bool:
    """Whether a line belongs to the scalar whose key stands at a column; an empty one does."""
    return not line.strip() or len(line) - len(line.lstrip(" ")) > column


def _scalar(first: str, further: list[str]) -> str | None:
    """The text of a scalar, lines joined by spaces. None for what is none, or is not read here."""
    if _BLOCK.fullmatch(first):
        return " ".join(line.strip() for line in further)
    if quoted := _QUOTED.get(first[:1]):
        whole = quoted.fullmatch("\n".join([first, *further]).rstrip())
        return None if whole is None else _unquoted(first[0], whole[1])
    if first[:1] in tuple(_NO_SCHEMA):
        return None
    text = [_COMMENT.sub("", line).strip() for line in (first, *further)]
    return " ".join(text) if any(text) else None


def _unquoted(quote: str, text: str) -> str | None:
    if quote == "'":
        return text.replace("''", "'").replace("\n", " ")
    if any(escape not in _ESCAPES for escape in _ESCAPE.findall(text)):
        return None
    return _ESCAPE.sub(_unescaped, text).replace("\n", " ")


def _unescaped(match: re.Match[str]) -> str:
    character = match[1]
    behind = match[0][2:]
    return _ESCAPES[character] + ("" if character == "\n" else behind)
