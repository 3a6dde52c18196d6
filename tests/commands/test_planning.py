"""From what was asked for in a real repository to what is planned: no torch is needed for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from opfixtures.change.owner import owners
from opfixtures.commands.common import upgrader_texts
from opfixtures.commands.evidence import own_words
from opfixtures.commands.generate import _nothing_done, commit_problem
from opfixtures.commands.planning import Planned, Wanted, planned
from opfixtures.declarations.module_source import excerpt, source_sha256
from opfixtures.errors import UserError
from opfixtures.making.plan import Plan, PlannedFixture
from opfixtures.proving.generate import lost
from opfixtures.proving.result import Answer, Fact, Status
from opfixtures.records.record import Record, dump_record
from opfixtures.report.plan_text import intentions
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.settings.config import Config
from tests.repositories import PYTORCH_TREE, GitRepository

SETTINGS = """\
[tool.opfixtures]
version-map = "versions.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
target = "main"

[[tool.opfixtures.runtimes]]
kind = "checkout"
import = "tiny"

[[tool.opfixtures.runtimes]]
kind = "release"
torch = "1.9.1"
"""
SCALE, ADD = ("ScaleV3", "tiny::scale"), ("AddV3", "tiny::add")
MORE_OF_SCALE, GUARD = ("ScaleDefaultsV3", "tiny::scale"), ("NewV3", "tiny::new")


def version_map(*operators: str) -> str:
    entries = {
        one: [{"bumped_at_version": 4, "upgrader_name": "up_0_3", "old_schema": f"{one}(Tensor x) -> Tensor"}]
        for one in operators
    }
    return f"OPERATOR_VERSIONS = {entries!r}\n"


def registry(*rows: tuple[str, str]) -> str:
    return "ALL_MODULES = {" + ", ".join(f"{module}(): {operator!r}" for module, operator in rows) + "}\n"


MODULES = "import torch\n" + "".join(
    f"\nclass {name}(torch.nn.Module):\n    pass\n" for name, _ in (SCALE, ADD, MORE_OF_SCALE, GUARD)
)


@pytest.fixture
def repository(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A library with an entry that has its fixture, and an old debt; on a branch that changed nothing."""
    made = new_repository(
        {
            ".opfixtures.toml": SETTINGS,
            "versions.py": version_map(),
            "registry.py": registry(),
            "modules.py": MODULES,
        }
    )
    made.write("versions.py", version_map("tiny::scale", "tiny::add"))
    made.write("registry.py", registry(SCALE, ADD))
    made.write("fixtures/scale_v3.ptl", "scale")
    made.write("fixtures/scale_v3.ptl.json", "a record")
    made.commit("two entries")
    made.git("checkout", "--quiet", "-b", "topic")
    return made


def plan(repository: GitRepository, **wanted: object) -> Planned:
    found = Repository.discover(str(repository.root), repository.environment)
    with GitObjects(found) as objects:
        [one] = planned(objects, Wanted(**wanted), lambda _: None)  # type: ignore[arg-type]
        return one


def told(repository: GitRepository, **wanted: object) -> list[str]:
    """What would be done with which file, without what makes it."""
    lines = (line.split("  ", 1) for line in intentions(plan(repository, **wanted).plan))
    return [f"{verb}  {what.partition(': ')[2].partition(' with ')[0]}" for verb, what in lines]


MADE, REPRODUCED, REPLAYED = "would make  ", "would reproduce  ", "would replay  "
SCALE_REPLAYED = f"{REPLAYED}fixtures/scale_v3.ptl"


