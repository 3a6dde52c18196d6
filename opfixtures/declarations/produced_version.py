"""Reads the file format versions of caffe2/serialize/versions.h: the produced one, and what can be read."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.declarations.cpp_conditionals import CONDITIONAL, live_tokens
from opfixtures.declarations.cpp_literals import integer_value
from opfixtures.declarations.cpp_tokens import (
    END,
    TROUBLE,
    Lines,
    Token,
    normalise_line_breaks,
    quoted,
    tokenise,
)
from opfixtures.declarations.model import Place, Problem
from opfixtures.declarations.upgrader_model import FileFormatVersions, VersionConstant

_PRODUCED = "kProducedFileFormatVersion"
_MINIMUM, _MAXIMUM = "kMinSupportedFileFormatVersion", "kMaxSupportedFileFormatVersion"
_NAMES = (_PRODUCED, _MINIMUM, _MAXIMUM)
_NOTHING = Token(END, "", 0)


def read_produced_version(path: str, source: bytes) -> FileFormatVersions:
    """The versions that the header at `path` sets; whatever the bytes, never an exception.

    A value that is no integer literal is a problem, and so is a constant that is set twice, or a header that
    sets no produced version.
    """
    text = normalise_line_breaks(source.decode("utf-8-sig", "replace"))
    lines = Lines(path, text)
    found: dict[str, VersionConstant] = {}
    problems: list[Problem] = []
    for name, value, behind in _assigned(text):
        place = lines.place(value.offset)
        number = integer_value(value.text) if behind.text in (";", "}") else None
        if number is None:
            message = f"{name} is {quoted(value.text)}, not an integer literal: write a number like 0xAL"
            problems.append(Problem(place, message))
        elif name in found:
            problems.append(Problem(place, f"{name} is set once more: keep one"))
        else:
            found[name] = VersionConstant(number, place)
    if _PRODUCED not in found and not problems:
        message = f"{_PRODUCED} is not set here: set it, or name the header that does as `versions`"
        problems.append(Problem(Place(path, 1, 1), message))
    return FileFormatVersions(
        path, found.get(_PRODUCED), found.get(_MINIMUM), found.get(_MAXIMUM), tuple(problems)
    )


def _assigned(text: str) -> Iterator[tuple[str, Token, Token]]:
    """Name, value and what stands behind the value, for `kName = 0xAL;` and `kName{0xAL}`."""
    kinds = (CONDITIONAL, TROUBLE, "directive")
    before, sign, value = _NOTHING, _NOTHING, _NOTHING
    for token in live_tokens(tokenise(text)):
        if token.kind in kinds:
            continue
        if before.text in _NAMES and sign.text in ("=", "{") and value.text != "=":
            yield before.text, value, token
        before, sign, value = sign, value, token
