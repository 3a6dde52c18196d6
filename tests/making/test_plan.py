from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from opfixtures.change.changes import Change
from opfixtures.change.map_history import PreChange
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import Declarations, FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.declarations.read import read_declarations
from opfixtures.making.plan import (
    NAMED_TOO_LATE,
    FoundFixture,
    Plan,
    PlannedFixture,
    Published,
    Scope,
    Standing,
    runtime_for,
)
from opfixtures.making.planner import make_plan
from opfixtures.proving.generate import planned_result, refused
from opfixtures.proving.result import FixtureResult, Status
from opfixtures.records.record import Record, dump_record
from opfixtures.settings.config import Config, read_config

SETTINGS = """\
[tool.opfixtures]
version-map = "versions.py"
registry = "registry.py"
fixture-modules = ["modules.py", "more.py"]
fixtures = "fixtures"

[[tool.opfixtures.runtimes]]
operator-versions = "<=8"
kind = "{kind}"
{torch}
"""
RELEASE = SETTINGS.format(kind="release", torch='torch = "1.9.1"')
WITHOUT_RUNTIMES = SETTINGS.partition("[[tool.opfixtures.runtimes]]")[0]
CHECKOUT = SETTINGS.format(kind="checkout", torch='import = "tiny"')
MODULES = """\
import torch

class ScaleV3(torch.nn.Module):
    pass

class ScaleDefaultsV3(torch.nn.Module):
    pass

class ScaleV5(torch.nn.Module):
    pass

class AddV3(torch.nn.Module):
    pass
"""
SCALE_4 = ("tiny::scale", 4)
SCALE_6 = ("tiny::scale", 6)
ADD_4 = ("tiny::add", 4)
NOT_FOUND = PreChange(None, reason=NAMED_TOO_LATE)


