"""Names that follow from names: class and file of a fixture, and the lines of a fixture entry to add."""

from __future__ import annotations

import keyword
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from opfixtures.declarations.function_schema import Argument, FunctionSchema

_VERSION = re.compile("V([0-9]{1,9})")
_RANGE = re.compile("_[0-9]{1,10}_[0-9]{1,10}")
_WIDTH = 79
# Types that need no import in an annotation; Tensor is what TorchScript takes an argument without one for.
_PLAIN_TYPES = frozenset({"Tensor", "bool", "float", "int", "str"})


# Every rule that asks who owns a fixture asks for the names of all.
@lru_cache(maxsize=1 << 15)
def fixture_stem(class_name: str) -> str:
    """The file name, without its ending, that PyTorch's generate_models.py gives the fixture of a class.

    `TestVersionedSTFTV10` is `test_versioned_s_t_f_t_v10`.
    """
    return "".join("_" + char.lower() if char.isupper() else char for char in class_name).lstrip("_")


def module_version(class_name: str) -> int | None:
    """The operator version n in the suffix `V<n>` of a fixture module's class; None without such a suffix."""
    start = class_name.rfind("V")
    match = _VERSION.fullmatch(class_name, start) if start >= 0 else None
    return int(match[1]) if match else None


def module_of_version(class_name: str, version: int) -> str:
    """The class's name with another operator version in its suffix: `TestVersionedGeluV10`."""
    return f"{class_name[: class_name.rindex('V')]}V{version}"


def upgrader_of_range(name: str, covers: range) -> str:
    """The upgrader's name for an entry that covers these versions: `gelu_0_10` for gelu_0_9 and 0 to 10.

    A name that ends in no range stays.
    """
    start = name.rfind("_", 0, max(name.rfind("_"), 0))
    if start < 0 or not _RANGE.fullmatch(name, start):
        return name
    return f"{name[:start]}_{covers.start}_{covers.stop - 1}"


def class_name_for(operator: str, version: int) -> str:
    """A name for the fixture module of `operator` at `version`, in the way of PyTorch's.

    `aten::gelu.out` at 9 is `TestVersionedGeluOutV9`, `aten::div_.Tensor` at 3
    `TestVersionedDivInplaceTensorV3`. It is an identifier, whatever the text.
    """
    _, name, overload = _split(operator)
    if name.endswith("_") and not name.endswith("__"):
        name += "inplace"
    words = re.findall("[A-Za-z0-9]+", f"{name}.{overload}")
    return f"TestVersioned{''.join(word[0].upper() + word[1:] for word in words)}V{max(version, 0)}"


def numbered(class_name: str, number: int) -> str:
    """Another name for a class, told apart by a number in front of its suffix: `TestVersionedGelu2V9`."""
    stem = class_name[: class_name.rindex("V")] if module_version(class_name) is not None else class_name
    return f"{stem}{number}{class_name[len(stem) :]}"


def suggested_row(operator: str, class_name: str) -> str:
    """The registry's row for a fixture module: `    TestVersionedGeluV9(): "aten::gelu",`."""
    text = f'"{operator}"' if operator.isprintable() and not set(operator) & set('"\\') else repr(operator)
    return f"    {class_name}(): {text},"


def suggested_module(schema: FunctionSchema | None, operator: str, class_name: str) -> str:
    """The lines of a fixture module's class for `operator`, each ended by a newline.

    `forward` takes what `schema` has no default for and calls the operator with that: a fixture in which
    defaults are omitted is one that notices when the upgrader is missing. Without a schema it takes a tensor.

    The lines import nothing but torch and script from torch 1.5.1 on. So types that would have to be imported
    stand in a type comment, where TorchScript knows them: `List[int]`, and `number` for a Scalar, which takes
    integers and floats alike. The overload is chosen by the arguments: `torch.ops.aten.div.Tensor` does not
    script.
    """
    namespace, name, _ = _split(operator)
    parameters = _parameters(schema.arguments) if schema else [_Parameter("input", "Tensor", "input")]
    call = f"        return torch.ops.{_attribute(namespace)}.{_attribute(name)}("
    lines = [
        f"class {class_name}(torch.nn.Module):",
        *_signature(parameters, _returned(schema)),
        *_wrapped(call, [parameter.passed for parameter in parameters], ")"),
    ]
    return "".join(f"{line}\n" for line in lines)


class _Parameter(NamedTuple):
    name: str
    type: str
    passed: str


def _parameters(arguments: tuple[Argument, ...]) -> list[_Parameter]:
    """The parameters of `forward`, in the order in which they are passed on."""
    required = [argument for argument in arguments if argument.default is None]
    taken = {argument.name for argument in required}
    positional: list[_Parameter] = []
    by_name: list[_Parameter] = []
    for argument in required:
        name = {"self": "input", "torch": "torch_"}.get(argument.name, argument.name)
        name += "_" * keyword.iskeyword(name)
        while name != argument.name and name in taken:
            name += "_"
        taken.add(name)
        if argument.kwarg_only and not keyword.iskeyword(argument.name):
            by_name.append(_Parameter(name, argument.type.annotation, f"{argument.name}={name}"))
        else:
            positional.append(_Parameter(name, argument.type.annotation, name))
    return positional + by_name


def _returned(schema: FunctionSchema | None) -> str:
    types = [returned.type.annotation for returned in schema.returns] if schema else ["Tensor"]
    return types[0] if len(types) == 1 else f"Tuple[{', '.join(types)}]" if types else "None"


def _signature(parameters: list[_Parameter], returned: str) -> list[str]:
    head, names = "    def forward(", ["self", *(parameter.name for parameter in parameters)]
    if all(parameter.type in _PLAIN_TYPES for parameter in parameters):
        annotated = [name if type_ == "Tensor" else f"{name}: {type_}" for name, type_, _ in parameters]
        return _wrapped(head, ["self", *annotated], "):")
    comment = f"        # type: ({', '.join(parameter.type for parameter in parameters)}) -> {returned}"
    if len(comment) <= _WIDTH:
        return [*_wrapped(head, names, "):"), comment]
    commented = [f"        {name},  # type: {type_}" for name, type_, _ in parameters]
    return [head, "        self,", *commented, "    ):", f"        # type: (...) -> {returned}"]


def _wrapped(head: str, items: list[str], tail: str) -> list[str]:
    """`head`, `items` between commas and `tail` in one line, or else each item in a line of its own."""
    line = head + ", ".join(items) + tail
    if len(line) <= _WIDTH or not items:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()))
    return [head, *(f"{indent}    {item}," for item in items), indent + tail]


def _split(operator: str) -> tuple[str, str, str]:
    """Namespace, name and overload; what has no namespace is PyTorch's own."""
    before, separator, after = operator.partition("::")
    namespace, rest = (before, after) if separator else ("aten", operator)
    name, _, overload = rest.partition(".")
    return namespace, name, overload


def _attribute(text: str) -> str:
    """`text` made to stand behind a dot."""
    attribute = re.sub("[^A-Za-z0-9_]", "_", text)
    attribute = f"_{attribute}" if not attribute[:1].strip("0123456789") else attribute
    return attribute + "_" * keyword.iskeyword(attribute)
