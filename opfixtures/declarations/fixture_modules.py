"""The classes of fixture module files, read from syntax trees: which are there, which are an `nn.Module`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from opfixtures.declarations.model import FixtureModule, FixtureModules
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.python_source import Part, SourceLines, parse_in_parts, place
from opfixtures.values import dataclass

_MODULE_CLASSES = frozenset({"torch.jit.ScriptModule", "torch.nn.Module", "torch.nn.modules.Module"})
# A chain of assignments can make a dotted name of any length.
_LONGEST_NAME = 200

# What a name stands for: a dotted path (`torch.nn.Module`; without a dot, a name the file does not bind), the
# number of a class that was read, or None where that is unknown.
_Meaning: TypeAlias = str | int | None


@dataclass(frozen=True, slots=True)
class _Class:
    name: str
    place: Place
    bases: tuple[_Meaning, ...]


def read_fixture_modules(sources: Sequence[tuple[str, bytes]]) -> FixtureModules:
    """Read the classes at the top level of these files, each a path and its bytes.

    Nothing is imported or run, and nothing is raised: a file that cannot be parsed is a problem. Classes
    under an `if` or a `try` at the top level count.
    """
    classes: list[_Class] = []
    problems: list[Problem] = []
    for path, source in sources:
        found = parse_in_parts(path, source, partial(_classes_of, path, len(classes)))
        if isinstance(found, Problem):
            problems.append(found)
        else:
            classes += found
    modules = [
        FixtureModule(class_.name, verdict, class_.place)
        for class_, verdict in zip(classes, _verdicts(classes), strict=True)
    ]
    return FixtureModules(tuple(modules), tuple(problems))


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run when the file is imported, in order, those in blocks included."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _classes_of(path: str, first: int, parts: Iterable[Part]) -> list[_Class]:
    """The classes of one file; the first of them has the number `first`."""
    classes: list[_Class] = []
    names: dict[str, _Meaning] = {}
    for part in parts:
        _add_classes(path, first, part, classes, names)
    return classes


def _add_classes(
    path: str, first: int, part: Part, classes: list[_Class], names: dict[str, _Meaning]
) -> None:
    lines = SourceLines(part.text, part.before)
    unconditional = {id(statement) for statement in part.tree.body}
    for statement in _top_level(part.tree):
        bound: list[tuple[str, _Meaning]] = []
        match statement:
            case ast.ClassDef(name=name, bases=bases):
                bound = [(name, first + len(classes))]
                meanings = tuple(_meaning(base, names) for base in bases)
                classes.append(_Class(name, place(path, lines, statement), meanings))
            case ast.Import(names=aliases):
                roots = ((alias, alias.name.partition(".")[0]) for alias in aliases)
                bound = [
                    (alias.asname or root, alias.name if alias.asname else root) for alias, root in roots
                ]
            case ast.ImportFrom(module=module, names=aliases):
                prefix = f"{module}." if module else ""
                bound = [(alias.asname or alias.name, prefix + alias.name) for alias in aliases]
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                bound = [(name, _meaning(value, names))]
        for name, meaning in bound:
            is_certain = id(statement) in unconditional or names.get(name, meaning) == meaning
            names[name] = meaning if is_certain else None


def _meaning(node: ast.expr, names: dict[str, _Meaning]) -> _Meaning:
    attributes: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            attributes.append(node.attr)
        elif not isinstance(node, ast.Subscript):
            return None
        node = node.value
    meaning = names.get(node.id, node.id)
    if not attributes or not isinstance(meaning, str):
        return None if attributes else meaning
    dotted = ".".join([meaning, *reversed(attributes)])
    return dotted if len(dotted) <= _LONGEST_NAME else None


def _verdicts(classes: Sequence[_Class]) -> list[bool | None]:
    """Whether each class is an `nn.Module`; None where that cannot be told, as in a circle of bases."""
    bases = _linked(classes)
    verdicts: dict[int, bool | None] = {}
    opened: set[int] = set()
    stack = list(range(len(classes)))
    while stack:
        number = stack.pop()
        if number in verdicts:
            continue
        waiting = [base for base in bases[number] if isinstance(base, int) and base not in verdicts]
        if waiting and number not in opened:
            opened.add(number)
            stack += [number, *waiting]
        else:
            of_bases = [_verdict(base, verdicts) for base in bases[number]]
            verdicts[number] = True if True in of_bases else None if None in of_bases else False
    return [verdicts[number] for number in range(len(classes))]


def _linked(classes: Sequence[_Class]) -> list[list[_Meaning]]:
    """The bases of each class, names that lead to a class in another file replaced by its number."""
    in_file = {(_stem(class_.place.path), class_.name): number for number, class_ in enumerate(classes)}
    anywhere = {class_.name: number for number, class_ in enumerate(classes)}

    def linked(base: _Meaning) -> _Meaning:
        if not isinstance(base, str):
            return base
        module, _, name = base.rpartition(".")
        # What a file does not bind comes from a star import, as in PyTorch's generate_models.py.
        return in_file.get((module.rpartition(".")[2], name), base) if module else anywhere.get(name, base)

    return [[linked(base) for base in class_.bases] for class_ in classes]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _verdict(base: _Meaning, verdicts: dict[int, bool | None]) -> bool | None:
    if isinstance(base, int):
        return verdicts.get(base)
    if base in _MODULE_CLASSES:
        return True
    return False if base is not None and hasattr(builtins, base) else None
