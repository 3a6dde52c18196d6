"""A guard of a `.pt2` is all that there is for old models: it goes with an accepted break, or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opfixtures.records.record import dump_record, load_record
from tests.repositories import GitRepository, Ran, zipped_archive

PROGRAMS = Path(__file__).parents[2] / "fixtures_src" / "programs"
SETTINGS = """\
[tool.opfixtures]
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
fixture-format = ["pt2"]
"""
ACCEPTED = """
[tool.opfixtures.accepted-breaks]
"aten::exp" = { how = "does not load", release = "torch 3.0", reason = "it is gone" }
"""
MAPPED = SETTINGS.replace("registry =", 'version-map = "map.py"\nregistry =').replace(
    '["pt2"]', '["ptl", "pt2"]'
)
ENTRY = """\
OPERATOR_VERSIONS = {
    "aten::exp": [
        {"bumped_at_version": 1, "upgrader_name": "exp_0_0", "old_schema": "aten::exp(Tensor self) -> Tensor"},
    ],
}
"""
ROW = '    Exp(): "aten::exp",\n'
Check = Callable[..., Ran]


@pytest.fixture
def project(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A project with one guard of PyTorch's, which target holds."""
    names = ("exp.pt2", "exp.pt2.json")
    repository = new_repository(
        {
            ".opfixtures.toml": SETTINGS,
            "modules.py": "import torch\n\n\nclass Exp(torch.nn.Module):\n    pass\n",
            "registry.py": f"from modules import Exp\n\nALL_MODULES = {{\n{ROW}}}\n",
            **{f"fixtures/{name}": (PROGRAMS / "fixtures" / name).read_bytes() for name in names},
        }
    )
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return repository


def findings(repository: GitRepository, opfixtures: Check) -> list[dict[str, Any]]:
    repository.git("add", "--all")
    ran = opfixtures(repository, "check", "--format", "json")
    found: list[dict[str, Any]] = json.loads(ran.out)["findings"]
    return found


def test_taken_away_is_an_error(project: GitRepository, opfixtures: Check) -> None:
    project.git("rm", "--quiet", "fixtures/exp.pt2", "fixtures/exp.pt2.json")
    project.replace("registry.py", ROW, "")
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF306"]
    assert (found["severity"], found["path"]) == ("error", "fixtures/exp.pt2")
    assert found["message"] == "a guard is taken away: nothing replays aten::exp any more"


def test_one_of_two_is_an_error_too(project: GitRepository, opfixtures: Check) -> None:
    """Each stands for models that call the operator in its way."""
    two = '    ExpToo(): "aten::exp",\n'
    project.replace("registry.py", ROW, ROW + two)
    project.write("modules.py", project.read("modules.py") + "\n\nclass ExpToo(torch.nn.Module):\n    pass\n")
    data = (PROGRAMS / "fixtures" / "exp.pt2").read_bytes()
    project.write("fixtures/exp_too.pt2", data)
    project.commit()
    project.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    project.git("rm", "--quiet", "fixtures/exp.pt2", "fixtures/exp.pt2.json")
    project.replace("registry.py", ROW, "")
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF306"]
    assert (found["severity"], found["path"]) == ("error", "fixtures/exp.pt2")
    assert found["message"] == "a guard is taken away: nothing replays any more what Exp calls aten::exp with"


def test_its_row_alone_taken_away_is_an_error_and_a_row_that_is_not_green(
    project: GitRepository, opfixtures: Check
) -> None:
    project.replace("registry.py", ROW, "")
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF307"]
    assert (found["severity"], found["path"]) == ("error", "fixtures/exp.pt2")
    assert ROW.strip() in found["hint"]
    ran = opfixtures(project, "verify")
    assert (ran.status, "1 mismatch" in ran.out) == (1, True), ran.out
    assert "it is gone here: restore it, and its row" in ran.out


def test_one_that_is_exchanged_is_a_row_that_is_not_green_and_one_that_is_renamed_is_none(
    project: GitRepository, opfixtures: Check
) -> None:
    other = (PROGRAMS / "fixtures" / "add_tensor.pt2").read_bytes()
    (project.root / "fixtures" / "exp.pt2").write_bytes(other)
    ran = opfixtures(project, "verify")
    assert "target has another file of this name" in ran.out
    assert (ran.status, "1 mismatch" in ran.out, "verified" in ran.out) == (1, True, False), ran.out

    project.git("checkout", "--quiet", "fixtures")
    for ending in ("", ".json"):
        project.git("mv", f"fixtures/exp.pt2{ending}", f"fixtures/exp_again.pt2{ending}")
    for path in ("modules.py", "registry.py"):
        project.write(path, project.read(path).replace("Exp", "ExpAgain"))
    ran = opfixtures(project, "verify")
    assert "target has another" not in ran.out


