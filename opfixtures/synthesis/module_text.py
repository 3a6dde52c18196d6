"""The text of fixture modules."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from opfixtures.declarations.schema_types import result_annotation
from opfixtures.synthesis.modules import Module, Parameter
from opfixtures.values import dataclass

# Types that need no import in an annotation; Tensor is what TorchScript takes an argument without one for.
_PLAIN_TYPES = frozenset({"Tensor", "bool", "float", "int", "str"})


@dataclass(frozen=True, slots=True)
class Layout:
    """How long lines may be, with what is before them, and whether what does not fit fills lines or has one each."""

    width: int
    fills: bool = False

    def wrapped(self, head: str, items: Sequence[str], tail: str) -> list[str]:
        """`head`, `items` between commas and `tail`: in one line, or else the items in lines of their own."""
        line = head + ", ".join(items) + tail
        if len(line) <= self.width or not items:
            return [line]
        indent = " " * (len(head) - len(head.lstrip()))
        inside = [f"{indent}    {item}," for item in items]
        return [head, *(self._filled(inside) if self.fills else inside), indent + tail]

    def _filled(self, lines: Sequence[str]) -> list[str]:
        """The lines, each behind the one before as long as there is room, and no comma at the end."""
        filled = [lines[0]]
        for line in lines[1:]:
            longer = f"{filled[-1]} {line.lstrip()}"
            if len(longer) <= self.width:
                filled[-1] = longer
            else:
                filled.append(line)
        return [*filled[:-1], filled[-1].rstrip(",")]


# In a class, where a line begins four blanks in.
_IN_CLASS = Layout(79 - 4)


def module_text(module: Module, samples: Sequence[str] = ()) -> str:
    """The lines of the class, each ended by a newline. `samples` are the tuples of its sample_inputs(), as Python text.

    What a call writes to and gives back is a clone of the module's input: the output tells what was written. What it
    writes to beside that is the input itself, which a record has as it is after the call.

    The lines import nothing but torch and script from torch 1.5.1 on. So types that would have to be imported stand
    in a type comment, where TorchScript knows them: `List[int]`, and `number` for a Scalar, which takes integers and
    floats alike. The overload is chosen by the arguments: `torch.ops.aten.div.Tensor` does not script.
    """
    lines = class_lines(module, _IN_CLASS, _sample_inputs(samples))
    return "".join(f"{line}\n" for line in lines)


def class_lines(module: Module, layout: Layout, more: Sequence[str] = ()) -> list[str]:
    """The class with `forward`, and `more` in it."""
    inside = [*function_lines(module, layout, ("self",)), *more]
    head = f"class {module.class_name}(torch.nn.Module):"
    return [head, *(f"    {line}" if line else "" for line in inside)]


def function_lines(module: Module, layout: Layout, first: tuple[str, ...] = ()) -> list[str]:
    """`forward` as a function, which takes `first` before its parameters: nothing if it is no method."""
    return [*_signature(module, layout, first), *_body(module, layout)]


def _signature(module: Module, layout: Layout, first: tuple[str, ...]) -> list[str]:
    head, parameters = "def forward(", [one for one in module.parameters if not one.literal]
    names = [*first, *(one.name for one in parameters)]
    types = [one.type for one in parameters]
    if all(type_ in _PLAIN_TYPES for type_ in types):
        annotated = [one.name if one.type == "Tensor" else f"{one.name}: {one.type}" for one in parameters]
        return layout.wrapped(head, [*first, *annotated], "):")
    comment = f"    # type: ({', '.join(types)}) -> {_returned(module)}"
    if len(comment) <= layout.width:
        return [*layout.wrapped(head, names, "):"), comment]
    commented = [f"    {one.name},  # type: {one.type}" for one in parameters]
    return [
        head,
        *(f"    {one}," for one in first),
        *commented,
        "):",
        f"    # type: (...) -> {_returned(module)}",
    ]


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


def _body(module: Module, layout: Layout) -> list[str]:
    namespace, _, name = module.schema.name.rpartition("::")
    overload = f".{module.schema.overload or 'default'}" if module.by_overload else ""
    call = f"torch.ops.{_attribute(namespace or 'aten')}.{_attribute(name)}{overload}("
    written = _written(module)
    lines = []
    for one in module.parameters:
        if one.literal:
            continue
        if one.packed:
            lines += [f"    {line.format(one.name)}" for line in one.packed]
            continue
        value = one.name if one.is_out else module.way.given(one.name, one.type, one.passed.argument)
        if value == one.name and one in _cloned(module):
            value = f"{one.name}.clone()"
            if one.type != "Tensor":
                value = f"[one.clone() for one in {one.name}]"
        if value != one.name:
            lines.append(f"    {one.name} = {value}")
    arguments = _arguments(module)
    first = module.way.first_result(module.schema)
    if first:
        taken = [f"returned[0]{first}", *(f"returned[{n}]" for n in range(1, len(module.schema.returns)))]
        lines += layout.wrapped(f"    returned = {call}", arguments, ")")
        return [*lines, *layout.wrapped("    return (", taken, ")")]
    if module.schema.returns or module.schema.is_varret:
        end = f"){module.way.result(module.schema)}"
        return [*lines, *layout.wrapped(f"    return {call}", arguments, end)]
    left = ", ".join(one.name for one in written)
    return [*lines, *layout.wrapped(f"    {call}", arguments, ")"), f"    return {left}".rstrip()]


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
        value = parameter.literal or ("packed" if parameter.packed else parameter.name)
        texts.append(f"{argument.name}={value}" if by_name else value)
    return texts


def _sample_inputs(samples: Sequence[str]) -> list[str]:
    if not samples:
        return []
    lines = ["", "def sample_inputs(self):", "    return ["]
    for sample in samples:
        lines += [f"        {line}" for line in f"{sample},".split("\n")]
    return [*lines, "    ]"]


def _attribute(text: str) -> str:
    """`text` made to stand behind a dot."""
    attribute = re.sub("[^A-Za-z0-9_]", "_", text)
    attribute = f"_{attribute}" if not attribute[:1].strip("0123456789") else attribute
    return attribute + "_" * keyword.iskeyword(attribute)
