"""The operators that PyTorch's build makes from others: `autogen: abs.out` beside a `- func:` of native_functions.yaml.

What a generated one looks like is said in torchgen/native_function_generation.py of PyTorch.
"""

from __future__ import annotations

import string
from dataclasses import replace

from opfixtures.declarations.schema_types import Alias, Argument, FunctionSchema, Type

# Where all four stand together they are one thing, which an `out` has instead.
_TENSOR_OPTIONS = ("dtype", "layout", "device", "pin_memory")


def generated(schema: FunctionSchema, name: str) -> FunctionSchema | None:
    """The schema of what is generated from `schema` under `name`, which `autogen` has (`abs.out`); None where nothing
    is known of such a one."""
    base, _, overload = name.partition(".")
    if any(_is_written(one) and one.kwarg_only for one in schema.arguments):
        return None
    named = replace(schema, name=f"{schema.name.partition('::')[0]}::{base}", overload=overload)
    if overload == "out" or overload.endswith("_out"):
        return _with_out(named, is_in_place=_is_in_place(schema))
    return _functional(named) if _writes(schema) else None


def _with_out(schema: FunctionSchema, *, is_in_place: bool) -> FunctionSchema | None:
    """What writes its results into arguments behind the others."""
    if is_in_place:
        myself, *others = schema.arguments
        out = Argument(myself.type, "out", kwarg_only=True)
        arguments = (replace(myself, type=_plain(myself.type)), *others, out)
        return replace(schema, arguments=arguments)
    taken = {name for one in schema.arguments if one.alias for name in one.alias.before}
    free = (letter for letter in string.ascii_lowercase if letter not in taken)
    outs, returns = list[Argument](), list[Argument]()
    is_plain = all(one.type.name == "Tensor" for one in schema.returns)
    for number, one in enumerate(schema.returns):
        if not _is_of_tensors(one.type):
            returns.append(one)
            continue
        name = "out" if len(schema.returns) == 1 else f"out{number}"
        written = _written(one.type, next(free))
        outs.append(Argument(written, name, kwarg_only=True))
        returns += [Argument(written, "")] if is_plain else []
    arguments = schema.arguments if _writes(schema) else _without_options(schema.arguments)
    return replace(schema, arguments=(*arguments, *outs), returns=tuple(returns)) if outs else None


def _functional(schema: FunctionSchema) -> FunctionSchema:
    """What returns what the other one writes, behind what that returns already."""
    returned = {name for one in schema.returns if one.alias for name in one.alias.before}
    left = (one for one in schema.arguments if one.alias and _is_written(one))
    arguments = tuple(replace(one, type=_plain(one.type)) for one in schema.arguments)
    returns = [replace(one, type=_plain(one.type)) for one in schema.returns]
    returns += [
        Argument(_plain(one.type), f"{one.name}_out")
        for one in left
        if one.alias and not returned.intersection(one.alias.before)
    ]
    return replace(schema, arguments=arguments, returns=tuple(returns))


def _without_options(arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
    options = {one.name for one in arguments if one.kwarg_only}
    has_all = options.issuperset(_TENSOR_OPTIONS)
    return tuple(one for one in arguments if not (has_all and one.name in _TENSOR_OPTIONS))


def _is_in_place(schema: FunctionSchema) -> bool:
    return schema.name.endswith("_") and bool(schema.arguments) and _is_written(schema.arguments[0])


def _writes(schema: FunctionSchema) -> bool:
    return any(map(_is_written, schema.arguments))


def _is_written(argument: Argument) -> bool:
    return argument.alias is not None and argument.alias.is_write


def _is_of_tensors(type_: Type) -> bool:
    return type_.name == "Tensor" or any(map(_is_of_tensors, type_.inside))


def _plain(type_: Type) -> Type:
    return replace(type_, alias=None, inside=tuple(map(_plain, type_.inside)))


def _written(type_: Type, name: str) -> Type:
    if type_.name == "Tensor":
        return replace(type_, alias=Alias((name,), (name,), True))
    return replace(type_, inside=tuple(_written(one, name) for one in type_.inside))
