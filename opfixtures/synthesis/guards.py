"""What `new --guard` adds: fixture entries of operators that the version map does not have. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opfixtures.change.changes import Change
from opfixtures.declarations.function_schema import FunctionSchema
from opfixtures.errors import UserError
from opfixtures.settings.fixture_formats import STAMPED_FORMATS
from opfixtures.synthesis.additions import Additions, ModuleText
from opfixtures.synthesis.modules import Module
from opfixtures.synthesis.proposals import Proposals


@dataclass(frozen=True, slots=True)
class NewGuard:
    """What is added for a guard of an operator; nothing where it has classes that are `there`. `schema` is target's,
    None where nobody asked."""

    operator: str
    schema: FunctionSchema | None
    additions: Additions
    there: tuple[str, ...] = ()


class Guards:
    """Says what to add for the guards of one change: none gets a name that another one has."""

    def __init__(self, change: Change) -> None:
        """Raises UserError where the version map cannot be read: an operator may be in it."""
        for problem in change.version_map.problems[:1]:
            raise UserError(f"{problem.place}: {problem.message} (nothing is written before)")
        self._change = change
        self._proposals = Proposals(change)
        self._scripts = not set(STAMPED_FORMATS).isdisjoint(change.config.fixture_formats)

    def lacking(self) -> list[str]:
        """The operators that the work tree declares, and that have neither an entry nor a guard."""
        change = self._change
        registered = {row.operator for row in change.registry.rows}
        declared = [one.operator for file in change.after.operators() for one in file.operators]
        return [
            one
            for one in dict.fromkeys(declared)
            if one not in registered and not change.matching.has_operator(one)
        ]

    def there(self, operator: str) -> NewGuard | None:
        """The guard that an operator has; None where it has none.

        Raises UserError where the operator is in the version map: what it has are no guards.
        """
        change = self._change
        if change.matching.has_operator(operator):
            raise UserError(
                f"{operator} is in the version map, and its fixtures are those of its entries: "
                f"`opfixtures new {operator}` adds what they lack"
            )
        classes = tuple(row.module for row in change.registry.rows if row.operator == operator)
        return NewGuard(operator, None, Additions(), classes) if classes else None

    def modules(self, schema: FunctionSchema, siblings: Sequence[FunctionSchema]) -> tuple[Module, ...]:
        """The modules of an operator's guard, to be tried. `siblings` are the operator's overloads."""
        return self._proposals.guard_modules(schema, siblings, scripts=self._scripts)

    def guard(self, schema: FunctionSchema, texts: Sequence[ModuleText]) -> NewGuard:
        """The guard of an operator with these modules."""
        additions = self._proposals.fixture_entries(schema.operator, texts)
        return NewGuard(schema.operator, schema, additions)
