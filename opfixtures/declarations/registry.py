"""The registry `ALL_MODULES`, read from the syntax tree of PyTorch's generate_models.py and files like it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias, TypeGuard

from opfixtures.declarations.model import FixtureEntry, Registry, RegistryEnd
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.python_source import (
    SourceLines,
    decode,
    is_empty,
    parse,
    place,
    place_of_last_character,
    says_nothing,
)
from opfixtures.declarations.python_uses import Placed, Uses
from opfixtures.values import dataclass

_NAME = "ALL_MODULES"
_WRITE_ROW = 'write a row like TestVersionedGeluV9(): "aten::gelu"'
_WRITE_ALL = f"write one {_NAME} = {{...}} at the top level, with all rows in it"

_CHANGING_METHODS = frozenset({"clear", "pop", "popitem", "setdefault", "update"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BLOCKS: dict[type[ast.AST], str] = {
    ast.AsyncFunctionDef: "def",
    ast.ClassDef: "class",
    ast.For: "for",
    ast.FunctionDef: "def",
    ast.If: "if",
    ast.Match: "match",
    ast.Try: "try",
    ast.TryStar: "try",
    ast.While: "while",
    ast.With: "with",
}

_Placed = ast.expr | ast.stmt | ast.alias
_At: TypeAlias = Callable[[Placed], Place]


def read_registry(path: str, source: bytes) -> Registry:
    """Read the registry in `source`, the file at `path`. Nothing is imported or run, and nothing is raised.

    What only a run could tell is a problem each; the rows that can be read are there all the same. Of several
    assignments the last counts, as it would for Python.
    """
    tree = parse(path, source)
    if isinstance(tree, Problem):
        return Registry(path, problems=(tree,))
    lines = SourceLines(source)
    at: _At = partial(place, path, lines)
    assigned = [assignment for statement in tree.body if (assignment := _assignment(statement))]
    changes = {problem.place: problem for problem in _changes(at, tree, assigned)}
    for problem in _other_changes(at, tree, assigned):
        changes.setdefault(problem.place, problem)
    problems = list(changes.values())
    rows, end, ends = [], None, None
    match assigned:
        case [*_, _Assignment(value=ast.Dict() as value)]:
            rows = [_row(at, key, operator) for key, operator in zip(value.keys, value.values, strict=True)]
            end = place_of_last_character(path, lines, value)
            ends = _ends(source, value)
        case [*_, _Assignment(value=value)] if is_empty(value):
            end = place_of_last_character(path, lines, value)
        case [*_, _Assignment(value=value)]:
            problems.append(Problem(at(value), f"{_NAME} is {_what(value)}: {_WRITE_ALL}"))
        case _ if not problems and not says_nothing(tree):
            problems = [Problem(Place(path, 1, 1), f"no {_NAME} is assigned here: {_WRITE_ALL}")]
    problems += [row for row in rows if isinstance(row, Problem)]
    problems.sort(key=lambda problem: problem.place)
    return Registry(
        path, tuple(row for row in rows if isinstance(row, FixtureEntry)), tuple(problems), end, ends
    )


def _ends(source: bytes, value: ast.Dict) -> RegistryEnd:
    last = value.values[-1] if value.values else None
    text = re.split("\r\n|\r|\n", decode(source))
    # `ast` counts columns in UTF-8.
    first = value.lineno if last is None else last.end_lineno or value.lineno
    lines = [line.encode() for line in text[first - 1 : value.end_lineno]]
    lines[-1] = lines[-1][: (value.end_col_offset or 1) - 1]
    by_itself = not lines[-1].strip() and len(lines) > 1
    if last is not None:
        lines[0] = lines[0][last.end_col_offset :]
    rest = b"".join(line.partition(b"#")[0] for line in lines)
    return RegistryEnd(last is not None and b"," not in rest, by_itself)


@dataclass(frozen=True, slots=True)
class _Assignment:
    name: ast.Name
    value: ast.expr


def _assignment(statement: ast.stmt) -> _Assignment | None:
    """`ALL_MODULES = ...` or `ALL_MODULES: ... = ...`."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id="ALL_MODULES") as name, value=ast.expr() as value):
            return _Assignment(name, value)
        case ast.Assign(targets=targets, value=value):
            return next((_Assignment(name, value) for name in targets if _is_registry(name)), None)
    return None


def _is_registry(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and node.id == _NAME


def _what(value: ast.expr) -> str:
    match value:
        case ast.DictComp():
            return "a comprehension"
        case ast.Call():
            return "what a call returns"
    return "no literal"


def _row(at: _At, key: ast.expr | None, operator: ast.expr) -> FixtureEntry | Problem:
    if key is None:
        return Problem(at(operator), f"** brings rows that only a run can tell: {_WRITE_ROW}")
    match key:
        case ast.Call(func=ast.Name(id=module) | ast.Attribute(attr=module), args=[], keywords=[]):
            pass
        case _:
            return Problem(at(key), f"this key is not a class called without arguments: {_WRITE_ROW}")
    if isinstance(operator, ast.Constant) and isinstance(operator.value, str):
        return FixtureEntry(module, operator.value, at(key))
    return Problem(at(operator), f"this operator is not a plain string: {_WRITE_ROW}")


def _changes(at: _At, tree: ast.Module, assigned: list[_Assignment]) -> Iterator[Problem]:
    """Whatever else gives `ALL_MODULES` a value, or changes it while the file is imported."""
    expected = {id(assignment.name) for assignment in assigned[:1]}
    for node, block, deferred in _walk(tree):
        how = None
        match node:
            case ast.AnnAssign(target=target, value=None):
                expected.add(id(target))
            case ast.AugAssign(target=target) if _is_registry(target):
                expected.add(id(target))
                how = "is changed by an operator"
            case ast.Name(ctx=ast.Store() | ast.Del()) if _is_registry(node) and id(node) not in expected:
                again = "is assigned or deleted once more" if assigned else "is not assigned by itself"
                how = f"is assigned under {block}" if block else again
            case ast.alias() if (node.asname or node.name) == _NAME:
                how = "is imported"
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()) if _is_registry(value):
                how = None if deferred else "is changed row by row"
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if _is_registry(value):
                how = None if deferred or method not in _CHANGING_METHODS else f"is changed by {method}()"
        if how:
            yield Problem(at(node), f"{_NAME} {how}: {_WRITE_ALL}")


def _other_changes(at: _At, tree: ast.Module, assigned: list[_Assignment]) -> Iterator[Problem]:
    """What may change `ALL_MODULES`, or bind it, in a less open way, but for what waits in functions."""
    uses = Uses(tree, _NAME, {id(assignment.value) for assignment in assigned})
    for node in uses.changes(assigned[-1].name.lineno if assigned else 0):
        if not uses.waits(node):
            yield Problem(at(node), f"{_NAME} may be changed or bound here: {_WRITE_ALL}")


def _walk(tree: ast.Module) -> Iterator[tuple[_Placed, str, bool]]:
    """Every node, parents first, with the block it stands under and whether that waits for a call to run."""
    stack: list[tuple[ast.AST, str, bool]] = [(tree, "", False)]
    while stack:
        node, block, deferred = stack.pop()
        if isinstance(node, _Placed):
            yield node, block, deferred
        inner = _BLOCKS.get(type(node), block), deferred or isinstance(node, _FUNCTIONS)
        stack.extend((child, *inner) for child in ast.iter_child_nodes(node))
