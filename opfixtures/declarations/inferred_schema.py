"""The schema of a function with annotations, as torch infers it for `custom_op`: torch/_library/infer_schema.py.

The function is not run. An annotation or a default that only a run could tell has no schema here.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from opfixtures.declarations.annotation_types import (
    DTYPES,
    NONE,
    OTHER_NAMES,
    RETURNED,
    SEQUENCES,
    TAKEN,
    AnnotatedType,
    read_annotation,
    union,
)
from opfixtures.declarations.python_names import Function, Names, Scope

# Who nests deeper means to make a reader slow; torch knows two levels.
_DEEPEST = 6
_MOST_MEMBERS = 16
# Of an annotation, in characters: what both may cost a file is counted together.
_PRICE = 64
_LONGEST_INTEGER = 1 << 64


class NotInferredError(Exception):
    """Why torch infers no schema, or only a run could tell, at `node`."""

    def __init__(self, node: ast.expr | ast.arg | Function, message: str) -> None:
        super().__init__(message)
        self.node = node


def inferred_schema(
    names: Names, function: Function, scope: Scope, mutated: Collection[str] | None, tag: str = ""
) -> str:
    """`(Tensor x, float amount=1.0) -> Tensor` for a function in a scope.

    `mutated` are the arguments that it writes to; None is torch's "unknown". `tag` is `inplace` or `out` for a function
    with that of torch's tags. Raises NotInferredError.
    """
    return _Inferring(names, function, scope, mutated, tag).schema()


class _Inferring:
    def __init__(
        self, names: Names, function: Function, scope: Scope, mutated: Collection[str] | None, tag: str
    ) -> None:
        self._names = names
        self._function = function
        self._scope = scope
        self._mutated = mutated
        self._tag = tag
        self._aliases: list[str] = []
        self._read: ast.expr | None = None

    def schema(self) -> str:
        """See `inferred_schema`."""
        given = self._function.args
        other = next(filter(None, (*given.posonlyargs, given.vararg, given.kwarg)), None)
        if other is not None:
            raise NotInferredError(other, "torch takes no positional-only arguments, *args or **kwargs")
        defaults = [*[None] * (len(given.args) - len(given.defaults)), *given.defaults]
        pairs = [
            *zip(given.args, defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]
        unknown = set(self._mutated or ()) - {argument.arg for argument, _ in pairs}
        if unknown:
            raise NotInferredError(
                self._function, f"mutates_args names {min(unknown)[:60]!r}, which is no argument"
            )
        texts = [self._argument(index, *pair) for index, pair in enumerate(pairs)]
        if given.kwonlyargs:
            texts.insert(len(given.args), "*")
        return f"({', '.join(texts)}) -> {self._returned()}"

    def _argument(self, index: int, argument: ast.arg, default: ast.expr | None) -> str:
        if argument.annotation is None:
            raise NotInferredError(argument, f"{argument.arg} has no annotation: add its type")
        name = TAKEN.get(self._annotated(argument.annotation))
        if name is None:
            raise self._refused(argument.annotation)
        is_tensor = name.startswith("Tensor")
        if argument.arg in self._mutated if self._mutated is not None else is_tensor:
            if not is_tensor:
                raise NotInferredError(argument, f"{argument.arg} is mutated, and no tensor")
            name = name.replace("Tensor", f"Tensor(a{index}!)")
            self._aliases.append(f"a{index}")
        return f"{name} {argument.arg}" + ("" if default is None else f"={self._default(default)}")

    def _returned(self) -> str:
        returns = self._function.returns
        if returns is None:
            raise NotInferredError(self._function, "the function has no return annotation: add it")
        type_ = self._annotated(returns)
        if type_ == NONE:
            return "()"
        is_tuple = isinstance(type_, tuple) and type_[:1] == ("tuple",)
        members: list[AnnotatedType] = list(type_[1:]) if is_tuple and isinstance(type_, tuple) else [type_]
        texts = [RETURNED.get(member) for member in members]
        if None in texts:
            raise self._refused(returns)
        if self._tag:
            texts = [f"Tensor({alias}!)" for alias in self._aliases]
            is_tuple = len(texts) > 1
        listed = ", ".join(filter(None, texts))
        if not is_tuple:
            return listed
        return f"(({listed}))" if len(texts) == 1 else f"({listed})"

    def _refused(self, node: ast.expr) -> NotInferredError:
        # What stands in quotes has places of its own.
        return NotInferredError(
            self._read or node, "torch takes no such annotation, or only a run can tell it"
        )

    def _annotated(self, annotation: ast.expr) -> AnnotatedType:
        self._read = annotation
        return self._type(annotation)

    def _type(self, node: ast.expr, depth: int = 0) -> AnnotatedType:
        """What an annotation stands for. Raises NotInferredError."""
        if not self._names.spend(_PRICE):
            raise NotInferredError(node, "this file has more annotations than are read")
        node = self._names.constant(node, self._scope)
        match node:
            case ast.Constant(value=None):
                return NONE
            case ast.Constant(value=str(text)) if depth < _DEEPEST and (inner := read_annotation(text)):
                return self._type(ast.copy_location(inner, node), depth + 1)
            case ast.BinOp() if depth < _DEEPEST:
                return union([self._type(member, depth + 1) for member in self._members(node)])
            case ast.Subscript(value=generic, slice=inside) if depth < _DEEPEST:
                return self._generic(self._names.path(generic, self._scope) or "", inside, depth)
            case ast.Name() | ast.Attribute():
                path = (self._names.path(node, self._scope) or "").removeprefix("builtins.")
                return OTHER_NAMES.get(path, path)
        raise self._refused(node)

    def _members(self, node: ast.expr) -> list[ast.expr]:
        members = list[ast.expr]()
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and len(members) < _MOST_MEMBERS:
            members.append(node.right)
            node = node.left
        if isinstance(node, ast.BinOp):
            raise self._refused(node)
        return [*members, node]

    def _generic(self, path: str, inside: ast.expr, depth: int) -> AnnotatedType:
        members = inside.elts[:_MOST_MEMBERS] if isinstance(inside, ast.Tuple) else [inside]
        if path.startswith("typing.") and any(_is_quoted(member) for member in members):
            # typing makes a forward reference of it, which torch does not resolve.
            raise self._refused(inside)
        types = [self._type(member, depth + 1) for member in members]
        if path in SEQUENCES and len(types) == 1:
            return (SEQUENCES[path], types[0])
        if path == "typing.Optional" and len(types) == 1:
            return union([types[0], NONE])
        if path == "typing.Union" and types:
            return union(types)
        if path in ("tuple", "typing.Tuple"):
            return ("tuple", *types)
        raise self._refused(inside)

    def _default(self, node: ast.expr) -> str:
        """A default as torch writes it into a schema."""
        found, minus = self._names.constant(node, self._scope), ""
        if isinstance(found, ast.UnaryOp) and isinstance(found.op, ast.USub):
            found, minus = found.operand, "-"
        match found:
            case ast.Constant(value=None | bool() as value) if not minus:
                return str(value)
            case ast.Constant(value=int() as value) if value < _LONGEST_INTEGER:
                return str(-value if minus else value)
            case ast.Constant(value=float() as number):
                return str(-number if minus else number)
            case ast.Constant(value=str(text)):
                return f'"{text}"'
            case ast.Call() if self._names.path(found.func, self._scope) == "torch.device":
                return self._device(found)
        module, _, dtype = (self._names.path(found, self._scope) or "").rpartition(".")
        if module == "torch" and dtype in DTYPES:
            return DTYPES[dtype]
        raise NotInferredError(node, "only a run can tell this default, or torch takes none of its type")

    def _device(self, call: ast.Call) -> str:
        """`torch.device("cuda", 0)` is `"cuda:0"`."""
        match call:
            case ast.Call(args=[ast.Constant(value=str(kind))], keywords=[]):
                return f'"{kind}"'
            case ast.Call(args=[ast.Constant(value=str(kind)), ast.Constant(value=int(index))], keywords=[]):
                return f'"{kind}:{index}"'
        raise NotInferredError(call, 'only a run can tell this device: write torch.device("cpu")')


def _is_quoted(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
