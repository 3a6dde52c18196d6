"""Reads the upgraders of a library: the TorchScript that `UPGRADERS` is, a string at the top level of a Python file."""

from __future__ import annotations

import ast
import re

from opfixtures.declarations.place import Problem
from opfixtures.declarations.python_source import parse

_DEFINED = re.compile(r"^def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)


def python_upgraders(path: str, source: bytes) -> str | None:
    """The TorchScript; None where no plain string is assigned, or the file does not parse. Nothing is run."""
    tree = parse(path, source)
    if isinstance(tree, Problem):
        return None
    found = None
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="UPGRADERS")], value=ast.Constant(value=str(text))):
                found = text
            case ast.AnnAssign(target=ast.Name(id="UPGRADERS"), value=ast.Constant(value=str(text))):
                found = text
    return found


def functions_in(text: str) -> frozenset[str]:
    """The names of the functions that TorchScript defines at its top level."""
    return frozenset(_DEFINED.findall(text))
