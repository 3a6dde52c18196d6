from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from opfixtures.changes import Change
from opfixtures.config import Config, read_config
from opfixtures.declarations.model import MapEntry, Place
from opfixtures.declarations.read import read_declarations
from opfixtures.plan import (
    NAMED_TOO_LATE,
    Plan,
    PlannedFixture,
    PreChange,
    Published,
    Standing,
    make_plan,
    runtime_for,
)
from opfixtures.record import Record, dump_record
from opfixtures.result import FixtureResult, Status

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
        for operator, bump in self.entries:
            entry = {"bumped_at_version": bump, "upgrader_name": f"up_{bump - 1}", "old_schema": ""}
            listed[operator].append(entry)
        return f"OPERATOR_VERSIONS = {listed!r}"

    def _registry(self) -> str:
        return (
            "ALL_MODULES = {" + ", ".join(f"{module}(): {operator!r}" for module, operator in self.rows) + "}"
        )


def plan(
    after: Tree,
    before: Tree | None = None,
    *,
    standing: tuple[str, ...] = (),
    published: dict[str, bytes] | None = None,
    pre_change: str | None = "c0ffee",
    found: PreChange = NOT_FOUND,
    regenerate: bool = False,
    operator: str = "",
) -> Plan:
    """The plan for all entries of `after`, or those of one operator."""
    config = config_of(after)
    change = Change(
        config=config,
        before=read_declarations(before or Tree(settings=after.settings), config),
        after=read_declarations(after, config),
        touched=frozenset(),
        published=lambda: None,
        has_file=after.has,
    )
    assert not change.version_map.problems
    assert not change.registry.problems
    return make_plan(
        change,
        [entry for entry in change.version_map.entries if operator in ("", entry.operator)],
        after.files,
        Standing(standing.__contains__, (published or {}).get),
        pre_change=pre_change,
        published=lambda _: found,
        regenerate=regenerate,
    )


def config_of(tree: Tree) -> Config:
    config = read_config(tree)
    assert config is not None
    return config


def only_planned(plan: Plan) -> PlannedFixture:
    """The one fixture to make, where nothing is settled."""
    assert plan.settled == ()
    (planned,) = plan.to_make
    return planned


def only_settled(plan: Plan) -> tuple[Status, str]:
    """Status and reason of the one fixture that is settled, where nothing is to make."""
    assert plan.to_make == ()
    (result,) = plan.settled
    return result.status, result.reason


SCALE = Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),))
SCALE_PATH = "fixtures/scale_v3.ptl"


def test_a_missing_fixture_is_planned_with_all_that_making_it_takes() -> None:
    planned = only_planned(plan(SCALE))

    assert planned.entry.upgrader_name == "up_3"
    assert planned.covers == range(4)
    assert planned.last_bump == 4
    assert (planned.row.module, planned.row.operator) == ("ScaleV3", "tiny::scale")
    assert planned.module_path == "modules.py"
    assert planned.source == "import torch\nclass ScaleV3(torch.nn.Module):\n    pass\n"
    assert planned.path == SCALE_PATH
    assert planned.spec.torch == "1.9.1"
    assert planned.commit == "c0ffee"


def test_a_planned_fixture_says_what_became_of_it() -> None:
    assert only_planned(plan(SCALE)).result(Status.REFUSED, "it does not script") == FixtureResult(
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


@pytest.mark.parametrize("published", [{}, {SCALE_PATH: b"archive"}])
def test_a_fixture_that_is_there_is_not_made_again(published: dict[str, bytes]) -> None:
    found = plan(SCALE, standing=(SCALE_PATH,), published=published)

    assert only_settled(found) == (Status.PRESENT, "not overwritten")
    assert found.settled[0].runtime is None


def test_a_fixture_that_is_not_published_is_made_again_if_asked() -> None:
    planned = only_planned(plan(SCALE, standing=(SCALE_PATH,), regenerate=True))

    assert (planned.path, planned.held) == (SCALE_PATH, None)


@pytest.mark.parametrize(("standing", "regenerate"), [((), False), ((SCALE_PATH,), True)])
def test_a_published_fixture_is_made_again_to_be_compared(
    gelu_record: Record, standing: tuple[str, ...], regenerate: bool
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

    status, reason = only_settled(plan(SCALE, published=held))

    assert status is Status.REFUSED
    assert reason.startswith("the record that target holds for it cannot be read: it is not an object")


def test_a_fixture_that_is_there_needs_neither_its_module_nor_a_runtime() -> None:
    tree = Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),), CHECKOUT, files={})

    assert only_settled(plan(tree, before=tree, standing=(SCALE_PATH,))) == (
        Status.PRESENT,
        "not overwritten",
    )