class TestSeveralProjects:
    @pytest.fixture
    def both(self, repository: GitRepository) -> GitRepository:
        """The library in a folder, and beside it one like it that has no fixture."""
        repository.git("switch", "--quiet", "main")
        for name in (".opfixtures.toml", "versions.py", "registry.py", "modules.py"):
            repository.write(f"lib/{name}", repository.read(name).replace("tiny::", "lib::"))
        repository.write("lib/tiny.cpp", "")
        repository.commit("another one")
        repository.git("switch", "--quiet", "--force-create", "topic")
        return repository

    def plans(self, repository: GitRepository, said: list[str], **wanted: object) -> dict[str, Planned]:
        found = Repository.discover(str(repository.root), repository.environment)
        with GitObjects(found) as objects:
            todos = planned(objects, Wanted(**wanted), said.append)  # type: ignore[arg-type]
        return {todo.change.config.folder: todo for todo in todos}

    def test_one_whose_fixtures_rest_on_nothing_that_differs_is_left_alone(self, both: GitRepository) -> None:
        both.write(
            "lib/.opfixtures.toml",
            SETTINGS.replace('"checkout"', '"release"\ntorch = "1.5.1"\nname = "x"').replace(
                'import = "tiny"\n', ""
            ),
        )
        said: list[str] = []

        plans = self.plans(both, said)

        # What the root is built from, any file may be.
        assert [(folder, one.because) for folder, one in plans.items()] == [
            ("", "lib/.opfixtures.toml"),
            ("lib", "lib/.opfixtures.toml"),
        ]
        both.commit("settings")
        both.git("branch", "--force", "main")
        both.write("tiny.cpp", "more")
        assert [one.because for one in self.plans(both, said).values()] == ["tiny.cpp", None]
        assert said[-1] == "lib: nothing that a fixture rests on differs, nothing is replayed"

    def test_all_are_counted_where_nothing_is_done(self, both: GitRepository) -> None:
        plans = self.plans(both, [], everything=True)
        todos = list(plans.values())
        dry = _nothing_done(todos, Wanted(everything=True, dry_run=True))
        assert dry == "a dry run: 3 made, 0 reproduced, 1 replayed without --dry-run"
        untouched = list(self.plans(both, []).values())
        assert "differs from commit" in _nothing_done(untouched, Wanted())
        assert _nothing_done([replace(untouched[0], because="a"), untouched[1]], Wanted()) == (
            "nothing was made or replayed: there is no fixture, and no entry that asks for one"
        )
        alone = replace(untouched[0], because="a", unpublished="no origin/HEAD here: compared with HEAD")
        assert _nothing_done([alone], Wanted()).endswith(
            "asks for one (no origin/HEAD here: compared with HEAD; to see what is committed, name the published "
            "branch with --target, or as `target` in the settings)"
        )

    @pytest.fixture
    def proven(self, both: GitRepository) -> GitRepository:
        """The one in the folder has a fixture, and target a guard of it too."""
        both.git("switch", "--quiet", "main")
        rows = (("ScaleV3", "lib::scale"), ("AddV3", "lib::add"), ("NewV3", "lib::new"))
        both.write("lib/registry.py", registry(*rows))
        both.write("lib/fixtures/scale_v3.ptl", "scale")
        both.write("lib/fixtures/new_v3.ptl", "a guard")
        both.commit("evidence")
        both.git("switch", "--quiet", "--force-create", "topic")
        return both

    SCALE_OF_LIB, GUARD_OF_LIB = "lib/fixtures/scale_v3.ptl", "lib/fixtures/new_v3.ptl"

    def rows(self, repository: GitRepository, **wanted: object) -> dict[str | None, str]:
        """Of each fixture that is lost, why."""
        todos = self.plans(repository, [], **wanted).values()
        rows = [lost(one, because) for todo in todos for one, because in todo.plan.lost]
        assert all(row.status is Status.MISMATCH for row in rows)
        return {row.fixture: row.reason for row in rows}

    @pytest.mark.parametrize("how", ["excluded", "excluded and broken", "no settings", "committed"])
    def test_what_target_holds_of_one_that_is_read_no_more_is_lost(
        self, proven: GitRepository, how: str
    ) -> None:
        assert self.rows(proven) == {}
        reason = "this change excludes the project in lib, and nothing replays it: take it out of `exclude`"
        if how == "no settings":
            proven.git("rm", "--quiet", "lib/.opfixtures.toml")
            reason = (
                "this change takes the settings of the project in lib away, and nothing replays it: "
                "restore [tool.opfixtures]"
            )
        else:
            excluding = SETTINGS.replace('target = "main"', 'target = "main"\nexclude = ["lib"]')
            proven.write(".opfixtures.toml", excluding)
        if how == "excluded and broken":
            proven.write("lib/.opfixtures.toml", "[tool.opfixtures")
        if how == "committed":
            proven.commit("excluded")

        assert self.rows(proven) == {self.SCALE_OF_LIB: reason, self.GUARD_OF_LIB: reason}
        assert self.rows(proven, operators=("tiny::scale",)) == {}
        assert list(self.rows(proven, runtime="checkout")) == []

    def test_what_target_excluded_already_is_nothing_new(self, proven: GitRepository) -> None:
        proven.git("switch", "--quiet", "main")
        proven.write(
            ".opfixtures.toml", SETTINGS.replace('target = "main"', 'target = "main"\nexclude = ["lib"]')
        )
        proven.commit("excluded")
        proven.git("switch", "--quiet", "--force-create", "topic")
        assert list(self.plans(proven, [])) == [""]

    def test_one_that_nobody_has_may_go_with_all_its_files(self, proven: GitRepository) -> None:
        proven.git("rm", "-r", "--quiet", "lib")
        assert self.rows(proven) == {}
        proven.git("tag", "v1", "main")
        assert list(self.rows(proven)) == [self.SCALE_OF_LIB]
        assert "it is gone here: restore it" in self.rows(proven)[self.SCALE_OF_LIB]

    def test_one_that_target_cannot_read_holds_no_evidence(self, proven: GitRepository) -> None:
        proven.git("switch", "--quiet", "main")
        proven.write("lib/.opfixtures.toml", "[tool.opfixtures")
        proven.commit("broken")
        proven.git("switch", "--quiet", "--force-create", "topic")
        proven.git("rm", "-r", "--quiet", "lib")
        assert list(self.plans(proven, [])) == [""]

    def test_an_operator_and_a_runtime_are_looked_for_in_all(self, both: GitRepository) -> None:
        plans = self.plans(both, [], operators=("lib::add",))
        assert [len(one.plan.to_make) for one in plans.values()] == [0, 1]
        with pytest.raises(
            UserError, match=r"versions\.py or registry\.py or lib/versions\.py or lib/registry"
        ):
            self.plans(both, [], operators=("lib::gone",))

    def test_each_reads_its_own_history(self, both: GitRepository) -> None:
        plans = self.plans(both, [], everything=True)
        commits = {made.path: made.commit for one in plans.values() for made in one.plan.to_make}
        before = both.git("rev-parse", "main~1")
        assert commits["fixtures/add_v3.ptl"] == both.git("rev-parse", "main~2")
        assert commits["lib/fixtures/add_v3.ptl"] == commits["lib/fixtures/scale_v3.ptl"] == before

    def test_one_that_moves_has_what_target_held_where_it_stood(self, both: GitRepository) -> None:
        both.write("lib/fixtures/scale_v3.ptl", "scale")
        both.write("lib/fixtures/scale_v3.ptl.json", "a record")
        both.commit("its fixture")
        both.git("branch", "--force", "main")
        both.git("mv", "lib", "moved")
        [found] = self.plans(both, [])["moved"].plan.found
        assert (found.owner.path, found.brought) == ("moved/fixtures/scale_v3.ptl", False)
        plan = self.plans(both, [], operators=("lib::add",))["moved"].plan
        assert [made.commit for made in plan.to_make] == [both.git("rev-parse", "main~2")]


