"""Reads the file format versions of caffe2/serialize/versions.h: the produced one, and what can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from opfixtures.declarations.cpp_conditionals import CONDITIONAL, Alternatives, Arms, Path, live_tokens
from opfixtures.declarations.cpp_literals import integer_value
from opfixtures.declarations.cpp_text import cpp_text
from opfixtures.declarations.cpp_tokens import (
    END,
    TROUBLE,
    Lines,
    Token,
    normalise_line_breaks,
    quoted,
    tokenise,
)
from opfixtures.declarations.cpp_two_ways import read_in_two_ways
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.upgrader_model import FileFormatVersions, VersionConstant

_PRODUCED = "kProducedFileFormatVersion"
_MINIMUM, _MAXIMUM = "kMinSupportedFileFormatVersion", "kMaxSupportedFileFormatVersion"
_NAMES = (_PRODUCED, _MINIMUM, _MAXIMUM)
_NOTHING = Token(END, "", 0)


class _Assigned(NamedTuple):
    """`name = value` as it stands in an arm of `#if`s, and the token behind. `divided`: an `#if` stands between."""

    name: str
    value: Token
    behind: Token
    arm: Path
    divided: bool


def read_produced_version(path: str, source: bytes) -> FileFormatVersions:
    """The versions that the header at `path` sets; whatever the bytes, never an exception.

    Of what each arm of an `#if` sets for itself, as PyTorch did with `#if ENABLE_UPGRADERS` from January to May 2022,
    the widest range counts: the highest version produced, and what any build reads. A value that is no integer literal
    is a problem, and so is a constant that one build would set twice, or a header that sets no produced version.
    """
    source_text = cpp_text(path, source)
    if isinstance(source_text, Problem):
        return FileFormatVersions(path, problems=(source_text,))
    text = normalise_line_breaks(source_text)
    lines = Lines(path, text)
    found: dict[str, list[VersionConstant]] = {name: [] for name in _NAMES}
    arms = {name: Alternatives() for name in _NAMES}
    odd = read_in_two_ways(text)
    problems = [] if odd is None else [Problem(lines.place(odd[0]), odd[1])]
    for assigned in _assigned(text):
        place = lines.place(assigned.value.offset)
        number = integer_value(assigned.value.text) if assigned.behind.text in (";", "}") else None
        if assigned.divided:
            message = f"an `#if` divides {assigned.name}: write all of it in each of the arms"
            problems.append(Problem(place, message))
        elif number is None:
            shown = quoted(assigned.value.text)
            message = f"{assigned.name} is {shown}, not an integer literal: write a number like 0xAL"
            problems.append(Problem(place, message))
        elif arms[assigned.name].have_with(assigned.arm):
            # A build that compiles has not both, if each stands under a condition of its own.
            problems.append(Problem(place, f"{assigned.name} is set once more: keep one"))
        else:
            found[assigned.name].append(VersionConstant(number, place))
            arms[assigned.name].add(assigned.arm)
    if not found[_PRODUCED] and not problems:
        message = f"{_PRODUCED} is not set here: set it, or name the header that does as `versions`"
        problems.append(Problem(Place(path, 1, 1), message))
    return FileFormatVersions(
        path,
        _widest(found[_PRODUCED], max),
        _widest(found[_MINIMUM], min),
        _widest(found[_MAXIMUM], max),
        tuple(problems),
    )


def _widest(
    constants: list[VersionConstant], choose: Callable[[Iterable[int]], int]
) -> VersionConstant | None:
    if not constants:
        return None
    value = choose(constant.value for constant in constants)
    place, *also = (constant.place for constant in constants if constant.value == value)
    return VersionConstant(value, place, tuple(also))


def _assigned(text: str) -> Iterator[_Assigned]:
    """What is assigned by `kName = 0xAL;` and `kName{0xAL}`."""
    arms = Arms()
    directives = 0
    before, sign, value = (_NOTHING, 0), (_NOTHING, 0), (_NOTHING, 0)
    for token in live_tokens(tokenise(text)):
        if token.kind == CONDITIONAL:
            arms.follow(token)
            directives += 1
        elif token.kind in (TROUBLE, "directive"):
            continue
        else:
            name = before[0].text
            if name in _NAMES and sign[0].text in ("=", "{") and value[0].text != "=":
                yield _Assigned(name, value[0], token, arms.path, divided=before[1] != directives)
            before, sign, value = sign, value, (token, directives)
