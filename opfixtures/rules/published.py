"""Rules about versions, judged against what is published: which one is free, what may not change any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from opfixtures.changes import Change, text_of
from opfixtures.declarations.model import Declarations, MapEntry, Place, Problem, VersionMap
from opfixtures.findings import Finding, Severity
from opfixtures.given_out import constants, has_header, key_of
from opfixtures.report.printable import printable
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.settings_scan import SHARED_FILE, below


@rule("OPF107", Severity.ERROR)
def bump_above_produced_version(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An entry's bumped_at_version is above the produced file format version.

    The produced version, kProducedFileFormatVersion in caffe2/serialize/versions.h, is the highest one that
    is stamped on a model. An entry above it takes every model for an old one, even those exported a minute
    ago: the upgrader is applied to models that need none. And what is above kMaxSupportedFileFormatVersion
    does not load at all. Raised with stft and istft to 11 and lowered with their revert
    (pytorch/pytorch#73434, #77257), the number has to follow the entries both ways.

    To mend it, raise both constants in the same change, as the hint shows. A library, which has no such
    header, is not judged.
    """
    touched = change.config.versions in change.touched
    entries = change.version_map.entries if touched else change.added
    versions = change.after.versions() if entries else None
    if versions is None:
        return
    for problem in versions.problems:
        yield finding(None, problem.place, problem.message, "opfixtures explain OPF107")
    limits = {
        "kProducedFileFormatVersion": versions.produced,
        "kMaxSupportedFileFormatVersion": versions.maximum,
    }
    above = []
    for entry in {(entry.operator, entry.bumped_at_version): entry for entry in reversed(entries)}.values():
        version = entry.bumped_at_version
        below = [(name, limit.value) for name, limit in limits.items() if limit and limit.value < version]
        above += [(entry, *first) for first in below[:1]]
    hint = _constants_to_set(change) if above else ""
    for entry, name, value in above:
        yield finding(
            entry.operator,
            entry.place,
            f"{entry.operator} is bumped at version {entry.bumped_at_version}, above {name}, which is {value}",
            hint or "opfixtures renumber gives it the next free version",
        )


def _constants_to_set(change: Change) -> str:
    """The lines of the header that shall be otherwise once every entry has the version that it should have."""
    produced, maximum = constants(change, 0, {})
    if not (_problems(change.target) or _problems(change.landed())):
        produced, maximum = constants(change, change.numbering.newest, change.numbering.moves)
    versions = change.after.versions()
    wanted = (
        ("kProducedFileFormatVersion", versions and versions.produced, produced),
        ("kMaxSupportedFileFormatVersion", versions and versions.maximum, maximum),
    )
    return "\n".join(
        f"in {printable(str(constant.place))}: {name} = 0x{value:X}L;"
        for name, constant, value in wanted
        if constant and value is not None
    )