def test_what_touches_nothing_is_not_looked_at_unless_somebody_asks(repository: GitRepository) -> None:
    repository.write("README.md", "more")

    nothing = plan(repository)

    assert (nothing.plan, nothing.because) == (Plan(), None)
    target = repository.git("rev-parse", "main")[:12]
    assert _nothing_done([nothing], Wanted()) == (
        f"nothing that a fixture rests on differs from commit {target}: nothing was built or replayed"
        " (--all does both)"
    )
    for asked in ({"everything": True}, {"operators": ("tiny::scale",)}, {"regenerate": True}):
        assert SCALE_REPLAYED in told(repository, **asked)
    assert SCALE_REPLAYED in told(repository, post_change_python="python3")


@pytest.mark.parametrize("path", ["tiny.cpp", "modules.py", ".opfixtures.toml"])
def test_what_touches_something_replays_all_and_tells_no_old_debt(
    repository: GitRepository, path: str
) -> None:
    repository.write(path, (repository.root / path).read_text() + "\n" if path != "tiny.cpp" else "")

    assert plan(repository).because == path
    assert told(repository) == [SCALE_REPLAYED]
    assert plan(repository).plan.unplanned == ()


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [
        ('import = "tiny"', 'import = "tiny"\nsetup = [["make"]]', True),
        ('torch = "1.9.1"', 'torch = "1.9.1"\nindex-url = "https://example.org"', True),
        ('target = "main"', 'target = "main"\nfixture-format = "pt"', False),
    ],
)
def test_runtimes_that_target_has_otherwise_are_told(
    repository: GitRepository, old: str, new: str, is_told: bool
) -> None:
    repository.write(".opfixtures.toml", SETTINGS.replace(old, new))
    notes = plan(repository, everything=True).notes
    said = ".opfixtures.toml has other runtimes than target: both sides are built as this branch says"
    assert (said in notes) is is_told


def test_a_version_map_at_another_path_than_targets_is_told(repository: GitRepository) -> None:
    repository.write(".opfixtures.toml", SETTINGS.replace("versions.py", "other.py"))
    repository.write("other.py", (repository.root / "versions.py").read_text())
    said = ".opfixtures.toml has another `version-map` than target: other.py, and not versions.py"
    assert said in plan(repository, everything=True).notes


def test_operators_and_formats_that_target_has_otherwise_are_told(repository: GitRepository) -> None:
    more = 'target = "main"\noperators = ["ops.yaml"]\nfixture-format = ["pt2", "ptl"]'
    repository.write(".opfixtures.toml", SETTINGS.replace('target = "main"', more))
    repository.write("ops.yaml", "- func: tiny::none(Tensor self) -> Tensor\n")
    planned = plan(repository, everything=True)
    assert [note for note in planned.notes if "than target" in note] == [
        ".opfixtures.toml has other `operators` than target: ops.yaml, and not none: with these no text of an upgrader"
        " is known to compile",
        ".opfixtures.toml has another `fixture-format` than target: pt2, ptl, and not ptl",
    ]


def test_the_settings_of_a_project_that_target_has_not_are_told_for_the_branchs_word() -> None:
    config = Config("m.py", None, "r.py", ("f.py",), "fx", None, (), ".opfixtures.toml")
    assert own_words(config, None) == (
        "target has no project here: all that .opfixtures.toml says is this branch's word,"
        " the commands that build it too",
    )
    assert own_words(replace(config, source=None), None) == ()
    moved = replace(config, folder="lib", version_map="lib/m.py")
    assert own_words(moved, config) == ()


def test_upgraders_that_the_branch_alone_says_change_nothing_are_told(repository: GitRepository) -> None:
    named = "\n[tool.opfixtures.identity-upgraders]\n"
    repository.write(".opfixtures.toml", f'{SETTINGS}{named}scale_0_3 = "I say so"\n"b\\u001b" = "and so"\n')
    said = ".opfixtures.toml has other `identity-upgraders` than target: this branch says so of scale_0_3, b"
    assert any(note.startswith(said) for note in plan(repository, everything=True).notes)
    assert not any("\x1b" in note for note in plan(repository, everything=True).notes)

    repository.git("add", "--all")
    repository.commit("target says so")
    repository.git("branch", "--force", "main")
    assert not any("identity-upgraders" in note for note in plan(repository, everything=True).notes)