def test_an_entry_without_fixture_entry_is_refused() -> None:
    found = plan(Tree((SCALE_4,)))

    assert only_settled(found) == (
        Status.REFUSED,
        "it has no matching fixture entry: `opfixtures check` shows the lines to add",
    )
    assert (found.settled[0].module, found.settled[0].fixture) == (None, None)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"modules.py": "import torch"}, "ScaleV3 is not defined in modules.py, more.py"),
        ({"more.py": "class ScaleV3(int): pass"}, "ScaleV3 is no nn.Module in more.py"),
        (
            {"modules.py": MODULES + "def f():\n    x = 1\n    global x\n"},
            "ScaleV3 cannot be taken out of modules.py: "
            "name 'x' is assigned to before global declaration (<fixture module>, line 3)",
        ),
    ],
)
def test_a_module_that_cannot_be_had_is_refused(files: dict[str, str], reason: str) -> None:
    tree = Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),), files=files)

    assert only_settled(plan(tree)) == (Status.REFUSED, reason)


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

    assert only_settled(plan(tree)) == (Status.REFUSED, "no runtime is configured for operator version 9")


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
    entry = MapEntry(operator, bump, "", "", Place("versions.py", 1, 1))
    spec = runtime_for(entry, config_of(Tree(settings=RELEASE + MODE_RUNTIME)))

    assert (spec.name if spec else None) == name


def test_the_file_is_of_the_format_in_the_settings() -> None:
    settings = RELEASE.replace('fixtures = "fixtures"', 'fixtures = "fixtures"\nfixture-format = "pt"')

    assert only_planned(plan(Tree((SCALE_4,), (("ScaleV3", "tiny::scale"),), settings))).path == (
        "fixtures/scale_v3.pt"
    )


def test_several_modules_of_one_entry_are_each_planned() -> None:
    rows = (("ScaleV3", "tiny::scale"), ("ScaleDefaultsV3", "tiny::scale"))

    planned = plan(Tree((SCALE_4,), rows)).to_make

    assert [fixture.path for fixture in planned] == [SCALE_PATH, "fixtures/scale_defaults_v3.ptl"]
    assert planned[0].entry == planned[1].entry


def test_each_entry_of_an_operator_has_the_fixture_entries_it_covers() -> None:
    rows = (("ScaleV5", "tiny::scale"), ("ScaleV3", "tiny::scale"))

    planned = plan(Tree((SCALE_4, SCALE_6), rows)).to_make

    assert [(fixture.row.module, fixture.covers, fixture.last_bump) for fixture in planned] == [
        ("ScaleV3", range(4), 6),
        ("ScaleV5", range(4, 6), 6),
    ]


TO_A_BASE = "name a commit from before the change, opfixtures generate --base REV"
ROW = (("ScaleV3", "tiny::scale"),)


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

    assert only_settled(checkout) == (Status.REFUSED, reason)
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
    more = {"found": found} if found else {}

    checkout = only_planned(plan(Tree((SCALE_4,), ROW, CHECKOUT), Tree(entries_before), **more))
    release = only_planned(plan(Tree((SCALE_4,), ROW, RELEASE), Tree(entries_before), **more))

    assert (checkout.commit, release.commit) == ("c0ffee", None)
    assert checkout.doubted("it is new") == (
        f"it is new (a backfill, version 4 was there already: {TO_A_BASE})"
    )
    assert release.doubted("it is new") == "it is new"


def test_a_checkout_is_built_from_the_commit_before_the_change() -> None:
    rows = (("ScaleV5", "tiny::scale"), ("ScaleV3", "tiny::scale"))
    after = Tree((SCALE_4, SCALE_6), rows, CHECKOUT)

    found = plan(after, Tree((SCALE_4,), settings=CHECKOUT), standing=(SCALE_PATH,))

    assert [(fixture.row.module, fixture.commit) for fixture in found.to_make] == [("ScaleV5", "c0ffee")]
    assert [result.status for result in found.settled] == [Status.PRESENT]


@pytest.mark.parametrize("standing", [(), (SCALE_PATH,)])
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
    rows: tuple[tuple[str, str], ...], both: str, standing: tuple[str, ...]
) -> None:
    found = plan(Tree((SCALE_4, ADD_4), rows), standing=standing)
    reasons = [result.reason for result in found.settled if result.module is not None]

    assert found.to_make == ()
    assert reasons[0] == f"{both} would write the same file: give each a class of another name"
    assert all(result.status is Status.REFUSED for result in found.settled)


def test_an_entry_that_is_there_twice_is_refused_twice() -> None:
    found = plan(Tree((SCALE_4, SCALE_4), (("ScaleV3", "tiny::scale"),)))

    assert found.to_make == ()
    assert [(result.status, result.reason) for result in found.settled] == [
        (Status.REFUSED, "versions.py has tiny::scale at 4 twice: keep one of them")
    ] * 2


def test_only_the_entries_asked_for_are_planned() -> None:
    tree = Tree((SCALE_4, ADD_4), (("ScaleV3", "tiny::scale"), ("AddV3", "tiny::add")))

    assert only_planned(plan(tree, operator="tiny::add")).row.module == "AddV3"
