"""Green means proven at this head: what was committed is replayed each time, what the branch brings is seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opfixtures.records.record import with_checksum
from tests.end_to_end.conftest import TODAY, TREES, branched
from tests.end_to_end.test_library import report
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
SCALE, HALVE = (f"fixtures/test_versioned_{name}_v3.ptl" for name in ("scale", "halve"))
GUARD = "TestHalve", "TestVersionedHalveV3"
BREAK_HALVE = ("tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return torch.floor_divide(x, 3)")


@pytest.fixture
def landed(made: GitRepository) -> GitRepository:
    """The change to 2.0 with its fixtures, as target has it."""
    made.git("add", "--all")
    made.commit("tinyops 2.0")
    made.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return made


@contextmanager
def edited_record(library: GitRepository, path: str) -> Iterator[dict[str, object]]:
    """Hands out a record to edit; it gets the checksum of what it is then."""
    record = json.loads(library.read(f"{path}.json"))
    yield record
    del record["checksum"]
    (library.root / f"{path}.json").write_bytes(with_checksum(record))


class TestWhatIsCommitted:
    def test_is_replayed_by_the_next_generate(self, made: GitRepository, run_long: RunLong) -> None:
        made.git("add", "--all")
        made.replace(*BREAK_HALVE)
        ran = run_long(made, "generate")
        assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out

    def test_is_replayed_where_a_later_change_edits_a_published_upgrader(
        self, landed: GitRepository, run_long: RunLong
    ) -> None:
        landed.replace(*BREAK_HALVE)
        ran = run_long(landed, "generate")
        assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out

    def test_is_replayed_where_the_registration_is_gone(
        self, landed: GitRepository, run_long: RunLong, tmp_path: Path
    ) -> None:
        landed.replace("tinyops/__init__.py", "from . import upgraders  # noqa: E402,F401\n", "")
        ran = run_long(landed, "generate", "-v", "--report", str(tmp_path / "report.json"))
        assert (ran.status, "2 mismatch" in ran.out) == (1, True), ran.out
        assert "the runtime has no upgrader scale_0_3" in ran.out

    def test_is_replayed_beside_what_a_second_bump_makes(
        self, landed: GitRepository, run_long: RunLong, tmp_path: Path
    ) -> None:
        """2.1 doubles no more, and nobody adapts the upgrader of 2.0."""
        second_bump(landed)
        ran = run_long(landed, "generate", "--report", str(tmp_path / "report.json"))
        rows = {row["bumped_at_version"]: row for row in rows_of(tmp_path / "report.json", "tinyops::scale")}
        assert ran.status == 1, ran.out
        assert (rows[5]["made"], rows[4]["made"]) == ("by this run", "found")
        assert (rows[5]["status"], rows[4]["status"]) == ("verified", "mismatch"), ran.out

    @pytest.mark.thorough
    def test_is_replayed_whatever_ending_the_settings_name(
        self, landed: GitRepository, run_long: RunLong
    ) -> None:
        """Another format owes nothing anew, and hides nothing that stands."""
        landed.replace("pyproject.toml", '"fixtures"\n', '"fixtures"\nfixture-format = "pt"\n')
        landed.replace(*BREAK_HALVE)
        for command in ("generate", "verify"):
            ran = run_long(landed, command)
            assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out
            assert "2 entries have no fixture: `opfixtures check --all` tells of each" in ran.out
        assert run_long(landed, "status", "--replay").status == 1

    def test_is_missed_where_it_is_taken_away(self, landed: GitRepository, run_long: RunLong) -> None:
        landed.git("rm", "--quiet", HALVE, f"{HALVE}.json")
        landed.replace(*BREAK_HALVE)
        for command in ("generate", "verify"):
            ran = run_long(landed, command)
            assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out
            assert f"mismatch    tinyops::halve at 4  {HALVE}\n" in ran.out
            assert "target has it, and it is gone here" in ran.out

    @pytest.mark.thorough
    def test_is_told_again_where_only_others_were_mended(
        self, library: GitRepository, run_long: RunLong
    ) -> None:
        library.replace(*BREAK_HALVE)
        library.replace(
            "fixtures_src/modules.py", "torch.ops.tinyops.scale(x)", "torch.ops.tinyops.no_such(x)"
        )
        ran = run_long(library, "generate")
        assert (ran.status, "1 mismatch, 1 refused" in ran.out) == (1, True), ran.out
        library.replace(
            "fixtures_src/modules.py", "torch.ops.tinyops.no_such(x)", "torch.ops.tinyops.scale(x)"
        )
        ran = run_long(library, "generate")
        assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out

    def test_shows_the_same_evidence_once_it_is_committed(
        self, library: GitRepository, run_long: RunLong, tmp_path: Path
    ) -> None:
        assert run_long(library, "generate", "--report", str(tmp_path / "first.json")).status == 0
        branched(library)
        ran = run_long(library, "generate", "--report", str(tmp_path / "second.json"))
        assert ran.status == 0, ran.out
        first, second = report(tmp_path / "first.json"), report(tmp_path / "second.json")
        for operator, row in second.items():
            assert (row["made"], row["facts"]["reproduced"]["value"]) == ("made again", "yes")  # type: ignore[index]
            for name in ("status", "fixture", "replayed_by"):
                assert row[name] == first[operator][name]
            # Of the runtime that made it again, and not by what the record says of one.
            assert row["facts"]["pre-change"] == first[operator]["facts"]["pre-change"]  # type: ignore[index]
            assert row["runtime"] == first[operator]["runtime"]
            loaders = [one[operator]["facts"]["loaders"] for one in (first, second)]  # type: ignore[index]
            assert loaders[0] == loaders[1]


class TestWhatTheBranchBrings:
    @pytest.fixture
    def brought(self, made: GitRepository) -> GitRepository:
        """A branch that holds the change and its fixtures; target has neither."""
        branched(made)
        return made

    def test_has_to_give_the_recorded_outputs(self, brought: GitRepository, run_long: RunLong) -> None:
        with edited_record(brought, SCALE) as record:
            record["samples"][0]["output"]["values"][0] += 1  # type: ignore[index]
        ran = run_long(brought, "generate")
        assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out
        assert f"not reproduced: {TODAY} gives other outputs: sample 1: element 0" in ran.out

    @pytest.mark.sampled(2)
    @pytest.mark.parametrize(
        ("part", "name", "invented", "said"),
        [
            (
                "pre_change",
                "commit",
                "f" * 40,
                "its record names commit ffffffffffff, which this clone does not",
            ),
            ("pre_change", "commit", None, "its record names no commit that the checkout was built from"),
            ("pre_change", "commit", "HEAD", "which is no part of target"),
        ],
    )
    def test_has_to_name_a_commit_from_before(
        self, brought: GitRepository, run_long: RunLong, part: str, name: str, invented: str | None, said: str
    ) -> None:
        with edited_record(brought, SCALE) as record:
            value = brought.git("rev-parse", "HEAD") if invented == "HEAD" else invented
            record[part][name] = value  # type: ignore[index]
        ran = run_long(brought, "generate")
        assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out
        assert said in ran.out

    def test_has_the_samples_that_its_module_gives(self, brought: GitRepository, run_long: RunLong) -> None:
        """Zeros are zeros in the old operator and in a broken one, and the record's checksum is right."""
        with edited_record(brought, SCALE) as record:
            for part in ("inputs", "output"):
                value = record["samples"][0][part]  # type: ignore[index]
                for tensor in value if part == "inputs" else [value]:
                    tensor["values"] = [0.0] * len(tensor["values"])
            del record["samples"][1:]  # type: ignore[attr-defined]
        brought.replace("tinyops/upgraders.py", "tinyops.scale(x, factor)", "tinyops.scale(x, factor + 1.0)")
        ran = run_long(brought, "generate")
        assert (ran.status, "verified" in ran.out.splitlines()[0]) == (1, False), ran.out
        assert "its samples are others" in ran.out

    def test_has_to_give_what_its_module_gives(self, library: GitRepository, run_long: RunLong) -> None:
        """A hand-made archive and its record agree with each other; its runtime is one digit off."""
        library.replace("fixtures_src/modules.py", "tinyops.scale(x)", "tinyops.scale(x) * 0.0")
        assert "1 verified" in run_long(library, "generate", "--operator", "tinyops::halve").out
        run_long(library, "generate", "--operator", "tinyops::scale")
        with edited_record(library, SCALE) as record:
            record["runtime"]["python"] += "9"  # type: ignore[index]
            honest = library.read("fixtures_src/modules.py").replace("scale(x) * 0.0", "scale(x)")
            library.write("fixtures_src/modules.py", honest)
        branched(library)
        ran = run_long(library, "generate")
        assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out
        assert f"not reproduced: made again by {TODAY} it gives other outputs: sample 1" in ran.out

    def test_cannot_choose_the_runtime_that_it_is_judged_by(
        self, brought: GitRepository, run_long: RunLong
    ) -> None:
        with edited_record(brought, SCALE) as record:
            record["runtime"] |= {"kind": "release", "torch": "0.0.1-never-existed"}  # type: ignore[operator]
            record["pre_change"]["commit"] = None  # type: ignore[index]
        ran = run_long(brought, "generate")
        assert (ran.status, "1 verified, 1 mismatch" in ran.out) == (1, True), ran.out
        assert "its record names a runtime of kind release, and the settings have checkout for it" in ran.out

    def test_has_to_be_the_archive_that_its_module_makes(
        self, brought: GitRepository, run_long: RunLong
    ) -> None:
        """It computes the same, and was made of another module."""
        brought.replace(
            "fixtures_src/modules.py", "torch.ops.tinyops.scale(x)", "torch.ops.tinyops.scale(x, 2.0)"
        )
        ran = run_long(brought, "generate")
        assert (ran.status, "made again by torch 2.13.0" in ran.out) == (1, True), ran.out

    def test_is_not_proven_without_a_record(self, brought: GitRepository, run_long: RunLong) -> None:
        (brought.root / f"{SCALE}.json").unlink()
        ran = run_long(brought, "generate")
        assert (ran.status, "1 verified, 1 unproven" in ran.out) == (1, True), ran.out
        assert "not reproduced: it has no record" in ran.out

    def test_is_not_proven_where_the_old_library_cannot_be_built(
        self, brought: GitRepository, run_long: RunLong
    ) -> None:
        brought.replace("pyproject.toml", "cp -r tinyops", "cp -r no-such-folder")
        ran = run_long(brought, "generate")
        assert ran.status == 2
        assert "verified" not in ran.out

    def test_verify_believes_the_record_and_says_so(self, brought: GitRepository, run_long: RunLong) -> None:
        ran = run_long(brought, "verify", "-v")
        assert (ran.status, ran.out.count("reproduced not-applicable (verify believes the record)")) == (0, 2)