@dataclass
class Tree:
    """The files of a repository; which entries its version map and which rows its registry has."""

    entries: tuple[tuple[str, int], ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    settings: str = RELEASE
    files: dict[str, str] = field(default_factory=lambda: {"modules.py": MODULES})
    name: str = "a tree"
    names: tuple[str, ...] = ()

    def read(self, path: str) -> bytes | None:
        texts = {
            ".opfixtures.toml": self.settings,
            "versions.py": self._map(),
            "registry.py": self._registry(),
        }
        text = (self.files | texts).get(path)
        return None if text is None else text.encode()

    def has(self, path: str) -> bool:
        return self.read(path) is not None

    def _map(self) -> str:
        listed: dict[str, list[object]] = {operator: [] for operator, _ in self.entries}
        for number, (operator, bump) in enumerate(self.entries):
            name = self.names[number] if self.names else f"up_{bump - 1}"
            entry = {"bumped_at_version": bump, "upgrader_name": name, "old_schema": ""}
            listed[operator].append(entry)
        return f"OPERATOR_VERSIONS = {listed!r}"

    def _registry(self) -> str:
        return (
            "ALL_MODULES = {" + ", ".join(f"{module}(): {operator!r}" for module, operator in self.rows) + "}"
        )


Owes = Callable[[MapEntry | None, FixtureEntry | None], bool]


def everything(_: MapEntry | None, __: FixtureEntry | None) -> bool:
    """As with `--all`."""
    return True


def nothing(_: MapEntry | None, __: FixtureEntry | None) -> bool:
    """As where the change owes no fixture."""
    return False


def plan(
    after: Tree,
    before: Tree | None = None,
    *,
    standing: dict[str, bytes] | None = None,
    published: dict[str, bytes] | None = None,
    pre_change: str | None = "c0ffee",
    found: PreChange = NOT_FOUND,
    regenerate: bool = False,
    operator: str = "",
    owes: Owes = everything,
    judged: bool = True,
) -> Plan:
    """The plan for all entries and guards of `after`, or those of one operator."""
    config = config_of(after)
    change = Change(
        config=config,
        before=read_declarations(before or Tree(settings=after.settings), config),
        after=read_declarations(after, config),
        touched=frozenset(),
        published=Declarations,
        has_file=after.has,
    )
    assert not change.version_map.problems
    assert not change.registry.problems
    return make_plan(
        change,
        Scope(
            [entry for entry in change.version_map.entries if operator in ("", entry.operator)],
            owes,
            [row for row in change.guards if operator in ("", row.operator)],
            regenerate,
        ),
        after.files,
        Standing((standing or {}).get, (published or {}).get, lambda _: judged),
        pre_change=pre_change,
        published=lambda _: found,
    )


def config_of(tree: Tree) -> Config:
    config = read_config(tree)
    assert config is not None
    return config


def only_planned(plan: Plan) -> PlannedFixture:
    """The one fixture to make, where nothing is refused and nothing is found."""
    assert (plan.unplanned, plan.found) == ((), ())
    (planned,) = plan.to_make
    return planned


def only_refusal(plan: Plan) -> tuple[Status, str]:
    """Status and reason of the one fixture that is refused, where nothing is to make and nothing is found."""
    assert (plan.to_make, plan.found) == ((), ())
    (result,) = map(refused, plan.unplanned)
    return result.status, result.reason


def only_found(plan: Plan) -> FoundFixture:
    """The one fixture that is found, where nothing is to make and nothing is refused."""
    assert (plan.to_make, plan.unplanned) == ((), ())
    (found,) = plan.found
    return found


ROW = (("ScaleV3", "tiny::scale"),)
SCALE = Tree((SCALE_4,), ROW)
SCALE_PATH = "fixtures/scale_v3.ptl"
RECORD_PATH = f"{SCALE_PATH}.json"
HERE = {SCALE_PATH: b"archive"}


def test_a_missing_fixture_is_planned_with_all_that_making_it_takes() -> None:
    planned = only_planned(plan(SCALE))

    assert planned.owner.entry is not None
    assert planned.owner.entry.upgrader_name == "up_3"
    assert planned.owner.covers == range(4)
    assert planned.owner.last_bump == 4
    assert (planned.owner.row.module, planned.owner.operator) == ("ScaleV3", "tiny::scale")
    assert planned.module_path == "modules.py"
    assert planned.source == "import torch\nclass ScaleV3(torch.nn.Module):\n    pass\n"
    assert planned.path == SCALE_PATH
    assert planned.spec.torch == "1.9.1"
    assert planned.commit == "c0ffee"


def test_a_planned_fixture_says_what_became_of_it() -> None:
    assert planned_result(only_planned(plan(SCALE)), Status.REFUSED, "it does not script") == FixtureResult(
        operator="tiny::scale",
        bumped_at_version=4,
        upgrader_name="up_3",
        status=Status.REFUSED,
        reason="it does not script",
        module="ScaleV3",
        fixture=SCALE_PATH,
        runtime="torch-1.9.1",
        pre_change_commit="c0ffee",
    )


@pytest.mark.parametrize("record", [None, b"a record"])
def test_a_fixture_that_target_holds_is_found_and_nothing_has_to_reproduce_it(record: bytes | None) -> None:
    held = HERE if record is None else HERE | {RECORD_PATH: record}

    found = plan(SCALE, standing=held, published=held)

    assert only_found(found) == FoundFixture(only_found(found).owner, b"archive", record)
    assert only_found(found).owner.path == SCALE_PATH
    assert found.reproducing == ()


@pytest.mark.parametrize(
    ("here", "published"),
    [
        (HERE, {}),
        (HERE, {SCALE_PATH: b"another archive"}),
        (HERE | {RECORD_PATH: b"a record"}, HERE),
        (HERE | {RECORD_PATH: b"a record"}, {}),
    ],
)
def test_a_fixture_that_the_branch_brings_is_to_be_made_again_beside_being_found(
    here: dict[str, bytes], published: dict[str, bytes]
) -> None:
    found = plan(SCALE, standing=here, published=published)

    brought = only_found(found)
    assert (brought.brought, brought.data, brought.record) == (True, b"archive", here.get(RECORD_PATH))
    assert isinstance(brought.again, PlannedFixture)
    assert (brought.again.owner, brought.again.spec.torch) == (brought.owner, "1.9.1")
    assert brought.again.source.endswith("class ScaleV3(torch.nn.Module):\n    pass\n")
    assert found.reproducing == (brought.again,)


def test_what_stands_in_another_format_is_found_as_well_and_is_not_what_is_owed() -> None:
    other = {"fixtures/scale_v3.pt": b"another", "fixtures/scale_v3.pt.json": b"a record"}

    both = plan(SCALE, standing=HERE | other, published=other)
    alone = plan(SCALE, standing=other)

    assert [(one.owner.path, one.brought) for one in both.found] == [
        (SCALE_PATH, True),
        ("fixtures/scale_v3.pt", False),
    ]
    assert [one.path for one in alone.to_make] == [SCALE_PATH]
    (found,) = alone.found
    assert (found.data, found.record, found.owner.row.module) == (b"another", b"a record", "ScaleV3")
    assert isinstance(found.again, PlannedFixture)
    assert found.again.path == "fixtures/scale_v3.pt"


def test_what_target_holds_and_never_judged_is_brought() -> None:
    held = HERE | {RECORD_PATH: b"a record"}

    assert not only_found(plan(SCALE, standing=held, published=held)).brought
    assert only_found(plan(SCALE, standing=held, published=held, judged=False)).brought


def test_a_record_that_the_branch_changes_is_brought_although_its_archive_is_published(
    gelu_record: Record,
) -> None:
    record = dump_record(gelu_record)
    published = {SCALE_PATH: b"archive", RECORD_PATH: record}

    brought = only_found(plan(SCALE, standing=HERE | {RECORD_PATH: b"other outputs"}, published=published))

    assert brought.brought
    assert isinstance(brought.again, PlannedFixture)
    assert brought.again.held == Published(b"archive", gelu_record, record)


def test_a_record_that_the_branch_takes_away_is_a_change_too(gelu_record: Record) -> None:
    published = {SCALE_PATH: b"archive", RECORD_PATH: dump_record(gelu_record)}

    assert only_found(plan(SCALE, standing=HERE, published=published)).brought


@pytest.mark.parametrize(
    ("tree", "before", "why"),
    [
        (Tree((SCALE_4,), ROW, files={}), Tree(), "ScaleV3 is not defined in modules.py, more.py"),
        (Tree((("tiny::scale", 10),), ROW), Tree(), "operator version 9"),
        (Tree((SCALE_4,), ROW, CHECKOUT), Tree((SCALE_4,), settings=CHECKOUT), "the entry is there already"),
    ],
)
def test_what_is_brought_and_cannot_be_planned_says_why_nobody_can_reproduce_it(
    tree: Tree, before: Tree, why: str
) -> None:
    found = plan(tree, before, standing=HERE)

    brought = only_found(found)
    assert isinstance(brought.again, str)
    assert why in brought.again
    assert (brought.brought, found.reproducing) == (True, ())


def test_a_fixture_that_is_not_published_is_made_again_if_asked() -> None:
    planned = only_planned(plan(SCALE, standing=HERE, regenerate=True))

    assert (planned.path, planned.held) == (SCALE_PATH, None)


@pytest.mark.parametrize(("standing", "regenerate"), [({}, False), (HERE, True)])
def test_a_published_fixture_is_made_again_to_be_compared(
    gelu_record: Record, standing: dict[str, bytes], regenerate: bool
) -> None:
    record = dump_record(gelu_record)
    bare, recorded = {SCALE_PATH: b"archive"}, {SCALE_PATH: b"archive", f"{SCALE_PATH}.json": record}

    def published(held: dict[str, bytes]) -> Published | None:
        found = plan(SCALE, standing=standing, published=held, regenerate=regenerate)
        return only_planned(found).held

    assert published(bare) == Published(b"archive")
    assert published(recorded) == Published(b"archive", gelu_record, record)


def test_a_published_record_that_cannot_be_read_is_not_replaced() -> None:
    held = {SCALE_PATH: b"archive", f"{SCALE_PATH}.json": b"{}"}

    status, reason = only_refusal(plan(SCALE, published=held))

    assert status is Status.REFUSED
    assert reason.startswith("the record that target holds for it cannot be read: it is not an object")


def test_a_published_fixture_needs_neither_its_module_nor_a_runtime() -> None:
    tree = Tree((SCALE_4,), ROW, CHECKOUT, files={})

    assert not only_found(plan(tree, before=tree, standing=HERE, published=HERE)).brought


def test_an_old_debt_is_not_told_in_a_plain_run() -> None:
    without_row, without_fixture = Tree((SCALE_4,)), SCALE

    for tree in (without_row, without_fixture):
        assert plan(tree, before=tree, owes=nothing) == Plan()
        assert plan(tree, before=tree) != Plan()


def test_of_an_entry_with_several_rows_the_one_that_is_owed_is_made_and_the_others_are_found() -> None:
    """A row that the change adds to a published entry, beside an old debt and a fixture that stands."""
    rows = (*ROW, ("ScaleDefaultsV3", "tiny::scale"), ("ScaleV2", "tiny::scale"))
    before, after = Tree((SCALE_4,), rows[::2]), Tree((SCALE_4,), rows)

    def owes(entry: MapEntry | None, row: FixtureEntry | None) -> bool:
        return entry is not None and row is not None and row.module == "ScaleDefaultsV3"

    found = plan(after, before, standing=HERE, published=HERE, owes=owes)

    assert [one.path for one in found.to_make] == ["fixtures/scale_defaults_v3.ptl"]
    assert [(one.owner.path, one.brought) for one in found.found] == [(SCALE_PATH, False)]
    assert found.unplanned == ()


def test_what_nobody_owes_is_not_made_again_when_the_rest_is() -> None:
    rows = (*ROW, ("ScaleDefaultsV3", "tiny::scale"))
    here = dict.fromkeys((SCALE_PATH, "fixtures/scale_defaults_v3.ptl"), b"archive")

    def owes(_: MapEntry | None, row: FixtureEntry | None) -> bool:
        return row is not None and row.module == "ScaleV3"

    found = plan(Tree((SCALE_4,), rows), standing=here, owes=owes, regenerate=True)

    assert [one.path for one in found.to_make] == [SCALE_PATH]
    assert [one.owner.path for one in found.found] == ["fixtures/scale_defaults_v3.ptl"]


GUARDS = (("AddV3", "tiny::add"),)
GUARD_PATH = "fixtures/add_v3.ptl"


def test_a_guard_is_made_at_the_commit_that_target_is() -> None:
    tree = Tree((), GUARDS, CHECKOUT)

    planned = only_planned(plan(tree, before=tree))

    assert planned.owner.is_guard
    assert (planned.path, planned.commit, planned.doubt) == (GUARD_PATH, "c0ffee", "")
    result = planned_result(planned, Status.REFUSED, "no")
    assert (result.bumped_at_version, result.upgrader_name, result.module) == (None, None, "AddV3")


def test_a_guard_of_a_checkout_needs_a_commit() -> None:
    reason = "there is no commit from before the change: commit the old operator first"

    assert only_refusal(plan(Tree((), GUARDS, CHECKOUT), pre_change=None)) == (Status.REFUSED, reason)


def test_a_guard_that_stands_is_found_and_reproduced_where_the_branch_brings_it() -> None:
    def found(published: dict[str, bytes]) -> FoundFixture:
        standing = {GUARD_PATH: b"guard"}
        return only_found(plan(Tree((), GUARDS), standing=standing, published=published, owes=nothing))

    assert found({}).owner.is_guard
    assert (found({}).brought, found({GUARD_PATH: b"guard"}).brought) == (True, False)


def test_an_old_guard_without_fixture_is_not_told_in_a_plain_run() -> None:
    assert plan(Tree((), GUARDS), owes=nothing) == Plan()


def test_a_guard_says_that_no_runtime_is_there_for_it() -> None:
    assert only_refusal(plan(Tree((), GUARDS, WITHOUT_RUNTIMES))) == (
        Status.REFUSED,
        "no runtime is configured for the newest operators: add one to `runtimes` in the settings",
    )


TELLS_MORE = ": `opfixtures explain OPF202` tells more"


def test_an_entry_without_fixture_entry_is_refused() -> None:
    found = plan(Tree((SCALE_4,)))

    assert only_refusal(found) == (
        Status.REFUSED,
        "it has no matching fixture entry: `opfixtures new tiny::scale` shows the lines to add, and --apply writes "
        "them",
    )
    assert (refused(found.unplanned[0]).module, refused(found.unplanned[0]).fixture) == (None, None)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"modules.py": "import torch"}, "ScaleV3 is not defined in modules.py, more.py" + TELLS_MORE),
        ({"more.py": "class ScaleV3(int): pass"}, "ScaleV3 is no nn.Module in more.py" + TELLS_MORE),
        (
            {"modules.py": MODULES + "def f():\n    x = 1\n    global x\n"},
            "ScaleV3 cannot be taken out of modules.py: "
            "name 'x' is assigned to before global declaration (<fixture module>, line 3)",
        ),
        (
            {
                "modules.py": "import torch\nclass ScaleV3(torch.nn.Module):\n    def\\\n    forward(self): pass\n"
            },
            "torch may script other lines of modules.py than those of ScaleV3: "
            "`def\\` has to begin with `def forward(`, and decorators with `@`",
        ),
    ],
)
def test_a_module_that_cannot_be_had_is_refused(files: dict[str, str], reason: str) -> None:
    tree = Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),), files=files)

    assert only_refusal(plan(tree)) == (Status.REFUSED, reason)


