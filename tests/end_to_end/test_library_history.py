"""A library whose operators changed in commits that are history: each fixture is made before its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from tests.end_to_end.conftest import INSTALLED_TODAY, TODAY, TREES, overlay
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
MAP = "tinyops/operator_versions.py"
ENTRY = (
    '"tinyops::{0}": [{{"bumped_at_version": {1}, "upgrader_name": "{2}", "old_schema": "tinyops::{3}"}}],'
)
SCHEMAS = {"scale": "scale(Tensor x, float factor=2.0) -> Tensor", "halve": "halve(Tensor x) -> Tensor"}
CHANGES = {"scale": (", float factor=2.0", ", float factor"), "halve": ("x // 2", "x / 2")}


class Tinyops:
    """The demonstration's library, changed operator by operator."""

    def __init__(self, repository: GitRepository) -> None:
        self.repository = repository
        overlay(repository, TREES / "library" / "before")
        # Its upgraders call what both versions have.
        upgraders = TREES / "library" / "change" / "tinyops" / "upgraders.py"
        repository.write("tinyops/upgraders.py", upgraders.read_text())
        repository.git("add", "--all")
        self.first = repository.commit("tinyops 1.0")
        self._entries: list[str] = []

    def change(self, operator: str) -> None:
        """Change an operator."""
        self.repository.replace("tinyops/__init__.py", *CHANGES[operator])

    def enter(self, operator: str, bump: int) -> str:
        """Commit an entry with its upgrader, and whatever is changed."""
        upgrader = f"{operator}_0_{bump - 1}"
        self.repository.replace("tinyops/upgraders.py", f"{operator}_0_3", upgrader)
        self._entries.append(ENTRY.format(operator, bump, upgrader, SCHEMAS[operator]))
        self.repository.write(MAP, f"OPERATOR_VERSIONS = {{{' '.join(self._entries)}}}\n")
        return self.repository.commit(f"{operator} at {bump}")

    def register(self, halve: str = "HalveV3") -> str:
        """Commit fixture entries for both."""
        overlay(self.repository, TREES / "library" / "entries")
        for path in ("fixtures_src/modules.py", "fixtures_src/registry.py"):
            self.repository.replace(path, "HalveV3", halve)
        return self.repository.commit("fixture entries")

    def proof(self, fixture: str) -> tuple[str, list[str]]:
        """Pre-change commit and proofs, as the record has them."""
        record = json.loads(self.repository.read(f"fixtures/test_versioned_{fixture}.ptl.json"))
        return record["pre_change"]["commit"], record["pre_change"]["proven_by"]


@pytest.fixture
def tinyops(new_repository: Callable[..., GitRepository]) -> Tinyops:
    """tinyops 1.0, committed."""
    return Tinyops(new_repository(name="library"))


def report(path: Path) -> dict[str, object]:
    data = json.loads(path.read_text())
    schema = json.loads((files("opfixtures") / "report" / "schemas" / "result.schema.json").read_text())
    jsonschema.validate(data, schema)
    return dict(data)


def test_every_fixture_is_made_before_the_commit_that_brought_its_entry(
    tinyops: Tinyops, run_long: RunLong, tmp_path: Path
) -> None:
    tinyops.change("scale")
    scale = tinyops.enter("scale", 4)
    tinyops.change("halve")
    halve = tinyops.enter("halve", 5)
    tinyops.register("HalveV4")

    planned = run_long(tinyops.repository, "generate", "--all", "--dry-run")
    ran = run_long(tinyops.repository, "generate", "--all", "--report", str(tmp_path / "report.json"), "-v")

    assert [line.split(": ")[1] for line in planned.out.splitlines()[:2]] == [
        f"fixtures/test_versioned_scale_v3.ptl with checkout, pre-change commit {tinyops.first[:12]}",
        f"fixtures/test_versioned_halve_v4.ptl with checkout, pre-change commit {scale[:12]}",
    ]
    assert (ran.status, ran.out.splitlines()[-2:]) == (
        0,
        [
            "opfixtures: 2 verified (2 made by this run)",
            "next: `git add fixtures`, and commit that with the change",
        ],
    ), ran.err
    assert (
        f"tinyops::scale at 4: brought by {scale[:12]}, pre-change commit {tinyops.first[:12]}\n" in ran.err
    )
    assert f"tinyops::halve at 5: brought by {halve[:12]}, pre-change commit {scale[:12]}\n" in ran.err
    assert tinyops.proof("scale_v3") == (tinyops.first, ["schema", "commit"])
    assert tinyops.proof("halve_v4") == (scale, ["commit"])
    made = report(tmp_path / "report.json")
    assert made["pre_change_commit"] is None
    assert [row["pre_change_commit"] for row in made["fixtures"]] == [tinyops.first, scale]  # type: ignore[attr-defined]
    assert "sensitive yes" in ran.out
    # Nobody committed them yet.
    assert run_long(tinyops.repository, "verify").out.splitlines()[-2:] == [
        "opfixtures: 2 verified (2 found)",
        "next: `git add fixtures`, and commit that with the change",
    ]


