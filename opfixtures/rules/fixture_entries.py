"""Rules about fixture entries: the rows of the registry and their modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from opfixtures.changes import Change, is_module
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.names import (
    class_name_for,
    fixture_stem,
    module_version,
    suggested_module,
    suggested_row,
)
from opfixtures.findings import Finding, Severity
from opfixtures.report.printable import printable
from opfixtures.rules.registered import NewFinding, rule


@rule("OPF201", Severity.ERROR)
def entry_without_fixture_entry(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An added entry of the version map has no matching fixture entry.

    An entry changes what an operator does. Its fixture, a small model exported by a build from before the
    change, is the proof that old models still load and compute the same. Somebody has to say which module to
    export: that is the fixture entry, one class and one row of ALL_MODULES. It matches when the row's
    operator is the entry's and the class ends in V<n>, with n a version that the entry covers: from the
    operator's previous bump, else 0, to bumped_at_version - 1.

    An entry for a version that was released already owes one too: five `div.*_mode` and full.names came later
    (pytorch/pytorch#73586). Nothing asked for it then, and of the 18 operators in PyTorch's map 6 have a
    fixture that proves something.

    To mend it, add the lines that the hint shows, and complete the module where your operator needs more than
    its required arguments.
    """
    if change.registry.problems:
        return
    for entry in change.added:
        if not change.matching.rows_of(entry):
            covers = change.matching.covers(entry)
            yield finding(
                entry.operator,
                entry.place,
                f"{entry.operator} is bumped at version {entry.bumped_at_version} without a matching fixture "
                f"entry, one whose module ends in V{covers.start} to V{covers.stop - 1}",
                _lines_to_add(change, entry),
            )


def _lines_to_add(change: Change, entry: MapEntry) -> str:
    from opfixtures.declarations.function_schema import SchemaError, parse_schema

    version = entry.bumped_at_version - 1
    try:
        schema = parse_schema(entry.old_schema)
    except SchemaError:
        schema = None
    end = change.registry.end
    registry = f"{end.path}:{end.line}" if end else change.registry.path
    parts = [
        f"add to ALL_MODULES in {printable(registry)}:",
        "",
        suggested_row(entry.operator, version),
    ]
    if class_name_for(entry.operator, version) not in change.modules:
        module = suggested_module(schema, entry.operator, version).rstrip("\n")
        parts[:0] = [f"add to {printable(change.config.fixture_modules[0])}:", "", module, ""]
    return "\n".join(parts)