def test_a_module_under_an_if_is_planned_with_the_if() -> None:
    source = "import torch\nif torch:\n    class ScaleV3(torch.nn.Module):\n        pass\n"
    tree = Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),), files={"modules.py": source})

    assert only_planned(plan(tree)).source == source


def test_of_a_module_in_two_files_the_last_counts() -> None:
    files = {"modules.py": MODULES, "more.py": "import torch\nclass ScaleV3(torch.nn.Module): x = 1\n"}
    planned = only_planned(plan(Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),), files=files)))

    assert (planned.module_path, planned.source) == ("more.py", files["more.py"])


def test_a_version_that_no_runtime_has_is_refused() -> None:
    tree = Tree((("tiny::scale", 10),), (("ScaleV5", "tiny::scale"),))

    assert only_refusal(plan(tree)) == (
        Status.REFUSED,
        "no runtime is configured for operator version 9: add one to `runtimes` in the settings",
    )


def test_the_runtime_is_that_of_the_version_before_the_bump() -> None:
    tree = Tree((("tiny::scale", 9),), (("ScaleV5", "tiny::scale"),))

    assert only_planned(plan(tree)).spec.name == "torch-1.9.1"


MODE_RUNTIME = """
[[tool.opfixtures.runtimes]]
operators = ["tiny::mode"]
kind = "release"
torch = "1.11.0"
"""


