"""`dataclass`, `field` and `replace` for what the hook imports, several times as fast.

The standard library writes and compiles up to twelve functions for each class, which was a quarter of a check, and its
module imports `inspect`, which was a tenth. Here one is compiled, `__init__`, once an object is made; the others are
the same for all. What comes out is a data class to the functions of `dataclasses`, and to a type checker.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace

    Values = Callable[[Any], tuple[Any, ...]]
else:

    def dataclass(*, frozen=False, slots=False, eq=True, order=False):
        """As the decorator of the standard library, without `__post_init__`, inheritance, and what the hook does not
        use: what can be changed and is compared by its values."""
        if eq and not frozen:
            raise TypeError(
                "what can be changed is not compared by its values here: eq=False, or frozen=True"
            )
        return lambda cls: _made(cls, frozen, slots, eq, order)

    def field(**told):
        """As the function of the standard library: `default` or `default_factory`, `compare`, `repr`."""
        return _Field(**told)

    def replace(one, /, **changes):
        """As the function of the standard library, whoever made the class of `one`."""
        kept = {name: getattr(one, name) for name in type(one).__match_args__ if name not in changes}
        return type(one)(**kept, **changes)


_MISSING = object()


class _Field:
    """What a class says of one attribute."""

    def __init__(
        self,
        default: Any = _MISSING,
        default_factory: Any = _MISSING,
        compare: bool = True,
        repr: bool = True,
    ) -> None:
        self.default, self.default_factory, self.compare, self.repr = default, default_factory, compare, repr


class _StandardFields:
    """`__dataclass_fields__`, made when somebody asks for it: the hook does not."""

    def __init__(self, fields: dict[str, _Field], annotations: dict[str, Any]) -> None:
        self._fields, self._annotations = fields, annotations

    def __get__(self, _: object, owner: type) -> dict[str, Any]:
        import dataclasses

        members: dict[str, Any] = {"__annotations__": self._annotations, "__module__": owner.__module__}
        for name, one in self._fields.items():
            told = {key: value for key, value in vars(one).items() if value is not _MISSING}
            members[name] = dataclasses.field(**told)
        plain: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(
            type(owner.__name__, (), members)
        )
        found: dict[str, Any] = plain.__dataclass_fields__
        owner.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


def _made(cls: type, frozen: bool, slots: bool, eq: bool, order: bool) -> type:
    own = dict(vars(cls))
    annotations: dict[str, Any] = own.get("__annotations__", {})
    fields = {name: _told(own.get(name, _MISSING)) for name in annotations}
    made = _with_slots(cls, own, [*fields]) if slots else cls
    methods = {
        "__dataclass_fields__": _StandardFields(fields, annotations),
        "__match_args__": tuple(fields),
        "__init__": _init_once_needed(made, fields, frozen, slots),
        "__repr__": _repr([name for name, one in fields.items() if one.repr]),
        **(_comparing(_values([name for name, one in fields.items() if one.compare]), order) if eq else {}),
        **(_frozen(cls.__name__) if frozen else {}),
        **(_pickled([*fields]) if slots else {}),
    }
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _told(given: Any) -> _Field:
    if type(given).__module__ == "dataclasses":
        raise TypeError(
            "take field from opfixtures.values: that of the standard library says what is not read here"
        )
    return given if isinstance(given, _Field) else _Field(given)


def _with_slots(cls: type, own: dict[str, Any], names: list[str]) -> type:
    """The class once more: what has slots is made with them, and a default would be in their place."""
    left_out = {*names, "__dict__", "__weakref__"}
    members = {name: value for name, value in own.items() if name not in left_out}
    made = type(cls)(cls.__name__, cls.__bases__, {**members, "__slots__": tuple(names)})
    made.__qualname__ = cls.__qualname__
    return made


def _values(names: list[str]) -> Values:
    """What gives the values of these attributes, always as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _init_once_needed(made: Any, fields: dict[str, _Field], frozen: bool, slots: bool) -> Callable[..., None]:
    """`__init__` that is compiled when the first object is made: of many a class a run of the hook makes none."""

    def first(self: Any, *args: Any, **named: Any) -> None:
        made.__init__ = _init(made, fields, frozen, slots)
        made.__init__(self, *args, **named)

    return first


def _init(made: type, fields: dict[str, _Field], frozen: bool, slots: bool) -> Callable[..., None]:
    """`__init__`, which sets each attribute where a frozen object lets nobody else: in its slot, or its `__dict__`."""
    line = "self.{0} = {1}" if not frozen else "set_{0}(self, {1})" if slots else "held['{0}'] = {1}"
    known: dict[str, Any] = {"missing": _MISSING}
    parameters = ["self"]
    lines = ["  held = self.__dict__"] if frozen and not slots else []
    for name, one in fields.items():
        value = name
        if one.default_factory is not _MISSING:
            known[f"new_{name}"] = one.default_factory
            parameters.append(f"{name}=missing")
            value = f"new_{name}() if {name} is missing else {name}"
        elif one.default is not _MISSING:
            known[f"default_{name}"] = one.default
            parameters.append(f"{name}=default_{name}")
        else:
            parameters.append(name)
        if frozen and slots:
            known[f"set_{name}"] = vars(made)[name].__set__
        lines.append("  " + line.format(name, value))
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or ["  pass"]), known)
    init: Callable[..., None] = known["__init__"]
    return init


def _repr(names: list[str]) -> Callable[[Any], str]:
    def shown(self: Any) -> str:
        given = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({given})"

    return shown


def _comparing(values: Values, order: bool) -> dict[str, Callable[..., Any]]:
    def equal(self: Any, other: Any) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values(self))

    def less(self: Any, other: Any) -> bool:
        return values(self) < values(other) if other.__class__ is self.__class__ else NotImplemented

    def less_or_equal(self: Any, other: Any) -> bool:
        return values(self) <= values(other) if other.__class__ is self.__class__ else NotImplemented

    # Python asks the other one, and turns it round.
    ordering = {"__lt__": less, "__le__": less_or_equal} if order else {}
    return {"__eq__": equal, "__hash__": hashed, **ordering}


def _frozen(cls: str) -> dict[str, Callable[..., Any]]:
    def refuse(_: Any, name: str, *__: object) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"{cls} is frozen: {name!r} stays as it is")

    return {"__setattr__": refuse, "__delattr__": refuse}


def _pickled(names: list[str]) -> dict[str, Callable[..., Any]]:
    def state(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: Any, held: list[Any]) -> None:
        for name, value in zip(names, held, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": state, "__setstate__": restore}