@rule("OPF202", Severity.ERROR)
def registered_module_is_missing(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A registered module is not defined, or is not an nn.Module.

    A row of ALL_MODULES names a class of the fixture module files. Without that class, or with one that
    cannot be scripted, there is nothing to export and the row proves nothing. After a change the old module
    often does not script any more (pytorch/pytorch#72030): whoever takes it out for that leaves its row.

    To mend it, define the class, correct its name in the row, or take the row away. A class whose base comes
    from a file that opfixtures does not read is believed to be a module.
    """
    files = ", ".join(change.config.fixture_modules)
    unreadable = change.after.modules.problems
    if change.judged_rows or change.touched.intersection(change.config.fixture_modules):
        for problem in unreadable:
            yield finding(
                None, problem.place, problem.message, "correct the file: its modules cannot be seen"
            )
    for row in change.judged_rows:
        module = change.modules.get(row.module)
        if module is None and not unreadable:
            message = f"{row.module} is registered and not defined in {files}"
            yield finding(row.operator, row.place, message, "define it there, or take this row away")
        elif module is not None and not is_module(module):
            message = f"{row.module} is registered and is not an nn.Module"
            hint = f"let it be one: class {row.module}(torch.nn.Module):"
            yield finding(row.operator, module.place, message, hint)


@rule("OPF204", Severity.ERROR)
def module_version_is_not_covered(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A module's version suffix V<n> is missing, or no entry of its operator covers it.

    The suffix says which operator version the fixture was exported with, and so which upgrader it exercises.
    A fixture of a version that no entry covers exercises none: PyTorch's TestVersionedDivTensorExampleV7
    stood for an operator bumped at 4 and tested nothing (pytorch/pytorch#70629).

    To mend it, rename the class, and its row, to end in V<n> with n from 0 to the operator's last
    bumped_at_version - 1.
    """
    if change.version_map.problems:
        return
    for row in change.judged_rows:
        if not change.matching.has_operator(row.operator) or change.matching.bump_of(row) is not None:
            continue
        covered = change.matching.covered(row.operator)
        version = module_version(row.module)
        what = "has no version suffix V<n>" if version is None else f"is of version {version}"
        yield finding(
            row.operator,
            row.place,
            f"{row.module} {what}: the entries of {row.operator} cover versions 0 to {covered.stop - 1}",
            f"rename it to {class_name_for(row.operator, covered.stop - 1)}, in its class and in this row",
        )


@rule("OPF206", Severity.ERROR)
def registry_cannot_be_read(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The registry cannot be read without running it.

    opfixtures never runs what a pull request brings: it reads ALL_MODULES from the syntax tree. A row that is
    computed, imported or added later is a row that only a run could see, and a required fixture entry could
    hide behind it or be missing. A run would fail, too: after a change the old modules often do not script
    any more (pytorch/pytorch#72030).

    To mend it, write ALL_MODULES as one literal at the top level of its file:

        ALL_MODULES = {
            TestVersionedGeluV9(): "aten::gelu",
        }
    """
    if change.added or change.registry.path in change.touched:
        for problem in change.registry.problems:
            yield finding(None, problem.place, problem.message, "opfixtures explain OPF206")


@rule("OPF203", Severity.WARNING)
def registered_operator_is_not_in_the_map(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A registered operator is not in the version map.

    Without an entry there is no upgrader, and a fixture proves nothing about an upgrader. When random_.from
    was renamed and the change reverted (pytorch/pytorch#89797, #94611), three modules and their fixtures
    stayed behind.

    A warning when the row is added, because PyTorch's guide adds module and row first and changes the
    operator later; an error when the operator leaves the map. To mend it, add the entry, correct the operator
    in the row, or take row, class and fixture away.
    """
    # What is not among the entries of a map with problems may be there all the same.
    if change.after.version_map is None or change.version_map.problems:
        return
    old = change.before.registry.rows if change.before.registry else ()
    known = {(row.module, row.operator) for row in old}
    left = (
        {entry.operator for entry in change.before.version_map.entries} if change.before.version_map else ()
    )
    for row in change.registry.rows:
        if change.matching.has_operator(row.operator):
            continue
        fixture = f"{change.config.fixtures}/{fixture_stem(row.module)}.ptl"
        hint = f"add its entry to {change.version_map.path}, or take row and class away, and {fixture}"
        message = f"{row.operator} of {row.module} is not in the version map"
        if row.operator in left:
            left_it = finding(row.operator, row.place, f"{message} any more", printable(hint))
            yield replace(left_it, severity=Severity.ERROR)
        elif (row.module, row.operator) not in known:
            yield finding(row.operator, row.place, message, printable(hint))


@rule("OPF205", Severity.ERROR)
def modules_write_the_same_file(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """Two registered modules would write the same fixture.

    A fixture's file is named after its class, in small letters and with underscores. PyTorch's generator skips
    a module whose file is there: the second one is never exported, and nothing says so. One class in two
    rows does the same, and so do TestVersionedSTFTV10 and TestVersionedS_t_f_tV10.

    To mend it, rename one of the classes, and its row. A class that stands for two operators gets a second
    class beside it.
    """
    first: dict[str, FixtureEntry] = {}
    judged = set(change.judged_rows)
    for row in change.registry.rows:
        other = first.setdefault(fixture_stem(row.module), row)
        if other is not row and not judged.isdisjoint((row, other)):
            yield finding(
                row.operator,
                row.place,
                f"{row.module} would write the same file as {other.module} in line {other.place.line}: "
                f"{change.config.fixtures}/{fixture_stem(row.module)}.ptl",
                f"rename {row.module}, here and where it is defined, so that the file names differ",
            )