@pytest.mark.parametrize(
    ("operator", "bump", "name"),
    [
        ("tiny::scale", 1, "torch-1.9.1"),
        ("tiny::scale", 9, "torch-1.9.1"),
        ("tiny::scale", 10, None),
        ("tiny::scale", 0, None),
        ("tiny::mode", 9, "torch-1.9.1"),
        ("tiny::mode", 10, "torch-1.11.0"),
    ],
)
def test_the_runtime_is_the_first_that_serves_operator_and_version(
    operator: str, bump: int, name: str | None
) -> None:
    place = Place("versions.py", 1, 1)
    owner = Owner(FixtureEntry("ScaleV3", operator, place), "", MapEntry(operator, bump, "", "", place))
    spec = runtime_for(owner, config_of(Tree(settings=RELEASE + MODE_RUNTIME)))

    assert (spec.name if spec else None) == name


def guard_runtime(operator: str, settings: str) -> str | None:
    """The name of the runtime that makes a guard."""
    owner = Owner(FixtureEntry("AddV3", operator, Place("registry.py", 1, 1)), "")
    spec = runtime_for(owner, config_of(Tree(settings=settings)))
    return spec.name if spec else None


@pytest.mark.parametrize(
    ("ranges", "name"),
    [
        (["<=8", "<=9"], "runtime-1"),
        (["<=9", "<=8"], "runtime-0"),
        (["<=9", "<=9"], "runtime-0"),
        (["<=9", ">=3"], "runtime-1"),
        ([], None),
    ],
)
def test_a_guard_is_made_by_the_first_runtime_that_serves_the_newest_versions(
    ranges: list[str], name: str | None
) -> None:
    settings = WITHOUT_RUNTIMES
    for number, versions in enumerate(ranges):
        settings += f"""
[[tool.opfixtures.runtimes]]
name = "runtime-{number}"
operator-versions = "{versions}"
kind = "release"
torch = "1.9.1"
"""

    assert guard_runtime("tiny::add", settings) == name


