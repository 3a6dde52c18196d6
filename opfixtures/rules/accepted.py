"""Rules about accepted breaks."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.declarations.place import Place
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.settings.settings_scan import SHARED_FILE


@rule("OPF403", Severity.WARNING)
def accepted_break_is_of_no_fixture(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An accepted break is about no fixture.

    An accepted break says how a fixture fails from a release on, and what users of old files are told. Where no
    fixture entry has its operator, or one of its modules, or no fixture its format, nothing shows that, and nothing
    ever will: its name is misspelt, or the fixture entry is gone. The settings are judged as they stand, whatever else
    a change touches.

    PyTorch's release notes list backwards incompatible changes, and people keep that list by hand: no old file is held
    against it. The fixture that the operator of old made stays after the break. It is the evidence that old files fail
    in just the way that was accepted, and in no other.

    To mend it, correct the operator or the module, add the fixture entry, or take the break out of the settings:

        "mylib::scale" = { how = "other results", release = "mylib 2.0", reason = "factor is applied once" }
    """
    if change.after.registry is None or change.registry.problems:
        return
    rows = {row.key for row in change.registry.rows}
    operators = {row.operator for row in change.registry.rows}
    formats = {
        *change.config.fixture_formats,
        *(name.rpartition(".")[2] for name in change.after.fixtures.fixtures),
    }
    for one in change.config.accepted_breaks:
        place = Place(change.config.source or SHARED_FILE, one.line, 1)
        known = [module for module in one.modules if (module, one.operator) not in rows]
        if one.operator not in operators:
            what, of = f"no fixture entry has {one.operator}", "operator"
        elif known:
            what, of = f"no fixture entry has {known[0]} with {one.operator}", "module"
        elif one.formats and formats.isdisjoint(one.formats):
            what, of = f"nobody asks for a .{one.formats[0]}", "format"
        else:
            continue
        message = f"an accepted break is about no fixture: {what}"
        yield finding(
            one.operator, place, message, f"correct the {of}, or take the break out of accepted-breaks"
        )
