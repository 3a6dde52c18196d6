"""What operators return that torch cannot upgrade. The page of OPF114 says why. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.declarations.function_schema import FunctionSchema, SchemaError, Type, parse_schema

_COMPOSED = frozenset({"Await", "Dict", "Future", "List", "RRef", "Tuple", "Union"})


def not_to_be_upgraded(old_schema: str) -> str:
    """What a schema returns that torch cannot upgrade; empty where it can, or the schema does not parse."""
    try:
        schema = parse_schema(old_schema)
    except SchemaError:
        return ""
    return returned_too_much(schema)


def returned_too_much(schema: FunctionSchema) -> str:
    """What a schema returns that torch cannot upgrade; empty where it can."""
    if not (schema.returns or schema.is_varret):
        return "nothing"
    if len(schema.returns) > 1 or schema.is_varret:
        return "several values"
    inside = (name for one in schema.returns for name in _composed(one.type))
    found = next(inside, None)
    return f"a {found.lower()}" if found else ""


def _composed(type_: Type) -> Iterator[str]:
    """What a type is made of that has types inside, `Optional` left out."""
    if type_.name in _COMPOSED:
        yield type_.name
    for inner in type_.inside:
        yield from _composed(inner)
