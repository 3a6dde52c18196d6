"""Rules about the archives and their records, looked at without torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.names import span
from opfixtures.declarations.place import Place
from opfixtures.records.fixture_files import fixture_of, is_record
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule

if TYPE_CHECKING:
    from opfixtures.archives.model import Archive
    from opfixtures.records.record import Record

_MOST_NAMED = 5
_LONGEST_VALUE = 200
# Nothing is written through a link.
_AS_A_FILE = "put the file itself in the place of the link"


@rule("OPF302", Severity.ERROR)
def archive_cannot_be_read(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A fixture is not a readable archive.

    A fixture is the zip archive that torch wrote. Cut off, altered or replaced by a pointer, it loads
    nowhere and proves nothing, and some archives end the process that loads them. opfixtures reads it as
    git holds it: checksums, version, the operators it calls; nothing in it is loaded.

    PyTorch's own tests of the old div skip themselves when their fixture does not load: one that is broken is
    not missed.

    To mend it, take it from where it was written whole, or make it again:

        opfixtures generate --regenerate --operator aten::gelu

    Where git LFS keeps the archive and only a pointer is here, `git lfs pull` brings it.
    """
    for name in change.judged_fixtures:
        archive = change.after.fixtures.archive(name)
        if isinstance(archive, str):
            hint = "git lfs pull" if "git LFS" in archive else _made_again(change, name)
            if change.after.fixtures.is_link(name):
                hint = _AS_A_FILE
            message = f"not a readable archive: {archive}"
            yield finding(_operator(change, name), _place(change, name), message, hint)