def test_operators_that_the_branch_alone_leaves_unversioned_are_told(repository: GitRepository) -> None:
    named = 'target = "main"\nunversioned-operators = ["tiny::*"]'
    repository.write(".opfixtures.toml", SETTINGS.replace('target = "main"', named))
    said = ".opfixtures.toml has other `unversioned-operators` than target: this branch says so of tiny::*"
    assert said in plan(repository, everything=True).notes
    repository.git("add", "--all")
    repository.commit("target says so")
    repository.git("branch", "--force", "main")
    assert not any("unversioned-operators" in note for note in plan(repository, everything=True).notes)


def test_replays_that_the_branch_alone_puts_up_with_are_told(repository: GitRepository) -> None:
    def notes() -> list[str]:
        return [note for note in plan(repository, everything=True).notes if "waivers" in note]

    waiver = '"tiny::scale" = {{ codes = ["{}"], reason = "later", expires = 2099-01-01 }}\n'
    repository.write(".opfixtures.toml", f"{SETTINGS}\n[tool.opfixtures.waivers]\n{waiver.format('OPF303')}")
    assert notes() == []
    replayed = waiver.format("replay.torch.jit.load")
    repository.write(".opfixtures.toml", f"{SETTINGS}\n[tool.opfixtures.waivers]\n{replayed}")
    assert notes() == [
        ".opfixtures.toml has other `waivers` than target: this branch puts up with replays of tiny::scale"
    ]
    repository.git("switch", "--quiet", "main")
    repository.write(".opfixtures.toml", f"{SETTINGS}\n[tool.opfixtures.waivers]\n{replayed}")
    repository.commit("target says so")
    repository.git("switch", "--quiet", "--force-create", "topic")
    repository.write(".opfixtures.toml", f"{SETTINGS}\n\n[tool.opfixtures.waivers]\n{replayed}")
    assert notes() == []


def test_breaks_that_the_branch_alone_accepts_are_told(repository: GitRepository) -> None:
    def accepted(reason: str) -> str:
        said = f'"tiny::scale" = {{ how = "other results", release = "tiny 2", reason = "{reason}" }}'
        return f"{SETTINGS}\n[tool.opfixtures.accepted-breaks]\n{said}\n"

    def notes() -> list[str]:
        return [note for note in plan(repository, everything=True).notes if "accepted-breaks" in note]

    repository.write(".opfixtures.toml", accepted("faster"))
    own = [
        ".opfixtures.toml has other `accepted-breaks` than target: this branch says so of tiny::scale",
    ]
    assert notes() == own

    repository.git("add", "--all")
    repository.commit("target says so")
    repository.git("branch", "--force", "main")
    assert notes() == []
    repository.write(".opfixtures.toml", accepted("another reason"))
    assert notes() == own


def test_all_and_an_operator_make_an_old_debt(repository: GitRepository) -> None:
    assert told(repository, everything=True) == [f"{MADE}fixtures/add_v3.ptl", SCALE_REPLAYED]
    assert told(repository, operators=("tiny::add",)) == [f"{MADE}fixtures/add_v3.ptl"]


def test_an_old_debt_is_made_from_the_commit_before_the_one_that_brought_its_entry(
    repository: GitRepository,
) -> None:
    (made,) = plan(repository, everything=True).plan.to_make

    assert made.commit == repository.git("rev-parse", "main~1")


def test_a_row_that_is_added_for_a_published_entry_is_made_and_the_rest_replayed(
    repository: GitRepository,
) -> None:
    repository.write("registry.py", registry(SCALE, ADD, MORE_OF_SCALE))

    assert told(repository) == [f"{MADE}fixtures/scale_defaults_v3.ptl", SCALE_REPLAYED]


def test_an_added_guard_is_made_from_target(repository: GitRepository) -> None:
    repository.write("registry.py", registry(SCALE, ADD, GUARD))

    (made,) = plan(repository).plan.to_make
    assert (made.path, made.commit) == ("fixtures/new_v3.ptl", repository.git("rev-parse", "main"))
    assert told(repository, operators=("tiny::new",)) == [f"{MADE}fixtures/new_v3.ptl"]


def test_what_the_branch_brings_is_reproduced_and_replayed(repository: GitRepository) -> None:
    repository.write("registry.py", registry(SCALE, ADD, MORE_OF_SCALE))
    repository.write("fixtures/scale_defaults_v3.ptl", "by hand")
    repository.commit("committed by hand")
    brought = f"{REPRODUCED}fixtures/scale_defaults_v3.ptl"

    assert told(repository) == [brought, SCALE_REPLAYED, f"{REPLAYED}fixtures/scale_defaults_v3.ptl"]
    repository.write("fixtures/scale_v3.ptl.json", "other outputs")
    assert plan(repository).plan.found[0].brought


def test_regenerate_makes_again_only_what_is_owed(repository: GitRepository) -> None:
    repository.write("registry.py", registry(SCALE, ADD, MORE_OF_SCALE))
    repository.write("fixtures/scale_defaults_v3.ptl", "an earlier run's")

    assert told(repository, regenerate=True) == [f"{MADE}fixtures/scale_defaults_v3.ptl", SCALE_REPLAYED]


