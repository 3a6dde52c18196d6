"""What a state of a project declares of an operator, as far as that could be read. Pure."""

from __future__ import annotations

from opfixtures.declarations.function_schema import FunctionSchema, same_schema
from opfixtures.declarations.model import Declarations
from opfixtures.errors import UserError


def declared(side: Declarations, operator: str) -> FunctionSchema | None:
    """The schema that a state declares for an operator; None where there is none.

    Raises UserError where it declares several.
    """
    found = [one for file in side.operators() for one in file.operators if one.operator == operator]
    for one in found[1:]:
        if not same_schema(one.schema, found[0].schema):
            raise UserError(
                f"{one.place}: {operator} is declared here and in {found[0].place}, and not alike: give the schema "
                "that it had by --old-schema"
            )
    return found[0].schema if found else None


def refuse_unread(side: Declarations, operator: str, found: FunctionSchema | None, when: str) -> None:
    """Raises UserError where nobody can tell whether a state declares an operator: a part of it could not be read."""
    problem = next((one for file in side.operators() for one in file.problems), None)
    if found is None and problem is not None:
        raise UserError(
            f"{operator} may be declared {when} where that could not be read: {problem.place}: {problem.message}; or "
            "else give the schema that it had by --old-schema"
        )


def overloads(side: Declarations, operator: str) -> list[FunctionSchema]:
    """The schemas of all overloads of an operator that a state declares."""
    name = operator.partition(".")[0]
    return [
        one.schema
        for file in side.operators()
        for one in file.operators
        if one.operator.partition(".")[0] == name
    ]


def is_declared(side: Declarations, operator: str) -> bool:
    """Whether a state declares an operator, however often."""
    return any(one.operator == operator for file in side.operators() for one in file.operators)
