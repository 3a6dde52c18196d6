"""The bytecode of an archive for the lite interpreter: a pickled table of methods.

`(version, (name, (("instructions", ...), ("operators", rows), ...), schema), ...)`, written by
torch/csrc/jit/serialization/export_bytecode.cpp. torch 1.5 wrote no version, and up to bytecode 3 no schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opfixtures.archives.flat_pickle import PickleError, PlainValue, dump_flat_pickle, read_flat_pickle

# torch 1.5.1 and earlier write no bytecode version at all; 1.6.0 calls the same layout 3.
UNNUMBERED = 3
_WITH_SCHEMAS = 4
_LONGEST_OPERATOR = 200


class BytecodeError(ValueError):
    """Not a table of methods: the message continues a sentence that begins with the file's name."""


@dataclass(frozen=True, slots=True)
class Bytecode:
    """What the bytecode calls. `arguments` are pairs of an operator and the number of arguments given to it."""

    version: int
    operators: frozenset[str]
    arguments: frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class MethodTypes:
    """The types of a method, as TorchScript prints them: (name, type) of the arguments, `self` first."""

    arguments: tuple[tuple[str, str], ...]
    returned: str


def read_bytecode(content: bytes) -> Bytecode:
    """Read `bytecode.pkl`. Raises BytecodeError."""
    version, methods = _table(content, exact=False)
    # One table may stand in many methods: each is read once.
    tables = {id(rows): rows for rows in map(_operator_rows, methods)}
    calls = {_call(row) for rows in tables.values() for row in rows}
    return Bytecode(
        version,
        operators=frozenset(operator for operator, _ in calls),
        arguments=frozenset((operator, count) for operator, count in calls if count is not None),
    )


def raised_bytecode(content: bytes, types: dict[str, MethodTypes]) -> bytes:
    """The same methods as bytecode 4, which differs from 3 by a schema for each of them.

    `types` are those of the methods, by their qualified names. Raises BytecodeError if it is not bytecode 3, if a
    method's types are not given, or if it holds more than plain values.
    """
    version, methods = _table(content, exact=True)
    if version != UNNUMBERED:
        raise BytecodeError(f"is of version {version}, only {UNNUMBERED} can be raised to {_WITH_SCHEMAS}")
    raised = []
    for method in methods:
        match method:
            case (str(name), code) if name in types:
                raised.append((name, code, _schema(types[name])))
            case _:
                raise BytecodeError("has a method whose types its code does not tell")
    try:
        return dump_flat_pickle((_WITH_SCHEMAS, *raised))
    except PickleError as error:
        raise BytecodeError(f"holds {error}") from error


def _table(content: bytes, *, exact: bool) -> tuple[int, Sequence[PlainValue]]:
    try:
        table = read_flat_pickle(content, exact=exact)
    except PickleError as error:
        raise BytecodeError(f"cannot be read: {error}") from error
    match table:
        case (int(version), *methods) if not isinstance(version, bool) and 0 <= version < 1 << 31:
            return version, methods
        case tuple():
            return UNNUMBERED, table
    raise BytecodeError("holds no table of methods")


def _operator_rows(method: PlainValue) -> tuple[PlainValue, ...]:
    """Those of ("name", (("instructions", ...), ("operators", ((name, overload, ...), ...)), ...), ...)."""
    match method:
        case (str(), (_, ("operators", tuple(rows)), *_), *_):
            return rows
    raise BytecodeError("lists a method without a table of operators")


def _call(row: PlainValue) -> tuple[str, int | None]:
    """An operator, and the number of arguments given to it where the row has one (from bytecode 6 on)."""
    match row:
        case (str(name), str(overload), *rest) if name and len(name) + len(overload) < _LONGEST_OPERATOR:
            operator = f"{name}.{overload}" if overload else name
            count = rest[0] if rest and isinstance(rest[0], int) else None
            if operator.isprintable():
                return operator, count
    raise BytecodeError("lists something as an operator that has no name and overload")


def _schema(types: MethodTypes) -> PlainValue:
    return (
        ("arguments", tuple(_argument(name, kind) for name, kind in types.arguments)),
        ("returns", (_argument("", types.returned),)),
    )


def _argument(name: str, kind: str) -> PlainValue:
    return ("name", name), ("type", kind), ("default_value", None)
