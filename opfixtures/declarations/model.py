"""The words of a repository about its operators, as data: no I/O, no torch.

`operator → entries {bumped_at_version, upgrader_name, old_schema}` is PyTorch's version map
(torch/csrc/jit/operator_upgraders/version_map.h, RFC-0017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from opfixtures.declarations.place import Place, Problem
from opfixtures.records.fixture_files import FixtureFiles
from opfixtures.values import dataclass, field

# A data class costs half a millisecond to import, and few changes need these.
if TYPE_CHECKING:
    from datetime import date

    from opfixtures.declarations.declared_model import DeclaredOperators
    from opfixtures.declarations.mobile_code import MobileCode
    from opfixtures.declarations.upgrader_model import (
        FileFormatVersions,
        LibraryUpgraders,
        MobileUpgraders,
        Upgraders,
    )


EntryKey = tuple[str, int]
"""The operator of an entry, and the version that it is bumped at."""


@dataclass(frozen=True, slots=True)
class MapEntry:
    """One entry of the version map. `place` is that of the entry itself, not of its operator.

    `operator_place` is where the operator stands, None where nobody asked. `arm` says under which arms of
    `#if`s the entry stands, from the outermost on: of the `#if` of that number in the file, the arm of that
    number. Neither counts when entries are compared.
    """

    operator: str
    bumped_at_version: int
    upgrader_name: str
    old_schema: str
    place: Place
    operator_place: Place | None = field(default=None, compare=False)
    arm: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    @property
    def key(self) -> EntryKey:
        """Operator and version: what makes it the same entry, whatever else it says."""
        return self.operator, self.bumped_at_version

    @property
    def text(self) -> tuple[str, int, str, str]:
        """All that it says, without its place."""
        return self.operator, self.bumped_at_version, self.upgrader_name, self.old_schema


MapKey = tuple[str, Place, tuple[tuple[int, int], ...]]
"""An operator, where it stands as a key, and under which arms of `#if`s, as `MapEntry.arm` has it."""


@dataclass(frozen=True, slots=True)
class VersionMap:
    """A version map as it stands in one file, entries in the order of the file.

    A map with problems may lack entries: whoever needs them all asks `problems` first. `keys` are the operators as they
    are listed, also those without an entry. `end` is the place of the brace that closes the first initialiser in C++.
    Neither counts when maps are compared.
    """

    path: str
    entries: tuple[MapEntry, ...] = ()
    problems: tuple[Problem, ...] = ()
    keys: tuple[MapKey, ...] = field(default=(), compare=False)
    end: Place | None = field(default=None, compare=False)

    def covers(self, entry: MapEntry) -> range:
        """The operator versions `entry` covers: from the operator's previous bump (else 0) to its own - 1."""
        previous = [
            other.bumped_at_version
            for other in self.entries
            if other.operator == entry.operator and other.bumped_at_version < entry.bumped_at_version
        ]
        return range(max(previous, default=0), entry.bumped_at_version)


@dataclass(frozen=True, slots=True)
class FixtureEntry:
    """One row of the registry: a fixture module's class and the operator it is there for."""

    module: str
    operator: str
    place: Place

    @property
    def key(self) -> tuple[str, str]:
        """Class and operator: what makes it the same one in another place."""
        return self.module, self.operator


@dataclass(frozen=True, slots=True)
class RegistryEnd:
    """How `ALL_MODULES` ends: whether its last row `lacks_comma`, and whether its brace is `by_itself` on a line."""

    lacks_comma: bool
    by_itself: bool


@dataclass(frozen=True, slots=True)
class Registry:
    """The rows of `ALL_MODULES`. `end` is the place of its closing brace: where a row would be added. `ends` says what
    else to mind there; it does not count when registries are compared."""

    path: str
    rows: tuple[FixtureEntry, ...] = ()
    problems: tuple[Problem, ...] = ()
    end: Place | None = None
    ends: RegistryEnd | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FixtureModule:
    """A class in a fixture module file.

    `is_module` is None where the syntax tree cannot tell whether the class is an `nn.Module`: a base from
    a file that was not read.
    """

    name: str
    is_module: bool | None
    place: Place


def is_module(module: FixtureModule | None) -> bool:
    """Whether the class is there and may be an `nn.Module`."""
    return module is not None and module.is_module is not False


@dataclass(frozen=True, slots=True)
class FixtureModules:
    """The classes of all fixture module files, and what could not be read of these files."""

    modules: tuple[FixtureModule, ...] = ()
    problems: tuple[Problem, ...] = ()


def _nothing() -> None:
    """None: what a file declares that is not there."""


def _no_operators() -> tuple[DeclaredOperators, ...]:
    return ()


def _no_code() -> Mapping[str, tuple[str, ...]]:
    return {}


def _no_day() -> Mapping[str, date]:
    return {}


@dataclass(frozen=True, slots=True)
class Declarations:
    """All a snapshot declares, and the fixtures that stand there for it. None stands for a file that is not there.

    What few rules ask for is read when it is asked for. `module_files` are the bytes of the fixture module files by
    path, `registry_file` those of the registry, `compiled` those of the C++ files of version map, upgraders and
    mobile upgraders, `code_around` the code around the maps of the first two by path, `expiries` the last day of each
    upgrader that a comment gives one, by name, `operators` those of each file that the settings name for them and
    that is there: `operator_files`, from the folder of the project.
    """

    version_map: VersionMap | None = None
    registry: Registry | None = None
    modules: FixtureModules = field(default_factory=FixtureModules)
    module_files: Mapping[str, bytes] = field(default_factory=dict)
    registry_file: bytes = b""
    compiled: Mapping[str, bytes] = field(default_factory=dict)
    fixtures: FixtureFiles = field(default_factory=FixtureFiles)
    upgraders: Callable[[], Upgraders | None] = _nothing
    library_upgraders: Callable[[], LibraryUpgraders | None] = _nothing
    expiries: Callable[[], Mapping[str, date]] = _no_day
    versions: Callable[[], FileFormatVersions | None] = _nothing
    mobile_upgraders: Callable[[], MobileUpgraders | None] = _nothing
    mobile_code: Callable[[], MobileCode | None] = _nothing
    code_around: Callable[[], Mapping[str, tuple[str, ...]]] = _no_code
    operators: Callable[[], tuple[DeclaredOperators, ...]] = _no_operators
    operator_files: tuple[str, ...] = ()
