"""Which entries of a change get another version, and what is called otherwise because of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from opfixtures.change.changes import Change
from opfixtures.change.matching import Matching
from opfixtures.change.numbering import numbering_of
from opfixtures.change.published_versions import Numbering, constants
from opfixtures.declarations.model import FixtureEntry, MapEntry, VersionMap
from opfixtures.declarations.names import module_of_version, module_version, upgrader_of_range
from opfixtures.errors import UserError
from opfixtures.synthesis.renumbering import Moved, Renumbering


def choose(change: Change, operators: Collection[str] = ()) -> Renumbering | None:
    """The renumbering that `change`, one from target, needs; None where its versions are right.

    Entries keep their order, and those that share a version go on sharing one. With `operators` only these
    are looked at, and an entry of theirs is no backfill, even if it looks like one.

    Raises:
        UserError: a name would not be clear afterwards, or an entry would pass another one of its operator.
    """
    numbering = numbering_of(change)
    moved = tuple(_moved(numbering, operators))
    if not moved:
        return None
    _refuse_disorder(change.version_map, moved)
    versions = {one.entry.key: one.version for one in moved}
    entries = change.version_map.entries
    after = [replace(one, bumped_at_version=versions.get(one.key, one.bumped_at_version)) for one in entries]
    matching = Matching(VersionMap(change.version_map.path, tuple(after)), ())
    upgraders = _renamed_upgraders(change, zip(entries, after, strict=True), matching)
    rows, modules = _renamed_modules(change, zip(entries, after, strict=True), matching)
    produced, maximum = constants(change, numbering.newest, versions)
    renumbering = Renumbering(moved, upgraders, modules, rows, produced, maximum)
    kept = {(row.module, row.operator) for row in _published_rows(change)}
    published = (
        (row, renumbering.applied(one.entry))
        for one in moved
        for row in change.matching.rows_of(one.entry)
        if (row.module, row.operator) in kept
    )
    return replace(renumbering, published=tuple(published))


def _moved(numbering: Numbering, operators: Collection[str]) -> Iterator[Moved]:
    claiming = [entry for entry in numbering.judged if _counts(entry, numbering, operators)]
    versions = numbering.right_versions(claiming)
    for entry in claiming:
        fault, version = numbering.fault(entry), versions[entry.key]
        if fault and fault.version is None:
            what = f"{entry.operator} is bumped at version {entry.bumped_at_version}"
            raise UserError(f"{entry.place}: {what}, {fault.why}: {fault.instead}")
        if version != entry.bumped_at_version:
            yield Moved(entry, version, numbering.why_moved(entry))


def _counts(entry: MapEntry, numbering: Numbering, operators: Collection[str]) -> bool:
    if operators and entry.operator not in operators:
        return False
    landed = numbering.landed.texts.get(entry.key)
    if landed not in (None, entry.text):
        raise UserError(
            f"{entry.place}: another change of {entry.operator} at version {entry.bumped_at_version} has landed: "
            "rebase, and let your entry, its old_schema too, build upon that one"
        )
    return numbering.claims_version(entry) or (bool(operators) and landed is None)


def _refuse_disorder(version_map: VersionMap, moved: tuple[Moved, ...]) -> None:
    versions = {one.entry.key: one.version for one in moved}
    by_operator: dict[str, list[MapEntry]] = defaultdict(list)
    for entry in version_map.entries:
        by_operator[entry.operator].append(entry)
    for one in moved:
        for other in by_operator[one.entry.operator]:
            version = versions.get(other.key, other.bumped_at_version)
            passes = one.entry.bumped_at_version < other.bumped_at_version and one.version >= version
            if passes:
                raise UserError(
                    f"{one.entry.place}: at version {one.version} this entry of {other.operator} would come behind "
                    f"the one at {version}: it is a backfill, and keeps its version"
                )


_Pairs = Iterable[tuple[MapEntry, MapEntry]]


def _renamed_upgraders(change: Change, pairs: _Pairs, matching: Matching) -> dict[str, str]:
    wanted = []
    for old, new in pairs:
        same = change.matching.covers(old) == matching.covers(new)
        name = old.upgrader_name if same else upgrader_of_range(old.upgrader_name, matching.covers(new))
        wanted.append((old.upgrader_name, name, f"{old.place}: upgrader"))
    upgraders = change.after.upgraders()
    return _renamings(wanted, {upgrader.name for upgrader in upgraders.upgraders} if upgraders else set())


def _renamed_modules(
    change: Change, pairs: _Pairs, matching: Matching
) -> tuple[tuple[FixtureEntry, ...], dict[str, str]]:
    kept = {(row.module, row.operator) for row in _published_rows(change)}
    wanted = {
        (row.module, row.operator): (row.module, row.module, f"{row.place}: module")
        for row in change.registry.rows
    }
    rows = []
    for old, new in pairs:
        before, after = change.matching.covers(old), matching.covers(new)
        for row in change.matching.rows_of(old) if before != after else ():
            key = row.module, row.operator
            if key in kept:
                continue
            rows.append(row)
            version = module_version(row.module) or 0
            version = after.stop - 1 if version == before.stop - 1 else max(version, after.start)
            wanted[key] = row.module, module_of_version(row.module, version), f"{row.place}: module"
    return tuple(dict.fromkeys(rows)), _renamings(wanted.values(), change.modules.keys())


def _published_rows(change: Change) -> Iterator[FixtureEntry]:
    for declarations in (change.target, change.landed()):
        yield from declarations.registry.rows if declarations.registry else ()


def _renamings(wanted: Collection[tuple[str, str, str]], known: Collection[str]) -> dict[str, str]:
    """New names by old ones, from old and new names and where they stand, those that stay included.

    Raises UserError where one name would become two, or two one; `known` are names that nobody need use.
    """
    names: dict[str, str] = {}
    for old, new, where in wanted:
        if names.setdefault(old, new) != new:
            raise UserError(
                f"{where} {old} would be {new} here and {names[old]} elsewhere: give each entry one of its own"
            )
    renamed = {old: new for old, new in names.items() if old != new}
    staying = {*names, *known} - renamed.keys()
    times = Counter(renamed.values())
    for old, new, where in wanted:
        if old in renamed and (new in staying or times[new] > 1):
            raise UserError(f"{where} {old} would be {new}, which is there already: rename that one first")
    return renamed
