"""Rules about fixture entries: the rows of the registry and their modules."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.change.lost import lost_fixture_entries
from opfixtures.declarations.model import FixtureEntry, is_module
from opfixtures.declarations.names import module_version, span, versions_of
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.values import replace


@rule("OPF201", Severity.ERROR)
def entry_without_fixture_entry(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An entry of the version map is added without a matching fixture entry, or loses its last one.

    An entry changes what an operator does. Its fixture, a small model exported by a build from before the
    change, is the proof that old models still load and compute the same. Somebody has to say which module to
    export: that is the fixture entry, one class and one row of ALL_MODULES. It matches when the row's
    operator is the entry's and the class ends in V<n>, with n a version that the entry covers: from the
    operator's previous bump, else 0, to bumped_at_version - 1.

    An entry for a version that was released already needs one too: five `div.*_mode` and full.names came later
    (pytorch/pytorch#73586). Nothing asked for it then, and of the 18 operators in PyTorch's map 6 have a
    fixture that proves something.

    What proves an entry today has to prove it tomorrow. A change that takes the last fixture entry away, its
    row or its class, or that gives the row another operator or the class another V<n>, takes the proof away,
    and the fixture that is left belongs to nobody.

    To mend it, let opfixtures write what is missing:

        opfixtures new aten::gelu

    shows the lines, and with --apply writes them; `opfixtures check --fix` writes those of all entries. Or add the
    lines that the hint shows; or bring back what was taken away. It goes only with its entry.
    """
    if change.registry.problems:
        return
    without = [entry for entry in change.added if not change.matching.rows_of(entry)]
    lost = lost_fixture_entries(change)
    if not (without or lost):
        return
    from opfixtures.rules.lines_to_add import LinesToAdd

    lines = LinesToAdd(change)
    for entry in without:
        covers = change.matching.covers(entry)
        yield finding(
            entry.operator,
            entry.place,
            f"{entry.operator} is bumped at version {entry.bumped_at_version} without a matching fixture "
            f"entry, one whose module ends in {span(covers, 'V')}",
            lines.for_entry(entry),
        )
    for entry, row in lost:
        yield finding(
            entry.operator,
            entry.place,
            f"{entry.operator} is bumped at version {entry.bumped_at_version}, and its fixture entry is taken "
            f"away: {row.module}",
            lines.to_restore(entry, row),
        )


