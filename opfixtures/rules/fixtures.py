"""Rules about the fixtures as files: which are missing, left behind, or of another module."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.names import fixture_stem
from opfixtures.declarations.place import Place
from opfixtures.records.fixture_files import fixture_of, is_record
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.values import replace


@rule("OPF301", Severity.NOTE)
def fixture_not_there_yet(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A fixture that the change needs is not there yet.

    It needs one for each entry that it adds, for each row that it adds, also of an entry that stands already, and
    for one that it takes away again before anybody has it. Where it adds a format to `fixture-format`, each row needs
    one of that.

    The fixture is the model that a build from before the change exported. Only such a build can make it, and
    with every week it gets harder to have. Until it is there, nothing proves that old models still load and
    compute the same. After a change the old module often does not even script any more
    (pytorch/pytorch#72030); of the 18 operators in PyTorch's map 6 have a fixture that proves something.

    A note at commit time, because the fixture is made from a commit; an error with `--require-fixtures`, for
    CI. To mend it:

        opfixtures generate --operator aten::gelu

    and commit the fixture and the record that it leaves beside it.

    PyTorch's guide wants a test as well, in test/jit/test_save_load_for_op_version.py, that loads the fixture
    with both loaders and compares with what the operator did before. Sample inputs stand in the record:

        def test_versioned_gelu(self):
            def gelu_before(x):
                return 0.5 * x * (1 + torch.erf(x / 2**0.5))

            fixture = pytorch_test_dir + "/jit/fixtures/test_versioned_gelu_v9.ptl"
            x = torch.linspace(-3, 3, 7)
            for load in (torch.jit.load, _load_for_lite_interpreter):
                with self.subTest(load=load.__name__):
                    self.assertEqual(load(fixture)(x), gelu_before(x))
    """
    from shlex import quote

    rows = [*(row for _, row in change.owed), *change.owed_guards, *_without_their_fixture(change)]
    for row in dict.fromkeys(rows):
        # What has another format is replayed, and is not the fixture that is owed.
        for path in change.config.fixture_paths(fixture_stem(row.module)):
            if not change.has_file(path):
                message = f"the fixture of {row.module} is not there yet: {path}"
                hint = f"opfixtures generate --operator {quote(printable(row.operator))}"
                yield finding(row.operator, row.place, message, hint)


def _without_their_fixture(change: Change) -> Iterator[FixtureEntry]:
    """The rows whose fixture the change takes away, but for what target holds: OPF306 tells of that."""
    gone = change.before.fixtures.ids.keys() - change.after.fixtures.ids.keys()
    for name in sorted(name for name in gone if not is_record(name)):
        row = change.owners.row(name)
        if row is not None and name not in change.target.fixtures.ids:
            yield row


@rule("OPF307", Severity.WARNING)
def fixture_has_no_owner(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """No entry owns a fixture.

    A fixture belongs to the row of ALL_MODULES whose class has its name, and through that to an entry of the
    version map. Without them nobody replays it: it looks like coverage and is none. When random_.from was
    renamed and the change reverted (pytorch/pytorch#89797, #94611), three fixtures stayed behind.

    A fixture whose row the same change adds is left to OPF203 and OPF204, which judge that row: PyTorch's
    guide adds module, row and fixture first and changes the operator later. A guard owns its fixture.

    A warning; an error for a guard's `.pt2` of target, which is all that tells what becomes of such models.

    To mend it, write the row that the fixture was made for, and the entry. Fixture and record may go as well,
    unless an entry needs them or another file of the tree names them, as PyTorch's tests do five of the .pt
    files that have no row. The hint says which it is, and where nothing stands in the way:

        git rm test/jit/fixtures/test_versioned_random_from_v10.ptl
    """
    if not change.owners.are_certain or change.after.version_map is None:
        return
    touched = {fixture_of(name) for name in change.touched_fixtures}
    for name in change.after.fixtures.fixtures:
        row, path = change.owners.row(name), change.after.fixtures.path(name)
        if row is None and (name in touched or change.owners_before.row(name) is not None):
            message = f"no row of {change.registry.path} owns this fixture"
        elif row is not None and name in touched and _matches_nothing(change, row):
            message = f"no entry of {change.version_map.path} owns this fixture of {row.operator}"
        else:
            continue
        from opfixtures.rules.take_away import keep_or_take_away, may_go

        hint = keep_or_take_away(change, name)
        found = finding(row.operator if row else None, Place(path, 1, 1), message, hint)
        was_guard = (
            row is None and name in change.target.fixtures.ids and not change.owners_published.entry(name)
        )
        is_needed = was_guard and not may_go(change, name)
        yield replace(found, severity=Severity.ERROR) if is_needed else found


def _matches_nothing(change: Change, row: FixtureEntry) -> bool:
    """Whether a fixture entry is neither that of an entry, nor a guard, nor told of itself."""
    matching = change.matching
    return (
        matching.has_operator(row.operator)
        and matching.bump_of(row) is None
        and row not in change.judged_rows
    )


@rule("OPF308", Severity.WARNING)
def module_is_not_the_recorded_one(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A fixture module's source is not the one that its fixture was made from.

    The module says what the fixture does; nobody reads an archive. When the class is edited after the export,
    the two tell different stories, and whoever makes the fixture again gets another one. The record holds the
    sha256 of the class and of what it uses in its file: its neighbours may change. Of a fixture without a record,
    as PyTorch's own are, the class that stands beside it before the change is taken for the one it was made from.
    So are, with a record too, the classes that it takes from another file of fixture modules.

    After a change the old module often does not script any more (pytorch/pytorch#72030), and is edited until
    it does: from then on it is not what the fixture was made from.

    To mend it, restore the class. Where it has to differ, add another class, with a row and fixture of its
    own. A fixture that is not published yet is made again:

        opfixtures generate --regenerate --operator aten::gelu
    """
    from shlex import quote

    modules_touched = not change.touched.isdisjoint(change.config.fixture_modules)
    judged = set(change.judged_fixtures)
    for name in change.after.fixtures.fixtures if modules_touched or judged else ():
        row = change.owners.row(name)
        if row is not None and _is_of_another_module(change, name, row.module, name in judged):
            yield finding(
                row.operator,
                Place(change.after.fixtures.path(name), 1, 1),
                f"{row.module} is not the module that this fixture was made from",
                f"restore {printable(row.module)}, or add another class with a row and a fixture of its own;\n"
                f"one that is not published: opfixtures generate --regenerate --operator "
                f"{quote(printable(row.operator))}",
            )


def _is_of_another_module(change: Change, name: str, module: str, is_judged: bool) -> bool:
    """Whether the module's source is not what the fixture was made from: what its record names, or where there is
    none, what stood beside it before the change."""
    from opfixtures.rules.module_text import is_as_before, is_of_recorded_text

    before, after = change.before.fixtures.ids, change.after.fixtures.ids
    modules_touched = not change.touched.isdisjoint(change.config.fixture_modules)
    stood_beside = modules_touched and before.get(name) == after[name]
    if f"{name}.json" not in after:
        return stood_beside and is_as_before(change, module) is False
    if not is_judged and is_as_before(change, module):
        return False
    record = change.after.fixtures.record(name)
    if record is None or isinstance(record, str):
        return False
    # The record's hash is of the class's own file, and what it takes from another may have changed.
    return not is_of_recorded_text(change, module, record) or (
        stood_beside and is_as_before(change, module) is False
    )
