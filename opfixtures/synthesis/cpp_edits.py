"""Where C++ files say versions and the names of upgraders: the edits of a renumbering there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, takewhile

from opfixtures.declarations.cpp_conditionals import CONDITIONAL, live_tokens
from opfixtures.declarations.cpp_tokens import TROUBLE, Token, tokenise
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.place import Place
from opfixtures.declarations.upgrader_model import FileFormatVersions, Upgraders
from opfixtures.synthesis.renumbering import Renumbering
from opfixtures.synthesis.source_text import Edit, SourceText, number_like, refusal

_STRINGS = ("string", "raw_string")
_NO_VALUES = (CONDITIONAL, TROUBLE, "directive")


class CppEdits:
    """Finds the edits in one file, which its readers could read."""

    def __init__(self, source: SourceText, renumbering: Renumbering) -> None:
        self._source = source
        self._renumbering = renumbering
        live = live_tokens(tokenise(source.text))
        self._tokens = [token for token in live if token.kind not in _NO_VALUES]
        self._starts = [token.offset for token in self._tokens]

    def of_entry(self, entry: MapEntry) -> Iterator[Edit]:
        """The version and the upgrader's name of an entry of the version map."""
        version, name = self._renumbering.applied(entry).bumped_at_version, entry.upgrader_name
        number, upgrader = self._fields(entry)
        if version != entry.bumped_at_version:
            yield self._whole(entry.place, number, number_like(number.text, version))
        if name in self._renumbering.upgraders:
            yield self._name(entry.place, upgrader, name)

    def of_upgraders(self, upgraders: Upgraders) -> Iterator[Edit]:
        """The names of upgraders where they are defined, in their TorchScript too."""
        for upgrader in upgraders.upgraders:
            if upgrader.name not in self._renumbering.upgraders:
                continue
            tokens = self._to_brace(upgrader.place)
            comma = next(number for number, token in enumerate(tokens) if token.text == ",")
            key = self._only(upgrader.place, tokens[:comma], _STRINGS, upgrader.name)
            yield self._name(upgrader.place, key, upgrader.name)
            for token in tokens[comma:]:
                yield from self._inside(token, self._renumbering.upgraders)

    def of_versions(self, versions: FileFormatVersions) -> Iterator[Edit]:
        """The produced and the maximum version."""
        wanted = (
            (versions.produced, self._renumbering.produced),
            (versions.maximum, self._renumbering.maximum),
        )
        for constant, value in wanted:
            if constant is None or value is None:
                continue
            for place in (constant.place, *constant.also):
                number = self._tokens[self._number_of(place)]
                yield self._whole(place, number, number_like(number.text, value))

    def _fields(self, entry: MapEntry) -> tuple[Token, Token]:
        """The number and the name of an entry's first two fields."""
        tokens = self._to_brace(entry.place)
        commas = [number for number, token in enumerate(tokens) if token.text == ","]
        version, name = tokens[: commas[0]], tokens[commas[0] : commas[1]]
        return (
            self._only(entry.place, version, ("number",), entry.bumped_at_version),
            self._only(entry.place, name, _STRINGS, entry.upgrader_name),
        )

    def _only(self, where: Place, tokens: Sequence[Token], kinds: Collection[str], what: object) -> Token:
        """The one literal among the tokens of a value, which may stand in a cast or a constructor."""
        literals = [token for token in tokens if token.kind in kinds]
        if len(literals) != 1:
            raise refusal(where, what)
        return literals[0]

    def _number_of(self, place: Place) -> int:
        return bisect_left(self._starts, self._source.offset(place))

    def _to_brace(self, place: Place) -> list[Token]:
        """The tokens from a place on, before the next `}`."""
        return list(
            takewhile(lambda token: token.text != "}", islice(self._tokens, self._number_of(place), None))
        )

    def _whole(self, place: Place, token: Token, new: str) -> Edit:
        return self._source.edit(place, token.offset, token.text, token.text, new)

    def _name(self, place: Place, token: Token, name: str) -> Edit:
        return self._source.edit(place, token.offset, token.text, name, self._renumbering.upgraders[name])

    def _inside(self, token: Token, names: Mapping[str, str]) -> Iterator[Edit]:
        for match in re.finditer(r"\w+", token.text) if token.kind in _STRINGS else ():
            if match[0] in names:
                yield Edit(token.offset + match.start(), match[0], names[match[0]])
