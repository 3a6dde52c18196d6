"""From what was asked for in a real repository to what is planned: no torch is needed for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from opfixtures.change.owner import owners
from opfixtures.commands.generate import _nothing_done, commit_problem
from opfixtures.commands.planning import Planned, Wanted, intentions, planned
from opfixtures.errors import UserError
from opfixtures.making.plan import Plan
from opfixtures.proving.result import Answer, Fact
from opfixtures.records.record import Record
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from tests.repositories import GitRepository

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
            "lib/.opfixtures.toml", SETTINGS.replace('"checkout"', '"release"\ntorch = "1.5.1"\nname = "x"')
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
            "nothing to do: there is no fixture, and none is owed"
        )

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


@pytest.mark.parametrize("operator", ["", "tiny::gone", "scale"])
def test_an_operator_that_is_nowhere_is_an_error(repository: GitRepository, operator: str) -> None:
    with pytest.raises(UserError, match=r"is not in versions\.py or registry\.py: give a full name"):
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