@rule("OPF108", Severity.ERROR)
def version_is_not_the_next_one(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An added entry's bumped_at_version is not the next free version: one is skipped, or it is taken.

    Versions are handed out one by one, each to one change. A change that takes a number which others' models
    are stamped with already leaves these models without its upgrader. Two changes of PyTorch claimed
    version 10 at once (pytorch/pytorch#61439, #72191): each was right when it was written, and whoever lands
    second has to renumber. A number is taken when the target branch has come to produce it, or when target
    produces it and no overload of the operator was bumped at it.

    A backfill is no finding: an entry that was forgotten when its version was given out, such as the five
    `div.*_mode` at 4. Several entries of one change may share their version, and changes that build upon each
    other take several in a row. Whether one is skipped, only a tree with caffe2/serialize/versions.h can tell.

    A library has seven versions, and the changes of one release share one. So there a version is taken once a
    release has it, in the map at a tag of the clone, and until then it is shared: one of its own would be a waste,
    which is a warning. `opfixtures explain OPF113` has the details.

    In a fork that names what it follows as `upstream`, the entries that come from there keep their versions. One of
    the fork's own has one of `reserved-versions`, if the settings have these, or else the next one behind both; and
    one that is published gives way where upstream gave its version to another operator.

    The number stands in five files. PyTorch expected merge conflicts over it and checks none of them
    (pytorch/pytorch#72313). To mend it, let opfixtures write the next free version into the entry, the names
    of its upgrader and its fixture modules, and kProducedFileFormatVersion:

        opfixtures renumber

    shows the lines to change, and with --apply changes them. Then make the fixture again.
    """
    # What target has given out cannot be told where its map cannot be read.
    if not change.added or _problems(change.target) or _problems(change.landed()):
        return
    upstream = change.upstream()
    if upstream and _problems(upstream.now):
        return
    header: str | None = None
    for entry in change.numbering.judged:
        fault = change.numbering.fault(entry)
        if fault is None or fault.rule != "OPF108":
            continue
        header = _constants_to_set(change) if header is None else header
        found = finding(
            entry.operator,
            entry.place,
            f"{entry.operator} is bumped at version {entry.bumped_at_version}, {fault.why}",
            fault.instead or renumbered(change, entry, fault.version or 0, header),
        )
        yield found if fault.is_error else replace(found, severity=Severity.WARNING)


def _problems(declarations: Declarations) -> Sequence[Problem]:
    return declarations.version_map.problems if declarations.version_map else ()


def _entries(declarations: Declarations) -> Sequence[MapEntry]:
    return declarations.version_map.entries if declarations.version_map else ()


def renumbered(change: Change, entry: MapEntry, version: int, header: str) -> str:
    """The command that gives an entry its version, and what that is by hand; `header` are the lines of the header."""
    start = change.matching.covers(entry).start
    start = min(change.numbering.moves.get((entry.operator, start), start), version - 1)
    lines = [
        "opfixtures renumber",
        "shows the diff and, with --apply, writes it; by hand that is",
        f"in {printable(change.version_map.path)}: bumped_at_version {version}, "
        f"an upgrader whose name ends in _{start}_{version - 1}",
        header,
    ]
    return "\n".join(filter(None, lines))


@rule("OPF109", Severity.ERROR)
def published_entry_is_changed(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A published entry of the version map is changed or removed, or the published map itself is gone.

    Models exported by a release that had the entry rely on its upgrader. Without it no old model is upgraded:
    it loads and computes something else, or does not load.

    A removed entry is a revert, and no finding, when the produced version falls below its bump in the same
    change, as when stft and istft at 11 were taken back (pytorch/pytorch#73434, #77257). A library has no
    produced version: its entry may go or change as long as no release has it, that is, as long as it stands in
    the map at no tag of the clone. What only the current branch brought may change and go. An old_schema may be written
    otherwise when it says the same; an entry that OPF105 or OPF106 finds fault with may be mended.

    Once 12 has landed, 11 cannot be taken back that way: it stays given out, and models that were made since
    are stamped with it. Keep the entry, and let one at 13 bring the old behaviour back, with an upgrader that
    gives models of 11 and 12 what they computed. The same holds for a library's entry that a release has.

    Where the settings name an `upstream`, an entry may change or go as it does there, and one of the fork's own may
    move once upstream has given its version to another operator.

    PyTorch's guide gives an upgrader up after 180 days where the next change leaves no way to keep it, and its
    generate_models.py shows a comment in front of each with the day until which it is kept. Once that day is
    past, an entry may go, and its fixtures with it, if target has the comment in front of its upgrader:

        /* gelu_0_9 is added for a change of gelu. Expire date: 06/02/2022 */

    as month, day, year. Without it nobody was told, and a model lives longer than 180 days.

    To mend it, restore the entry, and add another one with a higher bumped_at_version for what changes now.
    Where the map was moved, name the new path as `version-map` in the same change. Otherwise bring it back:

        git checkout HEAD -- torch/csrc/jit/operator_upgraders/version_map.cpp
    """
    if change.after.version_map is None:
        published = change.target.version_map
        if published is not None and not _all_may_go(change, published):
            settings = (
                f"[tool.opfixtures] of {change.config.source or below(change.config.folder, SHARED_FILE)}"
            )
            hint = f"bring it back, or name its new path as `version-map` in {settings}"
            message = "the published version map is removed"
            if change.has_file(published.path):
                message, hint = (
                    "no settings name the published version map any more",
                    f"name it as `version-map` in {settings}",
                )
            yield finding(None, Place(published.path, 1, 1), message, hint)
        return
    # What is not among the entries of a map with problems may be there all the same.
    if change.version_map.path not in change.touched or change.version_map.problems:
        return
    altered = list(_altered(change))
    if not altered:
        return
    from opfixtures.declarations.entry_text import entry_text
    from opfixtures.taken_back import instead, places_of_removed

    places = places_of_removed(change)
    for entry, now in altered:
        what = f"the published entry of {entry.operator} at version {entry.bumped_at_version}"
        hint = f"write it as it was: {entry_text(change.version_map.path, entry)}"
        if now:
            yield finding(entry.operator, now.place, f"{what} is changed", printable(hint))
        else:
            key = entry.operator, entry.bumped_at_version
            place = places.get(key, Place(change.version_map.path, 1, 1))
            hint = f"{printable(hint)}\n{printable(instead(change, entry))}"
            yield finding(entry.operator, place, f"{what} is removed", hint)


def _all_may_go(change: Change, published: VersionMap) -> bool:
    """Whether a published map is not lost but taken back, registry and all, and nobody needs what it had."""
    # Settings that go take nothing along of what they named.
    stays = change.after.registry is not None
    if stays or published.problems or any(map(change.has_file, (published.path, change.config.registry))):
        return False
    from opfixtures.taken_back import may_be_taken_back

    keys = ((entry.operator, entry.bumped_at_version) for entry in published.entries)
    return all(may_be_taken_back(change, *key) for key in keys)


def _altered(change: Change) -> Iterator[tuple[MapEntry, MapEntry | None]]:
    """The published entries that the change alters, each with what stands there now."""
    said = set(map(text_of, _entries(change.after)))
    if all(text_of(entry) in said for entry in _entries(change.target)):
        return
    before, after = _texts(change.before), _texts(change.after)
    now = {(entry.operator, entry.bumped_at_version): entry for entry in _entries(change.after)}
    kept = {(entry.upgrader_name, entry.bumped_at_version) for entry in _entries(change.after)}
    for key, published in _texts(change.target).items():
        untouched = (
            change.before.version_map is not None and before.get(key, {}).keys() == after.get(key, {}).keys()
        )
        for text, entry in published.items():
            if untouched or text in after.get(key, {}):
                continue
            mends = (entry.upgrader_name, entry.bumped_at_version) in kept and _is_faulty(entry)
            if not (mends or _may_change(change, entry, now.get(key))):
                yield entry, now.get(key)


_Text = tuple[str, int, str, str]


def _texts(declarations: Declarations) -> dict[tuple[str, int], dict[_Text, MapEntry]]:
    """By operator and version what the entries say; several where arms of an `#if` differ."""
    texts: dict[tuple[str, int], dict[_Text, MapEntry]] = {}
    for entry in _entries(declarations):
        texts.setdefault((entry.operator, entry.bumped_at_version), {})[text_of(entry)] = entry
    return texts


def _is_faulty(entry: MapEntry) -> bool:
    from opfixtures.rules.map_entries import operator_of

    return operator_of(entry.old_schema) != entry.operator


def _may_change(change: Change, entry: MapEntry, now: MapEntry | None) -> bool:
    from opfixtures.upstream import follows_upstream

    if now is None:
        from opfixtures.taken_back import may_be_taken_back

        return may_be_taken_back(change, entry.operator, entry.bumped_at_version)
    if not has_header(change) and not change.released().may_have(*key_of(entry)):
        return True
    if follows_upstream(change, key_of(entry), now):
        return True
    from opfixtures.declarations.function_schema import SchemaError, parse_schema, same_schema

    try:
        same = same_schema(parse_schema(entry.old_schema), parse_schema(now.old_schema))
    except SchemaError:
        return False
    return same and now.upgrader_name == entry.upgrader_name