def test_one_runtime_has_only_what_it_makes_or_would_have_made(repository: GitRepository) -> None:
    repository.write("registry.py", registry(SCALE, ADD, MORE_OF_SCALE))

    assert told(repository, runtime="checkout") == told(repository)
    assert told(repository, runtime="torch-1.9.1") == []
    with pytest.raises(UserError, match=r"no runtime 'nosuch' .* name one of these: checkout, torch-1\.9\.1"):
        plan(repository, runtime="nosuch")


@pytest.mark.parametrize(
    ("operator", "said"),
    [("", "give a full name"), ("tiny::gone", "give a full name"), ("scale", r"did you mean tiny::scale\?")],
)
def test_an_operator_that_is_nowhere_is_an_error(repository: GitRepository, operator: str, said: str) -> None:
    with pytest.raises(UserError, match=rf"is not in versions\.py or registry\.py: {said}"):
        plan(repository, operators=(operator,))


def problem(repository: GitRepository, record: Record, **of_proof: object) -> Fact | None:
    kind = of_proof.pop("kind", "checkout")
    named = replace(
        record,
        pre_change=replace(record.pre_change, **of_proof),  # type: ignore[arg-type]
        runtime=replace(record.runtime, kind=str(kind)),
    )
    found = Repository.discover(str(repository.root), repository.environment)
    with GitObjects(found) as objects:
        [todo] = planned(objects, Wanted(everything=True), lambda _: None)
        owner = next(owners(todo.change))
        return commit_problem(objects, todo)(named, owner)


def test_the_commit_that_a_record_names_is_a_part_of_target_from_before_the_entry(
    repository: GitRepository, gelu_record: Record
) -> None:
    def said(commit: str | None, kind: str = "checkout") -> str:
        found = problem(repository, gelu_record, commit=commit, kind=kind)
        assert found is None or found.value is Answer.NO
        return found.reason if found else ""

    first, second = (repository.git("rev-parse", name) for name in ("main~1", "main"))
    own = repository.commit("on the branch alone")
    names = "its record names commit"
    assert said(first) == ""
    assert said(second) == f"{names} {second[:12]}, which has the entry already"
    assert said(own) == f"{names} {own[:12]}, which is no part of target"
    assert said("f" * 40) == f"{names} {'f' * 12}, which this clone does not have"
    assert said(None) == "its record names no commit that the checkout was built from"
    # A record cannot choose: the settings have a checkout make it.
    assert said(None, "release") == "its record names no commit that the checkout was built from"
    assert said("f" * 40, "release") == f"{names} {'f' * 12}, which this clone does not have"


