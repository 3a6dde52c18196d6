"""Reads the operators that Python declares with `torch.library`, from the syntax tree; the file is never imported.

lib = torch.library.Library("mylib", "DEF")
lib.define("scale(Tensor x, float factor) -> Tensor")

@torch.library.custom_op("mylib::halve", mutates_args=())
def halve(x: torch.Tensor) -> torch.Tensor: ...
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from opfixtures.declarations.cpp_text import is_utf_16
from opfixtures.declarations.declared_model import DeclaredOperators, Found
from opfixtures.declarations.function_schema import SchemaError, parse_schema
from opfixtures.declarations.inferred_schema import NotInferredError, inferred_schema
from opfixtures.declarations.place import Problem
from opfixtures.declarations.python_names import Function, Names, Scope
from opfixtures.declarations.python_source import SourceLines, parse, place

# What declares says one of these, in every encoding that a module is written in.
_MARKS = (b"torch", b"define")
_DECORATORS = {
    "torch.library.custom_op": "custom_op",
    "torch._library.custom_ops.custom_op": "custom_op",
    "torch._library.custom_op": "custom_op",
    "torch.library.triton_op": "triton_op",
    "torch._library.triton.triton_op": "triton_op",
    "torch._library.triton_op": "triton_op",
}
_LIBRARIES = ("torch.library.Library", "torch.library._scoped_library")
_QUALIFIED = re.compile(r"[^\W\d]\w*::[^\W\d]\w*(?:\.\w+)?")
_COMPUTED = "only a run can tell {what} here: write a string literal"


def read_python_operators(path: str, source: bytes) -> DeclaredOperators:
    """The operators that a Python file declares; whatever the bytes, never an exception."""
    if not any(mark in source for mark in _MARKS) and not is_utf_16(source):
        return DeclaredOperators(path)
    tree = parse(path, source)
    if isinstance(tree, Problem):
        return DeclaredOperators(path, problems=(tree,))
    reader = _Reader(Names(tree), Found(path), SourceLines(source))
    reader.read()
    return reader.found.declared()


class _Reader:
    def __init__(self, names: Names, found: Found, lines: SourceLines) -> None:
        self.found = found
        self._names = names
        self._lines = lines
        self._decorators: set[int] = set()

    def read(self) -> None:
        for node, scope in self._names.uses:
            if isinstance(node, Function):
                for decorator in node.decorator_list:
                    kind = self._decorator(decorator, scope)
                    if kind and isinstance(decorator, ast.Call):
                        self._decorators.add(id(decorator))
                        self._read_function(kind, decorator, node, scope)
            elif id(node) not in self._decorators:
                self._read_call(node, scope)

    def _decorator(self, node: ast.expr, scope: Scope) -> str:
        path = self._names.path(node.func, scope) if isinstance(node, ast.Call) else None
        return _DECORATORS.get(path or "", "")

    def _read_call(self, call: ast.Call, scope: Scope) -> None:
        # `custom_op("mylib::halve", mutates_args=())(halve)`
        if isinstance(call.func, ast.Call) and (kind := self._decorator(call.func, scope)):
            self._decorators.add(id(call.func))
            self._read_function(kind, call.func, _argument(call, 0, ""), scope)
        elif kind := self._decorator(call, scope):
            self._read_function(kind, call, _argument(call, 1, "fn"), scope)
        elif self._names.path(call.func, scope) == "torch.library.define":
            self._read_define(call, scope)
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "define":
            self._read_library(call.func.value, call, _argument(call, 0, "schema"), scope)

    def _read_define(self, call: ast.Call, scope: Scope) -> None:
        """`torch.library.define("mylib::scale", "(Tensor x) -> Tensor")`, or with a library as the first."""
        first, schema = _argument(call, 0, "qualname"), _argument(call, 1, "schema")
        if first is not None and self._library(first, scope) is not None:
            self._read_library(first, call, schema, scope)
            return
        name = self._qualified(call, first, scope)
        if name:
            self._read_schema(call, name, schema, scope)

    def _read_schema(self, call: ast.Call, name: str, schema: ast.expr | None, scope: Scope) -> None:
        text = self._names.text(schema, scope) if schema else None
        if text is None:
            self._computed(schema or call, f"the schema of {name}")
        else:
            self._note(name.partition("::")[0], name + text, schema or call)

    def _read_library(self, base: ast.expr, call: ast.Call, schema: ast.expr | None, scope: Scope) -> None:
        """`lib.define("scale(Tensor x) -> Tensor")`."""
        text = self._names.text(schema, scope) if schema else None
        library = self._library(base, scope)
        if library is None:
            # Many things have a method of that name.
            if text is not None and _is_schema(text):
                self._problem(
                    call, "the library that this defines in is made elsewhere: make it in this file"
                )
            return
        kind = _argument(library, 1, "kind")
        if kind is not None and self._names.text(kind, scope) == "IMPL":
            return
        namespace = _argument(library, 0, "ns")
        name = self._names.text(namespace, scope) if namespace else None
        if name is None:
            self._computed(namespace or library, "the namespace of this library")
        elif text is None:
            self._computed(schema or call, f"a schema of {name}")
        else:
            self._note(name, text, schema or call)

    def _library(self, node: ast.expr, scope: Scope) -> ast.Call | None:
        """The call that makes the library which an expression stands for; None where it is none, or made elsewhere."""
        value = self._names.value(node, scope)
        if isinstance(value, ast.Call) and self._names.path(value.func, scope) in _LIBRARIES:
            return value
        return None

    def _read_function(
        self, kind: str, call: ast.Call, function: ast.expr | Function | None, scope: Scope
    ) -> None:
        """`custom_op` and `triton_op`, which leaves a schema that is given aside."""
        name = self._qualified(call, _argument(call, 0, "name"), scope)
        if not name:
            return
        schema = _argument(call, None, "schema") if kind == "custom_op" else None
        if schema is not None and not (isinstance(schema, ast.Constant) and schema.value is None):
            self._read_schema(call, name, schema, scope)
            return
        if isinstance(function, ast.Name):
            bound = self._names.bound(function.id, function, scope)
            function = bound if isinstance(bound, Function) else None
        if not isinstance(function, Function):
            self._problem(call, f"the function of {name} is not in this file: give the schema, `schema=...`")
            return
        try:
            mutated = self._mutated(call, scope)
            text = inferred_schema(self._names, function, scope, mutated, self._tag(call, scope))
        except NotInferredError as error:
            self._problem(error.node, f"{name} has no schema that can be read: {error}")
            return
        self._note(name.partition("::")[0], name + text, call)

    def _mutated(self, call: ast.Call, scope: Scope) -> Collection[str] | None:
        """The names in `mutates_args`; None for "unknown". Raises NotInferredError."""
        given = _argument(call, None, "mutates_args")
        if given is None:
            raise NotInferredError(call, "mutates_args is missing: add it")
        value = self._names.constant(given, scope)
        if isinstance(value, ast.Call) and not value.args and not value.keywords:
            if self._names.path(value.func, scope) in ("dict", "frozenset", "list", "set", "tuple"):
                return ()
        elif self._names.text(value, scope) == "unknown":
            return None
        elements = _elements(value)
        texts = None if elements is None else [self._names.text(one, scope) for one in elements]
        if texts is None or None in texts:
            raise NotInferredError(given, "only a run can tell mutates_args: write a list of strings")
        return frozenset(filter(None, texts))

    def _tag(self, call: ast.Call, scope: Scope) -> str:
        given = _argument(call, None, "tags")
        value = self._names.constant(given, scope) if given else None
        tags = [] if value is None else _elements(value) or [value]
        paths = {self._names.path(tag, scope) for tag in tags}
        return next((tag for tag in ("inplace", "out") if f"torch.Tag.{tag}" in paths), "")

    def _qualified(self, call: ast.Call, name: ast.expr | None, scope: Scope) -> str:
        """`mylib::scale`; empty, and a problem noted, for anything else."""
        text = self._names.text(name, scope) if name else None
        if text is not None and _QUALIFIED.fullmatch(text):
            return text
        if text is None:
            self._computed(name or call, "the name of an operator")
        else:
            self._problem(name or call, "this is no name of an operator: write it as mylib::scale")
        return ""

    def _computed(self, node: ast.expr, what: str) -> None:
        self._problem(node, _COMPUTED.format(what=what))

    def _problem(self, node: ast.expr | ast.arg | Function, message: str) -> None:
        self.found.problem(place(self.found.path, self._lines, node), message)

    def _note(self, namespace: str, text: str, node: ast.expr) -> None:
        self.found.schema(namespace, text, place(self.found.path, self._lines, node))


def _argument(call: ast.Call, index: int | None, name: str) -> ast.expr | None:
    """An argument of a call, by its place or its name."""
    if index is not None and index < len(call.args):
        return call.args[index]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _elements(value: ast.expr) -> list[ast.expr] | None:
    match value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return elements
        case ast.Dict(keys=[]):
            return []
    return None


def _is_schema(text: str) -> bool:
    try:
        parse_schema(text)
    except SchemaError:
        return False
    return True
