"""A function schema as text, which reads as the same schema."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from opfixtures.declarations.schema_types import Alias, Argument, FunctionSchema, Type

_ESCAPES = {
    ord(character): f"\\{letter}" for character, letter in zip('\\"\n\t\r\f\v\a\b', '\\"ntrfvab', strict=True)
}


def schema_text(schema: FunctionSchema) -> str:
    """`aten::div.Tensor(Tensor self, Tensor other) -> Tensor`, with the types that its author wrote."""
    arguments: list[str] = []
    for argument in schema.arguments:
        if argument.kwarg_only and "*" not in arguments:
            arguments.append("*")
        arguments.append(_argument(argument))
    arguments += ["..."] * schema.is_vararg
    returns = [*map(_argument, schema.returns), *["..."] * schema.is_varret]
    # What begins with a parenthesis would be read as a list of returns.
    is_bare = len(returns) == 1 and not returns[0].startswith(("(", "..."))
    returned = returns[0] if is_bare else f"({', '.join(returns)})"
    return f"{schema.operator}({', '.join(arguments)}) -> {returned}"


def argument_text(argument: Argument) -> str:
    """`float amount=1.0`."""
    return _argument(argument)


def short_text(schema: FunctionSchema) -> str:
    """The same without the namespace."""
    return schema_text(schema).removeprefix(f"{schema.name.rpartition('::')[0]}::")


def _argument(argument: Argument) -> str:
    name = f" {argument.name}" if argument.name else ""
    default = "" if argument.default is None else f"={default_text(argument.default)}"
    return f"{type_text(argument.type)}{name}{default}"


def default_text(default: str | Sequence[str]) -> str:
    """`1.0`, `[1, 2]`, `"none"`."""
    if not isinstance(default, str):
        return f"[{', '.join(map(default_text, default))}]"
    if default[:1] not in ("'", '"'):
        return default
    # A literal of Python: torch writes double quotes, and the escapes of C.
    text = str(ast.literal_eval(default))
    return f'"{text.translate(_ESCAPES)}"'


def type_text(type_: Type) -> str:
    """`Tensor(a!)[]?`."""
    alias = _alias(type_.alias)
    inside = [type_text(inner) for inner in type_.inside]
    match type_.name:
        case "Optional":
            return f"{inside[0]}?"
        case "List":
            size = "" if type_.size is None else str(type_.size)
            return f"{inside[0]}[{size}]{alias}"
        case "Tuple":
            return f"({', '.join(inside)})"
    return f"{type_.name}({', '.join(inside)}){alias}" if inside else f"{type_.name}{alias}"


def _alias(alias: Alias | None) -> str:
    if alias is None:
        return ""
    if alias.before[:1] and alias.before[0].startswith("$"):
        return "!"
    before, after = ("|".join(sets) for sets in (alias.before, alias.after))
    return f"({before}{'!' * alias.is_write}{'' if after == before else f' -> {after}'})"
