"""What an archive says of itself, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass


class ArchiveError(ValueError):
    """Not a fixture's archive: the message says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """A node of an exported program that calls an operator: its full name, and the names of the arguments as they are
    stored. What equals its default is not stored. `by_place` and `by_name` are those of which the program says how they
    are given; early releases say it of none."""

    operator: str
    arguments: tuple[str, ...]
    by_place: frozenset[str] = frozenset()
    by_name: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Blob:
    """A weight or a constant, or several in one file: the member's name, its size in bytes and its sha256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Program:
    """What stands in a `.pt2` beside what all archives have.

    `schema_version` is the one of the serialized program, major and minor: torch reads what has its own major number.
    `opsets` are the versions of operator sets that the archive names, which torch writes and never compares.
    """

    schema_version: tuple[int, int]
    calls: tuple[Call, ...]
    blobs: tuple[Blob, ...] = ()
    opsets: tuple[tuple[str, int], ...] = ()
    torch: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive says of itself.

    `operators` are those of the bytecode, or of an exported program, with their overload: `aten::div.Tensor`;
    `arguments` are pairs of such an operator and the number of arguments a method gives it, which bytecode 6 and later
    tells. `size` and `unpacked` are in bytes. `version` is the operator version of the stamp: a `.pt2` has none, and a
    `program` instead.

    A TorchScript archive not saved for the lite interpreter has no bytecode: `bytecode_version` is None, and all there
    is to see is `names`, the names that its code calls, which have no overload: `aten::div`. Those in `repeated` it
    calls more than once, maybe in several overloads.
    """

    version: int | None
    bytecode_version: int | None
    operators: frozenset[str]
    sha256: str
    size: int
    arguments: frozenset[tuple[str, int]] = frozenset()
    names: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    unpacked: int = 0
    program: Program | None = None

    @property
    def has_overloads(self) -> bool:
        """Whether it says which overload it calls."""
        return self.bytecode_version is not None or self.program is not None

    @property
    def called(self) -> frozenset[str]:
        """All that it is seen to call: operators, or names without overload where that is all it says."""
        return self.operators if self.has_overloads else self.names

    def called_as(self, operator: str) -> str:
        """What `operator` is among `called`."""
        return operator if self.has_overloads else operator.partition(".")[0]
