"""Where statements begin, and where a line of an excerpt stands in the file that it was taken from. Pure."""

from __future__ import annotations

import ast

from opfixtures.declarations.python_source import syntax_tree


def first_line(statement: ast.stmt) -> int:
    """The line that a statement begins in, counted from 1: that of its first decorator, if it has any."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def line_in_file(source: str, excerpt: str, line: int) -> int | None:
    """The line of the file with that line of its excerpt; None where nobody can tell."""
    one = next(
        (one for one in _statements(excerpt) if first_line(one) <= line <= (one.end_lineno or 0)), None
    )
    if one is None:
        return None
    said = ast.dump(one)
    # Of several that say the same the last one counts.
    same = next((other for other in reversed(_statements(source)) if ast.dump(other) == said), None)
    return first_line(same) + line - first_line(one) if same else None


def line_of_class(source: str, name: str) -> int | None:
    """The line of the class; None where it stands inside of something else."""
    classes = [one for one in _statements(source) if isinstance(one, ast.ClassDef) and one.name == name]
    return classes[-1].lineno if classes else None


def _statements(source: str) -> list[ast.stmt]:
    try:
        return syntax_tree(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
