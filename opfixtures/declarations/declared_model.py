"""What the declarations of a tree say of its operators: each schema as it is written, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opfixtures.declarations.function_schema import FunctionSchema, SchemaError, parse_schema
from opfixtures.declarations.place import Place, Problem

_ANY_NAMESPACE = "_"


@dataclass(frozen=True, slots=True)
class DeclaredOperator:
    """An operator, `mylib::scale` or `aten::div.Tensor`, with its schema. `place` is where the schema is written, or
    what it is inferred from."""

    operator: str
    schema: FunctionSchema
    place: Place


@dataclass(frozen=True, slots=True)
class DeclaredOperators:
    """The operators that one file declares, in the order of the file.

    Those in all arms of an `#if` or `if` count, so that one operator may be there twice. A file with problems may
    declare more than what could be read.
    """

    path: str
    operators: tuple[DeclaredOperator, ...] = ()
    problems: tuple[Problem, ...] = ()


class Found:
    """What a reader has found so far in the file at `path`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._operators: list[DeclaredOperator] = []
        self.problems: list[Problem] = []

    def schema(self, namespace: str, text: str, place: Place) -> FunctionSchema | None:
        """Note a schema of a library: an operator, which is given back, or a problem. `namespace` is `_` for a library
        of any."""
        try:
            schema = parse_schema(text)
        except SchemaError as error:
            self.problem(place, f"this schema cannot be read ({error.message}): correct it")
            return None
        own, colons, _ = schema.name.partition("::")
        if colons and namespace not in (own, _ANY_NAMESPACE):
            self.problem(place, f"this schema is of {own}, in a library of {namespace}: take {own}:: away")
            return None
        if not colons and namespace == _ANY_NAMESPACE:
            self.problem(place, f"this library has no namespace: write one in front of {schema.name}")
            return None
        schema = schema if colons else replace(schema, name=f"{namespace}::{schema.name}")
        self._operators.append(DeclaredOperator(schema.operator, schema, place))
        return schema

    def generated(self, schema: FunctionSchema, name: str, place: Place) -> None:
        """Note what PyTorch's build generates from an operator: another one, or a problem."""
        from opfixtures.declarations.generated_operators import generated

        made = generated(schema, name)
        if made is None:
            self.problem(place, f"nobody knows here what {name} would be, generated from {schema.operator}")
        else:
            self._operators.append(DeclaredOperator(made.operator, made, place))

    def problem(self, place: Place, message: str) -> None:
        """Note what could not be read."""
        self.problems.append(Problem(place, message))

    def declared(self) -> DeclaredOperators:
        """All of it, in the order of the file."""
        return DeclaredOperators(
            self.path,
            tuple(sorted(self._operators, key=lambda one: one.place)),
            tuple(sorted(self.problems, key=lambda one: one.place)),
        )
