"""Whether torch scripts what stands in a module file, and not other lines of it.

`torch.jit.script` has Python's `inspect` find the lines of a function again, from the number of its first line: where
that does not look like a definition, older ones go up to a line that does, in a comment or a text as well. What is
found is parsed anew.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Sequence

from opfixtures.declarations.lines_of_file import first_line
from opfixtures.declarations.python_source import syntax_tree

_LAMBDA = re.compile(r".*(?<!\w)lambda[: ]")
_CLASS = re.compile(r"\s*class\s*(\w+)")


def why_scripted_otherwise(text: str) -> str:
    """What of a module's text torch may look for at another place; empty where it finds all. `text` has `\\n` line
    breaks. Raises SyntaxError where it is not Python."""
    try:
        tree = syntax_tree(text)
    except (MemoryError, RecursionError, ValueError) as error:
        raise SyntaxError(f"Python cannot parse it: {error}") from error
    # As Python counts lines, and the worker gives them to inspect.
    lines = io.StringIO(text, newline=None).readlines()
    classes = dict[int, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            classes[node.lineno] = node.name
        if isinstance(node, ast.Lambda) and not _LAMBDA.match(lines[node.lineno - 1]):
            return f"`{_line(lines, node.lineno)}` has to have `lambda` and its arguments on one line"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_found(node, lines):
            return (
                f"`{_line(lines, node.lineno)}` has to begin with `def {node.name}(`, and decorators with `@`"
            )
    names = set(classes.values())
    for number, line in enumerate(lines, 1):
        found = _CLASS.match(line)
        if found and found[1] in names and classes.get(number) != found[1]:
            return f"`{_line(lines, number)}` looks like the class, and is not"
    return ""


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1].strip()[:50]


def _is_found(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: Sequence[str]) -> bool:
    """Whether the lines that torch parses are those of the function."""
    keyword = "def" if isinstance(node, ast.FunctionDef) else "async def"
    first = first_line(node)
    begins = re.match(rf"[ \t]*{keyword} {re.escape(node.name)} ?\(", lines[node.lineno - 1])
    if not begins or (first != node.lineno and not re.match("[ \t]*@", lines[first - 1])):
        return False
    try:
        block = inspect.getblock(lines[first - 1 : (node.end_lineno or node.lineno) + 1])
        # Of several that begin so torch takes the indentation of the first (torch/jit/frontend.py).
        definition = next(place for place, line in enumerate(block) if line.lstrip().startswith(keyword))
        is_indented = block[0][:1].isspace()
        parsed = ast.parse("".join(["if 1:\n" * is_indented, *block])).body
        inside = parsed[0].body if is_indented and isinstance(parsed[0], ast.If) else parsed
        is_same = [ast.dump(one) for one in inside] == [ast.dump(node)]
    except (SyntaxError, tokenize.TokenError, StopIteration, RecursionError, MemoryError):
        return False
    return is_same and first + definition == node.lineno