class TestWhatIsNotRun:
    def test_a_tree_that_does_not_import_fails(self, landed: GitRepository, run_long: RunLong) -> None:
        landed.replace("tinyops/__init__.py", "import torch\n", "import torch\nimport no_such_module\n")
        for command in ("generate", "verify"):
            ran = run_long(landed, command)
            assert (ran.status, "2 failed" in ran.out) == (1, True), ran.out + ran.err
            cause = "cannot be used: ModuleNotFoundError: No module named 'no_such_module'"
            assert ran.out.count(cause) == 1

    def test_a_side_that_fails_is_not_blamed_on_the_other(
        self, library: GitRepository, run_long: RunLong
    ) -> None:
        library.replace("tinyops/__init__.py", "import torch\n", "import torch\nimport no_such_module\n")
        ran = run_long(library, "generate")
        assert (ran.status, "2 failed" in ran.out) == (1, True), ran.out
        assert "nothing shows that" not in ran.out
        assert "No module named 'no_such_module'" in ran.out

    def test_both_sides_the_same_build_prove_nothing(
        self, landed: GitRepository, run_long: RunLong, tmp_path: Path
    ) -> None:
        """The settings pin the library that both sides install: its old release, with the upgraders."""
        pinned = tmp_path / "pinned"
        landed.git("clone", "--quiet", ".", str(pinned))
        text = (pinned / "tinyops/__init__.py").read_text().replace("float factor)", "float factor=2.0)")
        text = text.replace("def _scale(x, factor)", "def _scale(x, factor=2.0)")
        (pinned / "tinyops/__init__.py").write_text(text)
        landed.replace("pyproject.toml", "cp -r tinyops", f"cp -r {pinned}/tinyops")
        ran = run_long(landed, "verify", SCALE)
        assert (ran.status, "1 unproven" in ran.out) == (1, True), ran.out
        assert "the runtime after the change shows no change" in ran.out

    def test_what_would_pass_without_the_upgrader_is_not_proven(
        self, library: GitRepository, run_long: RunLong
    ) -> None:
        """The argument whose default changed is given: the new operator alone computes the same."""
        library.replace(
            "fixtures_src/modules.py", "torch.ops.tinyops.scale(x)", "torch.ops.tinyops.scale(x, 3.0)"
        )
        ran = run_long(library, "generate", "--operator", "tinyops::scale")
        assert (ran.status, "1 unproven" in ran.out) == (1, True), ran.out
        assert "leave out factor, whose default changed or is gone" in ran.out
        library.write(
            "pyproject.toml",
            library.read("pyproject.toml")
            + '\n[tool.opfixtures.waivers]\n"tinyops::scale" = { codes = ["replay.unproven"], reason = "so far", '
            "expires = 2099-01-01 }\n",
        )
        ran = run_long(library, "generate", "--operator", "tinyops::scale")
        assert (ran.status, "waived until 2099-01-01: so far" in ran.out) == (0, True), ran.out

    def test_one_row_of_an_entry_that_would_notice_is_enough(
        self, library: GitRepository, run_long: RunLong
    ) -> None:
        library.replace(
            "fixtures_src/modules.py",
            "class TestVersionedHalveV3",
            "class TestVersionedScaleGivenV3(torch.nn.Module):\n    def forward(self, x):\n"
            "        return torch.ops.tinyops.scale(x, 3.0)\n\n\nclass TestVersionedHalveV3",
        )
        library.replace(
            "fixtures_src/registry.py", "ALL_MODULES = {\n",
            'ALL_MODULES = {\n    TestVersionedScaleGivenV3(): "tinyops::scale",\n',
        )  # fmt: skip
        ran = run_long(library, "generate", "--operator", "tinyops::scale")
        assert (ran.status, "2 verified" in ran.out) == (0, True), ran.out

    def test_a_call_that_no_sample_comes_to_is_not_covered(
        self, library: GitRepository, run_long: RunLong
    ) -> None:
        library.replace(
            "fixtures_src/modules.py",
            "        return torch.ops.tinyops.scale(x)",
            "        if x.numel() < 0:\n            return torch.ops.tinyops.scale(x)\n        return x * 2.0",
        )
        ran = run_long(library, "generate", "--operator", "tinyops::scale")
        assert (ran.status, "1 refused" in ran.out) == (1, True), ran.out
        assert "no sample input comes to the call of tinyops::scale" in ran.out
        assert not (library.root / SCALE).exists()


