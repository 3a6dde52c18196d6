"""Which operators of a library TorchScript can call, and so which format its fixtures have. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from opfixtures.declarations.declared_model import DeclaredOperator
from opfixtures.declarations.schema_types import Type
from opfixtures.settings.fixture_formats import FIXTURE_FORMATS, STAMPED_FORMATS

PROGRAMS = ("pt2",)
"""The formats of a library without a version map."""
# torch 2.13: the first is an object of Python, to the last TorchScript gives no bool, and the others it cannot name.
_UNKNOWN = frozenset({"PyObject", "QScheme", "Storage", "SymBool"})


def unscripted(operators: Collection[DeclaredOperator]) -> list[str]:
    """The operators that take what TorchScript cannot give, each as `mylib::flip (SymBool by)`."""
    told = []
    for one in operators:
        taken = [each for each in one.schema.arguments if each.default is None and _is_unknown(each.type)]
        told += [f"{one.operator} ({taken[0].type.name} {taken[0].name})"] if taken else []
    return list(dict.fromkeys(told))


def formats_for(operators: Sequence[DeclaredOperator]) -> tuple[str, ...]:
    """What `fixture-format` is to be where nobody asked for one.

    A row of the registry owes a fixture of each format that is asked for: two formats would owe a `.ptl` of what cannot
    have one. So it is `.pt2` where no operator scripts, and the default where any does.
    """
    is_none_scripted = operators and len(unscripted(operators)) == len({one.operator for one in operators})
    return PROGRAMS if is_none_scripted else FIXTURE_FORMATS[:1]


def has_versions(formats: Collection[str]) -> bool:
    """Whether fixtures of these formats can stand for entries of a version map."""
    return not set(STAMPED_FORMATS).isdisjoint(formats)


def _is_unknown(type_: Type) -> bool:
    return type_.name in _UNKNOWN or any(map(_is_unknown, type_.inside))
