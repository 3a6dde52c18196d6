"""The part of a fixture module file that one class needs: what the worker executes, what the record names.

A file of today need not import under yesterday's Python and torch. So neighbours stay out: of the statements
at the top level of the file only those come along that bind a name which the class mentions, directly or
through another of them. The excerpt does not depend on where in the file its statements stand, and so neither
do the line numbers that torch writes into the archive: adding a neighbour changes no byte.
"""

from __future__ import annotations

import ast
import hashlib
import re
import symtable
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

# What follows a statement on its line, unless that is a comment.
_MORE = re.compile(rb"[ \t\f]*[^ \t\f#]")
# Where TorchScript finds types that Python does not see.
_TYPE_COMMENT = re.compile(r"#\s*type:(.*)")
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_LONGEST_ANNOTATION = 500
# Whatever else binds a name may leave something of what it was: an `if`, `import torch.nn`, an overload.
_REBINDING = (ast.Assign, ast.AnnAssign, ast.ClassDef, ast.ImportFrom)


def excerpt(source: str, class_name: str) -> str:
    """The statements of the file that `class_name` needs, in their order, lines ended by a newline alone.

    A statement is taken as a whole: a class that stands under an `if` brings all of the `if`. Of several
    statements that bind a name the last comes along, which is the one that counts once the file is imported,
    and the last one before each mention; and before one that may leave the name as it was, the one before.

    Raises KeyError if no statement at the top level of the file binds the name, SyntaxError if the file is
    not Python or nests too deeply for it.
    """
    try:
        with warnings.catch_warnings():
            # About the source, such as unknown escapes: its author's business.
            warnings.simplefilter("ignore")
            return _excerpt(_read(source.replace("\r\n", "\n").replace("\r", "\n")), class_name)
    except (MemoryError, RecursionError, ValueError) as error:
        raise SyntaxError(f"Python cannot parse it: {error}") from error


def source_sha256(text: str) -> str:
    """The hash of an excerpt, as a record names it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _excerpt(file: _File, class_name: str) -> str:
    if class_name not in file.places:
        raise KeyError(class_name)
    needed: set[int] = set()
    pending = {file.places[class_name][-1], *file.always_needed}
    while pending:
        index = pending.pop()
        needed.add(index)
        for name in file.statements[index].mentions & file.places.keys():
            places = file.places[name]
            before = bisect_left(places, index)
            pending |= {places[-1], *places[max(0, before - 1) : before]} - needed
    return "".join(file.statements[index].text for index in sorted(needed))


@dataclass(frozen=True)
class _Statement:
    """A statement at the top level of a file, and its text as a file of its own."""

    node: ast.stmt
    text: str

    @cached_property
    def _table(self) -> symtable.SymbolTable:
        return symtable.symtable(self.text, "<fixture module>", "exec")

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names it binds in the file, those included that it changes an item or an attribute of."""
        bound = (one for one in self._table.get_symbols() if one.is_assigned() or one.is_imported())
        return frozenset({*(symbol.get_name() for symbol in bound), *_changed_in_place(self.node)})

    @cached_property
    def mentions(self) -> frozenset[str]:
        """The names it looks up in the file, those in annotations included that are strings or comments.

        Where it looks up later what it binds now, in a function, it finds what it bound.
        """
        later = {*_looked_up(self._table, True), *_in_annotations(self.node, self.text)} - self.binds
        left = frozenset[str]() if isinstance(self.node, _REBINDING) else self.binds
        return frozenset({*_looked_up(self._table, False), *later, *left})

    @property
    def is_always_needed(self) -> bool:
        """A star import may bind any name, a `__future__` import changes how the rest is read."""
        imports = (node for node in ast.walk(self.node) if isinstance(node, ast.ImportFrom))
        return any(node.module == "__future__" or node.names[0].name == "*" for node in imports)


@dataclass(frozen=True)
class _File:
    """The statements of a file. `places` are the numbers of those that bind a name, in order."""

    statements: list[_Statement]
    places: dict[str, list[int]]
    always_needed: list[int]


@lru_cache(maxsize=8)
def _read(source: str) -> _File:
    """Read a file once for all its classes."""
    lines = source.encode().split(b"\n")
    statements = [_Statement(node, _text(lines, node)) for node in ast.parse(source).body]
    places: dict[str, list[int]] = defaultdict(list)
    for index, statement in enumerate(statements):
        for name in statement.binds:
            places[name].append(index)
    always_needed = [index for index, statement in enumerate(statements) if statement.is_always_needed]
    return _File(statements, dict(places), always_needed)


def _changed_in_place(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            pass
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            targets = [target]
        case _:
            return
    for inner in (inner for target in targets for inner in ast.walk(target)):
        if isinstance(inner, ast.Attribute | ast.Subscript) and not isinstance(inner.ctx, ast.Load):
            root: ast.expr = inner
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name):
                yield root.id


def _looked_up(module: symtable.SymbolTable, in_functions: bool) -> Iterator[str]:
    """In a function a name is the file's or it is not; elsewhere it can be first the one, then the other."""
    tables = [module]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        if in_functions and table.get_type() == "function":
            yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_global())
        if not in_functions and table.get_type() != "function":
            yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced())


def _in_annotations(node: ast.stmt, text: str) -> Iterator[str]:
    for comment in _TYPE_COMMENT.findall(text):
        yield from _NAME.findall(comment)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and _is_expression(inner.value):
            yield from _NAME.findall(inner.value)


def _is_expression(text: str) -> bool:
    """Whether a string may be an annotation: prose is no Python."""
    if len(text) > _LONGEST_ANNOTATION:
        return False
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _text(lines: list[bytes], node: ast.stmt) -> str:
    """The lines of a statement, without what other statements have on them. `ast` counts columns in UTF-8."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    last, end = node.end_lineno or first, node.end_col_offset or 0
    end = end if _MORE.match(lines[last - 1], end) else len(lines[last - 1])
    if first == last:
        own = [lines[first - 1][node.col_offset : end]]
    else:
        own = [lines[first - 1][node.col_offset :], *lines[first : last - 1], lines[last - 1][:end]]
    return b"\n".join(own).decode().lstrip("\f") + "\n"
