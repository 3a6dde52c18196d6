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
import sys
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from opfixtures.declarations.lines_of_file import first_line
from opfixtures.declarations.python_source import Part, in_parts, syntax_tree

# What follows a statement on its line, unless that is a comment.
_MORE = re.compile(rb"[ \t\f]*[^ \t\f#]")
# Where TorchScript finds types that Python does not see.
_TYPE_COMMENT = re.compile(r"#\s*type:(.*)")
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_WORD = re.compile(r"\w+")
_NOT_WRITTEN_OUT = re.compile(r"[\"'\\]|\b__(?!\w*__\b)")
_LONGEST_ANNOTATION = 500
_USES = (ast.Name, ast.Attribute)
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# A definition without it binds its own name and no other. With `global` it need not even be valid.
_BINDS_MORE = re.compile(r":=|\bglobal\b")
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
            return _excerpt(_read(source), class_name, _mentions)
    except (MemoryError, RecursionError, ValueError) as error:
        raise SyntaxError(f"Python cannot parse it: {error}") from error


def same_excerpt(source: str, other: str, class_name: str) -> bool:
    """Whether both files have the same excerpt for a class; False where one of them has none.

    Raises SyntaxError as `excerpt` does.
    """
    try:
        # More statements than the excerpt has, found much faster: where all of these are the same, it is too.
        one, two = (_excerpt(_read(text), class_name, _words) for text in (source, other))
        return one == two or excerpt(source, class_name) == excerpt(other, class_name)
    except KeyError:
        return False


def names_taken(excerpt_text: str) -> set[str]:
    """The names that an excerpt uses and does not define, as the files call them that it imports them from. Raises
    SyntaxError."""
    tree = syntax_tree(excerpt_text)
    imports = [one for one in tree.body if isinstance(one, ast.ImportFrom)]
    called = {alias.asname: alias.name for one in imports for alias in one.names if alias.asname}
    defined = {one.name for one in tree.body if isinstance(one, _DEFINITIONS)}
    used = {
        one.id if isinstance(one, ast.Name) else one.attr for one in ast.walk(tree) if isinstance(one, _USES)
    }
    return {called.get(name, name) for name in used - defined}


def source_sha256(text: str) -> str:
    """The hash of an excerpt, as a record names it."""
    return hashlib.sha256(text.encode()).hexdigest()


def renamed(text: str, class_name: str, other: str) -> str:
    """An excerpt with another name for its class."""
    return re.sub(rf"\b{re.escape(class_name)}\b", lambda _: other, text)


def _excerpt(file: _File | str, class_name: str, mentions: Callable[[str], frozenset[str]]) -> str:
    if isinstance(file, str):
        raise SyntaxError(file)
    if class_name not in file.places:
        raise KeyError(class_name)
    needed: set[int] = set()
    pending = {file.places[class_name][-1], *file.always_needed}
    while pending:
        index = pending.pop()
        needed.add(index)
        for name in mentions(file.texts[index]) & file.places.keys():
            places = file.places[name]
            before = bisect_left(places, index)
            pending |= {places[-1], *places[max(0, before - 1) : before]} - needed
    return "".join(file.texts[index] for index in sorted(needed))


@dataclass(frozen=True, slots=True)
class _File:
    """The statements at the top level of a file, each as the text of a file of its own.

    `places` are the numbers of those that bind a name, in order.
    """

    texts: list[str]
    places: dict[str, list[int]]
    always_needed: list[int]


@lru_cache(maxsize=8)
def _read(source: str) -> _File | str:
    """Read a file once for all its classes; a text where Python cannot, why."""
    try:
        return in_parts(source.replace("\r\n", "\n").replace("\r", "\n"), _statements)
    except (SyntaxError, MemoryError, RecursionError, ValueError) as error:
        return str(error)


def _statements(parts: Iterable[Part]) -> _File:
    texts: list[str] = []
    places: dict[str, list[int]] = defaultdict(list)
    always_needed = []
    for part in parts:
        lines = part.text.encode().split(b"\n")
        for node in part.tree.body:
            # Most are the same before a change and after it, and are there once.
            text = sys.intern(_text(lines, node))
            for name in _binds(node, text):
                places[name].append(len(texts))
            if _is_always_needed(node):
                always_needed.append(len(texts))
            texts.append(text)
    return _File(texts, dict(places), always_needed)


def _is_always_needed(node: ast.stmt) -> bool:
    """A star import may bind any name, a `__future__` import changes how the rest is read."""
    if isinstance(node, _DEFINITIONS):
        return False
    imports = (inner for inner in ast.walk(node) if isinstance(inner, ast.ImportFrom))
    return any(one.module == "__future__" or one.names[0].name == "*" for one in imports)


def _binds(node: ast.stmt, text: str) -> frozenset[str]:
    """The names that a statement binds in the file, those included that it changes an item or an attribute of."""
    # Most are such; asking Python for the names of each takes longer than all the rest.
    if isinstance(node, _DEFINITIONS) and not _BINDS_MORE.search(text):
        return frozenset({node.name})
    bound = (one for one in _table(text).get_symbols() if one.is_assigned() or one.is_imported())
    return frozenset({*(symbol.get_name() for symbol in bound), *_changed_in_place(node)})


# The classes of a file mention much the same before a change and after it.
@lru_cache(maxsize=1 << 15)
def _mentions(text: str) -> frozenset[str]:
    """The names that a statement looks up in the file, those in annotations included that are strings or comments.

    Where it looks up later what it binds now, in a function, it finds what it bound.
    """
    table, node = _table(text), ast.parse(text).body[0]
    binds = _binds(node, text)
    later = {*_looked_up(table, True), *_in_annotations(node, text)} - binds
    left = frozenset[str]() if isinstance(node, _REBINDING) else binds
    return frozenset({*_looked_up(table, False), *later, *left})


def _words(text: str) -> frozenset[str]:
    """The names that a statement mentions, and more words."""
    # Those that are not written out: in strings, behind escapes, in another form of Unicode, of a class's own.
    if not text.isascii() or _NOT_WRITTEN_OUT.search(text):
        return _mentions(text)
    return frozenset(_WORD.findall(text))


def _table(text: str) -> symtable.SymbolTable:
    return symtable.symtable(text, "<fixture module>", "exec")


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
    first = first_line(node)
    last, end = node.end_lineno or first, node.end_col_offset or 0
    end = end if _MORE.match(lines[last - 1], end) else len(lines[last - 1])
    if first == last:
        own = [lines[first - 1][node.col_offset : end]]
    else:
        own = [lines[first - 1][node.col_offset :], *lines[first : last - 1], lines[last - 1][:end]]
    return b"\n".join(own).decode().lstrip("\f") + "\n"
