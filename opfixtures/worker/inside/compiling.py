"""Whether the tree's text of an upgrader compiles, and could stand in the place of the calls of its old schema.

A runtime may be older than the change: what the tree declares of an operator, and this torch does not know or has
otherwise, is registered as a stub, which compiles and never runs. The tree's schema wins: calls by name find the stubs
in a namespace of their own, where what the tree replaced is not; a method finds them as one more overload.
"""

from __future__ import annotations

import types
from typing import Any, Callable

import torch

from . import Json
from .children import in_children
from .graphs import nodes_of
from .reasons import RefusedError, headline
from .upgraders import Namespaces, Operators, function_of

# No namespace and no overload of anybody else begins or ends so.
OWN = "opfixtures_tree_"
OWN_OVERLOAD = "_opfixtures_tree"


def compiled_told(asked: Json, seconds: float, tell: Callable[[], None]) -> Json:
    """What is told of each upgrader asked for, by name, each in a child of its own: its stubs are nobody else's.

    `tell` is called after each: a text may take all of its time.
    """
    told: dict[str, Json] = {}
    for name, one in asked.items():

        def step(name: str = name, one: Json = one) -> Json:
            return compiled_one(name, one["source"], one["old_schema"], one["operators"])

        told.update(in_children([(name, step)], seconds))
        tell()
    return told


def compiled_one(name: str, source: str, old_schema: Any, operators: Json) -> Json:
    """{"problem", "difference", "unseen", "missing"}: why it does not compile, how its signature is another than that
    of the old schema, why neither can be told, and the operator of `torch.ops` that it looked for last and that is not
    here; all empty where all is well.

    `operators` has the tree's schemas by operator, those that the source may call. Without an old schema, None, there
    is nothing that it is to stand in for.
    """
    told = {"problem": "", "difference": "", "unseen": "", "missing": ""}
    try:
        stubs = Stubs(operators)
        old = None if old_schema is None else torch._C.parse_schema(old_schema)
    except Exception as error:
        told["unseen"] = headline(error)
        return told
    try:
        function = function_of(name, source, stubs.torch)
    except Exception as error:
        told.update(problem=stubs.plain(headline(error)), missing="".join(stubs.missing[-1:]))
        return told
    replaced = [
        called for called in map(called_operator, nodes_of(function.graph)) if called in stubs.replaced
    ]
    if replaced:
        told["unseen"] = (
            f"it calls {replaced[0]} in a way that finds this torch's own, which the tree has otherwise"
        )
    elif old is not None:
        told["difference"] = difference_of(function.schema, old)
    return told


def called_operator(node: Any) -> str:
    return str(node.schema()).partition("(")[0]


class Stubs:
    """The operators of the tree that this torch has not, or not so. `torch` is what that word means in an upgrader,
    `replaced` are those of this torch that the tree has otherwise, `missing` those that were looked for in vain."""

    def __init__(self, operators: Json) -> None:
        self.replaced: set[str] = set()
        self.missing: list[str] = []
        self.libraries: dict[str, Any] = {}
        by_name: dict[str, dict[str, str]] = {}
        for operator, text in operators.items():
            by_name.setdefault(operator.partition(".")[0], {})[operator] = text
        stubbed = [name for name, declared in by_name.items() if self.register(name, declared)]
        self.torch = Operators("torch")
        self.torch.__dict__.update(stubs_of("aten", stubbed))
        self.torch.ops = StubbedNamespaces(stubbed, self.missing)

    def register(self, name: str, declared: dict[str, str]) -> bool:
        """Register all overloads of a name, where one of those declared is not as it is here."""
        own = {str(schema).partition("(")[0]: schema for schema in own_schemas(name)}
        other = {
            operator: text
            for operator, text in declared.items()
            if operator not in own or own[operator] != torch._C.parse_schema(text)
        }
        if not other:
            return False
        self.replaced.update(operator for operator in other if operator in own)
        namespace, _, base = name.partition("::")
        # What the tree does not declare stays: much of torch is declared elsewhere.
        for text in [*declared.values(), *(str(own[one]) for one in own if one not in declared)]:
            self.define(OWN + namespace, text.partition("::")[2])
        for operator, text in other.items():
            _, bracket, signature = text.partition("(")
            self.define(
                namespace, base + "." + operator.partition(".")[2] + OWN_OVERLOAD + bracket + signature
            )
        return True

    def define(self, namespace: str, text: str) -> None:
        if not hasattr(torch, "library"):
            raise RefusedError("this torch registers no operator that the tree declares otherwise")
        if namespace not in self.libraries:
            self.libraries[namespace] = torch.library.Library(namespace, "FRAGMENT")
        self.libraries[namespace].define(text)

    @staticmethod
    def plain(text: str) -> str:
        """A text of torch's with the names that the tree has."""
        return text.replace(OWN, "").replace("." + OWN_OVERLOAD, "").replace(OWN_OVERLOAD, "")


def own_schemas(name: str) -> Any:
    try:
        return torch._C._jit_get_schemas_for_operator(name)
    except RuntimeError:
        return []


def stubs_of(namespace: str, stubbed: list[str]) -> dict[str, Any]:
    """The stubs for the names of a namespace, by name."""
    names = [name.partition("::")[2] for name in stubbed if name.startswith(namespace + "::")]
    return {name: getattr(getattr(torch.ops, OWN + namespace), name) for name in names}


class StubbedNamespaces(Namespaces):
    """`torch.ops` of an upgrader, with the stubs."""

    def __init__(self, stubbed: list[str], missing: list[str]) -> None:
        super().__init__("torch.ops")
        self.stubbed = stubbed
        self.missing = missing

    def of(self, namespace: str) -> Any:
        return Namespace(namespace, stubs_of(namespace, self.stubbed), self.missing)


class Namespace(types.ModuleType):
    """`torch.ops.aten` of an upgrader."""

    def __init__(self, name: str, stubs: dict[str, Any], missing: list[str]) -> None:
        super().__init__("torch.ops." + name)
        self.own = getattr(torch.ops, name)
        self.namespace = name
        self.missing = missing
        self.__dict__.update(stubs)

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self.own, name)
        except (AttributeError, RuntimeError):
            self.missing.append(self.namespace + "::" + name)
            raise


def difference_of(schema: Any, old: Any) -> str:
    """How a function could not stand in for calls of a schema; empty where it can.

    torch hands the arguments on by their places, whatever they are called and whether by keyword or not, and wants a
    result of the same type (torch/csrc/jit/passes/replacement_of_old_operators.cpp).
    """
    takes, has = schema.arguments, old.arguments
    if len(takes) != len(has):
        lacks = [one.name for one in has if one.name not in {other.name for other in takes}]
        without = f", and not {', '.join(lacks)}" if lacks else ""
        return f"it takes {counted(len(takes))}{without}, the old schema has {len(has)}"
    places = {one.name: place for place, one in enumerate(has)}
    for place, (one, then) in enumerate(zip(takes, has)):
        if places.get(one.name, place) != place:
            return f"its argument {place + 1} is {one.name}, which is argument {places[one.name] + 1} of the old schema"
        if not then.type.isSubtypeOf(one.type):
            return f"its argument {one.name} is {one.type}, the old schema has {then.type}"
    gives, gave = [one.type for one in schema.returns], [one.type for one in old.returns]
    if gives != gave:
        return f"it gives {listed(gives)}, the old schema {listed(gave)}"
    return ""


def counted(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def listed(some: Any) -> str:
    return ", ".join(map(str, some)) or "nothing"
