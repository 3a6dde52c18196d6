"""`dataclass(frozen=True, slots=True)` for what the hook imports, made several times as fast.

The standard library writes and compiles up to twelve functions for each class, which was a quarter of a check. Here one
is compiled, `__init__`; the others are the same for all. What comes out is a data class to `dataclasses.replace` and
`fields`, and to a type checker.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass

    Values = Callable[[Any], tuple[Any, ...]]
else:

    def dataclass(*, frozen, slots, order=False):
        """As the decorator of the standard library, with `frozen` and `slots`, and without `__post_init__`."""
        if not (frozen and slots):
            raise TypeError("only frozen classes with slots are made here")
        return lambda cls: _made(cls, order)


def _made(cls: type, order: bool) -> type:
    own = set(vars(cls))
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    fields = dataclasses.fields(made)
    names = [field.name for field in fields]
    compared = _values([field.name for field in fields if field.compare])
    methods = {
        "__init__": _init(made, fields),
        "__repr__": _repr([field.name for field in fields if field.repr]),
        **_comparing(compared, order),
        **_frozen(cls.__name__, names),
    }
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    done: type = made
    return done


def _values(names: list[str]) -> Values:
    """What gives the values of these attributes, always as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _init(made: Any, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """`__init__`, which sets each slot by its descriptor: nobody else can."""
    known: dict[str, Any] = {}
    parameters, lines = ["self"], []
    for field in fields:
        name, value = field.name, field.name
        known[f"set_{name}"] = vars(made)[name].__set__
        if field.default_factory is not dataclasses.MISSING:
            known["missing"], known[f"new_{name}"] = dataclasses.MISSING, field.default_factory
            parameters.append(f"{name}=missing")
            value = f"new_{name}() if {name} is missing else {name}"
        elif field.default is not dataclasses.MISSING:
            known[f"default_{name}"] = field.default
            parameters.append(f"{name}=default_{name}")
        else:
            parameters.append(name)
        lines.append(f"  set_{name}(self, {value})")
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


def _frozen(cls: str, names: list[str]) -> dict[str, Callable[..., Any]]:
    def refuse(_: Any, name: str, *__: object) -> None:
        raise dataclasses.FrozenInstanceError(f"{cls} is frozen: {name!r} stays as it is")

    def state(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: Any, held: list[Any]) -> None:
        for name, value in zip(names, held, strict=True):
            object.__setattr__(self, name, value)

    return {
        "__setattr__": refuse,
        "__delattr__": refuse,
        "__getstate__": state,
        "__setstate__": restore,
    }
