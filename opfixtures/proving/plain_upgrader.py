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
# Those of PyTorch have a thousand; a syntax tree takes hundreds of bytes for one.
_LONGEST = 100_000
_ALLOWED = "what it may do with torch is to call torch.NAME(...)"


def why_unusual(name: str, text: str) -> str:
    """What in the text of the upgrader `name` C++ may take otherwise than Python; empty where nothing does."""
    if len(text) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
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
        case [ast.FunctionDef(name=defined, decorator_list=[]) as function] if defined == name:
            pass
        case _:
            return f"it is not one function, {name}"
    # What is evaluated while it compiles is in no graph.
    defaults = (one for one in (*function.args.defaults, *function.args.kw_defaults) if one is not None)
    if not all(isinstance(one, ast.Constant) for one in defaults):
        return "a default of it is no literal"
    operators = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr != "ops"
    }
    for node in ast.walk(tree):
        is_torch = isinstance(node, ast.Name) and node.id == "torch" and id(node) not in operators
        if is_torch or (isinstance(node, ast.arg) and node.arg == "torch"):
            return f"{_ALLOWED} (line {getattr(node, 'lineno', 1)})"
        word = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "arg", None)
        if isinstance(word, str) and word.startswith("__"):
            return f"it names {word}"
    return ""