def test_a_backfill_is_made_where_more_than_its_commit_proves_it(tinyops: Tinyops, run_long: RunLong) -> None:
    """Both entries are at 4. That of scale came second, and its schema shows that scale was old by then."""
    tinyops.change("halve")
    halve = tinyops.enter("halve", 4)
    tinyops.change("scale")
    tinyops.enter("scale", 4)
    tinyops.register()

    ran = run_long(tinyops.repository, "generate", "--all")

    assert (ran.status, "2 verified" in ran.out) == (0, True), ran.err
    assert tinyops.proof("halve_v3") == (tinyops.first, ["commit"])
    assert tinyops.proof("scale_v3") == (halve, ["schema"])


def test_a_backfill_that_nothing_proves_asks_for_a_commit(tinyops: Tinyops, run_long: RunLong) -> None:
    """Both changed with the first entry; the second came too late to tell."""
    for operator in ("scale", "halve"):
        tinyops.change(operator)
    scale = tinyops.enter("scale", 4)
    tinyops.enter("halve", 4)
    tinyops.register()
    ask = "a backfill, version 4 was there already: name a commit from before the change, opfixtures generate --base"

    ran = run_long(tinyops.repository, "generate", "--all", "-v")

    assert (ran.status, "1 verified, 1 refused" in ran.out) == (1, True), ran.err
    assert (
        f"            nothing shows that {TODAY} is from before version 4: name a release or a commit from "
        f"before the change in `runtimes`, or with --base ({ask} REV)\n" in ran.out
    )
    assert f"made by commit {scale[:12]} with {INSTALLED_TODAY}: pre-change no\n" in ran.out
    ran = run_long(tinyops.repository, "generate", "--operator", "tinyops::halve", "--base", tinyops.first)
    assert (ran.status, "1 verified" in ran.out) == (0, True), ran.err
    assert tinyops.proof("halve_v3") == (tinyops.first, ["commit"])


def test_a_backfill_whose_operator_had_changed_asks_for_a_commit(tinyops: Tinyops, run_long: RunLong) -> None:
    tinyops.change("scale")
    tinyops.change("halve")
    tinyops.enter("halve", 4)
    tinyops.enter("scale", 4)
    tinyops.register()

    ran = run_long(tinyops.repository, "generate", "--operator", "tinyops::scale")

    assert (ran.status, "1 refused" in ran.out) == (1, True), ran.err
    assert f"not pre-change: {TODAY} has tinyops::scale(Tensor x, float factor) -> Tensor" in ran.out
    assert "(a backfill, version 4 was there already: name a commit" in ran.out


def test_an_entry_of_the_first_commit_is_refused_and_stops_no_other(
    tinyops: Tinyops, run_long: RunLong
) -> None:
    repository = tinyops.repository
    tinyops.change("scale")
    tinyops.enter("scale", 4)
    repository.git("checkout", "--quiet", "--orphan", "new")
    first = repository.commit("all there was")
    tinyops.change("halve")
    tinyops.enter("halve", 5)
    tinyops.register("HalveV4")

    ran = run_long(repository, "generate", "--all")

    assert (ran.status, "1 verified, 1 refused" in ran.out) == (1, True), ran.err
    assert f"the first commit, {first[:12]}, has it: there is no commit from before\n" in ran.out
    assert tinyops.proof("halve_v4") == (first, ["commit"])