@rule("OPF303", Severity.ERROR)
def archive_version_is_not_covered(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A fixture's version is not among those that its entry covers.

    torch stamps an archive with the version of the operators in it, and that stamp decides which upgrader is
    applied. An archive stamped with the bump or above was exported after the change: no upgrader is applied,
    and it proves nothing. So it is when another operator in the model was bumped higher: that one's stamp
    hides the upgrader. An archive stamped too low meets the upgrader of an earlier entry.

    PyTorch's generator wants to be run before the change, and compares the version with one that no build can
    produce. TestVersionedDivTensorExampleV7 stands for an operator bumped at 4 (pytorch/pytorch#70629), and
    no upgrader was ever applied to it.

    A `.pt2` has no stamp, and this finds nothing in one: torch.export.load applies no upgrader. There an operator
    keeps its name, and its arguments their names, order and defaults, for as long as old files are read. What has
    to be different gets another name or overload beside it, or one more argument, last, whose default means what
    the operator did without it.

    To mend it, make the fixture with a build from before the change, which opfixtures finds by itself:

        opfixtures generate --regenerate --operator aten::gelu
    """
    for name, entry, archive in _covered_archives(change):
        covers = change.matching.covers(entry)
        # A `.pt2` has no stamp.
        if archive.version is None or archive.version in covers:
            continue
        why = "too long before the change, an earlier entry is in between"
        if archive.version >= covers.stop:
            others = ", ".join(sorted(archive.operators - {entry.operator})[:_MOST_NAMED])
            why = "after the change" + (f", or its version comes from {others}" if others else "")
        message = (
            f"the archive is of version {archive.version}, its entry covers {span(covers)}: exported {why}"
        )
        yield finding(entry.operator, _place(change, name), message, _made_again(change, name))


@rule("OPF304", Severity.ERROR)
def archive_does_not_call_the_operator(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A fixture does not call the operator that it is there for.

    An upgrader is applied where the old operator is called. An archive that calls another overload, or
    something that torch put in the operator's place, passes whatever becomes of the upgrader. The operators
    are read from the archive's bytecode; an archive without one, a .pt, tells their names and no overload. A
    `.pt2` has no stamp and no bytecode: its program names each operator with its overload.

    torch.stft is a function in Python: the module that stood for aten::stft never called the operator it was
    registered for, and the change was reverted later (pytorch/pytorch#73434, #77257).

    To mend it, let the module call the operator itself, as torch.ops.aten.gelu(x), with arguments that choose
    the overload, and make the fixture again:

        opfixtures generate --regenerate --operator aten::gelu
    """
    for name, operator, archive in _owned_archives(change):
        wanted = archive.called_as(operator)
        if wanted in archive.called:
            continue
        called = sorted(archive.called)
        more = f" and {len(called) - _MOST_NAMED} more" if len(called) > _MOST_NAMED else ""
        calls = ", ".join(called[:_MOST_NAMED]) + more or "no operator"
        message = f"the archive does not call {wanted}, it calls {calls}"
        row = change.owners.row(name)
        module = row.module if row else "its module"
        hint = f"let {printable(module)} call it, then: {_made_again(change, name)}"
        yield finding(operator, _place(change, name), message, hint)


@rule("OPF305", Severity.ERROR)
def fixture_and_record_disagree(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A fixture and its record disagree, or a record has no fixture.

    The record says which build made the fixture, why that one is from before the change, and what the model
    computed then. All of that is about one archive, byte by byte. Beside another archive it is a promise that
    nobody made. A fixture without a record, as PyTorch's own are, is no finding.

    Fixtures are lost and exchanged without a word: when random_.from was renamed and the change reverted
    (pytorch/pytorch#89797, #94611), three of them stayed behind for an operator that was no more.

    To mend it, restore fixture and record as they were written together, or make both again:

        opfixtures generate --regenerate --operator aten::gelu
    """
    fixtures = change.after.fixtures
    for name in change.judged_fixtures:
        record = fixtures.record(name)
        place, operator = _place(change, f"{name}.json"), _operator(change, name)
        if isinstance(record, str):
            hint = _AS_A_FILE if fixtures.is_link(f"{name}.json") else _made_again(change, name)
            yield finding(operator, place, f"not a record: {record}", hint)
        elif record is not None:
            differing = dict(_differences(change, name, record))
            if differing:
                message = f"fixture and record disagree: {', '.join(differing)}"
                hint = "\n".join([*differing.values(), _made_again(change, name)])
                yield finding(operator, place, message, hint)
    touched = {fixture_of(name) for name in change.touched_fixtures}
    for name in filter(is_record, fixtures.ids):
        if fixture_of(name) in touched and fixture_of(name) not in fixtures.ids:
            message = "a record without its fixture"
            yield finding(_operator(change, name), _place(change, name), message, _made_whole(change, name))


def _made_whole(change: Change, record: str) -> str:
    """What to do with a record whose fixture is not there."""
    from shlex import quote

    fixture = fixture_of(record)
    path, own = (quote(printable(change.after.fixtures.path(name))) for name in (fixture, record))
    if fixture in change.target.fixtures.ids:
        from opfixtures.rules.take_away import may_go

        return f"git rm {own}" if may_go(change, fixture) else f"restore {path}"
    if fixture in change.before.fixtures.ids:
        return f"restore {path}, or take its record away as well: git rm {own}"
    return f"git add {path}, or take its record away: git rm {own}"


def _differences(change: Change, name: str, record: Record) -> Iterator[tuple[str, str]]:
    """What the record says otherwise than the archive, the registry or the version map, each with a line."""
    from opfixtures.change.record_differences import differences

    archive, row = change.after.fixtures.archive(name), change.owners.row(name)
    found = differences(
        record,
        file=name,
        archive=None if isinstance(archive, str) else archive,
        module=row.module if row and change.owners.are_certain else None,
        operator=row.operator if row and change.owners.are_certain else None,
        entry=_entry(change, name),
    )
    for what, recorded, here in found:
        yield what, f"{what}: {_short(recorded)} in the record, {_short(here)} here"


def _short(value: object) -> str:
    text = printable(", ".join(value) if isinstance(value, list) else str(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _covered_archives(change: Change) -> Iterator[tuple[str, MapEntry, Archive]]:
    """The archives that can be read and that an entry owns."""
    for name in change.judged_fixtures:
        entry = _entry(change, name)
        if entry is not None:
            archive = change.after.fixtures.archive(name)
            if not isinstance(archive, str):
                yield name, entry, archive


def _owned_archives(change: Change) -> Iterator[tuple[str, str, Archive]]:
    """The archives that can be read, each with the operator of the entry or of the guard that it is of."""
    for name in change.judged_fixtures if change.owners.are_certain else ():
        row = change.owners.row(name)
        if row is not None and (change.owners.entry(name) or change.owners.is_guard(row)):
            archive = change.after.fixtures.archive(name)
            if not isinstance(archive, str):
                yield name, row.operator, archive


def _entry(change: Change, name: str) -> MapEntry | None:
    """The entry that owns a fixture. What cannot be read may hold another one: then none is certain."""
    owner = change.owners.entry(name) if change.owners.are_certain else None
    return change.entries.get(owner) if owner else None


def _operator(change: Change, name: str) -> str | None:
    row = change.owners.row(name)
    return row.operator if row else None


def _place(change: Change, name: str) -> Place:
    return Place(change.after.fixtures.path(name), 1, 1)


def _made_again(change: Change, name: str) -> str:
    """The command that makes a fixture again; for one that nobody owns there is none, and OPF307 tells of it."""
    from shlex import quote

    operator = _operator(change, name)
    if operator is None:
        return "restore it as it was written"
    return f"opfixtures generate --regenerate --operator {quote(printable(operator))}"
