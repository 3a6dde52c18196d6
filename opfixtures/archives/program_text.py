"""What a text in an exported program may be, so that torch takes none for code.

torch makes Python source of a program's names (torch/fx/graph.py), evaluates its expressions with sympy, and looks its
targets up from the module torch on (torch/_export/serde/serialize.py). So a text is a name, unless it stands where
torch has something else, and of that, only what is named here.
"""

from __future__ import annotations

import ast
import json
import re
from keyword import iskeyword
from typing import Any

from opfixtures.archives.model import ArchiveError

MAX_EXPRESSION = 2_000
# A graph inside of a graph nests by ten or so.
MAX_DEPTH = 200
# Of all in a program: Python's parser takes a second for some million.
MAX_PARSED = 200_000
# Names, dotted names, versions.
_NAME = re.compile(r"[\w.+-]{0,400}", re.ASCII)
_TARGETS = re.compile(
    r"torch\.ops\.[a-zA-Z]\w*\.(?:[a-zA-Z]\w*|_[a-zA-Z]\w*|__i?(?:and|or|xor|lshift|rshift)__)\.[a-zA-Z]\w*"
    r"|_operator\.(?:getitem|add|sub|mul|floordiv|truediv|mod|pow|neg|eq|ne|lt|le|gt|ge|and_|or_|not_)"
    r"|math\.(?:ceil|floor|trunc|sqrt)"
    r"|torch\.sym_(?:float|int|ite|max|min|not|sqrt|sum)",
    re.ASCII,
)
# Those of torch.ops that run a graph of the program. Others start what they are given, kernels among them.
_HIGHER_ORDER = re.compile(
    r"torch\.ops\.higher_order\.(?:cond|while_loop|map_impl|scan|wrap_with_set_grad_enabled|wrap_with_autocast)"
)
# Kept for people to read, and given to nothing that executes it. `custom` and `from_node` are JSON.
_FREE = frozenset(
    {"stack_trace", "nn_module_stack", "torch_fn", "source_fn", "source_fn_stack", "custom", "from_node"}
)
_CONSTANTS = frozenset({"as_string", "as_strings"})
_TREES = frozenset({"in_spec", "out_spec"})
_FUNCTION_NAMES = frozenset({"target", "as_operator"})
# What stands as a name in the source that torch makes.
_IDENTIFIERS = frozenset({"name", "as_name", "forward_arg_names"})
_PARSED = frozenset({"expr_str", "guards_code", *_TREES})
_BY_EXPRESSION = frozenset({"range_constraints"})
_TREE_TYPES = frozenset(
    {None, *(f"builtins.{name}" for name in ("tuple", "list", "dict")), "collections.OrderedDict"}
)
# What sympy and torch (torch/utils/_sympy/functions.py) print of arithmetic.
FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        """
        Symbol Integer Float Rational Add Mul Pow Mod Max Min Abs floor ceiling Eq Equality Ne
        Unequality Lt Le Gt Ge StrictLessThan LessThan StrictGreaterThan GreaterThan And Or Not true
        false FloorDiv CleanDiv CeilDiv ModularIndexing PythonMod Where ToFloat TruncToInt TruncToFloat
        CeilToInt FloorToInt IntTrueDiv FloatTrueDiv PowByNatural RoundToInt Identity
        OpaqueUnaryFn_sqrt
        """,
    )
)
_SYMBOL = re.compile(r"[a-z]{1,4}[0-9]{1,6}")
_OPERATORS = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)
_EXPRESSIONS = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Constant, *_OPERATORS)


def check_texts(root: Any) -> None:
    """Raise ArchiveError at the first text of a program, wherever it stands, that torch could take for code."""
    left: list[tuple[str, Any, int]] = [("", root, 0)]
    parsed = 0
    while left:
        where, value, depth = left.pop()
        if depth > MAX_DEPTH:
            raise ArchiveError(f"its program nests deeper than {MAX_DEPTH}")
        if isinstance(value, dict):
            is_key = is_expression if where in _BY_EXPRESSION else _is_name
            if where in _BY_EXPRESSION:
                parsed += sum(map(len, value))
                _check_budget(parsed)
            for key in value:
                if not is_key(key):
                    raise ArchiveError(f"its program has a member of the name {key[:80]!r}")
            left.extend((key, one, depth + 1) for key, one in value.items())
        elif isinstance(value, list):
            left.extend((where, one, depth + 1) for one in value)
        elif isinstance(value, str):
            parsed += len(value) if where in _PARSED else 0
            _check_budget(parsed)
            if _may_be(where, value):
                continue
            raise ArchiveError(f"its program has a {where or 'text'} that is none of torch's: {value[:80]!r}")