def test_a_runtime_of_other_operators_makes_no_guard() -> None:
    settings = RELEASE + MODE_RUNTIME

    assert guard_runtime("tiny::add", settings) == "torch-1.9.1"
    assert guard_runtime("tiny::mode", settings) == "torch-1.11.0"


def test_the_file_is_of_the_format_in_the_settings() -> None:
    settings = RELEASE.replace('fixtures = "fixtures"', 'fixtures = "fixtures"\nfixture-format = "pt"')

    assert only_planned(plan(Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),), settings))).path == (
        "fixtures/scale_v3.pt"
    )


def test_several_modules_of_one_entry_are_each_planned() -> None:
    rows = (("ScaleV3", "tiny::scale"), ("ScaleDefaultsV3", "tiny::scale"))

    planned = plan(Tree((SCALE_4,), rows)).to_make

    assert [fixture.path for fixture in planned] == [SCALE_PATH, "fixtures/scale_defaults_v3.ptl"]
    assert planned[0].owner.entry == planned[1].owner.entry


def test_each_entry_of_an_operator_has_the_fixture_entries_it_covers() -> None:
    rows = (("ScaleV5", "tiny::scale"), ("ScaleV3", "tiny::scale"))

    planned = plan(Tree((SCALE_4, SCALE_6), rows)).to_make

    assert [(one.owner.row.module, one.owner.covers, one.owner.last_bump) for one in planned] == [
        ("ScaleV3", range(4), 6),
        ("ScaleV5", range(4, 6), 6),
    ]


