"""Elements put between the brackets of a Python file, as its author would: a line each, or in the one there is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from opfixtures.synthesis.python_tokens import PythonToken
from opfixtures.synthesis.source_text import Edit, SourceText, in_units
from opfixtures.values import dataclass

_CLOSING = {"(": ")", "[": "]", "{": "}"}
WIDTH = 79
"""How wide a line may become: no formatter has less by itself."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element, without a comma behind: its lines, indented beside each other, and its `name` among others."""

    lines: Sequence[str]
    name: str = ""


def joined(elements: Iterable[Element]) -> Element:
    """Several elements, at least one, as if they were one."""
    *others, last = elements
    lines = [line for one in others for line in (*one.lines[:-1], f"{one.lines[-1]},")]
    return Element([*lines, *last.lines])


class Brackets:
    """What stands between a bracket, which is the token at an offset, and the one that closes it."""

    def __init__(self, source: SourceText, tokens: Sequence[PythonToken], offset: int) -> None:
        self._source = source
        first = bisect_left(tokens, offset, key=lambda token: token.offset)
        self._open = tokens[first]
        self.elements: list[Sequence[PythonToken]] = []
        self._commas: list[PythonToken] = []
        self._close = self._read(tokens[first + 1 :])

    def _read(self, tokens: Sequence[PythonToken]) -> PythonToken:
        """The elements up to the bracket that closes them, which is given back; there is one."""
        depth, element = 0, list[PythonToken]()
        remaining = iter(tokens)
        while (token := next(remaining)).text not in _CLOSING.values() or depth > 0:
            if token.text == "," and depth == 0:
                self.elements.append(element)
                self._commas.append(token)
                element = []
                continue
            depth += (token.text in _CLOSING) - (token.text in _CLOSING.values())
            element.append(token)
        self.elements += [element] if element else []
        return token

    @property
    def span(self) -> tuple[int, int]:
        """How many characters stand before the first bracket, and up to behind the last."""
        return self._open.offset, self._close.offset + 1

    def adding(self, new: Mapping[int, Sequence[Element]]) -> Iterator[Edit]:
        """The edits that put elements in front of the one of that number, counted from 0, or behind the last."""
        elements = {at: joined(those) for at, those in new.items() if those}
        if not elements:
            return
        last = len(self.elements) - 1
        if last < 0:
            yield from self._only(joined(list(elements.values())))
        elif all(self._blanks(self.elements[min(at, last)]) is not None for at in elements):
            for at, element in elements.items():
                yield from self._on_lines(element, at)
        elif self._fit(elements.values()) or not self._is_one_line:
            for at, element in elements.items():
                yield from self._in_line(element, at)
        else:
            yield from self._spread(elements)

    def _only(self, element: Element) -> Iterator[Edit]:
        own = self._source.blank_before(self._close.offset)
        if own is not None:
            start = self._source.start_of_line(self._close.offset)
            yield Edit(start, "", self._block(element, own + self._source.unit) + "," + self._break)
            return
        start, base = self._open.offset + 1, self._source.indentation(self._open.offset)
        between = self._source.text[start : self._close.offset]
        block = self._block(element, base + self._source.unit)
        yield Edit(start, between, f"{self._break}{block},{self._break}{base}")

    def _on_lines(self, element: Element, at: int) -> Iterator[Edit]:
        """Where each element has a line of its own."""
        last = len(self.elements) - 1
        indent = self._blanks(self.elements[min(at, last)]) or ""
        if at <= last:
            # Behind the line before: what is said above an element is about that one.
            before = self._commas[at - 1] if at else self._open
            start = self._source.end_of_line(before.offset)
            yield Edit(start, "", f"{self._break}{self._block(element, indent)},")
            return
        own = self._source.blank_before(self._close.offset)
        lacks_comma = len(self._commas) == last
        if own is not None:
            if lacks_comma:
                yield Edit(self._end(last), "", ",")
            start = self._source.start_of_line(self._close.offset)
            yield Edit(start, "", f"{self._block(element, indent)},{self._break}")
        elif lacks_comma:
            yield Edit(self._end(last), "", f",{self._break}{self._block(element, indent)}")
        else:
            start = self._commas[last].offset + 1
            yield Edit(start, "", f"{self._break}{self._block(element, indent)},")

    def _in_line(self, element: Element, at: int) -> Iterator[Edit]:
        indent = self._source.indentation(self._open.offset)
        text = self._block(element, indent).removeprefix(indent)
        last = len(self.elements) - 1
        if at <= last:
            yield Edit(self.elements[at][0].offset, "", f"{text}, ")
        elif len(self._commas) == last:
            yield Edit(self._end(last), "", f", {text}")
        else:
            yield Edit(self._commas[last].offset + 1, "", f" {text},")

    def _spread(self, new: Mapping[int, Element]) -> Iterator[Edit]:
        """Each of the elements of one line in a line of its own."""
        base = self._source.indentation(self._open.offset)
        indent, text, last = base + self._source.unit, self._source.text, len(self.elements) - 1
        blocks = {at: self._block(element, indent) for at, element in new.items()}
        for number, old in enumerate(self.elements):
            start = (self._commas[number - 1] if number else self._open).offset + 1
            before = f"{self._break}{blocks[number]}," if number in blocks else ""
            yield Edit(start, text[start : old[0].offset], f"{before}{self._break}{indent}")
        has_comma = len(self._commas) > last
        start = self._commas[last].offset + 1 if has_comma else self._end(last)
        behind = f"{self._break}{blocks[last + 1]}," if last + 1 in blocks else ""
        end = f"{',' * (not has_comma)}{behind}{self._break}{base}"
        yield Edit(start, text[start : self._close.offset], end)

    @property
    def _break(self) -> str:
        return self._source.line_break

    @property
    def _is_one_line(self) -> bool:
        return self._source.end_of_line(self._open.offset) > self._close.offset

    def _fit(self, elements: Iterable[Element]) -> bool:
        """Whether these fit into the line that all is in."""
        start = self._source.start_of_line(self._open.offset)
        width = self._source.end_of_line(self._open.offset) - start
        lines = [element.lines for element in elements]
        new = sum(len(one[0]) + 2 for one in lines)
        return self._is_one_line and all(len(one) == 1 for one in lines) and width + new <= WIDTH

    def _blanks(self, element: Sequence[PythonToken]) -> str | None:
        """What an element is indented by, where it is the first in its line."""
        return self._source.blank_before(element[0].offset)

    def _end(self, number: int) -> int:
        last = self.elements[number][-1]
        return last.offset + len(last.text)

    def _block(self, element: Element, indent: str) -> str:
        unit = self._source.unit
        return self._break.join(indent + in_units(line, unit) for line in element.lines)