def _check_budget(parsed: int) -> None:
    if parsed > MAX_PARSED:
        raise ArchiveError(f"its program has more than {MAX_PARSED} characters of expressions")


def without_notes(value: Any) -> Any:
    """A program without what is kept for people to read, and without the release of torch that wrote it."""
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key not in _FREE and key != "torch_version"}
        return {key: without_notes(one) for key, one in kept.items()}
    return [without_notes(one) for one in value] if isinstance(value, list) else value


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _may_be(where: str, text: str) -> bool:
    """Whether a text may be the value, or one of several, of the member `where`."""
    if where in _FREE or where in _CONSTANTS:
        return True
    if where in _TREES:
        return _is_tree(text)
    if where in _FUNCTION_NAMES:
        return bool(_TARGETS.fullmatch(text) or _HIGHER_ORDER.fullmatch(text))
    if where in _IDENTIFIERS:
        return text == "" or is_identifier(text)
    if where == "expr_str":
        return is_expression(text)
    if where == "guards_code":
        return is_guard(text)
    return _is_name(text)


def _is_tree(text: str) -> bool:
    """Whether it is how torch writes nested tuples, lists and dicts (torch/utils/_pytree.py, `treespec_dumps`)."""
    try:
        match json.loads(text):
            case [int(), dict(tree)]:
                return _is_plain_tree(tree)
    except (ValueError, RecursionError):
        pass
    return text == ""


def _is_plain_tree(tree: dict[str, Any]) -> bool:
    left: list[Any] = [tree]
    while left:
        node = left.pop()
        match node:
            case {"type": None | str() as kind, "context": context, "children_spec": list(children)} if (
                kind in _TREE_TYPES and _is_context(kind, context)
            ):
                left.extend(children)
            case _:
                return False
    return True


def _is_context(kind: str | None, context: Any) -> bool:
    """Whether it is what torch keeps of such a node: of a dict its keys, which it makes source of
    (`_PyTreeCodeGen` in torch/fx/graph.py); of others nothing."""
    keys = json.loads(context) if isinstance(context, str) and len(context) <= MAX_EXPRESSION else context
    if kind is None or not kind.endswith(("dict", "OrderedDict")):
        return keys is None
    return isinstance(keys, list) and all(map(_is_key, keys))


def _is_key(key: Any) -> bool:
    return type(key) is int or (isinstance(key, str) and is_identifier(key))


def is_identifier(text: str) -> bool:
    """Whether Python takes it for a name, and for nothing else."""
    return text.isascii() and text.isidentifier() and not iskeyword(text)


def is_expression(text: str) -> bool:
    """Whether it is arithmetic of symbols and numbers: `Add(Symbol('s0', integer=True), Integer(1))` from torch 2.6 on,
    `s0 + 1` before."""
    return _holds(text, _is_arithmetic)


def is_guard(text: str) -> bool:
    """Whether it compares sizes of inputs: `L['x'].size()[0] <= 16`."""
    return _holds(text, _is_size)


def _holds(text: str, is_leaf: Any) -> bool:
    if len(text) > MAX_EXPRESSION:
        return False
    try:
        tree = ast.parse(text, mode="eval")
        compile(tree, "", "eval")
        nodes = list(ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(is_leaf(node) or (isinstance(node, _EXPRESSIONS) and _is_plain(node)) for node in nodes)


def _is_plain(node: ast.AST) -> bool:
    """Whether a node's own value is a number, a truth value, or a text that is a name."""
    if not isinstance(node, ast.Constant):
        return True
    if isinstance(node.value, str):
        return node.value.isidentifier()
    return node.value is None or isinstance(node.value, bool | int | float)


def _is_arithmetic(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name), keywords=keywords):
            return name in FUNCTIONS and all(isinstance(one.value, ast.Constant) for one in keywords)
        case ast.Name(id=name):
            return name in FUNCTIONS or _SYMBOL.fullmatch(name) is not None
        case ast.keyword(arg=str()):
            return True
    return False


def _is_size(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="size"), args=[], keywords=[]):
            return True
        case ast.Attribute(attr="size") | ast.Name(id="L") | ast.Subscript(slice=ast.Constant()):
            return True
    return False