class TestWhatNothingTouches:
    def test_builds_and_replays_nothing_and_says_so(self, landed: GitRepository, run_long: RunLong) -> None:
        landed.write("README.md", "another text\n")
        landed.write("docs/how.md", "another text\n")
        landed.write("tests/test_tinyops.py", "import tinyops\n")
        ran = run_long(landed, "generate")
        assert (ran.status, "building" in ran.err, "replay" in ran.err) == (0, False, False), ran.err
        assert "nothing that a fixture rests on differs" in ran.out
        assert "nothing was built or replayed" in ran.out

    def test_is_replayed_on_demand(self, landed: GitRepository, run_long: RunLong) -> None:
        ran = run_long(landed, "generate", "--all")
        assert (ran.status, "2 verified (2 found)" in ran.out) == (0, True), ran.out

    def test_a_build_is_kept_by_the_content_of_the_sources(
        self, landed: GitRepository, run_long: RunLong
    ) -> None:
        landed.replace("tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return x.floor_divide(2)")
        ran = run_long(landed, "generate")
        assert (ran.status, ran.err.count("building the work tree")) == (0, 1), ran.out
        landed.write("docs/how.md", "another text\n")
        landed.commit("the same sources")
        ran = run_long(landed, "generate", "--all")
        assert (ran.status, "building" in ran.err) == (0, False), ran.out + ran.err


