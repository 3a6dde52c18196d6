"""What a new class has to be bound by: `import torch`, `__all__`, the registry's import of it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence

from opfixtures.errors import UserError
from opfixtures.synthesis.additions import ModuleText
from opfixtures.synthesis.python_brackets import WIDTH, Brackets, Element
from opfixtures.synthesis.python_insertions import PythonInsertions
from opfixtures.synthesis.source_text import Edit, in_units

_DIGITS = re.compile("([0-9]+)")


def of_classes(file: PythonInsertions, classes: Sequence[ModuleText]) -> Iterator[Edit]:
    """Classes, behind what a file of fixture modules has; with what binds them."""
    source = file.source
    start_of_script = _script(file)
    ends = source.text[:start_of_script].rstrip()
    blank = source.line_break * (_blank_lines(file) + 1)
    # Each behind the blank lines that the file has between its classes; the break that ends it is the file's own.
    text = blank.join(
        in_units(one.text.rstrip("\n"), source.unit).replace("\n", source.line_break) for one in classes
    )
    after = "" if source.text[len(ends) :].strip(" \t") else source.line_break
    if start_of_script is not None:
        after = ""
    before = blank if ends else ""
    for missing in _import_torch(file):
        if missing.start == len(ends):
            # Both go to the end, one behind the other.
            before = missing.new + blank
        else:
            yield missing
    yield Edit(len(ends), "", before + text + after)
    listed = file.assigned("__all__")
    if isinstance(listed, (ast.List, ast.Tuple)) and source.text.startswith(("[", "("), file.offset(listed)):
        names = [one.value for one in listed.elts if isinstance(one, ast.Constant)]
        new = [Element([f'"{name}"'], name) for name in (one.class_name for one in classes)]
        yield from _sorted_into(file.brackets(listed), [str(name) for name in names], new)


def _script(file: PythonInsertions) -> int | None:
    """Where the block begins that a file runs as a script, if it ends with one: what it uses has to stand before it."""
    last = file.tree.body[-1] if file.tree.body else None
    if isinstance(last, ast.If) and "__name__" in {
        one.id for one in ast.walk(last.test) if isinstance(one, ast.Name)
    }:
        return file.source.start_of_line(file.offset(last))
    return None


def _blank_lines(file: PythonInsertions) -> int:
    """How many empty lines stand before the last class; two where there is none before it."""
    classes = [node for node in file.tree.body if isinstance(node, ast.ClassDef)]
    if not classes or classes[-1] is file.tree.body[0]:
        return 2
    first: ast.expr | ast.stmt = next(iter(classes[-1].decorator_list), classes[-1])
    before = file.source.text[: file.source.start_of_line(file.offset(first))]
    return len(re.findall("\r\n|\r|\n", before[len(before.rstrip()) :])) - 1


def _import_torch(file: PythonInsertions) -> Iterator[Edit]:
    """`import torch`, where the file binds no such name: with the imports that there are, in their order."""
    body, source = file.tree.body, file.source
    if any("torch" in _bound(statement) for statement in body):
        return
    line = f"import torch{source.line_break}"
    first = 0
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        first = 1
    imports = [node for node in body[first:] if isinstance(node, (ast.Import, ast.ImportFrom))]
    standard = [node for node in imports if _is_standard(node)]
    others = [node for node in imports if not _is_standard(node)]
    if others:
        later = [node for node in others if isinstance(node, ast.ImportFrom) or node.names[0].name > "torch"]
        if later:
            yield Edit(source.start_of_line(file.offset(later[0])), "", line)
            return
        yield Edit(_behind(file, others[-1]), "", source.line_break + line.rstrip("\r\n"))
    elif standard or first:
        end = _behind(file, standard[-1] if standard else body[0])
        yield Edit(end, "", source.line_break * 2 + line.rstrip("\r\n"))
    else:
        start = source.start_of_line(file.offset(body[0])) if body else len(source.text.rstrip())
        before = source.line_break if not body and start else ""
        yield Edit(start, "", before + (line + source.line_break * 2 if body else line.rstrip("\r\n")))


def _behind(file: PythonInsertions, node: ast.stmt) -> int:
    """Behind the line that a statement ends in."""
    last = [token for token in file.tokens if token.place.line <= (node.end_lineno or node.lineno)][-1]
    return file.source.end_of_line(last.offset + len(last.text))


def _bound(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.Import(names=names):
            return [(one.asname or one.name).partition(".")[0] for one in names]
        case ast.ImportFrom(names=names):
            return [one.asname or one.name for one in names]
    return []


def _is_standard(node: ast.Import | ast.ImportFrom) -> bool:
    name = node.names[0].name if isinstance(node, ast.Import) else node.module or ""
    return name.partition(".")[0] in sys.stdlib_module_names and not getattr(node, "level", 0)


class Binding:
    """How a registry comes by the classes of a file of fixture modules: `prefix` stands in front of their names."""

    def __init__(self, file: PythonInsertions, path: str) -> None:
        self._file = file
        self.prefix = ""
        self._by_name: list[ast.ImportFrom] = []
        self._is_unbound = False
        self._stem = path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
        self._is_beside = path.rpartition("/")[0] == file.source.path.rpartition("/")[0]
        self._find(path == file.source.path)

    def _find(self, is_own: bool) -> None:
        imports = [node for node in self._file.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        of_file = [
            node for node in imports if isinstance(node, ast.ImportFrom) and self._is_file(node.module)
        ]
        if is_own or any(one.name == "*" for node in of_file for one in node.names):
            return
        if of_file:
            self._by_name = of_file[-1:]
            return
        # Both arms of a `try` import it, each from where it is.
        nested = [node for node in ast.walk(self._file.tree) if isinstance(node, ast.ImportFrom)]
        nested = [node for node in nested if self._is_file(node.module)]
        if nested:
            self._by_name = [node for node in nested if all(one.name != "*" for one in node.names)]
            return
        for node in imports:
            for one in node.names:
                whole = f"{node.module}.{one.name}" if isinstance(node, ast.ImportFrom) else one.name
                if self._is_file(whole):
                    bound = one.asname or one.name
                    self.prefix = f"{bound}."
                    return
        # One that has rows comes by its classes in some way; an empty one beside their file imports them by name.
        rows = self._file.assigned("ALL_MODULES")
        is_empty = not (rows.keys if isinstance(rows, ast.Dict) else False)
        self._is_unbound = is_empty and self._is_beside and self._stem.isidentifier()

    def _is_file(self, module: str | None) -> bool:
        return (module or "").rpartition(".")[2] == self._stem

    def statement(self, names: Sequence[str]) -> str:
        """An import of the names that the registry does not have yet, where it imports by name; else empty."""
        node = self._by_name[0] if self._by_name else None
        if self._is_unbound:
            return f"from {self._stem} import {', '.join(names)}"
        known = [one.asname or one.name for one in node.names] if node else names
        missing = [name for name in names if name not in known]
        dots = "." * node.level if node else ""
        return f"from {dots}{node.module or ''} import {', '.join(missing)}" if node and missing else ""

    def of_names(self, names: Sequence[str]) -> Iterator[Edit]:
        """The names for the registry's import, where it imports by name."""
        if self._is_unbound:
            yield self._first_import(names)
        for node in self._by_name:
            yield from self._into(node, names)

    def _into(self, node: ast.ImportFrom, names: Sequence[str]) -> Iterator[Edit]:
        source = self._file.source
        known = [one.asname or one.name for one in node.names]
        new = [Element([name], name) for name in names if name not in known]
        if not new:
            return
        texts = [ast.unparse(one) for one in node.names]
        first, last = self._file.offset(node.names[0]), self._file.offset(node.names[-1])
        bracket = source.text.rfind("(", self._file.offset(node), first)
        if bracket >= 0:
            yield from _sorted_into(self._file.brackets_at(bracket), known, new)
            return
        end = last + len(texts[-1])
        whole = source.text[first:end]
        if whole.replace(" ", "") != ",".join(texts).replace(" ", ""):
            where = self._file.where(node)
            raise UserError(
                f"{where}: put the names of this import into parentheses first, one behind the other"
            )
        listed = [*texts, *(one.name for one in new)]
        listed = sorted(listed, key=_natural) if _in_order(texts) else listed
        width = source.end_of_line(end) - source.start_of_line(first) - len(whole) + len(", ".join(listed))
        if width <= WIDTH:
            yield Edit(first, whole, ", ".join(listed))
            return
        lines = "".join(f"{source.unit}{name},{source.line_break}" for name in listed)
        yield Edit(first, whole, f"({source.line_break}{lines})")

    def _first_import(self, names: Sequence[str]) -> Edit:
        """An import of the names, in a file that has none of theirs."""
        source, body = self._file.source, self._file.tree.body
        listed = sorted(names, key=_natural)
        line = f"from {self._stem} import {', '.join(listed)}"
        if len(line) > WIDTH:
            inside = "".join(f"{source.unit}{name},\n" for name in listed)
            line = f"from {self._stem} import (\n{inside})"
        line = line.replace("\n", source.line_break)
        before: list[ast.stmt] = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            before = before or [body[0]]
        if before:
            # Modules of the tree stand in a block of their own, behind all others.
            between = source.line_break * 2
            return Edit(_behind(self._file, before[-1]), "", f"{between}{line}")
        start = source.start_of_line(self._file.offset(body[0])) if body else 0
        return Edit(start, "", f"{line}{source.line_break * 2}")


def _natural(name: str) -> list[tuple[int, str]]:
    """As ruff sorts imports: `V9` before `V10`."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _DIGITS.split(name)]


def _in_order(names: Sequence[str]) -> bool:
    return list(names) == sorted(names, key=_natural)


def _sorted_into(brackets: Brackets, known: Sequence[str], new: Sequence[Element]) -> Iterator[Edit]:
    """Names put among others: each in its place where these are sorted, else behind them."""
    by_place: dict[int, list[Element]] = {}
    is_sorted = _in_order(known)
    for one in sorted(new, key=lambda element: _natural(element.name)) if is_sorted else new:
        at = sum(_natural(name) < _natural(one.name) for name in known) if is_sorted else len(known)
        by_place.setdefault(at, []).append(one)
    yield from brackets.adding(by_place)
