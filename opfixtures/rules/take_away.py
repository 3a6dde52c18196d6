"""Whether a fixture that nothing seems to need may go: never while something still needs it."""

from __future__ import annotations

from shlex import quote

from opfixtures.change.changes import Change
from opfixtures.change.taken_back import may_be_taken_back
from opfixtures.declarations.names import suggested_row
from opfixtures.records.fixture_files import fixture_of, stem_of
from opfixtures.repository.printable import printable
from opfixtures.settings.fixture_formats import STAMPED


def may_differ(change: Change, name: str) -> bool:
    """Whether a fixture that target holds, or its record, may become another one: its entry is taken back."""
    owner = change.owners_published.entry(name)
    return owner is not None and may_be_taken_back(change, *owner)


def may_go(change: Change, name: str) -> bool:
    """Whether a fixture that target holds, or its record, may be taken away: with its entry, or where it has
    none; a guard's with its row, but not a `.pt2`, which is all that there is for such models."""
    owners = change.owners_published
    if owners.entry(name) is not None or not owners.are_certain:
        return may_differ(change, name)
    row = owners.row(name)
    if row is None or not owners.is_guard(row) or is_renamed(change, name):
        return True
    is_registered = change.owners.row(name) is not None or not change.owners.are_certain
    return not is_registered and (fixture_of(name).endswith(STAMPED) or is_succeeded(change, name))


def is_renamed(change: Change, name: str) -> bool:
    """Whether a guard's fixture of target, or its record, has another name now: that of a row of the same operator."""
    row = change.owners_published.row(name)
    if row is None or not change.owners_published.is_guard(row):
        return False
    content, new = change.target.fixtures.ids[name], change.after.fixtures.ids.items()
    # What stood beside it before is no other name of it.
    names = (one for one, found in new - change.target.fixtures.ids.items() if found == content)
    return any(found.operator == row.operator for found in map(change.owners.row, names) if found is not None)


def is_succeeded(change: Change, name: str) -> bool:
    """Whether the operator of a guard of target has its entry now, with a fixture of the same format."""
    guard, ending = change.owners_published.row(name), fixture_of(name).rpartition(".")[2]
    others = (one for one in change.after.fixtures.fixtures if one.rpartition(".")[2] == ending)
    entries = map(change.owners.entry, others)
    return guard is not None and any(entry is not None and entry[0] == guard.operator for entry in entries)


def keep_or_take_away(change: Change, name: str) -> str:
    """What to do with a fixture, or the record of one, that no entry owns: one sentence, or a row to add."""
    fixture = fixture_of(name)
    where = f"in ALL_MODULES in {printable(change.registry.path)}"
    record = change.after.fixtures.record(fixture)
    if record is not None and not isinstance(record, str):
        key = record.entry.operator, record.entry.bumped_at_version
        if key in change.entries:
            row = printable(suggested_row(record.entry.operator, record.module.name))
            return f"its record is of {printable(key[0])} at {key[1]}: write its row {where}:\n\n{row}"
    before = change.owners_before.row(fixture) or change.owners_published.row(fixture)
    if before is not None and change.owners.row(fixture) is None and fixture in change.target.fixtures.ids:
        # What is published is evidence, of a guard and of a second module too.
        row = printable(suggested_row(before.operator, before.module))
        is_needed = change.owners_published.entry(fixture) is not None and not may_go(change, fixture)
        needed = "an entry still needs it: " if is_needed else ""
        return f"{needed}bring its row back {where}:\n\n{row}"
    return f"add what it was made for, {take_away(change, fixture)}"


def take_away(change: Change, name: str) -> str:
    """How to take a fixture away, with its record, or why to keep it: the end of a sentence."""
    stem = stem_of(name)
    if stem not in change.named_elsewhere:
        return "and keep it: this clone cannot tell whether another file names it"
    place = change.named_elsewhere[stem]
    if place is not None:
        return f"and keep it: {printable(place)} names it"
    ids, fixture = change.after.fixtures.ids, fixture_of(name)
    files = [one for one in (fixture, f"{fixture}.json") if one in ids]
    paths = " ".join(quote(printable(change.after.fixtures.path(one))) for one in files)
    return f"or take it away: git rm {paths}"
