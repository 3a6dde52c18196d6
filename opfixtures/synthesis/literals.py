"""A module whose call has the values themselves, where a text says them: `clamp(input, 0.5, 5.5)`. Pure."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from opfixtures.declarations.schema_types import Type, normalised_default
from opfixtures.synthesis.modules import Module, Parameter
from opfixtures.synthesis.overloads import Passed, is_taken
from opfixtures.synthesis.sample_text import value_text
from opfixtures.synthesis.ways import PLAIN

_TENSOR = Type("Tensor")


def with_literals(module: Module, inputs: Sequence[Any], *, exact: bool = False) -> Module:
    """The module for these inputs alone: what is no tensor stands in the call, and a parameter that gets a tensor has
    that type. It calls the same overload: what is of another type than the schema says is left a parameter where that
    would make TorchScript take another; with `exact` it always is."""
    types = [_type_of(value) for value in inputs]
    chosen = list(module.parameters)
    # What has the very type of the schema changes nothing.
    for is_exact in (True,) if exact else (True, False):
        for place, (one, type_) in enumerate(zip(module.parameters, types, strict=True)):
            if type_ is None or (type_.annotation == one.type) != is_exact:
                continue
            tried = [*chosen[:place], _narrowed(module, one, type_, inputs[place]), *chosen[place + 1 :]]
            if is_exact or _calls_the_same(module, tried, types):
                chosen = tried
    return replace(module, parameters=tuple(chosen))


def _calls_the_same(module: Module, parameters: Sequence[Parameter], types: Sequence[Type | None]) -> bool:
    passed = [_passed(one, type_) for one, type_ in zip(parameters, types, strict=True)]
    return module.by_overload or is_taken(passed, module.schema, module.rivals)


def _narrowed(module: Module, parameter: Parameter, type_: Type, value: Any) -> Parameter:
    if parameter.packed or parameter.is_written or _is_default(parameter, value):
        return parameter
    if not _has_tensors(type_):
        return replace(parameter, literal=value_text(value))
    # Other ways make something else of a Tensor than of an Optional[Tensor].
    return replace(parameter, type=type_.annotation) if module.way == PLAIN else parameter


def _is_default(parameter: Parameter, value: Any) -> bool:
    """Whether a value is the default: an archive has no argument whose text is its default, and loads as another."""
    printed = normalised_default(parameter.passed.argument)
    if printed is None:
        return False
    default = [_read(one) for one in printed] if isinstance(printed, tuple) else _read(printed)
    plain = _read(value_text(value))
    # `int[2] stride=1` is [1, 1].
    return plain == default or (
        isinstance(plain, list) and bool(plain) and all(one == default for one in plain)
    )


def _read(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _passed(parameter: Parameter, type_: Type | None) -> Passed:
    """The argument with the type that the call passes."""
    argument = parameter.passed.argument
    is_narrow = type_ is not None and (parameter.literal or parameter.type == type_.annotation)
    if type_ is not None and is_narrow and not parameter.packed:
        argument = replace(argument, type=type_)
    return Passed(argument, parameter.passed.by_name)


def _has_tensors(type_: Type) -> bool:
    return type_ == _TENSOR or any(map(_has_tensors, type_.inside))


def _type_of(value: Any) -> Type | None:
    """The type that TorchScript takes a value's text for; None where that is another one, or is not sure."""
    match value:
        case None:
            return Type("NoneType")
        case bool() | int() | str():
            return Type(type(value).__name__)
        case {"float": number} if math.isfinite(float(number)):
            return Type("float")
        case {"tensor": _}:
            return _TENSOR
        case [first, *others]:
            inside = _type_of(first)
            is_one = inside is not None and all(_type_of(one) == inside for one in others)
            return Type("List", (inside,)) if inside and is_one and inside.name != "NoneType" else None
    return None
