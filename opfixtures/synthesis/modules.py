"""Fixture modules, from an operator's schema. Their text is in module_text.py."""

from __future__ import annotations

import keyword
from collections.abc import Sequence

from opfixtures.declarations.names import module_version
from opfixtures.declarations.schema_types import FunctionSchema, Type
from opfixtures.synthesis.overloads import Passed, passing_all, passing_least, tried_before
from opfixtures.synthesis.packed import packing
from opfixtures.synthesis.ways import PLAIN, Way
from opfixtures.values import dataclass

# Names that the body gives to values of its own.
_OWN = ("packed", "quantized", "returned")
_RENAMED = {"self": "input", "torch": "torch_", **{name: f"{name}_" for name in _OWN}}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of `forward`: its name, its type as TorchScript writes it, and the argument that it is passed to.

    With `packed`, lines for `{}`, the argument is made of it, as `packed`. With `literal` the call has that text for
    the argument, and `forward` has no such parameter.
    """

    name: str
    type: str
    passed: Passed
    packed: tuple[str, ...] = ()
    literal: str = ""

    @property
    def is_written(self) -> bool:
        """Whether the call writes to it."""
        alias = self.passed.argument.alias
        return alias is not None and alias.is_write

    @property
    def is_out(self) -> bool:
        """Whether it is there for the result alone, as `out`."""
        return self.is_written and self.passed.argument.kwarg_only


@dataclass(frozen=True, slots=True)
class Module:
    """A fixture module that calls an operator: `parameters` are those of its forward.

    `by_overload` is whether the call names the overload, which TorchScript cannot do; where it does not, `rivals` are
    the overloads that TorchScript tries before this one.
    """

    class_name: str
    schema: FunctionSchema
    parameters: tuple[Parameter, ...]
    way: Way = PLAIN
    by_overload: bool = False
    rivals: tuple[FunctionSchema, ...] = ()


def modules_for(
    schema: FunctionSchema,
    class_name: str,
    siblings: Sequence[FunctionSchema] = (),
    *,
    scripts: bool = True,
) -> tuple[Module, ...]:
    """The fixture modules of an operator: one passes all arguments, one leaves the defaults out, where there are any.

    A default that is left out is what makes a fixture notice that the upgrader is missing. `siblings` are the
    overloads of the operator, this one among them: a call passes what selects this one, or names it where nobody
    `scripts` the module. An argument that TorchScript has no parameter for (a generator) is left out of both.
    """
    by_overload = not scripts and sum(one.name == schema.name for one in siblings) > 1
    siblings = () if by_overload else siblings
    rivals = tuple(tried_before(schema, siblings))

    def module(name: str, passed: Sequence[Passed]) -> Module:
        parameters = _parameters(schema.operator, passed)
        return Module(name, schema, parameters, by_overload=by_overload, rivals=rivals)

    whole = module(class_name, passing_all(schema, siblings))
    least = module(_without_arguments(class_name), passing_least(schema, siblings))
    return (whole, least) if len(least.parameters) < len(whole.parameters) else (whole,)


def _without_arguments(class_name: str) -> str:
    """`TestVersionedGeluDefaultsV9` for TestVersionedGeluV9."""
    stem = class_name[: class_name.rindex("V")] if module_version(class_name) is not None else class_name
    return f"{stem}Defaults{class_name[len(stem) :]}"


def _parameters(operator: str, passed: Sequence[Passed]) -> tuple[Parameter, ...]:
    taken = {one.argument.name for one in passed} | {"self", "torch", *_OWN}
    parameters: list[Parameter] = []
    for one in passed:
        if _is_generator(one.argument.type):
            continue
        name = _RENAMED.get(one.argument.name, one.argument.name)
        name += "_" * keyword.iskeyword(name)
        while name != one.argument.name and name in taken:
            name += "_"
        packed = packing(one.argument.type, operator)
        type_name = "Tensor" if packed else one.argument.type.annotation
        taken.add(name)
        parameters.append(Parameter(name, type_name, one, packed))
    return tuple(parameters)


def _is_generator(type_: Type) -> bool:
    return type_.name == "Generator" or any(map(_is_generator, type_.inside))