@rule("OPF202", Severity.ERROR)
def registered_module_is_missing(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A registered module is not defined, or is not an nn.Module.

    A row of ALL_MODULES names a class of the fixture module files. Without that class, or with one that
    cannot be scripted, there is nothing to export and the row proves nothing. After a change the old module
    often does not script any more (pytorch/pytorch#72030): whoever takes it out for that leaves its row.

    To mend it, bring the class back, define it, or correct its name in the row. A row that no entry needs may
    go instead. A class whose base comes from a file that opfixtures does not read is believed to be a module.
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
            yield finding(row.operator, row.place, message, _what_to_do_without_class(change, row))
        elif module is not None and not is_module(module):
            message = f"{row.module} is registered and is not an nn.Module"
            hint = f"let it be one: class {row.module}(torch.nn.Module):"
            yield finding(row.operator, module.place, message, hint)


def _what_to_do_without_class(change: Change, row: FixtureEntry) -> str:
    if row.module in change.modules_before:
        return "bring the class back as it was"
    entry = change.entries.get((row.operator, change.matching.bump_of(row) or 0))
    if entry is not None and len(change.matching.rows_of(entry)) == 1:
        return "define it there"
    return "define it there, or take this row away"


@rule("OPF204", Severity.ERROR)
def module_version_is_not_covered(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A module's version suffix V<n> is missing, or no entry of its operator covers it.

    The suffix says which operator version the fixture was exported with, and so which upgrader it exercises.
    A fixture of a version that no entry covers exercises none: PyTorch's TestVersionedDivTensorExampleV7
    stood for an operator bumped at 4 and tested nothing (pytorch/pytorch#70629).

    To mend it, rename the class, and its row, to end in V<n> with n from 0 to the operator's last
    bumped_at_version - 1. Fixture and record get the new name too: those of a guard stay as they are otherwise.
    """
    if change.version_map.problems:
        return
    proposals = None
    for row in change.judged_rows:
        if not change.matching.has_operator(row.operator) or change.matching.bump_of(row) is not None:
            continue
        covered = change.matching.covered(row.operator)
        version = module_version(row.module)
        from opfixtures.rules.lines_to_add import files_to_rename

        if proposals is None:
            from opfixtures.synthesis.proposals import Proposals

            proposals = Proposals(change)
        name = proposals.name_of_version(row.module, row.operator, covered.stop - 1)
        what = "has no version suffix V<n>" if version is None else f"is of version {version}"
        yield finding(
            row.operator,
            row.place,
            f"{row.module} {what}: the entries of {row.operator} cover {versions_of(range(covered.stop))}",
            f"rename it to {printable(name)}, in its class and in this row{files_to_rename(change, row, name)}",
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

    A row whose operator has no entry is a guard. PyTorch's guide adds module and row first, exports the model,
    and changes the operator only later: from the first step on, the fixture tells what the operator computes
    today. `opfixtures generate` makes it by target's operator, and it is replayed at every head, without an
    upgrader: as soon as the operator computes something else, that is seen. The change that alters it adds its
    entry, and the guard becomes the proof of that.

        opfixtures new mylib::scale --guard

    writes the row and its class, and with --all those of each operator that the library declares. Where the settings
    name no version map, as for fixtures exported with torch.export alone, every row is a guard.

    A warning when the row is added, because a misspelt operator looks the same; an error when the operator
    leaves the map, and its row stays. When random_.from was renamed and the change reverted
    (pytorch/pytorch#89797, #94611), three modules and their fixtures stayed behind.

    To mend it, correct the operator in the row if it is misspelt; a guard may stay as it is. For an operator that
    left the map, bring its entry back, or let row, class and fixture go with it, if that may go.
    """
    # What is not among the entries of a map with problems may be there all the same.
    left = (
        {entry.operator for entry in change.before.version_map.entries} if change.before.version_map else ()
    )
    added = set(change.added_guards)
    for row in change.guards:
        message = f"{row.operator} of {row.module} is not in the version map"
        if row.operator in left:
            left_it = finding(row.operator, row.place, f"{message} any more", _of_what_left(change, row))
            yield replace(left_it, severity=Severity.ERROR)
        elif row in added and change.config.version_map:
            yield finding(row.operator, row.place, f"{message}: it is a guard", _GUARD)


_GUARD = (
    "target's operator makes its fixture, and every head has to compute the same, without an upgrader;\n"
    "the change that alters the operator adds its entry; if the operator is misspelt, correct it here"
)


def _of_what_left(change: Change, row: FixtureEntry) -> str:
    """What to do with a row whose operator is in the map no more."""
    from opfixtures.change.taken_back import may_be_taken_back
    from opfixtures.rules.take_away import take_away

    before = change.before.version_map.entries if change.before.version_map else ()
    if change.before.version_map and not change.config.version_map:
        path, source = printable(change.before.version_map.path), printable(change.config.source or "")
        return f"name {path} again as version-map in {source}: its fixtures are proven by its entries"
    gone = [entry.bumped_at_version for entry in before if entry.operator == row.operator]
    if not all(may_be_taken_back(change, row.operator, version) for version in gone):
        return printable(f"bring its entry back, in {change.version_map.path}")
    fixture = next((name for name in change.after.fixtures.ids if change.owners.row(name) == row), None)
    hint = "take row and class away, which were its entry's"
    return (
        f"{hint};\nbring back what its fixture was made for, {take_away(change, fixture)}"
        if fixture
        else hint
    )
