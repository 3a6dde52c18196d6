"""Function schemas: `aten::div.Tensor(Tensor self, Tensor other) -> Tensor`.

The grammar is PyTorch's: torch/csrc/jit/frontend/function_schema_parser.cpp and schema_type_parser.cpp.
Defaults are not held against the types of their arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn, TypeVar

from opfixtures.declarations.schema_tokens import SchemaError, Token, number_value, string_value, tokens
from opfixtures.declarations.schema_types import (
    Alias,
    Argument,
    FunctionSchema,
    Type,
    normalised,
    same_schema,
)
from opfixtures.values import replace

__all__ = [
    "Alias",
    "Argument",
    "FunctionSchema",
    "SchemaError",
    "Type",
    "normalised",
    "parse_schema",
    "same_schema",
]

_T = TypeVar("_T")

# No schema of PyTorch nests deeper than 3. What does is refused: types are walked by recursion.
_MAX_NESTING = 16
# What begins with a small letter is a type, or a type variable.
_BASE_TYPE = re.compile(
    "[a-z].*|Any|AnyClassType|AnyEnumType|Capsule|ConstQuantizerPtr|Device|DeviceIndex|Dimname|Generator|Layout"
    "|MemoryFormat|None|NoneType|PyObject|QScheme|Quantizer|Scalar|ScalarType|Storage|Stream|SymBool|SymInt|Tensor"
)
_TYPES_INSIDE = {"Await": 1, "Dict": 2, "Future": 1, "RRef": 1, "Union": None}


@lru_cache(maxsize=4096)
def parse_schema(text: str) -> FunctionSchema:
    """Read one function schema. Each rule reads those it asks about, so what was read lately is kept.

    Raises SchemaError for anything else, in time linear in the length of `text`.
    """
    return _Parser(text).schema()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._position = 0
        self._own_sets = 0

    def schema(self) -> FunctionSchema:
        name, overload = self._operator()
        self._expect("(", "'('")
        parts = self._list_of(self._argument_or_sign)
        star = parts.index("*") if "*" in parts else len(parts)
        self._expect("->", "'->'")
        returns = self._list_of(self._return) if self._accept("(") else [self._return()]
        self._expect("end", "the end of the schema")
        return FunctionSchema(
            name,
            overload,
            tuple(replace(a, kwarg_only=i > star) for i, a in enumerate(parts) if isinstance(a, Argument)),
            tuple(a for a in returns if isinstance(a, Argument)),
            is_vararg="..." in parts,
            is_varret="..." in returns,
        )

    def _operator(self) -> tuple[str, str]:
        name = self._expect("name", "an operator").text
        if self._accept(":"):
            self._expect(":", "'::'")
            name += "::" + self._expect("name", "an operator").text
        if not self._accept("."):
            return name, ""
        overload = self._expect("name", "an overload")
        # torch.ops.aten.div.default is the overload without a name.
        if overload.text == "default" or overload.text.startswith("__"):
            raise SchemaError(f"{overload.text!r} cannot name an overload", overload.offset)
        return name, overload.text

    def _argument_or_sign(self) -> Argument | str:
        if self._accept("*"):
            return "*"
        if self._accept("..."):
            return self._dots()
        type_ = self._argument_type()
        name = self._expect("name", "an argument's name").text
        return Argument(type_, name, self._default() if self._accept("=") else None)

    def _return(self) -> Argument | str:
        if self._accept("..."):
            return self._dots()
        type_ = self._argument_type()
        name = self._accept("name")
        return Argument(type_, name.text if name else "")

    def _dots(self) -> str:
        if self._next.kind not in (")", "end"):
            self._fail("nothing can follow '...'")
        return "..."

    def _argument_type(self) -> Type:
        type_ = self._type(0)
        if not self._accept("["):
            return type_
        size = self._expect("number", "']' or a size")
        if not size.text.isdigit() or len(size.text) > 9:
            raise SchemaError(f"{size.text[:20]} is not the size of a list", size.offset)
        self._expect("]", "']'")
        type_ = Type("List", (type_,), int(size.text), self._alias())
        return Type("Optional", (type_,)) if self._accept("?") else type_

    def _type(self, level: int) -> Type:
        type_ = self._type_without_suffix(level)
        while self._next.kind == "?" or (self._next.kind == "[" and self._after_next.kind == "]"):
            level += 1
            self._check_nesting(level)
            if self._accept("?"):
                type_ = Type("Optional", (type_,))
            else:
                self._position += 2
                type_ = Type("List", (type_,), alias=self._alias())
        return type_

    def _type_without_suffix(self, level: int) -> Type:
        self._check_nesting(level)
        if self._accept("("):
            return Type("Tuple", tuple(self._list_of(lambda: self._type(level + 1))))
        token = self._accept("None") or self._accept("NoneType") or self._expect("name", "a type")
        name = token.text
        if name == "__torch__":
            return self._custom_class()
        if name in _TYPES_INSIDE:
            self._expect("(", "'('")
            inside = tuple(self._list_of(lambda: self._type(level + 1)))
            if len(inside) != (_TYPES_INSIDE[name] or max(1, len(inside))):
                raise SchemaError(f"{name} cannot have {len(inside)} types inside", token.offset)
            return Type(name, inside, alias=self._alias() if name in ("Dict", "Union") else None)
        if not _BASE_TYPE.fullmatch(name):
            raise SchemaError(f"{name} is not a type", token.offset)
        return Type(name, alias=self._alias())

    def _custom_class(self) -> Type:
        name = "__torch__"
        for part in ("torch", "classes", "a namespace", "a class"):
            self._expect(".", "'.'")
            name += "." + self._expect("name", part).text
        return Type(name)

    def _check_nesting(self, level: int) -> None:
        if level > _MAX_NESTING:
            self._fail(f"types nest deeper than {_MAX_NESTING}")

    def _alias(self) -> Alias | None:
        if self._accept("!"):
            self._own_sets += 1
            return Alias((f"${self._own_sets - 1}",), (), is_write=True)
        if not self._accept("("):
            return None
        before = self._alias_sets()
        is_write = bool(self._accept("!"))
        after = self._alias_sets() if self._accept("->") else before
        self._expect(")", "')'")
        return Alias(before, after, is_write)

    def _alias_sets(self) -> tuple[str, ...]:
        sets = {self._alias_set()}
        while self._accept("|"):
            sets.add(self._alias_set())
        return tuple(sorted(sets))

    def _alias_set(self) -> str:
        return (self._accept("*") or self._expect("name", "an alias set")).text

    def _default(self) -> str | tuple[str, ...]:
        return tuple(self._list_of(self._value, "]")) if self._accept("[") else self._value()

    def _value(self) -> str:
        for kind in ("name", "True", "False", "None"):
            if token := self._accept(kind):
                return token.text
        if token := self._accept("string"):
            return string_value(token)
        negative = bool(self._accept("-"))
        return number_value(self._expect("number", "a default"), negative)

    def _list_of(self, item: Callable[[], _T], end: str = ")") -> list[_T]:
        """Items between commas, up to and with `end`."""
        items: list[_T] = []
        if self._accept(end):
            return items
        items.append(item())
        while self._accept(","):
            items.append(item())
        self._expect(end, f"',' or '{end}'")
        return items

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    @property
    def _after_next(self) -> Token:
        return self._tokens[self._position + 1]

    def _accept(self, kind: str) -> Token | None:
        token = self._next
        if token.kind != kind:
            return None
        self._position += kind != "end"
        return token

    def _expect(self, kind: str, what: str) -> Token:
        return self._accept(kind) or self._fail(f"expected {what}")

    def _fail(self, message: str) -> NoReturn:
        token = self._next
        found = "the end" if token.kind == "end" else repr(token.text[:20])
        raise SchemaError(f"{message}, found {found}", token.offset)
