"""What compilers read in another way than it looks, and in two ways among them: refused wherever C++ is read."""

from __future__ import annotations

import re

from opfixtures.declarations.cpp_tokens import comments

# gcc and clang end a line at a carriage return alone, or do not, by their version.
_ODD = re.compile(r"\0|\r(?!\n)")
_MESSAGES = {
    "\0": "a NUL character stands here, at which compilers may end the text: take it out",
    "\r": "a line ends in a carriage return alone, which compilers read in two ways: end it in a line feed",
}
# Of C++14 and before (https://eel.is/c++draft/diff.cpp14.lex); before comments and literals are told apart.
_TRIGRAPH = re.compile(r"\?\?[=/'()!<>-]")
# It puts a line's end away: the next one is a comment too.
_SPLICING = "??/"


def read_in_two_ways(text: str) -> tuple[int, str] | None:
    """Where a text of C++, with `\\n` or `\\r\\n` line breaks, first means two things, and what to do; None where it
    does nowhere. A trigraph in a comment means nothing, unless it joins two lines."""
    odd = _ODD.search(text)
    found = [] if odd is None else [(odd.start(), _MESSAGES[odd[0]])]
    trigraph = _first_trigraph(text)
    if trigraph is not None:
        said = "is another character in C++14 and before: part it, as in ? ?"
        found.append((trigraph.start(), f"`{trigraph[0]}` {said}"))
    return min(found, default=None)


def _first_trigraph(text: str) -> re.Match[str] | None:
    if _TRIGRAPH.search(text) is None:
        return None
    ends = [(offset, offset + len(comment)) for offset, comment in comments(text)]
    at = 0
    for match in _TRIGRAPH.finditer(text):
        while at < len(ends) and ends[at][1] <= match.start():
            at += 1
        begin = ends[at][0] if at < len(ends) else len(text)
        if match[0] == _SPLICING or match.start() < begin:
            return match
    return None
