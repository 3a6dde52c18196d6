"""A function schema as text: what torch's parser reads, and this one's."""

from __future__ import annotations

from opfixtures.declarations.schema_types import Alias, Argument, FunctionSchema, Type


def schema_text(schema: FunctionSchema) -> str:
    """`aten::div.Tensor(Tensor self, Tensor other) -> Tensor`: `parse_schema` gives the same schema for it."""
    taken, is_kwarg_only = list[str](), False
    for argument in schema.arguments:
        if argument.kwarg_only and not is_kwarg_only:
            taken.append("*")
            is_kwarg_only = True
        taken.append(_argument(argument))
    given = [_argument(one) for one in schema.returns]
    taken += ["..."] if schema.is_vararg else []
    given += ["..."] if schema.is_varret else []
    is_one = len(given) == 1 and not (schema.is_varret or schema.returns[0].name)
    gives = given[0] if is_one else f"({', '.join(given)})"
    return f"{schema.operator}({', '.join(taken)}) -> {gives}"


def _argument(argument: Argument) -> str:
    text = f"{_type(argument.type)} {argument.name}".rstrip()
    if argument.default is None:
        return text
    default = argument.default if isinstance(argument.default, str) else f"[{', '.join(argument.default)}]"
    return f"{text}={default}"


def _type(type_: Type) -> str:
    inside = [_type(inner) for inner in type_.inside]
    if type_.name == "Optional":
        return f"{inside[0]}?"
    if type_.name == "List":
        return f"{inside[0]}[{'' if type_.size is None else type_.size}]{_alias(type_.alias)}"
    if type_.name == "Tuple":
        return f"({', '.join(inside)})"
    name = f"{type_.name}({', '.join(inside)})" if inside else type_.name
    return f"{name}{_alias(type_.alias)}"


def _alias(alias: Alias | None) -> str:
    if alias is None:
        return ""
    if alias.before[0].startswith("$"):
        return "!"
    after = "" if alias.after == alias.before else f" -> {'|'.join(alias.after)}"
    return f"({'|'.join(alias.before)}{'!' if alias.is_write else ''}{after})"
