"""Rules about versions, judged against what is published: which one is free, which ones the header has to have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opfixtures.change.changes import Change
from opfixtures.change.numbering import numbering_of
from opfixtures.change.published_versions import constants
from opfixtures.declarations.model import Declarations, MapEntry
from opfixtures.declarations.place import Place, Problem
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.settings.settings_scan import SHARED_FILE
from opfixtures.values import replace


@rule("OPF107", Severity.ERROR)
def bump_above_produced_version(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An entry's bumped_at_version is above the produced file format version.

    The produced version, kProducedFileFormatVersion in caffe2/serialize/versions.h, is the highest one that
    is stamped on a model. An entry above it takes every model for an old one, even those exported a minute
    ago: the upgrader is applied to models that need none. And what is above kMaxSupportedFileFormatVersion
    does not load at all. Raised with stft and istft to 11 and lowered with their revert
    (pytorch/pytorch#73434, #77257), the number has to follow the entries both ways.

    A change that takes the header away, or moves it where no settings name it, leaves nothing to compare with: what
    target sets has to stay set.

    To mend it, raise both constants in the same change, as the hint shows. A library, which has no such
    header, is not judged.
    """
    yield from _lost(change, finding)
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
    for entry in {entry.key: entry for entry in reversed(entries)}.values():
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


def _lost(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """What a header set before the change, or on target, and none sets any more."""
    if change.after.version_map is None:
        return
    is_judged = bool(change.added or change.version_map.path in change.touched)
    was = change.before.versions() or (change.target.versions() if is_judged else None)
    now = change.after.versions()
    if was is None or was.produced is None or (now and now.problems):
        return
    settings = f"as `versions` in [tool.opfixtures] of {change.config.source or SHARED_FILE}"
    constants_of = "kProducedFileFormatVersion", "kMaxSupportedFileFormatVersion"
    if now is None:
        is_there = change.has_file(was.path)
        what = "no settings name" if is_there else "the change removes"
        message = f"{what} {was.path}, which sets {constants_of[0]} = {was.produced.value}"
        hint = f"name it {settings}" if is_there else f"bring it back, or name its new path {settings}"
        yield finding(None, Place(was.path, 1, 1), message, printable(hint))
    elif was.maximum is not None and now.maximum is None:
        message = f"{constants_of[1]}, which was {was.maximum.value}, is not set here any more"
        hint = f"set it as before: {constants_of[1]} = 0x{was.maximum.value:X}L;"
        yield finding(None, Place(now.path, 1, 1), message, hint)


def _constants_to_set(change: Change) -> str:
    """The lines of the header that shall be otherwise once every entry has the version that it should have."""
    produced, maximum = constants(change, 0, {})
    if not (_problems(change.target) or _problems(change.landed())):
        produced, maximum = constants(change, numbering_of(change).newest, numbering_of(change).moves)
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
    for entry in numbering_of(change).judged:
        fault = numbering_of(change).fault(entry)
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


def renumbered(change: Change, entry: MapEntry, version: int, header: str) -> str:
    """The command that gives an entry its version, and what that is by hand; `header` are the lines of the header."""
    start = change.matching.covers(entry).start
    start = min(numbering_of(change).moves.get((entry.operator, start), start), version - 1)
    lines = [
        "opfixtures renumber",
        "shows the diff and, with --apply, writes it; by hand that is",
        f"in {printable(change.version_map.path)}: bumped_at_version {version}, "
        f"an upgrader whose name ends in _{start}_{version - 1}",
        header,
    ]
    return "\n".join(filter(None, lines))