def test_a_guard_is_made_by_the_operator_of_target_and_replayed_at_every_head(
    landed: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    landed.replace(
        "tinyops/__init__.py",
        '_library.define("halve',
        '_library.define("twice(Tensor x) -> Tensor")\n_library.define("halve',
    )
    landed.replace(
        "tinyops/__init__.py",
        '_library.impl("halve"',
        '_library.impl("twice", lambda x: x * 2, "CompositeExplicitAutograd")\n_library.impl("halve"',
    )
    landed.git("add", "--all")
    landed.commit("twice")
    landed.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    landed.write(
        "fixtures_src/modules.py",
        landed.read("fixtures_src/modules.py")
        + "\n\nclass Twice(torch.nn.Module):\n    def forward(self, x):\n        return torch.ops.tinyops.twice(x)\n",
    )
    landed.replace(
        "fixtures_src/registry.py", "ALL_MODULES = {\n", 'ALL_MODULES = {\n    Twice(): "tinyops::twice",\n'
    )
    ran = run_long(landed, "generate", "--report", str(tmp_path / "report.json"))
    (row,) = rows_of(tmp_path / "report.json", "tinyops::twice")
    assert (ran.status, row["status"], row["made"], row["bumped_at_version"]) == (
        0,
        "verified",
        "by this run",
        None,
    )
    assert "aten::" not in json.dumps(row["facts"])
    landed.git("add", "--all")
    landed.commit("a guard of twice")
    landed.replace("tinyops/__init__.py", "lambda x: x * 2,", "lambda x: x * 3,")
    ran = run_long(landed, "generate")
    assert (ran.status, "mismatch    tinyops::twice, a guard  fixtures/twice.ptl" in ran.out) == (1, True), (
        ran.out
    )


@pytest.mark.thorough
def test_a_guard_whose_class_names_no_version_becomes_the_proof_of_its_entry(
    library: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    """The archive has the name of its class for good: made again under the new name it is another one."""
    modules, registry = "fixtures_src/modules.py", "fixtures_src/registry.py"
    library.git("stash", "push", "--quiet", "--include-untracked")
    library.write(modules, (TREES / "library/entries" / modules).read_text().replace(GUARD[1], GUARD[0]))
    library.write(registry, f'from modules import *\n\nALL_MODULES = {{{GUARD[0]}(): "tinyops::halve"}}\n')
    assert run_long(library, "generate").status == 0
    library.git("add", "--all")
    library.commit("a guard of halve")
    library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    for folder in ("change", "entries"):
        shutil.copytree(TREES / "library" / folder, library.root, dirs_exist_ok=True)
    for ending in ("ptl", "ptl.json"):
        library.git("mv", f"fixtures/test_halve.{ending}", f"fixtures/test_versioned_halve_v3.{ending}")

    ran = run_long(library, "generate", "--report", str(tmp_path / "report.json"))

    (row,) = rows_of(tmp_path / "report.json", "tinyops::halve")
    assert (ran.status, row["status"], row["made"], row["fixture"]) == (0, "verified", "found", HALVE), (
        ran.out
    )
    # With the change's own upgrader broken it is no less a proof.
    library.replace(*BREAK_HALVE)
    assert run_long(library, "generate").status == 1


def rows_of(path: Path, operator: str) -> list[dict[str, object]]:
    """The rows of an operator in a report."""
    return [row for row in json.loads(path.read_text())["fixtures"] if row["operator"] == operator]


def second_bump(library: GitRepository) -> None:
    """2.1: scale subtracts one; its entry at 5 comes with a right upgrader, and the one at 4 is left as it is."""
    library.replace("tinyops/__init__.py", "return x * factor", "return x * factor - 1.0")
    library.replace(
        "tinyops/operator_versions.py",
        "float factor=2.0) -> Tensor\",\n        },\n",
        "float factor=2.0) -> Tensor\",\n        },\n        {\n            \"bumped_at_version\": 5,\n"
        '            "upgrader_name": "scale_4_4",\n            "old_schema": "tinyops::scale(Tensor x, float factor) '
        '-> Tensor",\n        },\n',
    )  # fmt: skip
    library.replace(
        "tinyops/upgraders.py",
        "def halve_0_3",
        "def scale_4_4(x: Tensor, factor: float) -> Tensor:\n"
        "  return torch.ops.tinyops.scale(x, factor) + 1.0\n\ndef halve_0_3",
    )
    library.write(
        "fixtures_src/modules.py",
        library.read("fixtures_src/modules.py") + "\n\nclass TestVersionedScaleV4(torch.nn.Module):\n"
        "    def forward(self, x):\n        return torch.ops.tinyops.scale(x, 3.0)\n",
    )
    library.replace(
        "fixtures_src/registry.py", "ALL_MODULES = {\n",
        'ALL_MODULES = {\n    TestVersionedScaleV4(): "tinyops::scale",\n',
    )  # fmt: skip
