"""What a fixture needs that would pass without its upgrader: which arguments no sample gives as old models do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opfixtures.declarations.function_schema import FunctionSchema, SchemaError, parse_schema
from opfixtures.declarations.schema_changes import changed_arguments
from opfixtures.declarations.schema_types import normalised

_NOTHING = "nothing would notice a missing upgrader: "
_STORED = "(TorchScript stores no trailing argument that equals its default)"
_ANY = (
    "leave out the arguments whose default changed or is gone, and pass all others that changed, with values other "
    f"than their defaults {_STORED}"
)


def unnoticed(then: str, now: str | None) -> str:
    """The reason, which names the arguments that changed between these schemas as far as these tell.

    `now` is None where the operator is gone, or nobody knows its schema.
    """
    try:
        left_out, passed = _sorted(parse_schema(then), parse_schema(now or ""))
    except SchemaError:
        return f"{_NOTHING}{_ANY}"
    asked = list(_asked(left_out, passed))
    return f"{_NOTHING}{'; and '.join(asked) or _ANY}"


def _sorted(then: FunctionSchema, now: FunctionSchema) -> tuple[list[str], list[str]]:
    """The names of the changed arguments: those to leave out, whose default is not what it was, and the others.

    What has no default is in every call.
    """
    today = {one.name: one for one in normalised(now).arguments}
    left_out, passed = list[str](), list[str]()
    for one in changed_arguments(then, now):
        if one.default is not None:
            is_other = one.name in today and today[one.name].default != one.default
            (left_out if is_other else passed).append(one.name)
    return left_out, passed


def _asked(left_out: Sequence[str], passed: Sequence[str]) -> Iterator[str]:
    if left_out:
        whose = "default changed or is" if len(left_out) == 1 else "defaults changed or are"
        yield f"leave out {_listed(left_out)}, whose {whose} gone"
    if passed:
        value = "a value other than its default" if len(passed) == 1 else "values other than their defaults"
        yield f"pass {_listed(passed)}, with {value} {_STORED}"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
