"""Whether a text of an upgrader is one that torch compiles in C++ if it compiles it from Python. Pure.

Both have one frontend (torch/csrc/jit/frontend/ir_emitter.cpp) and another meaning of the word torch: of Python's every
attribute can be asked for, C++ has operators to be called (BuiltinModule in torch/csrc/jit/frontend/sugared_value.h).
"""

from __future__ import annotations

import ast
import re
import warnings

from opfixtures.declarations.python_source import syntax_tree

_PLAIN = re.compile(r"[ -\[\]-~\n]*")
_ALLOWED = (
    "an upgrader calls torch.NAME(...) or torch.ops.NAMESPACE.NAME(...), and uses torch for nothing else"
)


def why_unusual(name: str, text: str) -> str:
    """What in the text of the upgrader `name` C++ may take otherwise than Python; empty where nothing does."""
    plain = _PLAIN.match(text)
    if plain is None or plain.end() < len(text):
        return "it has characters that no upgrader of PyTorch has"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = syntax_tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"Python cannot parse it ({error})"
    match tree.body:
        case [ast.FunctionDef(name=defined, decorator_list=[])] if defined == name:
            pass
        case _:
            return f"it is not one function, {name}"
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    allowed = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) in called:
            parts, root = _chain(node)
            is_operator = len(parts) == 1 if parts[0] != "ops" else len(parts) in (3, 4)
            if is_operator:
                allowed.add(id(root))
    for node in ast.walk(tree):
        is_torch = isinstance(node, ast.Name) and node.id == "torch" and id(node) not in allowed
        if is_torch or (isinstance(node, ast.arg) and node.arg == "torch"):
            return f"{_ALLOWED} (line {getattr(node, 'lineno', 1)})"
        word = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "arg", None)
        if isinstance(word, str) and word.startswith("__"):
            return f"it names {word}"
    return ""


def _chain(node: ast.expr) -> tuple[list[str], ast.expr]:
    """The names behind the first part of `a.b.c`, in order, and that part."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return parts[::-1], node
