"""What a function schema says, and when two say the same."""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.values import dataclass, replace

# What a runtime prints for a type or a default that a schema's author wrote so.
_PRINTED_TYPES = {"Dimname": "str", "NoneType": "None", "SymBool": "bool"} | dict.fromkeys(
    ("ConstQuantizerPtr", "DeviceIndex", "Layout", "MemoryFormat", "ScalarType", "SymInt"), "int"
)
# The dtypes that have a schema's name for them, by their numbers in c10::ScalarType.
_DTYPES = """
uint8 int8 int16 int32 int64 float16 float32 float64 complex32 complex64 complex128 bool qint8 quint8 qint32 bfloat16
quint4x2 quint2x4 bits1x8 bits2x4 bits4x2 bits8 bits16 float8_e5m2 float8_e4m3fn float8_e5m2fnuz float8_e4m3fnuz
uint16 uint32 uint64 uint1 uint2 uint3 uint4 uint5 uint6 uint7 int1 int2 int3 int4 int5 int6 int7 float8_e8m0fnu
float4_e2m1fn_x2
""".split()  # noqa: SIM905
SHORT_DTYPES = {
    "cdouble": "complex128",
    "cfloat": "complex64",
    "chalf": "complex32",
    "double": "float64",
    "float": "float32",
    "half": "float16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
}
"""The other names of dtypes."""
_PRINTED_DEFAULTS = {
    "Mean": "1",
    "complex": "9",
    "contiguous_format": "0",
    "strided": "0",
    **{name: str(number) for number, name in enumerate(_DTYPES)},
    **{short: str(_DTYPES.index(name)) for short, name in SHORT_DTYPES.items()},
}


@dataclass(frozen=True, slots=True)
class Alias:
    """The alias sets of a value before and after the call, sorted, and whether the call writes to it.

    `(a! -> a|b)`; `*` is the wildcard. A bare `!` makes a set of its own, `$0`, `$1` and so on.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    is_write: bool


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `List`, `Optional`, `Tuple`, `Dict`, `Future`, `RRef`, `Await` and `Union` have types `inside`.

    `size` is the 2 of `int[2]`. A custom class has its full name, `__torch__.torch.classes.x.Y`. Any other
    name is one of PyTorch's, or a type variable such as `t`.
    """

    name: str
    inside: tuple[Type, ...] = ()
    size: int | None = None
    alias: Alias | None = None

    @property
    def annotation(self) -> str:
        """The type as TorchScript writes it: `int[2]?` is `Optional[List[int]]`, `Scalar` is `number`."""
        if self.inside:
            return f"{self.name}[{', '.join(inner.annotation for inner in self.inside)}]"
        printed = _PRINTED_TYPES.get(self.name, self.name)
        return {"Scalar": "number", "None": "NoneType"}.get(printed, printed)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument, or a return (whose name may be empty).

    `default` is None where there is none, else a Python literal (`"None"`, `"'none'"`, `"10.0"`) or a name
    (`"Mean"`); a list's default is the tuple of its elements.
    """

    type: Type
    name: str
    default: str | tuple[str, ...] | None = None
    kwarg_only: bool = False

    @property
    def alias(self) -> Alias | None:
        """The outermost alias annotation of the type: that of `Tensor(a!)[]` is `(a!)`."""
        inner: Type = self.type
        while inner.alias is None and len(inner.inside) == 1:
            inner = inner.inside[0]
        return inner.alias


@dataclass(frozen=True, slots=True)
class FunctionSchema:
    """A function schema. `name` has the namespace, `aten::div`; `overload` may be empty."""

    name: str
    overload: str
    arguments: tuple[Argument, ...]
    returns: tuple[Argument, ...]
    is_vararg: bool = False
    is_varret: bool = False

    @property
    def operator(self) -> str:
        """`aten::div.Tensor`."""
        return f"{self.name}.{self.overload}" if self.overload else self.name


def result_annotation(types: Sequence[str]) -> str:
    """What a function returns that gives values of these types, as TorchScript writes it."""
    return types[0] if len(types) == 1 else f"Tuple[{', '.join(types)}]" if types else "None"


def same_schema(one: FunctionSchema, other: FunctionSchema) -> bool:
    """Whether two schemas are equal after normalisation."""
    return normalised(one) == normalised(other)


def normalised(schema: FunctionSchema) -> FunctionSchema:
    """`schema` as every runtime would print it, however its author wrote it.

    `ScalarType`, `Layout`, `SymInt` and their like are `int`, the default `Mean` is 1 and `float32` is 6,
    `float eps=1` is `float eps=1.0`, `int[2] stride=[1, 1]` is `int[2] stride=1`. Returns lose their aliases:
    PyTorch's own `old_schema` of `aten::gelu.out` lacks them.
    """
    arguments = [replace(a, type=_printed(a.type), default=normalised_default(a)) for a in schema.arguments]
    returns = [replace(a, type=_printed(a.type, aliases=False)) for a in schema.returns]
    return replace(schema, arguments=tuple(arguments), returns=tuple(returns))


def _printed(type_: Type, aliases: bool = True) -> Type:
    return Type(
        _PRINTED_TYPES.get(type_.name, type_.name),
        tuple(_printed(inner, aliases) for inner in type_.inside),
        type_.size,
        type_.alias if aliases else None,
    )


def normalised_default(argument: Argument) -> str | tuple[str, ...] | None:
    match argument:
        case Argument(type=Type(inside=(Type(name=element),), size=size), default=tuple(values)):
            elements = tuple(_printed_value(value, element) for value in values)
            return elements[0] if len(elements) == size and len(set(elements)) == 1 else elements
        case Argument(type=Type(name="List", inside=(Type(name=element),)), default=str(value)):
            return _printed_value(value, element)
        case Argument(type=Type(name=name), default=str(value)):
            return _printed_value(value, name)
    return argument.default


def _printed_value(value: str, type_name: str) -> str:
    value = _PRINTED_DEFAULTS.get(value, value)
    return repr(float(value)) if type_name == "float" and value.lstrip("-").isdigit() else value
