"""Which arguments a call has to pass so that TorchScript chooses one overload, and no other.

TorchScript tries the overloads of a name in the order in which they were registered and takes the first that the
arguments fit (torch/csrc/jit/frontend/schema_matching.cpp, matchSchemas). What converts nothing is tried first, and
our arguments have the types of the schema. So only what fits without a conversion competes.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence
from itertools import combinations

from opfixtures.declarations.schema_types import Argument, FunctionSchema, Type, normalised
from opfixtures.values import dataclass

# Beyond, the combinations are not tried one by one: no operator of PyTorch needs so many.
_MOST_SELECTING = 2
_NUMBERS = frozenset({"complex", "float", "int"})


@dataclass(frozen=True, slots=True)
class Passed:
    """An argument that a call passes, by its name or by its place."""

    argument: Argument
    by_name: bool


def passing_all(schema: FunctionSchema, siblings: Sequence[FunctionSchema]) -> tuple[Passed, ...]:
    """All arguments of a schema: by place, and from the last on by name where another of `siblings` would be taken."""
    others = tried_before(schema, siblings)
    by_place = _passed(schema, schema.arguments)
    for count in range(len(by_place), -1, -1):
        passed = tuple(
            Passed(one.argument, one.by_name or place >= count) for place, one in enumerate(by_place)
        )
        if not any(_is_keyword(one.argument) for one in passed[count:]) and not _first_rival(passed, others):
            return passed
    return by_place


def passing_least(schema: FunctionSchema, siblings: Sequence[FunctionSchema]) -> tuple[Passed, ...]:
    """The arguments without a default, and of the others the fewest that select this overload; all where none do."""
    others = tried_before(schema, siblings)
    for left in _subsets(schema):
        passed = _passed(schema, left)
        if not any(one.by_name and _is_keyword(one.argument) for one in passed) and not _first_rival(
            passed, others
        ):
            return passed
    return passing_all(schema, siblings)


def tried_before(schema: FunctionSchema, siblings: Sequence[FunctionSchema]) -> list[FunctionSchema]:
    """The overloads that are tried before this one; all others where it is not among them."""
    same_name = [one for one in siblings if one.name == schema.name]
    place = next((place for place, one in enumerate(same_name) if one.overload == schema.overload), None)
    return same_name[:place]


def is_taken(passed: Sequence[Passed], schema: FunctionSchema, rivals: Sequence[FunctionSchema]) -> bool:
    """Whether TorchScript takes `schema` for what is passed, where it tries `rivals` first."""
    return _fits(normalised(schema), passed) and not _first_rival(passed, rivals)


def _subsets(schema: FunctionSchema) -> Iterator[list[Argument]]:
    spare = [one for one in schema.arguments if one.default is not None]
    for count in range(min(len(spare), _MOST_SELECTING) + 1):
        for added in combinations(spare, count):
            yield [one for one in schema.arguments if one.default is None or one in added]


def _passed(schema: FunctionSchema, arguments: Sequence[Argument]) -> tuple[Passed, ...]:
    """By place as far as nothing in front was left out, then by name. What stands behind `*` under a keyword of Python
    cannot be passed."""
    passed: list[Passed] = []
    for place, argument in enumerate(arguments):
        if argument.kwarg_only and _is_keyword(argument):
            continue
        in_place = argument == schema.arguments[place] and not argument.kwarg_only
        passed.append(Passed(argument, by_name=not in_place))
    return tuple(passed)


def _is_keyword(argument: Argument) -> bool:
    return keyword.iskeyword(argument.name)


def _first_rival(passed: Sequence[Passed], others: Sequence[FunctionSchema]) -> FunctionSchema | None:
    return next((one for one in others if _fits(normalised(one), passed)), None)


def _fits(schema: FunctionSchema, passed: Sequence[Passed]) -> bool:
    """Whether a call with arguments of these types fits the schema without a conversion."""
    places = [one.argument for one in passed if not one.by_name]
    names = {one.argument.name: one.argument for one in passed if one.by_name}
    by_place = [one for one in schema.arguments if not one.kwarg_only][: len(places)]
    if len(by_place) < len(places) and not schema.is_vararg:
        return False
    taken = {one.name for one in by_place}
    bound = list(zip(by_place, places, strict=False))
    for argument in schema.arguments:
        if argument.name in taken:
            continue
        if argument.name in names:
            bound.append((argument, names.pop(argument.name)))
        elif argument.default is None:
            return False
    return not names and all(
        _takes(formal.type, given.type) or _gathers(schema, formal, given) for formal, given in bound
    )


def _gathers(schema: FunctionSchema, formal: Argument, given: Argument) -> bool:
    """Whether a list takes values by place as its elements, as `view(2, 3)` does: the last that is not behind `*`."""
    last = [one for one in schema.arguments if not one.kwarg_only][-1]
    is_list = formal.type.name == "List" and formal.type.size is None
    return is_list and formal == last and _takes(formal.type.inside[0], given.type)


def _takes(formal: Type, given: Type) -> bool:
    """Whether a parameter of one type takes a value of another, as TorchScript sees it before it converts anything."""
    wanted, has = formal.annotation, given.annotation
    if wanted == has or wanted == "Any" or _is_variable(formal):
        return True
    if wanted == "number":
        return has in _NUMBERS
    if formal.name == "Optional":
        return has == "NoneType" or _takes(formal.inside[0], given)
    if formal.name == "List" and formal.size is not None and not given.inside:
        return _takes(formal.inside[0], given)
    return formal.name == "List" and given.name == "List" and _is_variable(formal.inside[0])


def _is_variable(type_: Type) -> bool:
    return len(type_.name) <= 2 and type_.name.islower() and not type_.inside
