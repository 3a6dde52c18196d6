"""Reads the version map of a library, a Python literal, from its syntax tree; the file is never imported.

    OPERATOR_VERSIONS = {
        "mylib::scale": [{"bumped_at_version": 4, "upgrader_name": "scale_0_3", "old_schema": "..."}],
    }

What only a run could tell (`**others`, `OPERATOR_VERSIONS.update(...)`) is a problem.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from opfixtures.declarations.model import MapEntry, MapKey, VersionMap
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.python_source import SourceLines, is_empty, parse, says_nothing
from opfixtures.declarations.python_uses import Placed, Uses

_NAME = "OPERATOR_VERSIONS"
_FIELDS = ("bumped_at_version", "upgrader_name", "old_schema")
_WRITE_ONE = f"write one {_NAME} = {{...}} at the top level, with all entries in it"
# What `int bumped_at_version` of the C++ version map holds.
_LARGEST_VERSION = 2**31 - 1
# An escaped surrogate is no character: nothing could print it.
_SURROGATE = re.compile("[\ud800-\udfff]")
_Assigned = tuple[ast.Name, ast.expr]


def read_python_version_map(path: str, source: bytes) -> VersionMap:
    """The version map that `OPERATOR_VERSIONS` is in a file; whatever the bytes, never an exception.

    Of several assignments the last is read, as Python would have it; the others are a problem each.
    """
    tree = parse(path, source)
    if isinstance(tree, Problem):
        return VersionMap(path, problems=(tree,))
    reader = _Reader(path, SourceLines(source))
    reader.read_file(tree)
    problems = sorted(reader.problems, key=lambda problem: problem.place)
    return VersionMap(path, tuple(reader.entries), tuple(problems), tuple(reader.keys))


class _Reader:
    def __init__(self, path: str, lines: SourceLines) -> None:
        self.entries: list[MapEntry] = []
        self.keys: list[MapKey] = []
        self.problems: list[Problem] = []
        self._path = path
        self._lines = lines

    def read_file(self, tree: ast.Module) -> None:
        assigned = [assigned for statement in tree.body if (assigned := _assigned(statement))]
        for name, _ in assigned[1:]:
            self._problem(name, f"{_NAME} is assigned once more: {_WRITE_ONE}")
        changes = {self._place(node): node for node in _changes(tree, assigned)}
        for node in changes.values():
            self._problem(
                node, f"{_NAME} is bound or changed here, and only a run can tell how: {_WRITE_ONE}"
            )
        if assigned:
            self._read_map(assigned[-1][1])
        elif not self.problems and not says_nothing(tree):
            self.problems.append(Problem(Place(self._path, 1, 1), f"no version map here: {_WRITE_ONE}"))

    def _read_map(self, value: ast.expr) -> None:
        if is_empty(value):
            return
        if not isinstance(value, ast.Dict):
            self._problem(value, f"{_NAME} is not a dict literal: {_WRITE_ONE}")
            return
        for key, entries in zip(value.keys, value.values, strict=True):
            if key is None:
                self._problem(entries, f"`**` brings entries that only a run can tell: {_WRITE_ONE}")
                continue
            operator = self._string(key, "the name of an operator")
            if operator is not None:
                self.keys.append((operator, self._place(key), ()))
            if not isinstance(entries, ast.List):
                self._problem(entries, "the entries of an operator are not a list literal: write [{...}]")
                continue
            for entry in entries.elts:
                self._read_entry(operator, self._place(key), entry)

    def _read_entry(self, operator: str | None, operator_place: Place, entry: ast.expr) -> None:
        if not isinstance(entry, ast.Dict):
            self._problem(entry, f"this entry is not a dict literal: write one with {', '.join(_FIELDS)}")
            return
        noted = len(self.problems)
        values: dict[str, int | str | None] = {}
        for key, value in zip(entry.keys, entry.values, strict=True):
            self._read_field(values, key, value)
        if len(self.problems) > noted:
            return
        match [values.get(field) for field in _FIELDS]:
            case [int(version), str(name), str(schema)]:
                if operator is not None:
                    place = self._place(entry)
                    self.entries.append(MapEntry(operator, version, name, schema, place, operator_place))
            case _:
                missing = ", ".join(field for field in _FIELDS if field not in values)
                self._problem(entry, f"this entry lacks {missing}: add what is missing")

    def _read_field(self, values: dict[str, int | str | None], key: ast.expr | None, value: ast.expr) -> None:
        if key is None:
            self._problem(value, "`**` brings fields that only a run can tell: write them out here")
            return
        field = self._string(key, "the key of a field")
        if field is None:
            return
        if field not in _FIELDS:
            self._problem(key, f"an entry has no such field: it has {', '.join(_FIELDS)}")
        elif field in values:
            self._problem(key, f"this entry has {field} twice: keep one")
        elif field == "bumped_at_version":
            values[field] = self._version(value)
        else:
            values[field] = self._string(value, field)

    def _version(self, node: ast.expr) -> int | None:
        # `True` is an int to Python, and `-4` is an operator applied to 4.
        # No operator version is below 0: an entry at 0 would cover nothing.
        if isinstance(node, ast.Constant) and type(node.value) is int and 0 < node.value <= _LARGEST_VERSION:
            return node.value
        self._problem(
            node,
            "bumped_at_version is not an integer literal above 0 that fits 32 bits: write a number like 4",
        )
        return None

    def _string(self, node: ast.expr, what: str) -> str | None:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            self._problem(node, f"{what} is not a string literal: write the text itself in quotes")
        elif _SURROGATE.search(node.value):
            self._problem(node, f"{what} has half a surrogate pair: write the character itself")
        else:
            return node.value
        return None

    def _place(self, node: Placed) -> Place:
        return Place(self._path, node.lineno, self._lines.column(node.lineno, node.col_offset))

    def _problem(self, node: Placed, message: str) -> None:
        self.problems.append(Problem(self._place(node), message))


def _assigned(statement: ast.stmt) -> _Assigned | None:
    """The name and value of `OPERATOR_VERSIONS = ...` or `OPERATOR_VERSIONS: ... = ...`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id="OPERATOR_VERSIONS") as name], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id="OPERATOR_VERSIONS") as name, value=ast.expr() as value):
            return name, value
    return None


def _changes(tree: ast.Module, assigned: list[_Assigned]) -> Iterator[Placed]:
    """Whatever else binds or changes the version map, in functions too: any of them may be called."""
    known = {id(name) for name, _ in assigned}
    uses = Uses(tree, _NAME, {id(value) for _, value in assigned})
    yield from uses.changes(assigned[-1][0].lineno if assigned else 0)
    yield from (node for node in uses.bindings() if id(node) not in known)
