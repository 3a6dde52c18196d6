"""What stands or is lost of the evidence beside the rows of a run: told, and never passed over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256

from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.evidence import exchanged_fixtures, lost_fixtures, without_fixture, without_owner
from opfixtures.change.left_out import LeftOut, left_out
from opfixtures.change.owner import Owner
from opfixtures.clock import today
from opfixtures.records.fixture_files import FixtureFiles, is_record
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.printable import printable
from opfixtures.repository.snapshot import UnfitFileError
from opfixtures.rules.take_away import is_renamed, may_differ, may_go
from opfixtures.settings.accepted_breaks import AcceptedBreak
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.settings_scan import below
from opfixtures.settings.waivers import Waiver

_MOST_NAMED = 3
# What is compiled, where a release stands in for the tree.
_FILES = ("version-map", "upgraders", "mobile-upgraders")


EXCHANGED = (
    "target has another file of this name, and what it said is not looked at: restore it, and give this one a name of"
    " its own (`opfixtures explain OPF306`)"
)


def lost_here(
    change: Change, names: Collection[str], read: Callable[[str], bytes | None], *, is_published: bool
) -> list[tuple[Owner, str]]:
    """The owners in target of fixtures that are gone and may not go, or under whose names others stand that may not,
    with that as the reason. What is not published may be exchanged.

    `names` are those of the files that stand, which are `read` by path.
    """
    here, target = _as_it_stands(change, names, read), change.target.fixtures

    def is_another(name: str) -> bool:
        if not is_published or name not in names or here.after.fixtures.ids.get(name) == target.ids[name]:
            return False
        may = may_differ(here, name) or is_renamed(here, name)
        # What is not here, as behind a pointer of git LFS, is another to nobody.
        return not may and target.content(name) is not None

    gone = lost_fixtures(change, names, lambda name: may_go(here, name))
    return [
        *((one, "") for one in gone),
        *((one, EXCHANGED) for one in exchanged_fixtures(change, is_another)),
    ]


def _as_it_stands(change: Change, names: Collection[str], read: Callable[[str], bytes | None]) -> Change:
    """The change as of today, with the files that stand: the same as one of target's where they have the same bytes."""
    target, folder = change.target.fixtures, change.config.fixtures

    def ids() -> dict[str, str]:
        contents = {name: target.content(name) for name in target.fixtures}
        known = {sha256(content).digest(): target.ids[name] for name, content in contents.items() if content}
        found = {}
        for name in (name for name in names if not is_record(name)):
            try:
                digest = sha256(read(f"{folder}/{name}") or b"").digest()
            except UnfitFileError:
                digest = b""
            found[name] = known.get(digest, digest.hex())
        return found

    return replace(change, today=today, after=replace(change.after, fixtures=FixtureFiles(folder, ids)))


def dropped(objects: GitObjects, here: Sequence[Comparison]) -> Iterator[tuple[LeftOut, list[Owner]]]:
    """The projects of target that the work tree has no more, each with the owners of the fixtures that nothing replays
    for it: all of them where its files still stand. `here` are those that it has.

    Raises as `left_out`.
    """
    for one in left_out(objects, here):
        as_of_today = replace(one.change, today=today)
        yield one, list(lost_fixtures(as_of_today, (), partial(_may_go_with, one, as_of_today)))


def _may_go_with(one: LeftOut, as_of_today: Change, name: str) -> bool:
    return not one.because and may_go(as_of_today, name)


def notes(change: Change, names: Collection[str]) -> tuple[str, ...]:
    """What no row is about: entries without fixture, and fixtures without entry. `names` are those of the files."""
    bare, idle = without_fixture(change, names), without_owner(change, names)
    told = []
    if bare:
        count = f"{len(bare)} entries have" if len(bare) > 1 else "1 entry has"
        told.append(f"{count} no fixture: `opfixtures check --all` tells of each")
    if idle:
        named = printable(", ".join(idle[:_MOST_NAMED]))
        more = f" and {len(idle) - _MOST_NAMED} more" if len(idle) > _MOST_NAMED else ""
        told.append(f"not replayed, for no fixture entry owns it: {named}{more}")
    return tuple(told)


def own_words(config: Config, published: Config | None) -> tuple[str, ...]:
    """Says so where a verdict rests on what the branch says in its settings, and target says otherwise: by what both
    sides are built, which upgraders change nothing, which breaks are accepted, what files are read, and which formats
    fixtures have. Of a project that target has not all of it is the branch's word."""
    if published is None:
        whole = f"target has no project here: all that {config.source} says is this branch's word"
        return (f"{whole}, the commands that build it too",) if config.source else ()
    told = []
    if _recipe(published) != _recipe(config):
        told.append(
            f"{config.source} has other runtimes than target: both sides are built as this branch says"
        )
    for key in _FILES:
        here, there = (_path_in_project(one, key) for one in (config, published))
        if here != there:
            told.append(
                f"{config.source} has another `{key}` than target: {printable(here)}, and not {printable(there)}"
            )
    told += _other_lists(config, published)
    target = published.identity_upgraders
    own = [name for name, reason in config.identity_upgraders.items() if target.get(name) != reason]
    if own:
        named = printable(", ".join(own))
        told.append(
            f"{config.source} has other `identity-upgraders` than target: this branch says so of {named}"
        )
    theirs = {replace(one, line=1) for one in published.waivers}
    waived = [one.key for one in config.waivers if replace(one, line=1) not in theirs and _is_of_replays(one)]
    if waived:
        named = printable(", ".join(waived))
        told.append(
            f"{config.source} has other `waivers` than target: this branch puts up with replays of {named}"
        )
    unversioned = [one for one in config.unversioned_operators if one not in published.unversioned_operators]
    if unversioned:
        named = printable(", ".join(unversioned))
        told.append(
            f"{config.source} has other `unversioned-operators` than target: this branch says so of {named}"
        )
    accepted = dict.fromkeys(one.operator for one in own_breaks(config, published))
    if accepted:
        named = printable(", ".join(accepted))
        told.append(
            f"{config.source} has other `accepted-breaks` than target: this branch says so of {named}"
        )
    return tuple(told)


def _is_of_replays(waiver: Waiver) -> bool:
    return any(code.startswith("replay.") for code in waiver.codes)


def _path_in_project(config: Config, key: str) -> str:
    path: str | None = getattr(config, key.replace("-", "_"))
    return (path or "none").removeprefix(f"{config.folder}/" if config.folder else "")


def _other_lists(config: Config, published: Config) -> Iterator[str]:
    here, there = (
        sorted(path.removeprefix(below(one.folder, "")) for path in one.operators)
        for one in (config, published)
    )
    if here != there:
        named, theirs = (printable(", ".join(some) or "none") for some in (here, there))
        yield (
            f"{config.source} has other `operators` than target: {named}, and not {theirs}: with these no text of an"
            " upgrader is known to compile"
        )
    if config.fixture_formats != published.fixture_formats:
        named, theirs = (", ".join(one.fixture_formats) for one in (config, published))
        yield f"{config.source} has another `fixture-format` than target: {named}, and not {theirs}"


def own_breaks(config: Config, published: Config | None) -> tuple[AcceptedBreak, ...]:
    """The accepted breaks that the settings have and those of target have not, in these words."""
    theirs = frozenset(published.accepted_breaks if published else ())
    return tuple(one for one in config.accepted_breaks if one not in theirs)


def _recipe(config: Config) -> list[RuntimeSpec]:
    return [replace(spec, folder="") for spec in config.runtimes]
