"""What becomes of the calls that old models make of an operator, once its schema is another one. Pure.

An archive of TorchScript gives arguments by their places, those behind `*` by their names, and leaves out what equals
its default at the end. A program of torch.export gives each by its name, drops those that today's schema has not, and
lines up what was given by place in the order of today (`deserialize_inputs` in torch/_export/serde/serialize.py).
torch's own rule is near: `isBackwardCompatibleWith` in aten/src/ATen/core/function_schema.h, which no loader asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from opfixtures.declarations.schema_text import default_text, type_text
from opfixtures.declarations.schema_types import Argument, FunctionSchema, Type, normalised

# What torch gives to an argument of this type as it is: `NumberType` in aten/src/ATen/core/jit_type.h.
_NUMBERS = frozenset({"int", "float", "complex"})


class Loader(Enum):
    """How old calls give arguments: by their places as TorchScript's do, or by name as torch.export's."""

    SCRIPTED = "TorchScript"
    EXPORTED = "torch.export"


def broken_calls(old: FunctionSchema, new: FunctionSchema, loader: Loader) -> Iterator[str]:
    """Why old calls fail, or mean something else; each one sentence of what changed and what an old model does now."""
    old, new = normalised(old), normalised(new)
    today = counterparts(old, new)
    for argument in old.arguments:
        now = today.get(argument.name)
        if now is None:
            yield f"{argument.name} is gone: {_of_what_is_gone(argument.name, loader)}"
            continue
        is_named = loader is Loader.EXPORTED or argument.kwarg_only
        if is_named and now.name != argument.name:
            yield _renamed(argument.name, now, loader)
        if not argument.kwarg_only:
            yield from _placed_otherwise(argument, now, old, new, today, loader)
        yield from _of_other_values(argument, now)
    known = {one.name for one in today.values()}
    for one in new.arguments:
        if one.name not in known and one.default is None:
            yield f"{one.name} is new and has no default: no old model gives it"
    yield from _returned(old, new)


def counterparts(old: FunctionSchema, new: FunctionSchema) -> Mapping[str, Argument]:
    """What takes each argument today, by its name then: the one of its name; else the new one in its place, of a type
    that takes it, which is it under another name."""
    known, names = {one.name: one for one in new.arguments}, {one.name for one in old.arguments}
    found = {one.name: known[one.name] for one in old.arguments if one.name in known}
    for before, now in zip(old.arguments, new.arguments, strict=False):
        is_in_its_place = now.name not in names and before.kwarg_only == now.kwarg_only
        if before.name not in known and is_in_its_place and _takes(now.type, before.type):
            found[before.name] = now
    return found


def _of_what_is_gone(name: str, loader: Loader) -> str:
    if loader is Loader.EXPORTED:
        return "torch.export.load drops it without a word"
    return f"a model that gives {name} does not load"


def _renamed(name: str, now: Argument, loader: Loader) -> str:
    said = f"{name} is called {now.name} now"
    if loader is Loader.SCRIPTED or now.default is None:
        return f"{said}: a model that gives {name} does not load"
    return f"{said}: torch.export.load drops {name} without a word"


def _placed_otherwise(
    argument: Argument,
    now: Argument,
    old: FunctionSchema,
    new: FunctionSchema,
    today: Mapping[str, Argument],
    loader: Loader,
) -> Iterator[str]:
    """What becomes of an argument that a call gives by its place: torch.export.load leaves out what is gone."""
    name = argument.name
    if now.kwarg_only:
        yield f"{name} has to be named now: a model that gives it by its place fails"
        return
    before = [one for one in _placed(old) if loader is Loader.SCRIPTED or one.name in today]
    if before.index(argument) != _placed(new).index(now):
        yield f"{name} stands in another place now: a model that gives it by its place gives it to another argument"


def _of_other_values(argument: Argument, now: Argument) -> Iterator[str]:
    name = argument.name
    if not _takes(now.type, argument.type):
        then, today = type_text(argument.type), type_text(now.type)
        yield f"{name} was {then} and is {today} now: a model that gives another {then} fails"
    if argument.default is not None and now.default != argument.default:
        then = default_text(argument.default)
        if now.default is None:
            yield f"{name} was {then} by default and has no default now: a model that leaves it out fails"
        else:
            today = default_text(now.default)
            what = f"{name} was {then} by default and is {today} now"
            yield f"{what}: a model that leaves it out gets {today}, without a word"
    if _is_written(argument) != _is_written(now):
        what = f"{name} is {'not ' if _is_written(argument) else ''}written to now"
        yield f"{what}: a model that goes on with it has another value"


def _placed(schema: FunctionSchema) -> list[Argument]:
    return [one for one in schema.arguments if not one.kwarg_only]


def _returned(old: FunctionSchema, new: FunctionSchema) -> Iterator[str]:
    then, now = [one.type for one in old.returns], [one.type for one in new.returns]
    if old.is_vararg != new.is_vararg or old.is_varret != new.is_varret:
        yield "it takes or gives any number of values on one side alone"
    elif len(then) != len(now) or not all(map(_takes, then, now)):
        yield f"it gave {_tuple(then)} and gives {_tuple(now)} now: a model gets another thing to go on with"


def _tuple(types: Sequence[Type]) -> str:
    texts = [type_text(one) for one in types]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def _takes(today: Type, then: Type) -> bool:
    """Whether a value of the type of then can be given where today's is asked for. Lists of another size are lists."""
    if today.name == "Optional":
        inside = then.inside[0] if then.name == "Optional" else then
        return then.name in ("None", "NoneType") or _takes(today.inside[0], inside)
    if today.name == "Any" or (today.name == "Scalar" and then.name in _NUMBERS):
        return True
    if today.name == "Union":
        return any(_takes(one, then) for one in today.inside)
    return (
        today.name == then.name
        and len(today.inside) == len(then.inside)
        and all(map(_takes if today.name == "Tuple" else _is_same, today.inside, then.inside))
    )


def _is_same(one: Type, other: Type) -> bool:
    """Whether two types are the same but for what they alias: a list of another type is another list."""
    return (
        one.name == other.name
        and len(one.inside) == len(other.inside)
        and all(map(_is_same, one.inside, other.inside))
    )


def _is_written(argument: Argument) -> bool:
    return argument.alias is not None and argument.alias.is_write