def test_what_succeeds_it_in_its_format_is_seen_by_check_and_verify(
    project: GitRepository, opfixtures: Check
) -> None:
    project.write(".opfixtures.toml", MAPPED)
    project.write("map.py", ENTRY)
    project.git("rm", "--quiet", "fixtures/exp.pt2", "fixtures/exp.pt2.json")
    for path in ("modules.py", "registry.py"):
        project.write(path, project.read(path).replace("Exp", "TestVersionedExpV0"))
    other = (PROGRAMS / "fixtures" / "add_tensor.pt2").read_bytes()
    project.write("fixtures/test_versioned_exp_v0.pt2", other)
    assert [one for one in findings(project, opfixtures) if one["code"] == "OPF306"] == []
    assert "it is gone here" not in opfixtures(project, "verify").out


def test_a_fixture_of_an_entry_is_no_guards(project: GitRepository, opfixtures: Check) -> None:
    """Where the entry is gone, no old model gets its upgrader, whatever another torch does."""
    path = project.root / "fixtures" / "exp.pt2.json"
    record = load_record(path.read_bytes())
    entry = replace(
        record.entry,
        bumped_at_version=3,
        upgrader_name="exp_0_2",
        old_schema="aten::exp(Tensor self) -> Tensor",
    )
    proof = replace(record.pre_change, proven_by=("schema",))
    path.write_bytes(dump_record(replace(record, entry=entry, pre_change=proof)))
    project.commit()
    project.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    ran = opfixtures(project, "verify")
    assert (ran.status, "1 mismatch" in ran.out) == (1, True), ran.out
    assert "it is of the entry at 3, which the version map has not: bring the entry back" in ran.out


def test_settings_that_are_taken_away_take_no_guard_along(project: GitRepository, opfixtures: Check) -> None:
    project.git("rm", "--quiet", ".opfixtures.toml")
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF307"]
    assert found["severity"] == "error"


def test_another_format_in_the_settings_is_owed_by_each_row(
    project: GitRepository, opfixtures: Check
) -> None:
    project.write("map.py", "OPERATOR_VERSIONS = {}\n")
    project.write(".opfixtures.toml", MAPPED)
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF301"]
    assert found["message"] == "the fixture of Exp is not there yet: fixtures/exp.ptl"
    project.commit()
    assert [one for one in findings(project, opfixtures) if one["code"] == "OPF301"] == []


def test_without_a_version_map_there_are_exported_programs_alone(
    project: GitRepository, opfixtures: Check
) -> None:
    project.write(".opfixtures.toml", SETTINGS.replace('["pt2"]', '["pt2", "ptl"]'))
    project.git("add", "--all")
    ran = opfixtures(project, "check")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert (
        "which fixtures of the format 'ptl' are proven by, or ask for \"pt2\" alone in fixture-format"
        in ran.err
    )


def test_a_version_map_that_the_settings_drop_is_named_again(
    project: GitRepository, opfixtures: Check
) -> None:
    project.write(".opfixtures.toml", MAPPED)
    project.write("map.py", ENTRY)
    project.commit()
    project.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    project.write(".opfixtures.toml", SETTINGS)
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF203"]
    assert found["hint"].startswith("name map.py again as version-map in .opfixtures.toml: ")


def test_no_fixture_of_another_format_takes_its_place(project: GitRepository, opfixtures: Check) -> None:
    """The operator has its entry by now, whose fixture TorchScript reads."""
    project.write(".opfixtures.toml", MAPPED)
    project.write("map.py", "OPERATOR_VERSIONS = {}\n")
    project.commit()
    project.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    project.write("map.py", ENTRY)
    project.git("rm", "--quiet", "fixtures/exp.pt2", "fixtures/exp.pt2.json")
    project.replace("registry.py", ROW, ROW.replace("Exp", "TestVersionedExpV0"))
    project.write("modules.py", project.read("modules.py").replace("Exp", "TestVersionedExpV0"))
    project.write("fixtures/test_versioned_exp_v0.ptl", zipped_archive(0, "aten::exp"))
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF306"]
    assert (found["severity"], found["path"]) == ("error", "fixtures/exp.pt2")


def test_taken_away_with_an_accepted_break_is_an_error_too(project: GitRepository, opfixtures: Check) -> None:
    """The fixture is the evidence that old files fail in that way."""
    project.git("rm", "--quiet", "fixtures/exp.pt2", "fixtures/exp.pt2.json")
    project.replace("registry.py", ROW, "")
    project.write(".opfixtures.toml", SETTINGS + ACCEPTED)
    (found,) = [one for one in findings(project, opfixtures) if one["code"] == "OPF306"]
    assert found["severity"] == "error"
    assert found["hint"].endswith("what breaks on purpose is named in accepted-breaks, and its fixture stays")


def test_moved_with_its_project_is_not_taken_away(project: GitRepository, opfixtures: Check) -> None:
    (project.root / "sub").mkdir()
    for name in (".opfixtures.toml", "modules.py", "registry.py", "fixtures"):
        project.git("mv", name, f"sub/{name}")
    assert [one for one in findings(project, opfixtures) if one["code"] == "OPF306"] == []
    assert os.listdir(project.root / "sub" / "fixtures") != []