class TestEvidence:
    """What stands, what is gone, and what nobody looked at."""

    def test_a_fixture_that_target_holds_without_an_owner_is_reproduced(
        self, repository: GitRepository
    ) -> None:
        """One change plants it, the next brings row and entry."""
        repository.git("switch", "--quiet", "main")
        repository.write("fixtures/scale_defaults_v3.ptl", "planted")
        repository.write("fixtures/scale_defaults_v3.ptl.json", "a record")
        repository.commit("a file that nobody owns")
        repository.git("switch", "--quiet", "--force-create", "topic")
        repository.write("registry.py", registry(SCALE, ADD, MORE_OF_SCALE))

        brought = {one.owner.path: one.brought for one in plan(repository).plan.found}

        assert brought == {"fixtures/scale_v3.ptl": False, "fixtures/scale_defaults_v3.ptl": True}

    def test_a_row_that_moves_to_another_operator_owns_no_judged_fixture(
        self, repository: GitRepository
    ) -> None:
        repository.write("registry.py", registry(("ScaleV3", "tiny::add")))

        (found,) = plan(repository).plan.found
        assert (found.owner.operator, found.brought) == ("tiny::add", True)

    def test_a_guard_of_target_was_judged(self, repository: GitRepository) -> None:
        repository.git("switch", "--quiet", "main")
        repository.write("registry.py", registry(SCALE, ADD, GUARD))
        repository.write("fixtures/new_v3.ptl", "a guard")
        repository.commit("a guard")
        repository.git("switch", "--quiet", "--force-create", "topic")
        repository.write("versions.py", version_map("tiny::scale", "tiny::add", "tiny::new"))

        assert [one.brought for one in plan(repository).plan.found] == [False, False]

    @pytest.fixture
    def renamed(self, repository: GitRepository, gelu_record: Record) -> GitRepository:
        """Target has a guard whose class names no version; on the branch its operator got an entry, the class, fixture
        and record another name."""
        guard = ("Guard", "tiny::new")
        repository.git("switch", "--quiet", "main")
        repository.write("registry.py", registry(SCALE, ADD, guard))
        repository.write("modules.py", MODULES.replace("NewV3", "Guard"))
        repository.write("fixtures/guard.ptl", "a guard")
        text = excerpt(MODULES.replace("NewV3", "Guard"), "Guard")
        module = replace(gelu_record.module, name="Guard", sha256=source_sha256(text))
        repository.write("fixtures/guard.ptl.json", dump_record(replace(gelu_record, module=module)))
        repository.commit("a guard")
        repository.git("switch", "--quiet", "--force-create", "topic")
        repository.write("versions.py", version_map("tiny::scale", "tiny::add", "tiny::new"))
        repository.write("registry.py", registry(SCALE, ADD, GUARD))
        repository.write("modules.py", MODULES)
        for ending in ("ptl", "ptl.json"):
            repository.git("mv", f"fixtures/guard.{ending}", f"fixtures/new_v3.{ending}")
        return repository

    def brought(self, repository: GitRepository) -> bool:
        (one,) = (one for one in plan(repository).plan.found if one.owner.path == "fixtures/new_v3.ptl")
        return one.brought

    def test_a_guard_that_got_another_name_was_judged(self, renamed: GitRepository) -> None:
        assert not self.brought(renamed)
        assert plan(renamed).plan.lost == ()
        renamed.git("commit", "--quiet", "--all", "--message", "committed")
        assert not self.brought(renamed)

    @pytest.mark.parametrize("file", ["new_v3.ptl", "new_v3.ptl.json"])
    def test_but_none_that_says_anything_else(self, renamed: GitRepository, file: str) -> None:
        renamed.write(f"fixtures/{file}", "forged")
        assert self.brought(renamed)

    def test_nor_one_of_another_module(self, renamed: GitRepository) -> None:
        renamed.write(
            "modules.py", MODULES.replace("NewV3(torch.nn.Module):\n    pass", "NewV3(torch.nn.Module): 0")
        )
        assert self.brought(renamed)
        renamed.write("modules.py", MODULES.replace("NewV3", "Other"))
        assert self.brought(renamed)

    def test_nor_one_that_no_record_says_the_module_of(self, renamed: GitRepository) -> None:
        renamed.git("switch", "--quiet", "main", "--force")
        renamed.write("fixtures/guard.ptl.json", "no record")
        renamed.commit("no record")
        renamed.git("checkout", "--quiet", "-b", "again")
        renamed.write("versions.py", version_map("tiny::scale", "tiny::add", "tiny::new"))
        renamed.write("registry.py", registry(SCALE, ADD, GUARD))
        renamed.write("modules.py", MODULES)
        for ending in ("ptl", "ptl.json"):
            renamed.git("mv", f"fixtures/guard.{ending}", f"fixtures/new_v3.{ending}")
        assert self.brought(renamed)

    def test_nor_one_of_another_operator(self, renamed: GitRepository) -> None:
        renamed.write("registry.py", registry(SCALE, ADD, ("NewV3", "tiny::add")))
        assert self.brought(renamed)

    def test_nor_where_nothing_is_published(self, renamed: GitRepository) -> None:
        renamed.write(".opfixtures.toml", SETTINGS.replace('"main"', '"HEAD"'))
        renamed.git("commit", "--quiet", "--message", "no target", "--only", ".opfixtures.toml")
        assert self.brought(renamed)

    def test_a_folder_that_moves_takes_what_target_holds_along(self, repository: GitRepository) -> None:
        repository.git("mv", "fixtures", "evidence")
        repository.write(".opfixtures.toml", SETTINGS.replace('"fixtures"', '"evidence"'))

        moved = plan(repository).plan
        assert [(one.owner.path, one.brought) for one in moved.found] == [("evidence/scale_v3.ptl", False)]
        assert moved.lost == ()
        repository.write("evidence/scale_v3.ptl.json", "other outputs")
        assert [one.brought for one in plan(repository).plan.found] == [True]

    def test_what_another_folder_of_target_holds_nobody_judged(self, repository: GitRepository) -> None:
        """One change plants copies of the fixtures with a forged record, the next names their folder."""
        repository.git("switch", "--quiet", "main")
        repository.write("evil/scale_v3.ptl", "scale")
        repository.write("evil/scale_v3.ptl.json", "a forged record")
        repository.commit("a folder that no settings name")
        repository.git("switch", "--quiet", "--force-create", "topic")
        repository.write(".opfixtures.toml", SETTINGS.replace('"fixtures"', '"evil"'))

        (found,) = plan(repository).plan.found
        assert (found.owner.path, found.brought) == ("evil/scale_v3.ptl", True)
        repository.write("evil/scale_v3.ptl.json", "a record")
        assert [one.brought for one in plan(repository).plan.found] == [False]

    @pytest.mark.parametrize("how", ["it is deleted", "its folder is left", "its row goes with it"])
    def test_what_target_holds_and_is_gone_is_a_row_that_is_not_green(
        self, repository: GitRepository, how: str
    ) -> None:
        if how == "its folder is left":
            repository.write(".opfixtures.toml", SETTINGS.replace('"fixtures"', '"elsewhere"'))
        else:
            repository.git("rm", "--quiet", "fixtures/scale_v3.ptl", "fixtures/scale_v3.ptl.json")
        if how == "its row goes with it":
            repository.write("registry.py", registry(ADD))

        ((gone, because),) = plan(repository).plan.lost
        row = lost(gone, because)
        assert (row.operator, row.bumped_at_version, row.fixture) == (
            "tiny::scale",
            4,
            "fixtures/scale_v3.ptl",
        )
        assert (row.status, row.failed) == (Status.MISMATCH, True)
        assert "target has it, and it is gone here" in row.reason
        # A row that is not green says that something is to be done.
        assert _nothing_done([plan(repository)], Wanted()) == ""
        assert plan(repository, operators=("tiny::add",)).plan.lost == ()
        assert plan(repository, runtime="checkout").plan.lost == ()

    def test_what_stands_under_the_name_of_what_target_holds_is_a_row_that_is_not_green(
        self, repository: GitRepository
    ) -> None:
        repository.write("fixtures/scale_v3.ptl", "another archive")
        planned = plan(repository).plan
        ((gone, because),) = planned.lost
        assert gone.path == "fixtures/scale_v3.ptl"
        assert because.startswith("target has another file of this name")
        assert [one.owner.path for one in planned.found if one.owner.path == gone.path] == []
        # Under another name it would be looked at for itself.
        repository.git("checkout", "--quiet", "main", "--", "fixtures/scale_v3.ptl")
        assert plan(repository).plan.lost == ()

    def test_what_is_made_in_the_place_of_what_is_gone_has_a_row_of_its_own(
        self, repository: GitRepository
    ) -> None:
        repository.git("switch", "--quiet", "main")
        repository.git("rm", "--quiet", "fixtures/scale_v3.ptl.json")
        repository.commit("an old fixture has no record")
        repository.git("switch", "--quiet", "--force-create", "topic")
        repository.git("rm", "--quiet", "fixtures/scale_v3.ptl")
        assert [one.path for one, _ in plan(repository).plan.lost] == ["fixtures/scale_v3.ptl"]
        again = plan(repository, everything=True).plan
        assert ("fixtures/scale_v3.ptl" in [one.path for one in again.to_make], again.lost) == (True, ())

    def test_a_guard_may_go_with_its_row_and_not_without(self, repository: GitRepository) -> None:
        repository.git("switch", "--quiet", "main")
        repository.write("registry.py", registry(SCALE, ADD, GUARD))
        repository.write("fixtures/new_v3.ptl", "a guard")
        repository.commit("a guard")
        repository.git("switch", "--quiet", "--force-create", "topic")
        repository.git("rm", "--quiet", "fixtures/new_v3.ptl")
        assert [one.operator for one, _ in plan(repository).plan.lost] == ["tiny::new"]
        repository.write("registry.py", registry(SCALE, ADD))
        assert plan(repository).plan.lost == ()

    def test_entries_without_fixture_and_fixtures_without_entry_are_told(
        self, repository: GitRepository
    ) -> None:
        repository.write("tiny.cpp", "")
        bare = "1 entry has no fixture: `opfixtures check --all` tells of each"
        assert plan(repository).notes == (bare,)
        assert plan(repository, operators=("tiny::scale",)).notes == ()
        for name in "abcd":
            repository.write(f"fixtures/{name}.pt", "")
        repository.git("mv", "fixtures/scale_v3.ptl", "fixtures/scale_v3.pt")
        assert plan(repository).notes == (
            bare.replace("1 entry has", "2 entries have"),
            "not replayed, for no fixture entry owns it: fixtures/a.pt, fixtures/b.pt, fixtures/c.pt and 1 more",
        )


