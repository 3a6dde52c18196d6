"""What the names of a Python file stand for, as far as its syntax tree tells: imports, assignments, functions.

A name is looked up as Python does it, from its scope outwards. Nothing is run: of what an `if` or a `try` binds in
several ways the last before its use counts, and None counts for nothing.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Bound: TypeAlias = ast.expr | Function | str | None
"""What a name is bound to: an expression, a function, the dotted path of an import; None for what only a run tells."""

_Position: TypeAlias = tuple[int, int]
# Who leads a name further than this, or spreads a text over more pieces, means to make a reader slow.
_MOST_STEPS = 16
_MOST_PIECES = 256
_LONGEST_TEXT = 1 << 16
_DEEPEST_SCOPE = 32
# Of characters and annotations together: short names can stand for long texts.
_MOST_OF_A_FILE = 1 << 22
# What `from ... import *` brings, of what is asked for.
_STARRED = {
    "torch": ("Tensor", "device", "dtype"),
    "torch.library": ("Library", "custom_op", "define", "triton_op"),
    "typing": ("List", "Optional", "Sequence", "Tuple", "Union"),
}


@dataclass(slots=True, eq=False)
class Scope:
    """A file, a function or a class. `hidden`: its names are not those of the functions inside, as of a class."""

    parent: Scope | None = None
    hidden: bool = False
    depth: int = 0
    bound: dict[str, list[tuple[_Position, Bound]]] = field(default_factory=dict)
    of_the_file: set[str] = field(default_factory=set)

    def bind(self, name: str, node: ast.AST, bound: Bound) -> None:
        """Note what `name` is bound to at `node`."""
        if isinstance(bound, ast.Constant) and bound.value is None:
            return
        scope = self
        while name in scope.of_the_file and scope.parent is not None:
            scope = scope.parent
        position = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        scope.bound.setdefault(name, []).append((position, bound))

    def inner(self, hidden: bool = False) -> Scope:
        """A scope in this one."""
        outer = self
        while outer.hidden and outer.parent is not None:
            outer = outer.parent
        return Scope(outer, hidden, outer.depth + 1) if outer.depth < _DEEPEST_SCOPE else outer


class Names:
    """The names of a tree. `uses` are its calls and functions, each with the scope that it stands in."""

    def __init__(self, tree: ast.Module) -> None:
        self.file = Scope()
        self._left = _MOST_OF_A_FILE
        self.uses: list[tuple[ast.Call | Function, Scope]] = []
        left: list[tuple[ast.AST, Scope, str]] = [(tree, self.file, "")]
        while left:
            node, scope, of_class = left.pop()
            if isinstance(node, ast.Call | Function):
                self.uses.append((node, scope))
            self._bind(node, scope, of_class)
            # The last comes off first: in the order of the file.
            left += reversed(list(_children(node, scope, of_class)))

    def _bind(self, node: ast.AST, scope: Scope, of_class: str) -> None:
        match node:
            case ast.Import(names=names):
                for one in names:
                    whole = one.name if one.asname else one.name.partition(".")[0]
                    scope.bind(one.asname or whole, node, whole)
            case ast.ImportFrom(names=names, module=module, level=level):
                for one in names:
                    path = f"{'.' * level}{module or ''}"
                    for name in _STARRED.get(path, ()) if one.name == "*" else (one.name,):
                        scope.bind(one.asname or name, node, f"{path}.{name}")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                scope.bind(name, node, node)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                scope.bind(name, node, None)
            case ast.Global(names=names):
                scope.of_the_file.update(names)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, scope, of_class)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value, scope, of_class)
            case ast.NamedExpr(target=target, value=value):
                self._assign(target, value, scope, of_class)
            case ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
                self._assign(target, value, scope, of_class)
            case ast.AugAssign(target=target) | ast.For(target=target) | ast.AsyncFor(target=target):
                self._assign(target, None, scope, of_class)
            case ast.comprehension(target=target):
                self._assign(target, None, scope, of_class)

    def _assign(self, target: ast.expr, value: ast.expr | None, scope: Scope, of_class: str) -> None:
        match target, value:
            case ast.Name(id=name), _:
                scope.bind(name, target, value)
                if of_class:
                    for owner in ("cls", "self", of_class):
                        self.file.bind(f"{owner}.{name}", target, value)
            case ast.Attribute(), _:
                if dotted := _dotted(target):
                    self.file.bind(dotted, target, value)
            case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
                # One inside of the other is not followed.
                for one, its in zip(targets, values, strict=True):
                    if isinstance(one, ast.Name):
                        scope.bind(one.id, one, its)
            case _:
                for inner in ast.walk(target):
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                        scope.bind(inner.id, inner, None)

    def bound(self, name: str, at: ast.AST, scope: Scope, only: bool = False) -> Bound:
        """What a name, or a path of attributes, is bound to where `at` stands; None where nothing or no file tells.

        `only`: None too where its scope binds it in several ways.
        """
        position = (getattr(at, "lineno", 0), getattr(at, "col_offset", 0))
        asked: Scope | None = scope
        while asked is not None:
            if found := asked.bound.get(name):
                if only and len(found) > 1:
                    return None
                before = bisect_left(found, position, key=lambda one: one[0]) if asked is scope else 0
                return found[before - 1][1]
            asked = asked.parent
        return None

    def path(self, node: ast.expr, scope: Scope) -> str | None:
        """The dotted path of what an expression names, through imports and assignments: `torch.library.custom_op`.

        What nothing binds is named as it is, `int`; None for what is no name.
        """
        behind = ""
        for _ in range(_MOST_STEPS):
            dotted = _dotted(node)
            if dotted is None:
                return None
            first, dot, rest = dotted.partition(".")
            behind = f"{dot}{rest}{behind}"
            bound = self.bound(first, node, scope)
            if isinstance(bound, str):
                return bound + behind
            if not isinstance(bound, ast.expr):
                return None if self._is_bound(first, scope) else first + behind
            node = bound
        return None

    def _is_bound(self, name: str, scope: Scope | None) -> bool:
        while scope is not None:
            if name in scope.bound:
                return True
            scope = scope.parent
        return False

    def value(self, node: ast.expr, scope: Scope) -> ast.expr:
        """The expression that a name or an attribute is bound to; itself where it is something else."""
        for _ in range(_MOST_STEPS):
            node = node.value if isinstance(node, ast.NamedExpr) else node
            path = _dotted(node)
            bound = self.bound(path, node, scope) if path else None
            if not isinstance(bound, ast.expr):
                break
            node = bound
        return node

    def constant(self, node: ast.expr, scope: Scope) -> ast.expr:
        """As `value`, but through names alone that are bound in one way."""
        for _ in range(_MOST_STEPS):
            bound = self.bound(node.id, node, scope, only=True) if isinstance(node, ast.Name) else None
            if not isinstance(bound, ast.expr):
                break
            node = bound
        return node

    def spend(self, amount: int) -> bool:
        """Whether so much more of the file may be looked at."""
        self._left -= amount
        return self._left >= 0

    def text(self, node: ast.expr, scope: Scope) -> str | None:
        """The text that literals, joined ones, names of such and f-strings of them come to; None for anything else."""
        left, texts, length = [node], list[str](), 0
        for _ in range(_MOST_PIECES):
            if not left:
                return "".join(texts) if self.spend(length + 1) else None
            match self.constant(left.pop(), scope):
                case ast.Constant(value=str(text)):
                    texts.append(text)
                    length += len(text)
                case ast.BinOp(op=ast.Add(), left=one, right=other):
                    left += [other, one]
                case ast.JoinedStr(values=values):
                    left += reversed(values)
                case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                    left.append(value)
                case _:
                    return None
            if length > _LONGEST_TEXT:
                return None
        return None


def _children(node: ast.AST, scope: Scope, of_class: str) -> Iterator[tuple[ast.AST, Scope, str]]:
    """What stands in a node, with its scope and, right in a class, the name of that."""
    if isinstance(node, Function | ast.Lambda):
        inner = scope.inner()
        for argument in ast.walk(node.args) if isinstance(node.args, ast.arguments) else ():
            if isinstance(argument, ast.arg):
                inner.bind(argument.arg, argument, None)
        body: Iterable[ast.AST] = node.body if isinstance(node, Function) else [node.body]
        within = set(map(id, body))
        for child in ast.iter_child_nodes(node):
            yield child, inner if id(child) in within else scope, ""
    elif isinstance(node, ast.ClassDef):
        inner = scope.inner(hidden=True)
        within = set(map(id, node.body))
        for child in ast.iter_child_nodes(node):
            yield (child, inner, node.name) if id(child) in within else (child, scope, of_class)
    else:
        is_statement = isinstance(node, ast.stmt | ast.Module)
        for child in ast.iter_child_nodes(node):
            yield child, scope, of_class if is_statement else ""


def _dotted(node: ast.expr) -> str | None:
    """`a.b.c` as it is written; None for anything else."""
    parts = list[str]()
    while isinstance(node, ast.Attribute) and len(parts) < _MOST_STEPS:
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None
