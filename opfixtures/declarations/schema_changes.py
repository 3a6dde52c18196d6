"""What lies between two schemas of an operator, as an old model meets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from opfixtures.declarations.schema_types import Argument, FunctionSchema, normalised


def changed_arguments(old: FunctionSchema, new: FunctionSchema) -> Iterator[Argument]:
    """The arguments of `old`, normalised, that are gone in `new`, have another type or default there, or can be passed
    by name alone."""
    now = {one.name: one for one in normalised(new).arguments}
    for argument in normalised(old).arguments:
        then = now.get(argument.name)
        if (
            then is None
            or (then.type, then.default) != (argument.type, argument.default)
            or then.kwarg_only > argument.kwarg_only
        ):
            yield argument


def added_arguments(old: FunctionSchema, new: FunctionSchema) -> tuple[Argument, ...]:
    """The arguments that `new` has more than `old`, where nothing else differs and each has a default; else none.

    An archive of TorchScript passes arguments by their places, and those behind `*` by their names. So one that is
    added behind the others, or behind `*`, is at its default in an old model, which loads without an upgrader.
    """
    old, new = normalised(old), normalised(new)
    known = {one.name for one in old.arguments}
    added = tuple(one for one in new.arguments if one.name not in known)
    rest = tuple(one for one in new.arguments if one.name in known)
    is_all = replace(new, arguments=rest) == old and all(one.default is not None for one in added)
    return added if is_all and _places(new)[: len(_places(old))] == _places(old) else ()


def _places(schema: FunctionSchema) -> list[str]:
    return [one.name for one in schema.arguments if not one.kwarg_only]
