"""Where a line of an excerpt stands in the file that it was taken from. Pure."""

from __future__ import annotations

import ast

from opfixtures.declarations.python_source import syntax_tree


def line_in_file(source: str, excerpt: str, line: int) -> int | None:
    """The line of the file with that line of its excerpt; None where nobody can tell."""
    one = next((one for one in _statements(excerpt) if _start(one) <= line <= (one.end_lineno or 0)), None)
    # Of several that say the same the last one counts.
    same = [other for other in _statements(source) if one and ast.dump(other) == ast.dump(one)]
    return _start(same[-1]) + line - _start(one) if one and same else None


def line_of_class(source: str, name: str) -> int | None:
    """The line of the class; None where it stands inside of something else."""
    classes = [one for one in _statements(source) if isinstance(one, ast.ClassDef) and one.name == name]
    return classes[-1].lineno if classes else None


def _statements(source: str) -> list[ast.stmt]:
    try:
        return syntax_tree(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _start(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min(statement.lineno, *(one.lineno for one in decorators)) if decorators else statement.lineno
