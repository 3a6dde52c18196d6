"""Where Python files get an entry, a row, a name or an upgrader more: the edits, found by syntax tree."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial

from opfixtures.declarations.names import suggested_row
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.python_source import SourceLines, parse, place
from opfixtures.errors import UserError
from opfixtures.synthesis.additions import NewEntry, NewRow, NewUpgrader
from opfixtures.synthesis.python_brackets import Brackets, Element, joined
from opfixtures.synthesis.python_tokens import PythonToken, python_tokens
from opfixtures.synthesis.source_text import Edit, SourceText, in_units

_PLAIN = re.compile(r"\"([^\"'\\]*)\"")
_Node = ast.expr | ast.stmt | ast.alias


class PythonInsertions:
    """Finds where something is added in one file, which its readers could read."""

    def __init__(self, source: SourceText, content: bytes) -> None:
        tree = parse(source.path, content)
        if isinstance(tree, Problem):
            raise UserError(f"{tree.place}: {tree.message}")
        self.source = source
        self.tree = tree
        self._place = partial(place, source.path, SourceLines(content))

    @cached_property
    def tokens(self) -> Sequence[PythonToken]:
        """The tokens of the file."""
        return list(python_tokens(self.source))

    def offset(self, node: _Node) -> int:
        """How many characters stand before a node."""
        return self.source.offset(self._place(node))

    def where(self, node: _Node) -> Place:
        """The place of a node."""
        return self._place(node)

    def assigned(self, name: str) -> ast.expr | None:
        """What the last assignment to a name at the top level gives it; None without one."""
        found = None
        for statement in self.tree.body:
            match statement:
                case ast.Assign(targets=targets, value=value):
                    found = value if any(_is(target, name) for target in targets) else found
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    found = value if _is(target, name) else found
        return found

    def brackets(self, node: _Node) -> Brackets:
        """The brackets that a literal is."""
        return self.brackets_at(self.offset(node))

    def brackets_at(self, offset: int) -> Brackets:
        """The brackets of which the first stands there."""
        return Brackets(self.source, self.tokens, offset)

    @cached_property
    def _quotes(self) -> str:
        """What the strings of the file stand in."""
        literals = [one.text for one in self.tokens if one.text[-1:] in ("'", '"') and len(one.text) > 1]
        return "'" if literals and all(one[-1] == "'" for one in literals) else '"'

    def _in_own_quotes(self, lines: Sequence[str]) -> list[str]:
        """Lines with the quotes that the file has, where nothing in the strings is in the way."""
        return [_PLAIN.sub(r"'\1'", line) if self._quotes == "'" else line for line in lines]

    def of_entries(self, entries: Sequence[NewEntry]) -> Iterator[Edit]:
        """Entries for `OPERATOR_VERSIONS`: those of one operator beside each other, in ascending order."""
        value = self.assigned("OPERATOR_VERSIONS")
        keys, values = (value.keys, value.values) if isinstance(value, ast.Dict) else ([], [])
        names = [_text(key) for key in keys]
        by_operator: dict[str, list[NewEntry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda one: one.bumped_at_version):
            by_operator[entry.operator].append(entry)
        new: dict[int, list[Element]] = defaultdict(list)
        for operator, own in by_operator.items():
            if operator in names:
                listed = values[len(names) - 1 - names[::-1].index(operator)]
                yield from self._listed(listed, own)
            else:
                lines = joined(Element(_entry_lines(entry)) for entry in own).lines
                lines = [f"{_quoted(operator)}: [", *_indented([*lines[:-1], f"{lines[-1]},"]), "]"]
                new[sorted_at(names, operator)].append(Element(self._in_own_quotes(lines), operator))
        if _are_sorted(names):
            new = {at: sorted(elements, key=lambda one: one.name) for at, elements in new.items()}
        yield from self._adding("OPERATOR_VERSIONS", value, new)

    def _adding(
        self, name: str, value: ast.expr | None, new: Mapping[int, Sequence[Element]], head: str = ""
    ) -> Iterator[Edit]:
        """Elements for the dict that a name is, in the place of something else that is empty, or of nothing: then
        behind `head`, a statement."""
        if isinstance(value, ast.Dict):
            yield from self.brackets(value).adding(new)
            return
        source = self.source
        lines = joined([one for those in new.values() for one in those]).lines
        inside = "".join(
            f"{source.unit}{in_units(line, source.unit)}\n" for line in [*lines[:-1], f"{lines[-1]},"]
        )
        text = f"{{\n{inside}}}"
        if value is not None:
            tokens = self.brackets_at(self.offset(value) + (4 if isinstance(value, ast.Call) else 0))
            start, end = self.offset(value), tokens.span[1]
            yield Edit(start, source.text[start:end], text.replace("\n", source.line_break))
            return
        start = len(source.text.rstrip())
        text = "\n\n".join(filter(None, [head, f"{name} = {text}"]))
        before = "\n\n" if start else ""
        after = "" if source.text[start:].strip(" \t") else "\n"
        yield Edit(start, "", f"{before}{text}{after}".replace("\n", source.line_break))

    def _listed(self, listed: ast.expr, entries: Sequence[NewEntry]) -> Iterator[Edit]:
        """Entries for the list that an operator has."""
        assert isinstance(listed, ast.List)  # Or else it could not be read.
        versions = [_version(one) for one in listed.elts]
        new: dict[int, list[Element]] = defaultdict(list)
        for entry in entries:
            at = sum(version < entry.bumped_at_version for version in versions)
            new[at].append(Element(self._in_own_quotes(_entry_lines(entry))))
        yield from self.brackets(listed).adding(new)

    def of_rows(self, rows: Sequence[NewRow], prefix: str, head: str = "") -> Iterator[Edit]:
        """Rows for `ALL_MODULES`, classes called by `prefix` and their names; behind `head` where there is none yet."""
        value = self.assigned("ALL_MODULES")
        texts = (suggested_row(row.operator, row.module).strip().removesuffix(",") for row in rows)
        new = [Element(self._in_own_quotes([f"{prefix}{text}"])) for text in texts]
        count = len(value.keys) if isinstance(value, ast.Dict) else 0
        yield from self._adding("ALL_MODULES", value, {count: new}, head)

    def of_upgraders(self, upgraders: Sequence[NewUpgrader]) -> Iterator[Edit]:
        """Upgraders for the string that `UPGRADERS` is."""
        value = self.assigned("UPGRADERS")
        text = _text(value)
        token = next((one for one in self.tokens if value and one.offset == self.offset(value)), None)
        match = re.fullmatch(r"([rRuU]?)(\"{3}|'{3}|\"|')([\s\S]*)\2", token.text) if token else None
        if text is None or token is None or match is None:
            raise _refusal(self, value)
        added = "".join(f"\n{upgrader.text}" for upgrader in upgraders)
        if match[3] in ("\n", "\r\n", "\r"):
            added = added.removeprefix("\n")
        if match[1].lower() != "r":
            added = added.replace("\\", "\\\\")
        added = added.replace("\n", self.source.line_break)
        quote = match[2]
        if len(quote) == 3:
            before = "" if match[3].endswith(("\n", "\r")) or not match[3] else self.source.line_break
            yield Edit(token.offset + len(token.text) - 3, "", before + added)
        elif not match[3]:
            yield Edit(token.offset, token.text, f'{match[1]}"""{added}"""')
        else:
            raise _refusal(self, value)


def _is(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _version(entry: ast.expr) -> int:
    fields = zip(entry.keys, entry.values, strict=True) if isinstance(entry, ast.Dict) else ()
    values = [value for key, value in fields if _text(key) == "bumped_at_version"]
    return next((one.value for one in values if isinstance(one, ast.Constant) and type(one.value) is int), 0)


def _entry_lines(entry: NewEntry) -> list[str]:
    fields = (
        f'"bumped_at_version": {entry.bumped_at_version},',
        f'"upgrader_name": {_quoted(entry.upgrader_name)},',
        f'"old_schema": {_quoted(entry.old_schema)},',
    )
    return ["{", *_indented(fields), "}"]


def _quoted(text: str) -> str:
    """A literal in the quotes that black and ruff would choose."""
    if not text.isprintable():
        return repr(text)
    if '"' in text and not set(text) & set("'\\"):
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _are_sorted(names: Sequence[str | None]) -> bool:
    known = [one for one in names if one is not None]
    return len(known) > 1 and known == sorted(known)


def sorted_at(names: Sequence[str | None], name: str) -> int:
    """Where a name belongs among others: in its place where these are sorted, else behind them."""
    return sum(one is None or one < name for one in names) if _are_sorted(names) else len(names)


def _refusal(file: PythonInsertions, value: ast.expr | None) -> UserError:
    where = file.where(value) if value is not None else Place(file.source.path, 1, 1)
    return UserError(f"{where}: UPGRADERS is not one plain literal here: write it as one, or edit it by hand")
