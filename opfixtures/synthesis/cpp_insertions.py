"""Where C++ files get an entry or an upgrader more: the edits, found among the tokens of their initialisers."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate

from opfixtures.declarations.cpp_conditionals import CONDITIONAL, Arms, Path, live_tokens
from opfixtures.declarations.cpp_tokens import TROUBLE, Token, tokenise
from opfixtures.declarations.model import VersionMap
from opfixtures.declarations.place import Place
from opfixtures.declarations.upgrader_model import Upgraders
from opfixtures.errors import UserError
from opfixtures.synthesis.additions import NewEntry, NewUpgrader
from opfixtures.synthesis.source_text import Edit, SourceText

_Pair = Callable[[int], str]
"""What stands in braces in a map: its text, which begins behind that many characters of its line."""
# As PyTorch's clang-format has it.
_WIDTH = 80
_STEPS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


class CppInsertions:
    """Finds where something is added in one file, which its readers could read."""

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._tokens: list[Token] = []
        self._arms: list[Path] = []
        arms = Arms()
        for token in live_tokens(tokenise(source.text)):
            if token.kind == CONDITIONAL:
                arms.follow(token)
            elif token.kind not in (TROUBLE, "directive"):
                self._tokens.append(token)
                self._arms.append(arms.path)
        self._starts = [token.offset for token in self._tokens]

    def of_entries(self, version_map: VersionMap, entries: Sequence[NewEntry]) -> Iterator[Edit]:
        """Entries for the version map: those of one operator beside each other, in ascending order."""
        by_operator: dict[str, list[NewEntry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda one: one.bumped_at_version):
            by_operator[entry.operator].append(entry)
        known = {operator for operator, _, _ in version_map.keys}
        new = {operator: own for operator, own in by_operator.items() if operator not in known}
        for operator, own in by_operator.items():
            if operator in known:
                yield from self._listed(version_map, operator, own)
        names = [operator for operator, _, _ in version_map.keys]
        places = [place for _, place, _ in version_map.keys]
        by_place: dict[int, list[str]] = defaultdict(list)
        is_sorted = len(names) > 1 and names == sorted(names)
        for operator in sorted(new) if is_sorted else new:
            by_place[sum(name < operator for name in names) if is_sorted else len(names)].append(operator)
        for at, operators in by_place.items():
            pairs = [partial(self._operator, operator, new[operator]) for operator in operators]
            yield from self._pairs(places, at, pairs, version_map.end)

    def of_upgraders(self, known: Upgraders, upgraders: Sequence[NewUpgrader]) -> Iterator[Edit]:
        """Upgraders for the map of their sources, behind those that are there."""
        places = [upgrader.place for upgrader in known.upgraders]
        pairs = [partial(self._upgrader, upgrader) for upgrader in upgraders]
        yield from self._pairs(places, len(places), pairs, known.end)

    def braces_at(self, place: Place) -> tuple[int, int]:
        """How many characters stand before the brace at a place, and up to behind the one that closes it."""
        number = self._number(place)
        return self._starts[number], self._starts[self._closing(number)] + 1

    def _listed(self, version_map: VersionMap, operator: str, entries: Sequence[NewEntry]) -> Iterator[Edit]:
        """Entries for the list that an operator has."""
        listed = [entry for entry in version_map.entries if entry.operator == operator]
        place = next(place for name, place, _ in version_map.keys if name == operator)
        if not listed or any(entry.arm != listed[0].arm for entry in listed):
            raise _refusal(place, f"the entries of {operator} stand under an `#if`, or there are none")
        braces = [self._number(entry.place) for entry in listed]
        by_place: dict[int, list[NewEntry]] = defaultdict(list)
        for entry in entries:
            by_place[sum(one.bumped_at_version < entry.bumped_at_version for one in listed)].append(entry)
        for at, new in by_place.items():
            column = self._column(self._starts[braces[0]])
            texts = [self._entry(entry, column) for entry in new]
            between = f",{self._break}{' ' * column}"
            self._refuse_directive(braces[min(at, len(braces) - 1)], place)
            if at < len(listed):
                yield Edit(self._starts[braces[at]], "", between.join([*texts, ""]))
            else:
                end = self._starts[self._closing(braces[-1])] + 1
                yield Edit(end, "", between.join(["", *texts]))

    def _operator(self, operator: str, entries: Sequence[NewEntry], column: int) -> str:
        line = f"{{{_quoted(operator)}, {{{', '.join(self._entry(entry, 0) for entry in entries)}}}}}"
        if column + len(line) <= _WIDTH and self._break not in line:
            return line
        indent = self._break + " " * (column + 2)
        listed = f",{indent}".join(self._entry(entry, column + 2) for entry in entries)
        return f"{{{_quoted(operator)},{indent[:-1]}{{{listed}}}}}"

    def _upgrader(self, upgrader: NewUpgrader, column: int) -> str:  # noqa: ARG002 - a _Pair
        text = upgrader.text.replace("\n", self._break)
        return f'{{{_quoted(upgrader.name)}, R"SCRIPT({self._break}{text})SCRIPT"}}'

    def _entry(self, entry: NewEntry, column: int) -> str:
        fields = str(entry.bumped_at_version), _quoted(entry.upgrader_name), _quoted(entry.old_schema)
        line = "{" + ", ".join(fields) + "}"
        if column + len(line) <= _WIDTH:
            return line
        return "{" + f",{self._break}{' ' * (column + 1)}".join(fields) + "}"

    def _pairs(
        self, places: Sequence[Place], at: int, pairs: Sequence[_Pair], end: Place | None
    ) -> Iterator[Edit]:
        """Pairs in front of the one of that number, or behind the last; `places` are those behind their brackets."""
        if not places:
            yield from self._first(pairs, end)
            return
        place = places[max(at - 1, 0)]
        beside = self._number(place) - 1
        self._refuse_directive(beside, place)
        if self._opening(self._number(places[0]) - 1) != self._opening(self._number(places[-1]) - 1):
            raise _refusal(place, "there are several lists, each in its arm of an `#if`")
        column = self._column(self._starts[beside])
        indent = self._break + " " * column
        new = f",{indent}".join(pair(column) for pair in pairs)
        if at == 0:
            yield Edit(self._starts[beside], "", f"{new},{indent}")
            return
        closing = self._closing(beside)
        has_comma = self._tokens[closing + 1].text == ","
        end_of_pair = self._starts[closing + has_comma] + 1
        end_of_line = self._source.end_of_line(end_of_pair)
        # What is said behind a pair in its line is about that one.
        is_last_in_line = self._starts[closing + has_comma + 1] > end_of_line
        start = end_of_line if is_last_in_line else end_of_pair
        if not has_comma and start != end_of_pair:
            yield Edit(end_of_pair, "", ",")
        yield Edit(start, "", "," * (not has_comma and start == end_of_pair) + indent + new + "," * has_comma)

    def _first(self, pairs: Sequence[_Pair], end: Place | None) -> Iterator[Edit]:
        """Pairs for an initialiser that has none, `{}` or `{{}}`."""
        if end is None:
            raise _refusal(Place(self._source.path, 1, 1), "there is no initialiser")
        close = self._number(end)
        start = self._starts[close - 1] + 1
        if self._tokens[close - 1].text != "{":
            close -= 1
            start = self._starts[close - 1] + 1
        if self._tokens[close - 1].text != "{":
            raise _refusal(end, "the initialiser is not empty")
        base = self._source.indentation(self._starts[close])
        indent = f"{base}    "
        texts = [pair(len(indent)) for pair in pairs]
        lines = "".join(f"{self._break}{indent}{text}," for text in texts)
        inside = self._source.text[start : self._starts[close]]
        if close == self._number(end):
            rest = "" if "\n" in inside else f"{self._break}{base}"
            yield Edit(start, "", lines + rest)
        else:
            # `{{}}` has one pair without a name.
            yield Edit(start - 1, "{" + inside + "}", lines + f"{self._break}{base}")

    def _refuse_directive(self, brace: int, place: Place) -> None:
        """Where it depends on an `#if` what the list has, nobody can tell where a comma belongs."""
        opening = self._opening(brace)
        closing = self._closing(opening)
        if len({self._arms[number] for number in (opening, brace, closing)}) > 1:
            raise _refusal(place, "what stands here is under an `#if`")

    def _opening(self, inside: int) -> int:
        """The number of the bracket that opens what the token of that number stands in; there is one."""
        before = range(inside - 1, -1, -1)
        depths = accumulate(_STEPS.get(self._tokens[number].text, 0) for number in before)
        return next(number for number, depth in zip(before, depths, strict=True) if depth == 1)

    def _closing(self, opening: int) -> int:
        """The number of the bracket that closes the one of that number; there is one."""
        behind = range(opening, len(self._tokens))
        depths = accumulate(_STEPS.get(self._tokens[number].text, 0) for number in behind)
        return next(number for number, depth in zip(behind, depths, strict=True) if depth == 0)

    def _number(self, place: Place) -> int:
        return bisect_left(self._starts, self._source.offset(place))

    def _column(self, offset: int) -> int:
        line = self._source.text[self._source.start_of_line(offset) : offset]
        return len(line.expandtabs())

    @property
    def _break(self) -> str:
        return self._source.line_break


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _refusal(where: Place, what: str) -> UserError:
    return UserError(f"{where}: {what}: nothing is added there but by hand")