class TestWithoutTarget:
    """What nobody but this clone holds, nobody has judged: all of it is replayed and reproduced."""

    @pytest.fixture
    def alone(self, repository: GitRepository) -> GitRepository:
        """All is committed, and nothing says what is published."""
        repository.write(".opfixtures.toml", SETTINGS.replace('target = "main"\n', ""))
        repository.git("rm", "--quiet", "fixtures/scale_v3.ptl.json")
        repository.commit("no target")
        return repository

    def seen(self, repository: GitRepository) -> tuple[str, list[str]]:
        found = plan(repository)
        assert all(one.brought for one in found.plan.found)
        return found.unpublished, told(repository)

    def test_there_is_no_remote(self, alone: GitRepository) -> None:
        assert self.seen(alone) == (
            "no origin/HEAD here: compared with HEAD",
            [f"{REPRODUCED}fixtures/scale_v3.ptl", SCALE_REPLAYED],
        )
        (found,) = plan(alone).plan.found
        assert isinstance(found.again, PlannedFixture)
        assert found.again.commit == alone.git("rev-parse", "main~1")

    @pytest.mark.parametrize("target", ["HEAD", "HEAD~0", "@", "topic", "refs/heads/topic"])
    def test_a_target_that_is_what_is_checked_out_is_none(self, alone: GitRepository, target: str) -> None:
        alone.write(".opfixtures.toml", SETTINGS.replace('"main"', f'"{target}"'))
        alone.commit("its own target")

        unpublished, done = self.seen(alone)
        assert unpublished == f"target {target!r} is what is checked out: compared with HEAD"
        assert done == [f"{REPRODUCED}fixtures/scale_v3.ptl", SCALE_REPLAYED]

    def test_a_name_that_is_nowhere_and_that_the_change_mends_is_none(self, alone: GitRepository) -> None:
        alone.write(".opfixtures.toml", SETTINGS.replace('"main"', '"nosuch"'))
        alone.commit("a target that is not here")
        alone.write(".opfixtures.toml", SETTINGS)

        assert self.seen(alone)[0] == "no target 'nosuch' here: compared with HEAD"

    def test_a_branch_that_is_pushed_may_name_itself(self, alone: GitRepository) -> None:
        alone.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        alone.write(".opfixtures.toml", SETTINGS.replace('"main"', '"origin/topic"'))
        alone.commit("its own target")
        alone.git("update-ref", "refs/remotes/origin/topic", "HEAD")

        assert self.seen(alone) == (
            "target 'origin/topic' is named by this branch, not by origin/HEAD: what it holds is judged once more",
            [f"{REPRODUCED}fixtures/scale_v3.ptl", SCALE_REPLAYED],
        )

    def test_a_branch_that_the_published_settings_name_is_target(self, alone: GitRepository) -> None:
        alone.write(".opfixtures.toml", SETTINGS.replace('"main"', '"origin/release"'))
        alone.git("update-ref", "refs/remotes/origin/release", alone.commit("a target"))
        alone.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        alone.write("tiny.cpp", "")
        alone.commit("more")

        assert plan(alone).unpublished == ""

    def test_somebody_says_what_it_is(self, alone: GitRepository) -> None:
        assert plan(alone, target="HEAD", everything=True).unpublished == ""
        assert SCALE_REPLAYED in told(alone, target="HEAD", everything=True)

    def test_a_remote_says_so(self, alone: GitRepository) -> None:
        alone.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        assert (plan(alone).unpublished, told(alone)) == ("", [])
        alone.write("tiny.cpp", "")
        assert told(alone) == [SCALE_REPLAYED]

    def test_before_the_first_commit_all_is_new(self, new_repository: Callable[..., GitRepository]) -> None:
        made = new_repository()
        for name, text in ((".opfixtures.toml", SETTINGS), ("versions.py", version_map("tiny::scale"))):
            made.write(name, text)
        made.write("registry.py", registry(SCALE))
        made.write("modules.py", MODULES)
        assert (plan(made).unpublished, plan(made).target) == ("", None)


