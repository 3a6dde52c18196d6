"""Who knows operators as target has them: the runtime that makes guards, or target's declarations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.owner import Owner
from opfixtures.declarations.function_schema import FunctionSchema, SchemaError, parse_schema
from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.place import Place
from opfixtures.errors import RuntimeUnavailable, UserError
from opfixtures.making.plan import no_runtime, runtime_for
from opfixtures.making.sampling import operators_in, overloads_seen
from opfixtures.making.tools import Tools
from opfixtures.repository.snapshot import EmptySnapshot
from opfixtures.runtimes import Runtime
from opfixtures.synthesis.declared_schemas import declared, is_declared, overloads
from opfixtures.synthesis.proposals import argument_twice
from opfixtures.worker.observations import OperatorSeen, WorkerError

_GUARD = "a guard is made by target's operator"


@dataclass(frozen=True, slots=True)
class Known:
    """An operator as target has it, its overloads, and the runtime that says so; None where none was asked."""

    schema: FunctionSchema
    siblings: Sequence[FunctionSchema]
    runtime: Runtime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why nobody knows an operator. It `may_be_there` where nobody could ask."""

    reason: str
    may_be_there: bool = False


class Source(Protocol):
    """Who knows operators as target has them."""

    def describe(self, operators: Sequence[str]) -> Mapping[str, Known | Unknown]:
        """Each operator."""


@dataclass(frozen=True, slots=True)
class AsDeclared:
    """Target's declarations, where no runtime is asked."""

    change: Change

    def describe(self, operators: Sequence[str]) -> dict[str, Known | Unknown]:
        """Each operator as target's files declare it."""
        return {one: self._operator(one) for one in operators}

    def _operator(self, operator: str) -> Known | Unknown:
        side = self.change.before
        try:
            schema = declared(side, operator)
        except UserError as error:
            return Unknown(str(error))
        if schema is None:
            return Unknown(
                f"target declares no such operator, and {_GUARD}: {_what_to_do(self.change, operator)}"
            )
        return Known(schema, overloads(side, operator))


@dataclass(frozen=True, slots=True)
class TargetsBuild:
    """The runtimes that make guards: a build of target, or what the settings have."""

    compared: Comparison
    change: Change
    tools: Tools

    def describe(self, operators: Sequence[str]) -> dict[str, Known | Unknown]:
        """Each operator as its runtime has it."""
        told: dict[str, Known | Unknown] = {}
        of_runtime: dict[Runtime, list[str]] = defaultdict(list)
        for operator in operators:
            try:
                of_runtime[self._runtime(operator)].append(operator)
            except (UserError, WorkerError) as error:
                told[operator] = Unknown(f"the runtime that makes guards cannot be had: {error}", True)
        for runtime, some in of_runtime.items():
            try:
                seen = operators_in(runtime, some, self.tools.tell)
            except (UserError, WorkerError) as error:
                told |= dict.fromkeys(some, Unknown(f"{runtime.name} cannot be used: {error}", True))
                continue
            told |= {one: as_seen(self.change, one, seen[one], runtime) for one in some}
        return told

    def _runtime(self, operator: str) -> Runtime:
        """The runtime that makes a guard of the operator. Raises UserError where it cannot be had."""
        owner = Owner(FixtureEntry("", operator, Place("", 1, 1)), "")
        spec = runtime_for(owner, self.change.config)
        if spec is None:
            raise RuntimeUnavailable(no_runtime(owner))
        if spec.kind != "checkout":
            return self.tools.runtimes.obtain(spec, None)
        if isinstance(self.compared.before, EmptySnapshot):
            raise RuntimeUnavailable(f"there is no commit yet, and {_GUARD}: commit the library first")
        return self.tools.runtimes.obtain(spec, self.compared.base)


def as_seen(change: Change, operator: str, seen: OperatorSeen, runtime: Runtime) -> Known | Unknown:
    """An operator as a runtime that was asked has it."""
    if seen.schema is None:
        return Unknown(f"{runtime.name} has no such operator, and {_GUARD}: {_what_to_do(change, operator)}")
    try:
        return Known(parse_schema(seen.schema), overloads_seen(seen), runtime)
    except SchemaError as error:
        return Unknown(f"its schema cannot be read ({error}): {seen.schema}")


def _what_to_do(change: Change, operator: str) -> str:
    if is_declared(change.before, operator):
        return "register it when the library is imported"
    return "commit it first" if is_declared(change.after, operator) else "correct its name"


def callable_as_it_is(told: Known | Unknown) -> Known | Unknown:
    """What is known of an operator, or why no fixture module can call it."""
    if isinstance(told, Unknown):
        return told
    twice = argument_twice(told.schema)
    if twice is not None:
        return Unknown(f"it takes two arguments called {twice}, and no function of Python can")
    objects = [
        one.name for one in told.schema.arguments if one.type.name == "PyObject" and one.default is None
    ]
    if objects:
        # opfixtures/archives/exported_program.py
        return Unknown(
            f"it takes {objects[0]}, an object of Python, which torch.export pickles into the archive: a pickle is "
            "code, and no archive that has it is read"
        )
    return told
