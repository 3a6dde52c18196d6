"""Where Python files say versions, upgraders' names and classes: the edits of a renumbering there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice, takewhile

from opfixtures.declarations.model import MapEntry
from opfixtures.synthesis.python_tokens import PythonToken, python_tokens
from opfixtures.synthesis.renumbering import Renumbering
from opfixtures.synthesis.source_text import Edit, SourceText, number_like, refusal

_STRING = re.compile("[rRuU]?(?P<quote>[\"'])(?P<word>\\w+)(?P=quote)")


class PythonEdits:
    """Finds the edits in one file, which its readers could read."""

    def __init__(self, source: SourceText, renumbering: Renumbering) -> None:
        self._source = source
        self._renumbering = renumbering
        self._tokens = list(python_tokens(source))
        self._starts = [token.offset for token in self._tokens]

    def of_entry(self, entry: MapEntry) -> Iterator[Edit]:
        """The version and the upgrader's name of an entry of the version map."""
        version, name = self._renumbering.applied(entry).bumped_at_version, entry.upgrader_name
        if version != entry.bumped_at_version:
            token = self._field(entry, "bumped_at_version")
            new = number_like(token.text, version)
            yield self._source.edit(entry.place, token.offset, token.text, token.text, new)
        if name in self._renumbering.upgraders:
            token = self._field(entry, "upgrader_name")
            new = self._renumbering.upgraders[name]
            yield self._source.edit(entry.place, token.offset, token.text, name, new)

    def of_classes(self) -> Iterator[Edit]:
        """The names of fixture modules wherever they are named, strings as in `__all__` included."""
        for token in self._tokens:
            name = _word(token)
            if name in self._renumbering.modules:
                new = self._renumbering.modules[name]
                yield self._source.edit(token.place, token.offset, token.text, name, new)

    def _field(self, entry: MapEntry, key: str) -> PythonToken:
        """The token of the field's value, which must be one."""
        start = bisect_left(self._starts, self._source.offset(entry.place))
        tokens = list(takewhile(lambda token: token.text != "}", islice(self._tokens, start, None)))
        # A closing brace ends the last value as a comma does the others.
        ends = [*(token.text for token in tokens[3:]), ","]
        for before, colon, value, end in zip(tokens, tokens[1:], tokens[2:], ends, strict=False):
            if _word(before) == key and (colon.text, end) == (":", ","):
                return value
        raise refusal(entry.place, key)


def _word(token: PythonToken) -> str:
    """The word that a plain string literal is; of any other token the text."""
    match = _STRING.fullmatch(token.text)
    return match["word"] if match else token.text
