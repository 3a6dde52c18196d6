"""The text of fixture modules, from an operator's schema."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from opfixtures.declarations.names import module_version
from opfixtures.declarations.schema_types import FunctionSchema, Type, result_annotation
from opfixtures.synthesis.overloads import Passed, passing_all, passing_least
from opfixtures.synthesis.packed import packing
from opfixtures.synthesis.ways import PLAIN, Way
from opfixtures.values import dataclass

_WIDTH = 79
# Names that the body gives to values of its own.
_OWN = ("packed", "quantized", "returned")
_RENAMED = {"self": "input", "torch": "torch_", **{name: f"{name}_" for name in _OWN}}
# Types that need no import in an annotation; Tensor is what TorchScript takes an argument without one for.
_PLAIN_TYPES = frozenset({"Tensor", "bool", "float", "int", "str"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of `forward`: its name, its type as TorchScript writes it, and the argument that it is passed to.

    With `packed`, lines for `{}`, the argument is made of it, as `packed`.
    """

    name: str
    type: str
    passed: Passed
    packed: tuple[str, ...] = ()

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

    `by_overload` is whether the call names the overload, which TorchScript cannot do.
    """

    class_name: str
    schema: FunctionSchema
    parameters: tuple[Parameter, ...]
    way: Way = PLAIN
    by_overload: bool = False


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

    def module(name: str, passed: Sequence[Passed]) -> Module:
        return Module(name, schema, _parameters(schema.operator, passed), by_overload=by_overload)

    whole = module(class_name, passing_all(schema, siblings))
    least = module(_without_arguments(class_name), passing_least(schema, siblings))
    return (whole, least) if len(least.parameters) < len(whole.parameters) else (whole,)


def module_text(module: Module, samples: Sequence[str] = ()) -> str:
    """The lines of the class, each ended by a newline. `samples` are the tuples of its sample_inputs(), as Python text.

    What a call writes to and gives back is a clone of the module's input: the output tells what was written. What it
    writes to beside that is the input itself, which a record has as it is after the call.

    The lines import nothing but torch and script from torch 1.5.1 on. So types that would have to be imported stand
    in a type comment, where TorchScript knows them: `List[int]`, and `number` for a Scalar, which takes integers and
    floats alike. The overload is chosen by the arguments: `torch.ops.aten.div.Tensor` does not script.
    """
    lines = [
        f"class {module.class_name}(torch.nn.Module):",
        *_signature(module),
        *_body(module),
        *_sample_inputs(samples),
    ]
    return "".join(f"{line}\n" for line in lines)


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


def _signature(module: Module) -> list[str]:
    head, names = "    def forward(", ["self", *(parameter.name for parameter in module.parameters)]
    types = [parameter.type for parameter in module.parameters]
    if all(type_ in _PLAIN_TYPES for type_ in types):
        annotated = [
            one.name if one.type == "Tensor" else f"{one.name}: {one.type}" for one in module.parameters
        ]
        return _wrapped(head, ["self", *annotated], "):")
    comment = f"        # type: ({', '.join(types)}) -> {_returned(module)}"
    if len(comment) <= _WIDTH:
        return [*_wrapped(head, names, "):"), comment]
    commented = [f"        {one.name},  # type: {one.type}" for one in module.parameters]
    return [head, "        self,", *commented, "    ):", f"        # type: (...) -> {_returned(module)}"]


def _written(module: Module) -> list[Parameter]:
    """The parameters that the call writes to."""
    return [one for one in module.parameters if one.is_written]


def _cloned(module: Module) -> list[Parameter]:
    """The parameters that the call writes to, and that the module returns."""
    returned = {name for one in module.schema.returns if one.alias for name in one.alias.before}
    written = [one for one in _written(module) if not one.is_out and one.type in ("Tensor", "List[Tensor]")]
    return [one for one in written if not module.schema.returns or returned.intersection(_sets(one))]


def _sets(parameter: Parameter) -> tuple[str, ...]:
    """The alias sets of what is passed."""
    alias = parameter.passed.argument.alias
    return alias.before if alias else ()


def _returned(module: Module) -> str:
    types = [returned.type.annotation for returned in module.schema.returns]
    if not types:
        types = [one.type for one in _written(module)]
    return result_annotation(types)


def _body(module: Module) -> list[str]:
    namespace, _, name = module.schema.name.rpartition("::")
    overload = f".{module.schema.overload or 'default'}" if module.by_overload else ""
    call = f"torch.ops.{_attribute(namespace or 'aten')}.{_attribute(name)}{overload}("
    written = _written(module)
    lines = []
    for one in module.parameters:
        if one.packed:
            lines += [f"        {line.format(one.name)}" for line in one.packed]
            continue
        value = one.name if one.is_out else module.way.given(one.name, one.type, one.passed.argument)
        if value == one.name and one in _cloned(module):
            value = f"{one.name}.clone()"
            if one.type != "Tensor":
                value = f"[one.clone() for one in {one.name}]"
        if value != one.name:
            lines.append(f"        {one.name} = {value}")
    arguments = _arguments(module)
    first = module.way.first_result(module.schema)
    if first:
        taken = [f"returned[0]{first}", *(f"returned[{n}]" for n in range(1, len(module.schema.returns)))]
        lines += _wrapped(f"        returned = {call}", arguments, ")")
        return [*lines, *_wrapped("        return (", taken, ")")]
    if module.schema.returns or module.schema.is_varret:
        end = f"){module.way.result(module.schema)}"
        return [*lines, *_wrapped(f"        return {call}", arguments, end)]
    left = ", ".join(one.name for one in written)
    return [*lines, *_wrapped(f"        {call}", arguments, ")"), f"        return {left}".rstrip()]


def _arguments(module: Module) -> list[str]:
    by_argument = {one.passed.argument.name: one for one in module.parameters}
    texts = []
    left_out = False
    for argument in module.schema.arguments:
        parameter = by_argument.get(argument.name)
        if parameter is None:
            # A generator that has no default; a default that is left out; what cannot be named in a call.
            if argument.default is None and not keyword.iskeyword(argument.name):
                texts.append(f"{argument.name}=None" if argument.kwarg_only or left_out else "None")
            left_out = left_out or argument.default is not None
            continue
        by_name = parameter.passed.by_name or left_out
        value = "packed" if parameter.packed else parameter.name
        texts.append(f"{argument.name}={value}" if by_name else value)
    return texts


def _sample_inputs(samples: Sequence[str]) -> list[str]:
    if not samples:
        return []
    lines = ["", "    def sample_inputs(self):", "        return ["]
    for sample in samples:
        lines += [f"            {line}" for line in f"{sample},".split("\n")]
    return [*lines, "        ]"]


def _wrapped(head: str, items: list[str], tail: str) -> list[str]:
    """`head`, `items` between commas and `tail` in one line, or else each item in a line of its own."""
    line = head + ", ".join(items) + tail
    if len(line) <= _WIDTH or not items:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()))
    return [head, *(f"{indent}    {item}," for item in items), indent + tail]


def _attribute(text: str) -> str:
    """`text` made to stand behind a dot."""
    attribute = re.sub("[^A-Za-z0-9_]", "_", text)
    attribute = f"_{attribute}" if not attribute[:1].strip("0123456789") else attribute
    return attribute + "_" * keyword.iskeyword(attribute)
