"""What a Python file does with a name that stands for a literal, as far as that may change it. Nothing is run.

Reading is a subscript, a loop, `.items()` and the like; what is read so may itself be changed, and is followed by the
names that it gets. Everything else may change it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cached_property

Placed = ast.expr | ast.stmt | ast.alias | ast.ExceptHandler | ast.pattern

CHANGING_METHODS = frozenset(
    {
        *("append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort"),
        *("update", "__delitem__", "__iadd__", "__imul__", "__init__", "__ior__", "__setitem__"),
    }
)
_READING_METHODS = frozenset({"copy", "get", "items", "keys", "values"})
_READING_CALLS = frozenset(
    {
        *("all", "any", "bool", "deepcopy", "dumps", "enumerate", "frozenset", "isinstance", "len", "list"),
        *("max", "min", "pformat", "pprint", "print", "repr", "set", "sorted", "str", "tuple"),
    }
)
# What they give leads to what they are given.
_PASSING_ON = frozenset({"enumerate", "iter", "list", "next", "reversed", "sorted", "tuple", "zip"})
_OF_THE_TYPE = frozenset({"dict", "list", "operator"})
_IN_DISGUISE = frozenset({"exec", "eval", "globals", "locals", "vars"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LINKS = (ast.Attribute, ast.Subscript, ast.Call)


class Uses:
    """What a tree does with `name`. The nodes whose ids are in `skipped` are no part of it, nor what is below them."""

    def __init__(self, tree: ast.Module, name: str, skipped: Collection[int]) -> None:
        self._name = name
        self._parents: dict[int, ast.AST] = {}
        self._function: dict[int, ast.AST] = {}
        self._nodes: list[ast.AST] = []
        stack: list[ast.AST] = [tree]
        while stack:
            node = stack.pop()
            self._nodes.append(node)
            for child in ast.iter_child_nodes(node):
                if id(child) in skipped:
                    continue
                self._parents[id(child)] = node
                function = node if isinstance(node, _FUNCTIONS) else self._function.get(id(node))
                if function is not None:
                    self._function[id(child)] = function
                stack.append(child)

    def changes(self, behind: int) -> Iterator[Placed]:
        """Where the name is bound otherwise, or what it stands for may be changed. Of imports of all that a module has
        those count that stand behind the line `behind`."""
        aliases = self._aliases()
        for node in self._nodes:
            if (
                self._binds(node, behind)
                or self._is_in_disguise(node)
                or (isinstance(node, ast.Name) and self._may_change(node, aliases))
            ):
                assert isinstance(node, Placed)
                yield node

    def bindings(self) -> Iterator[Placed]:
        """Where the name is assigned, deleted or imported; a declaration without a value does not count."""
        for node in self._nodes:
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if name == self._name:
                    parent = self._parents.get(id(node))
                    if not (isinstance(parent, ast.AnnAssign) and parent.value is None):
                        yield node
                case ast.alias() if (node.asname or node.name) == self._name:
                    yield node

    def _binds(self, node: ast.AST, behind: int) -> bool:
        match node:
            case ast.ImportFrom(names=[ast.alias(name="*")], lineno=line):
                return line > behind
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler():
                return node.name == self._name
            case ast.MatchAs() | ast.MatchStar():
                return node.name == self._name
            case ast.MatchMapping():
                return node.rest == self._name
        return False

    def _is_in_disguise(self, node: ast.AST) -> bool:
        """Whether a node may name the name as a text, or in another module."""
        match node:
            case ast.Call(func=ast.Name(id=function)) if function in _IN_DISGUISE:
                return not (function == "vars" and node.args)
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[_, ast.Constant(value=value), *_]):
                return bool(value == self._name)
            case ast.Call(func=ast.Name(id="setattr" | "delattr")):
                return True
            case ast.Subscript(slice=ast.Constant(value=value), ctx=ast.Store() | ast.Del()):
                return bool(value == self._name)
            case ast.Attribute(attr=attribute, ctx=ast.Store() | ast.Del()):
                return attribute == self._name
        return False

    def _may_change(self, name: ast.Name, aliases: Collection[str]) -> bool:
        if name.id in aliases:
            return self._changes_what_is_read(name)
        if name.id != self._name or not isinstance(name.ctx, ast.Load):
            return False
        parent = self._parents.get(id(name))
        match parent:
            case ast.Attribute(attr=attribute):
                return attribute not in _READING_METHODS or self._changes_what_is_read(name)
            case ast.Subscript(value=value) if value is name:
                return self._changes_what_is_read(name)
            case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.comprehension(iter=value):
                return value is not name
            case ast.Call(func=ast.Name(id=function) | ast.Attribute(attr=function)):
                return function not in _READING_CALLS
            case ast.Compare() | ast.Expr() | ast.FormattedValue() | ast.If() | ast.While() | ast.Assert():
                return False
            case ast.UnaryOp() | ast.Subscript():
                return False
        return True

    def _changes_what_is_read(self, name: ast.Name) -> bool:
        """Whether what a name stands for, or what is read of it, is changed where it stands."""
        link: ast.AST = name
        while True:
            parent = self._parents.get(id(link))
            match parent:
                case ast.Attribute(attr=attribute, ctx=context):
                    if attribute in CHANGING_METHODS or not isinstance(context, ast.Load):
                        return True
                case ast.Subscript(value=value, ctx=context) if value is link:
                    if not isinstance(context, ast.Load):
                        return True
                case ast.Call(func=function) if function is link:
                    pass
                case ast.Call():
                    return self._is_of_the_type(parent)
                case ast.AugAssign(target=target):
                    return target is link
                case _:
                    return False
            link = parent

    @staticmethod
    def _is_of_the_type(call: ast.Call) -> bool:
        """Whether a call changes its argument: `dict.update(m)`, `operator.setitem(m, ...)`."""
        match call.func:
            case ast.Attribute(value=ast.Name(id=base), attr=attribute) if base in _OF_THE_TYPE:
                return attribute in CHANGING_METHODS or attribute in ("delitem", "iadd", "ior", "setitem")
            case ast.Name(id=function):
                return function in ("delitem", "iadd", "ior", "setitem")
        return False

    def _aliases(self) -> set[str]:
        """The names that what is read may have got."""
        led: dict[str, list[str]] = defaultdict(list)
        for node in self._nodes:
            match node:
                case ast.Assign(targets=targets, value=value):
                    pass
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    targets = [target]
                case ast.NamedExpr(target=target, value=value):
                    targets = [target]
                case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                    targets = [target]
                case ast.comprehension(target=target, iter=value):
                    targets = [target]
                case _:
                    continue
            bound = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
            for base in _bases(value):
                led[base] += bound
            if self._name in bound:
                # `name = other = {...}` gives it two names.
                led[self._name] += bound
        aliases: set[str] = set()
        left = led[self._name]
        while left:
            name = left.pop()
            if name not in aliases and name != self._name:
                aliases.add(name)
                left += led[name]
        return aliases

    def waits(self, node: ast.AST) -> bool:
        """Whether a node stands in a function that nothing calls while the file is imported or run."""
        function = self._function.get(id(node))
        while function is not None:
            if self._name_of(function) not in self._called:
                return True
            function = self._function.get(id(function))
        return False

    def _name_of(self, function: ast.AST) -> str:
        """What a function is called by; empty where whoever has it may call it at once."""
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return "" if function.decorator_list else function.name
        match self._parents.get(id(function)):
            case ast.Assign(targets=[ast.Name(id=name)]):
                return name
        return ""

    @cached_property
    def _called(self) -> set[str]:
        """The functions that statements outside of all functions call, and those that these call."""
        calls: dict[str, set[str]] = defaultdict(set)
        for node in self._nodes:
            match node:
                case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
                    function = self._function.get(id(node))
                    calls[self._name_of(function) if function else ""].add(called)
        run = {""}
        left = [""]
        while left:
            more = calls[left.pop()] - run
            run |= more
            left += more
        return run


def _bases(value: ast.expr) -> Iterator[str]:
    """The names that a value is read of."""
    left: list[ast.expr] = [value]
    while left:
        node = left.pop()
        while isinstance(node, _LINKS):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                left += node.args if node.func.id in _PASSING_ON else []
                break
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name):
            yield node.id