TO_A_BASE = "name a commit from before the change, opfixtures generate --base REV"


@pytest.mark.parametrize(
    ("entries_before", "pre_change", "reason"),
    [
        ((SCALE_4,), "c0ffee", f"the entry is there already: {TO_A_BASE}"),
        ((), None, "there is no commit from before the change: commit the old operator first"),
    ],
)
def test_a_checkout_needs_a_commit_from_before_the_change_and_a_release_does_not(
    entries_before: tuple[tuple[str, int], ...], pre_change: str | None, reason: str
) -> None:
    before = Tree(entries_before)

    checkout = plan(Tree((SCALE_4,), ROW, CHECKOUT), before, pre_change=pre_change)
    release = plan(Tree((SCALE_4,), ROW, RELEASE), before, pre_change=pre_change)

    assert only_refusal(checkout) == (Status.REFUSED, reason)
    assert only_planned(release).commit is None


@pytest.mark.parametrize("settings", [CHECKOUT, RELEASE])
def test_an_entry_that_was_there_before_has_the_pre_change_commit_that_history_shows(settings: str) -> None:
    found = PreChange("0ld", produced=3, brought_by="br0ught")

    planned = only_planned(plan(Tree((SCALE_4,), ROW, settings), Tree((SCALE_4,)), found=found))

    assert (planned.commit, planned.doubt) == ("0ld", "")


