"""The text of fixture modules and of an upgrader's skeleton."""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.declarations.function_schema import Argument, FunctionSchema
from opfixtures.declarations.names import suggested_module
from opfixtures.synthesis.additions import ModuleText


def fixture_modules(
    schema: FunctionSchema | None,
    operator: str,
    class_name: str,
    siblings: Sequence[FunctionSchema] = (),  # noqa: ARG001 - what selects the overload comes with the modules' makers
    samples: Sequence[str] | None = None,  # noqa: ARG001 - so do sample inputs
) -> tuple[ModuleText, ...]:
    """The fixture modules that an entry of `operator` asks for, the first of them called `class_name`.

    Without a schema there is one, which takes a tensor. `siblings` are the operator's overloads, `samples` the tuples
    of sample inputs, as Python text, None where nobody looked for some.
    """
    return (ModuleText(class_name, suggested_module(schema, operator, class_name)),)


def skeleton(old: FunctionSchema, new: FunctionSchema | None, upgrader_name: str) -> str:
    """An upgrader with the signature of the old schema, that calls the operator of today, lines each ended.

    `new` is today's schema, None where nobody knows it.
    """
    known = None if new is None else {argument.name for argument in new.arguments}
    passed = [_passed(one) for one in old.arguments if known is None or one.name in known]
    namespace, _, name = old.name.rpartition("::")
    call = f"torch.{name}" if namespace in ("aten", "") else f"torch.ops.{namespace}.{name}"
    returned = [one.type.annotation for one in old.returns]
    returns = returned[0] if len(returned) == 1 else f"Tuple[{', '.join(returned)}]" if returned else "None"
    return (
        f"def {upgrader_name}({', '.join(_parameters(old))}) -> {returns}:\n"
        f"  return {call}({', '.join(passed)})  # make it compute what it did before\n"
    )


def _parameters(schema: FunctionSchema) -> list[str]:
    parameters: list[str] = []
    for argument in schema.arguments:
        if argument.kwarg_only and "*" not in parameters:
            parameters.append("*")
        parameters.append(f"{argument.name}: {argument.type.annotation}")
    return parameters


def _passed(argument: Argument) -> str:
    return f"{argument.name}={argument.name}" if argument.kwarg_only else argument.name
