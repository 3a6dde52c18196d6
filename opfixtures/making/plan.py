"""What is to be made, what stands and is looked at again, and which runtime each needs. Pure; `planner` fills it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.records.record import Record
from opfixtures.repository.snapshot import UnfitFileError
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec

NAME_ONE = "name a commit from before the change, opfixtures generate --base REV"
NAMED_TOO_LATE = f"the entry is there already: {NAME_ONE}"


@dataclass(frozen=True, slots=True)
class Published:
    """A fixture as target holds it. `record` is None where there is none (PyTorch's own fixtures)."""

    data: bytes
    record: Record | None = None
    record_data: bytes = b""


@dataclass(frozen=True, slots=True)
class PlannedFixture:
    """A fixture to make: the module's excerpt, the path to write, the runtime's settings.

    `commit` is the pre-change commit, None where none is known: a release needs none. `doubt` says why a checkout of
    it may not be pre-change, if so. `held` is the fixture where target holds it already, and `is_there` whether the
    tree has the same. `file_text` is the whole file of the module.
    """

    owner: Owner
    module_path: str
    source: str
    spec: RuntimeSpec
    commit: str | None
    doubt: str = ""
    held: Published | None = None
    is_there: bool = False
    file_text: str = ""

    @property
    def path(self) -> str:
        """Where the fixture stands."""
        return self.owner.path

    def doubted(self, refusal: str) -> str:
        """Why its runtime is not pre-change, with the doubt that was there from the start."""
        return f"{refusal} ({self.doubt})" if self.doubt else refusal


@dataclass(frozen=True, slots=True)
class FoundFixture:
    """A fixture that stands in the tree. `record` is None where there is none (PyTorch's own fixtures).

    `brought` says that target holds another or none, or never judged it: then `again` is what would make it again, or
    says why nothing can. `unread` says why neither archive nor record was read; empty where they were.
    """

    owner: Owner
    data: bytes
    record: bytes | None
    unread: str = ""
    brought: bool = False
    again: PlannedFixture | str = ""


def unread(owner: Owner, error: UnfitFileError) -> FoundFixture:
    """A fixture that is there, and not looked at: it, or its record, is no file of its own, a very large one, or one of
    too many."""
    return FoundFixture(owner, b"", None, f"{error.said}: {error.mend}")


@dataclass(frozen=True, slots=True)
class Unplanned:
    """A fixture that nobody can make or look at, and why: that `of` an owner, or of an entry without fixture entry."""

    of: Owner | MapEntry
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made, what is found and looked at again, and what no run can help.

    `lost` are the owners in target of fixtures that are gone, or that nobody reads any more, each with the reason,
    empty for those that are gone.
    """

    to_make: tuple[PlannedFixture, ...] = ()
    found: tuple[FoundFixture, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()
    lost: tuple[tuple[Owner, str], ...] = ()

    @property
    def reproducing(self) -> tuple[PlannedFixture, ...]:
        """What makes the found fixtures again that the branch brings."""
        return tuple(one.again for one in self.found if isinstance(one.again, PlannedFixture))


def _no_names(_: Owner) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in the tree and in target: `here` reads a file of the work tree, `published` one of target's fixtures
    by its name, in whatever folder.

    `was_judged` tells whether what target holds was judged there: it is no evidence of what nobody looked at.
    `guards` are the names of the fixtures in target that one may have had while it was a guard's.
    """

    here: Callable[[str], bytes | None]
    published: Callable[[str], bytes | None]
    was_judged: Callable[[Owner], bool]
    guards: Callable[[Owner], Iterable[str]] = _no_names


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is about.

    The fixtures of `entries` and `guards` are looked at. Of those that are missing the ones are made that `owes` holds
    for, asked with an entry and a fixture entry: None for a guard, and where an entry has no fixture entry. With
    `regenerate` those that are there are made again.
    """

    entries: Sequence[MapEntry]
    owes: Callable[[MapEntry | None, FixtureEntry | None], bool]
    guards: Sequence[FixtureEntry] = ()
    regenerate: bool = False


def runtime_for(owner: Owner, config: Config) -> RuntimeSpec | None:
    """The first runtime in the settings that serves the operator at the version before its bump; for a guard, the
    first of those that serve the newest versions."""
    if owner.entry is None:
        specs = [spec for spec in config.runtimes if not spec.operators or owner.operator in spec.operators]
        return max(specs, key=lambda spec: spec.operator_versions.top, default=None)
    return runtime_for_entry(owner.entry, config)


def runtime_for_entry(entry: MapEntry, config: Config) -> RuntimeSpec | None:
    """The first runtime in the settings that serves an entry's operator at the version before its bump."""
    version = entry.bumped_at_version - 1
    return next((spec for spec in config.runtimes if spec.serves(entry.operator, version)), None)


def no_runtime(owner: Owner) -> str:
    """Why nothing can make the fixture: the settings have no runtime for it."""
    what = f"operator version {owner.entry.bumped_at_version - 1}" if owner.entry else "the newest operators"
    return f"no runtime is configured for {what}: add one to `runtimes` in the settings"
