"""The rule about published fixtures: they stay as they are, and guards among them where they are."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.place import Place
from opfixtures.records.fixture_files import fixture_of
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.values import replace

ON_PURPOSE = "what breaks on purpose is named in accepted-breaks, and its fixture stays"


@rule("OPF306", Severity.ERROR)
def published_fixture_is_changed(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A published fixture, or its record, is changed or removed.

    A fixture is evidence from a time that does not come back. One that is made anew, by a later build, shows
    what that build did; and when it is made to pass, it shows nothing. So what target holds stays as it is.

    A fixture may go with its entry when that may go, as when stft and istft were taken back
    (pytorch/pytorch#73434, #77257): `opfixtures explain OPF109` says when. One that no entry of target owns may
    go as well, with its row if it has one: it is a guard then, and nothing replays any more what it calls the
    operator with. That is a warning, and of a `.pt2` an error: no entry stands for it, and it is all that tells what
    becomes of such models. It stays after an intended break, too, which the settings name in accepted-breaks.
    What random_.from left behind may go (#89797, #94611). A guard's may get another name, with its class, when the
    operator gets its entry.

    To mend it, restore it; for what the operator does now, add another entry, with a fixture of its own:

        git checkout origin/main -- test/jit/fixtures/test_versioned_gelu_v9.ptl
    """
    if not (change.everything or change.touched_fixtures):
        return
    from opfixtures.rules.take_away import is_renamed, is_succeeded, may_differ, may_go

    before, after, published = change.before.fixtures.ids, change.after.fixtures.ids, change.target.fixtures
    owners = change.owners_published
    for name, one in published.ids.items():
        now = after.get(name)
        if now == one or (before.get(name) == now and not change.everything):
            continue
        if now is None and is_renamed(change, name):
            continue
        row, path, hint = owners.row(name), change.after.fixtures.path(name), _restoring(change, name)
        may = may_go(change, name) if now is None else may_differ(change, name)
        gone = row is not None and owners.is_guard(row) and change.owners.row(name) is None and now is None
        if not may and not gone:
            message = f"a published fixture is {'changed' if now else 'removed'}"
            if name != fixture_of(name):
                message = f"the record of {message}"
            yield finding(row.operator if row else None, Place(path, 1, 1), message, hint)
        elif row is not None and gone and name == fixture_of(name) and not is_succeeded(change, name):
            message = f"a guard is taken away: {_what_is_left(change, row)}"
            hint = f"to keep it, bring its row back, and {hint}"
            found = finding(
                row.operator, Place(path, 1, 1), message, hint if may else f"{hint};\n{ON_PURPOSE}"
            )
            yield replace(found, severity=Severity.WARNING) if may else found


def _what_is_left(change: Change, gone: FixtureEntry) -> str:
    rows = map(change.owners.row, change.after.fixtures.fixtures)
    if any(row is not None and row.operator == gone.operator for row in rows):
        return f"nothing replays any more what {gone.module} calls {gone.operator} with"
    return f"nothing replays {gone.operator} any more"


def _restoring(change: Change, name: str) -> str:
    """The command that brings a file of target back, in whatever folder of the repository it is given."""
    from shlex import quote

    path, stood = change.after.fixtures.path(name), change.target.fixtures.path(name)
    commit = change.published_at()
    if commit is not None and stood == path and "\n" not in path:
        magic = ":(top,literal)" if set("*?[\\").intersection(path) else ":/"
        return f"restore it: git checkout {commit[:12]} -- {quote(printable(f'{magic}{path}'))}"
    folder, _, _ = path.rpartition("/")
    blob = change.target.fixtures.ids[name].removeprefix("@")
    return (
        f"restore it, at the root: mkdir -p {quote(printable(folder))} && git cat-file blob {blob} > "
        f"{quote(printable(path))}"
    )
