"""What `check --fix` writes: what the hints of findings say, where that needs nobody to decide. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from opfixtures.change.changes import Change
from opfixtures.change.lost import lost_fixture_entries
from opfixtures.change.numbering import numbering_of
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.names import fixture_stem
from opfixtures.declarations.place import Place
from opfixtures.errors import UserError
from opfixtures.settings.fixture_formats import FIXTURES, RECORDS
from opfixtures.synthesis.additions import Additions
from opfixtures.synthesis.insertions import inserted, raised, read_again
from opfixtures.synthesis.order import in_ascending_order
from opfixtures.synthesis.proposals import Proposals, fault_of, new_upgrader, upgrader_of_its_range
from opfixtures.synthesis.renumbering import Renumbering
from opfixtures.synthesis.rewrite import rewrite
from opfixtures.synthesis.second_class import with_class_of_its_own
from opfixtures.synthesis.skeletons import what_it_is

MENDED = frozenset({"OPF102", "OPF103", "OPF104", "OPF107", "OPF201", "OPF204", "OPF205"})
"""The findings that are mended, all or some of each code."""
_WRONG = ("OPF105", "OPF106", "OPF114", "OPF115", "OPF504")
"""Of an entry that is itself to be written otherwise: nothing is built upon it."""


@dataclass(frozen=True, slots=True)
class Mended:
    """The files that change, as they will be; what that does, a line each; the files that get another name, by the
    name they have."""

    files: Mapping[str, bytes]
    said: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


class Mending:
    """Mends one project, step after step: each reads what the one before has written."""

    def __init__(
        self,
        change: Change,
        sources: Mapping[str, bytes],
        found: Collection[tuple[str, Place]],
        has: Callable[[str], bool],
    ) -> None:
        self._change = change
        self._sources = dict(sources)
        self._has = has
        self._said: list[str] = []
        self._renamed: dict[str, str] = {}
        self._before = sources
        entries = {entry.place: entry.key for entry in change.version_map.entries}
        rows = {row.place: row.key for row in change.registry.rows}
        self._entries = {(code, entries[place]) for code, place in found if place in entries}
        self._rows = {(code, rows[place]) for code, place in found if place in rows}

    def mended(self) -> Mended:
        """All that can be. Raises UserError where something is written in a way that cannot be edited."""
        self._rename()
        self._part()
        self._sort()
        self._add()
        files = {
            path: content for path, content in self._sources.items() if self._before.get(path) != content
        }
        return Mended(files, tuple(self._said), self._renamed)

    def _take(self, files: Mapping[str, bytes]) -> None:
        self._sources.update(files)
        self._change = read_again(self._change, self._sources)

    def _found(self, code: str) -> Iterator[MapEntry]:
        """The entries that a finding of that code is about, and that are right but for what can be mended."""
        for key, entry in self._change.entries.items():
            if (code, key) in self._entries and not self._is_wrong(entry):
                yield entry

    def _is_wrong(self, entry: MapEntry) -> bool:
        # An entry that stood there before has no finding of its own.
        return any((code, entry.key) in self._entries for code in _WRONG) or bool(fault_of(entry))

    def _is_of_a_wrong_entry(self, row: FixtureEntry) -> bool:
        entry = self._change.entries[row.operator, self._change.matching.bump_of(row) or 0]
        return self._is_wrong(entry)

    def _rename(self) -> None:
        change, config = self._change, self._change.config
        upgraders = dict(self._upgraders_renamed())
        modules = {}
        for row, name, has_files in self._modules_renamed():
            modules[row.module] = name
            self._said.append(f"{row.place.path}: {row.module} is {name}")
            self._renamed |= self._files_renamed(row.module, name) if has_files else {}
        for old, new in upgraders.items():
            self._said.append(f"{config.version_map}: upgrader {old} is {new}")
        if upgraders or modules:
            self._take(rewrite(change, Renumbering((), upgraders, modules, (), None, None), self._sources))

    def _upgraders_renamed(self) -> Iterator[tuple[str, str]]:
        """The names of upgraders by the names they replace, where both are clear: one entry has the one, none the
        other."""
        change = self._change
        known = change.after.upgraders()
        if known is None or known.problems:
            # Where they are defined nobody knows here.
            return
        names = [entry.upgrader_name for entry in change.entries.values()]
        taken = {*names, *(upgrader.name for upgrader in known.upgraders)}
        for entry in self._found("OPF103"):
            old, new = entry.upgrader_name, upgrader_of_its_range(entry, change.matching.covers(entry))
            if names.count(old) == 1 and new not in taken:
                taken.add(new)
                yield old, new

    def _modules_renamed(self) -> Iterator[tuple[FixtureEntry, str, bool]]:
        """The rows whose class gets another name, that name, and whether their files get it too."""
        change, proposals = self._change, Proposals(self._change)
        rows, judged = change.registry.rows, set(change.judged_rows)
        classes = [row.module for row in rows]
        first: dict[str, FixtureEntry] = {}
        done = set()
        for row in rows:
            other = first.setdefault(fixture_stem(row.module), row)
            if ("OPF204", row.key) in self._rows and classes.count(row.module) == 1:
                last = change.matching.covered(row.operator).stop - 1
                yield row, proposals.name_of_version(row.module, row.operator, last), True
            elif ("OPF205", row.key) in self._rows and row.module != other.module:
                renamed = row if row in judged else other
                if classes.count(renamed.module) == 1 and renamed.module not in done:
                    done.add(renamed.module)
                    yield renamed, proposals.other_name(renamed.module), False

    def _files_renamed(self, old: str, new: str) -> dict[str, str]:
        """The fixture of a class and its record, as far as they are there."""
        found = {}
        for ending in (*FIXTURES, *RECORDS):
            paths = [f"{self._change.config.fixtures}/{fixture_stem(name)}{ending}" for name in (old, new)]
            if self._has(paths[0]):
                if self._has(paths[1]):
                    raise UserError(
                        f"{paths[0]} would be {paths[1]}, which is there already: move that away first"
                    )
                found[paths[0]] = paths[1]
                self._said.append(f"{paths[0]} is {paths[1]}")
        return found

    def _part(self) -> None:
        """Where one class stands for two operators, the row that the change brings gets a class of its own."""
        for key in [row.key for row in self._change.registry.rows if ("OPF205", row.key) in self._rows]:
            change = self._change
            rows = [row for row in change.registry.rows if row.module == key[0]]
            judged = [row for row in rows if row in change.judged_rows]
            if not judged or len(rows) < 2:
                continue
            added = Proposals(change).second_class(judged[-1])
            if not added or self._is_of_a_wrong_entry(judged[-1]):
                continue
            name = added.rows[0].module
            self._said.append(
                f"{judged[-1].place.path}: {judged[-1].module} of {judged[-1].operator} is {name}"
            )
            self._said += told(change, replace(added, rows=added.rows[1:]))
            self._take(with_class_of_its_own(self._sources, change.config, judged[-1], added))

    def _sort(self) -> None:
        operators = dict.fromkeys(entry.operator for entry in self._found("OPF102"))
        if operators:
            version_map = self._change.version_map
            path = version_map.path
            new, done = in_ascending_order(version_map, operators, self._sources[path])
            self._said += (f"{path}: the entries of {operator} in ascending order" for operator in done)
            self._take({path: new})

    def _add(self) -> None:
        change, config = self._change, self._change.config
        proposals, additions = Proposals(change), Additions()
        lost = {entry.key for entry, _ in lost_fixture_entries(change)}
        for entry in self._found("OPF201"):
            if not change.matching.rows_of(entry) and entry.key not in lost:
                additions += proposals.fixture_entry(entry)
        for entry in self._found("OPF104"):
            additions += Additions(upgraders=(new_upgrader(entry),))
        moves = numbering_of(change).moves if any(self._found("OPF107")) else {}
        for entry in self._found("OPF107"):
            if entry.key not in moves:
                additions += Additions(version=entry.bumped_at_version)
        if additions:
            self._take(inserted(self._sources, config, additions))
            self._said += told(change, additions)


def told(change: Change, additions: Additions) -> Iterator[str]:
    """What additions add where, a line each."""
    config = change.config
    for upgrader in additions.upgraders:
        yield f"{config.upgraders}: {upgrader.name}, {what_it_is(upgrader.text)}"
    for module in additions.modules:
        yield f"{config.fixture_modules[0]}: {module.class_name}"
    for row in additions.rows:
        yield f"{config.registry}: row of {row.module}"
    versions = change.after.versions()
    if versions is not None and any(raised(versions, additions.version)):
        yield f"{versions.path}: version {additions.version} is produced and read"