def test_what_target_says_of_the_settings_is_known(repository: GitRepository) -> None:
    repository.write(".opfixtures.toml", SETTINGS.replace("target =", 'sources = ["versions.py"]\ntarget ='))
    todo = plan(repository)
    assert todo.theirs is not None
    assert (todo.change.config.sources, todo.theirs.sources) == (("versions.py",), ())


def test_a_runtime_that_makes_and_replays_nothing_is_told_as_that(repository: GitRepository) -> None:
    repository.write("tiny.cpp", "")
    asked = Wanted(runtime="torch-1.9.1")
    assert _nothing_done([plan(repository, runtime="torch-1.9.1")], asked) == (
        "nothing to do: runtime 'torch-1.9.1' makes none of what is missing, and none of what is there"
    )


class TestTheTreesUpgraders:
    """What a release has in the tree's place is nothing about a tree that has none of it."""

    PATH = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
    ONE = 'static std::unordered_map<std::string, std::string> kUpgradersEntryMap({{"gelu_0_9", R"SCRIPT(\ndef gelu_0_9(self: Tensor) -> Tensor:\n  return torch.gelu(self)\n)SCRIPT"}});\n'  # noqa: E501

    def texts(self, repository: GitRepository) -> dict[str, str] | None:
        return upgrader_texts(plan(repository, everything=True).change)

    def test_are_not_seen_where_it_never_had_a_file_of_them(
        self, new_repository: Callable[..., GitRepository]
    ) -> None:
        assert self.texts(new_repository(PYTORCH_TREE)) is None

    def test_are_none_where_the_file_is_taken_away(
        self, new_repository: Callable[..., GitRepository]
    ) -> None:
        made = new_repository({**PYTORCH_TREE, self.PATH: self.ONE})
        assert list(self.texts(made) or ()) == ["gelu_0_9"]
        made.git("mv", self.PATH, "elsewhere.cpp")
        assert self.texts(made) == {}
        made.commit("moved")
        made.git("update-ref", "refs/remotes/origin/HEAD", "HEAD~1")
        assert self.texts(made) == {}

    def test_are_none_where_the_settings_point_to_nowhere(
        self, new_repository: Callable[..., GitRepository]
    ) -> None:
        settings = '[tool.opfixtures]\npreset = "pytorch"\nupgraders = "nowhere.cpp"\n'
        assert self.texts(new_repository({**PYTORCH_TREE, ".opfixtures.toml": settings})) == {}

    def test_are_none_of_those_that_stand_there_with_several_texts(
        self, new_repository: Callable[..., GitRepository]
    ) -> None:
        """Nobody knows which of them is compiled."""
        broken = self.ONE.replace("torch.gelu(self)", "self")
        several = f"#if defined(A)\n{broken}#else\n{self.ONE}#endif\n"
        assert self.texts(new_repository({**PYTORCH_TREE, self.PATH: several})) == {}

    def test_are_none_of_a_file_that_is_not_read_whole(
        self, new_repository: Callable[..., GitRepository]
    ) -> None:
        later = f'{self.ONE}void f() {{ kUpgradersEntryMap["gelu_0_9"] = kOther; }}\n'
        assert self.texts(new_repository({**PYTORCH_TREE, self.PATH: later})) == {}