@pytest.mark.parametrize(
    ("entries_before", "found"),
    [((ADD_4,), None), ((SCALE_4, ADD_4), PreChange("c0ffee", produced=4, brought_by="br0ught"))],
)
def test_the_commit_of_a_backfill_may_be_built_and_proves_nothing(
    entries_before: tuple[tuple[str, int], ...], found: PreChange | None
) -> None:
    found = found or NOT_FOUND

    checkout = only_planned(plan(Tree((SCALE_4,), ROW, CHECKOUT), Tree(entries_before), found=found))
    release = only_planned(plan(Tree((SCALE_4,), ROW, RELEASE), Tree(entries_before), found=found))

    assert (checkout.commit, release.commit) == ("c0ffee", None)
    assert checkout.doubted("it is new") == (
        f"it is new (a backfill, version 4 was there already: {TO_A_BASE})"
    )
    assert release.doubted("it is new") == "it is new"


def test_a_checkout_is_built_from_the_commit_before_the_change() -> None:
    rows = (("ScaleV5", "tiny::scale"), ("ScaleV3", "tiny::scale"))
    after = Tree((SCALE_4, SCALE_6), rows, CHECKOUT)

    found = plan(after, Tree((SCALE_4,), settings=CHECKOUT), standing=HERE, published=HERE)

    assert [(one.owner.row.module, one.commit) for one in found.to_make] == [("ScaleV5", "c0ffee")]
    assert [(one.owner.path, one.brought) for one in found.found] == [(SCALE_PATH, False)]


@pytest.mark.parametrize("standing", [{}, HERE])
@pytest.mark.parametrize(
    ("rows", "both"),
    [
        (
            (("ScaleV3", "tiny::scale"), ("ScaleV3", "tiny::add")),
            "ScaleV3 for tiny::scale and ScaleV3 for tiny::add",
        ),
        (
            (("ScaleV3", "tiny::scale"), ("Scale_v3", "tiny::gone")),
            "ScaleV3 for tiny::scale and Scale_v3 for tiny::gone",
        ),
    ],
)
def test_two_fixture_entries_that_would_write_one_file_are_both_refused(
    rows: tuple[tuple[str, str], ...], both: str, standing: dict[str, bytes]
) -> None:
    """Also where the file is there: nobody can tell for which of them it is."""
    found = plan(Tree((SCALE_4, ADD_4), rows), standing=standing, published=standing)
    reasons = [result.reason for result in map(refused, found.unplanned) if result.module is not None]

    assert (found.to_make, found.found) == ((), ())
    assert reasons[0] == f"{both} would write the same file: give each a class of another name"
    assert all(result.status is Status.REFUSED for result in map(refused, found.unplanned))
    if standing:
        owed_or_not = plan(Tree((SCALE_4, ADD_4), rows), standing=standing, published=standing, owes=nothing)
        assert (owed_or_not.found, owed_or_not.unplanned[0].reason) == ((), reasons[0])


def test_an_entry_that_is_there_twice_in_other_words_is_refused_twice() -> None:
    found = plan(Tree((SCALE_4, SCALE_4), ROW, names=("one_3", "other_3")))

    assert found.to_make == ()
    assert [(result.status, result.reason) for result in map(refused, found.unplanned)] == [
        (Status.REFUSED, "versions.py has tiny::scale at 4 twice: keep one of them")
    ] * 2


def test_an_entry_that_several_arms_of_an_if_have_collides_with_nothing() -> None:
    found = plan(Tree((SCALE_4, SCALE_4), ROW))

    assert {one.path for one in found.to_make} == {SCALE_PATH}
    assert found.unplanned == ()


def test_only_the_entries_asked_for_are_planned() -> None:
    tree = Tree((SCALE_4, ADD_4), (("ScaleV3", "tiny::scale"), ("AddV3", "tiny::add")))

    assert only_planned(plan(tree, operator="tiny::add")).owner.row.module == "AddV3"
