"""What is to be added to the files of a project, as data."""

from __future__ import annotations

from opfixtures.values import dataclass


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry for the version map."""

    operator: str
    bumped_at_version: int
    upgrader_name: str
    old_schema: str


@dataclass(frozen=True, slots=True)
class NewUpgrader:
    """An upgrader, with its TorchScript: lines that begin in the first column, the last one ended."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ModuleText:
    """A fixture module's class: lines that begin in the first column, the last one ended."""

    class_name: str
    text: str


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row for the registry."""

    module: str
    operator: str


@dataclass(frozen=True, slots=True)
class Additions:
    """What is to be added. `version` is the one that the header of versions shall not be below, 0 for any."""

    entries: tuple[NewEntry, ...] = ()
    upgraders: tuple[NewUpgrader, ...] = ()
    modules: tuple[ModuleText, ...] = ()
    rows: tuple[NewRow, ...] = ()
    version: int = 0

    def __add__(self, other: Additions) -> Additions:
        return Additions(
            self.entries + other.entries,
            self.upgraders + other.upgraders,
            self.modules + other.modules,
            self.rows + other.rows,
            max(self.version, other.version),
        )

    def __bool__(self) -> bool:
        return bool(self.entries or self.upgraders or self.modules or self.rows or self.version)
