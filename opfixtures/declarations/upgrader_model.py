"""What a repository says about its upgraders and versions, as data: the part that few rules ask for."""

from __future__ import annotations

from opfixtures.declarations.place import Place, Problem
from opfixtures.values import dataclass


@dataclass(frozen=True, slots=True)
class Upgrader:
    """One upgrader: its name, the names of the functions that its TorchScript source defines, its place, the source."""

    name: str
    defines: tuple[str, ...]
    place: Place
    source: str = ""


@dataclass(frozen=True, slots=True)
class Upgraders:
    """The upgraders of one file, in its order. With problems some may be missing.

    `end` is the place of the closing brace: where an upgrader would be added.
    """

    path: str
    upgraders: tuple[Upgrader, ...] = ()
    problems: tuple[Problem, ...] = ()
    end: Place | None = None


@dataclass(frozen=True, slots=True)
class LibraryUpgraders:
    """The upgraders of a library: the TorchScript that a Python file has for them, and the functions it defines."""

    path: str
    source: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class VersionConstant:
    """A version that a header sets, and where the number stands; `also` in other arms of an `#if`."""

    value: int
    place: Place
    also: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class FileFormatVersions:
    """What caffe2/serialize/versions.h sets: the version that is written, and those that can be read.

    None stands for a constant that is not there, or could not be read: then there is a problem.
    """

    path: str
    produced: VersionConstant | None = None
    minimum: VersionConstant | None = None
    maximum: VersionConstant | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class MobileUpgrader:
    """One row of the mobile upgrader table: this upgrader serves models of versions `first` to `last`."""

    operator: str
    first: int
    last: int
    upgrader_name: str
    place: Place


@dataclass(frozen=True, slots=True)
class MobileUpgraders:
    """The table that gen_mobile_upgraders.py wrote, and what that program leaves out, by name and place."""

    path: str
    rows: tuple[MobileUpgrader, ...] = ()
    excluded: tuple[tuple[str, Place], ...] = ()
