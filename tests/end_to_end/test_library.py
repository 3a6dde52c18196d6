"""A library of custom operators: its own pre-change commit has the old operators."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.end_to_end.conftest import BY_COPYING, BY_PIP, INSTALLED_TODAY
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
FIXTURES = ("test_versioned_halve_v3.ptl", "test_versioned_scale_v3.ptl")


def report(path: Path) -> dict[str, dict[str, object]]:
    """The report's rows by operator, once it is valid."""
    data = json.loads(path.read_text())
    schema = json.loads((files("opfixtures") / "report" / "schemas" / "result.schema.json").read_text())
    jsonschema.validate(data, schema)
    return {row["operator"]: row for row in data["fixtures"]}


def loader_facts(row: dict[str, Any]) -> dict[str, str]:
    loaders = row["facts"]["loaders"]
    return {name: fact["value"] for name, fact in loaders["torch.jit.load"].items()}


def test_fixtures_are_made_by_the_old_operators_and_replay_through_the_upgraders(
    library: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    ran = run_long(library, "generate", "--report", str(tmp_path / "report.json"))
    assert ran.status == 0, ran.err
    rows = report(tmp_path / "report.json")
    assert {row["status"] for row in rows.values()} == {"verified"}
    assert sorted(os.listdir(library.root / "fixtures")) == sorted(
        [*FIXTURES, *(f"{name}.json" for name in FIXTURES)]
    )
    for row in rows.values():
        assert loader_facts(row) == {"loads": "yes", "equal": "yes", "applied": "yes", "sensitive": "yes"}
    halve = json.loads((library.root / "fixtures" / "test_versioned_halve_v3.ptl.json").read_text())
    assert halve["pre_change"]["commit"] == library.git("rev-parse", "HEAD")
    assert halve["pre_change"]["proven_by"] == ["commit"]
    # 1.0 rounds integers down, 2.0 does not.
    assert halve["samples"][1]["output"]["tensor"] == "int64"


def test_records_follow_their_published_schema(made: GitRepository) -> None:
    schema = json.loads((files("opfixtures") / "report" / "schemas" / "record.schema.json").read_text())
    for name in FIXTURES:
        jsonschema.validate(json.loads((made.root / "fixtures" / f"{name}.json").read_text()), schema)


def test_the_same_inputs_give_the_same_bytes(made: GitRepository, run_long: RunLong) -> None:
    def content() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (made.root / "fixtures").iterdir()}

    first = content()
    assert len(first) == 4
    shutil.rmtree(made.root / "fixtures")
    assert run_long(made, "generate").status == 0
    assert content() == first


def test_a_fixture_that_is_there_is_not_overwritten(library: GitRepository, run_long: RunLong) -> None:
    library.write("fixtures/test_versioned_scale_v3.ptl", "mine")
    ran = run_long(library, "generate", "--operator", "tinyops::scale")
    assert (ran.status, library.read("fixtures/test_versioned_scale_v3.ptl")) == (1, "mine")
    assert "not a readable archive" in ran.out
    ran = run_long(library, "generate", "--operator", "tinyops::scale", "--regenerate")
    assert (ran.status, "1 verified" in ran.out) == (0, True)


def test_a_published_fixture_is_not_replaced(library: GitRepository, run_long: RunLong) -> None:
    library.git("stash", "--include-untracked")
    library.write("fixtures/test_versioned_scale_v3.ptl", "published")
    library.commit("a fixture")
    library.git("stash", "pop")
    ran = run_long(library, "generate", "--operator", "tinyops::scale", "--regenerate")
    assert ran.status == 1
    assert "target has another archive, made otherwise" in ran.out
    assert library.read("fixtures/test_versioned_scale_v3.ptl") == "published"


def test_without_its_upgrader_a_fixture_differs(
    made: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    made.replace(
        "tinyops/upgraders.py", "in OPERATOR_VERSIONS.items():", "in list(OPERATOR_VERSIONS.items())[:1]:"
    )
    ran = run_long(made, "verify", "--report", str(tmp_path / "report.json"))
    assert ran.status == 1
    rows = report(tmp_path / "report.json")
    assert {operator: row["status"] for operator, row in rows.items()} == {
        "tinyops::scale": "verified",
        "tinyops::halve": "mismatch",
    }
    assert loader_facts(rows["tinyops::halve"]) == {
        "loads": "yes",
        "equal": "no",
        "applied": "no",
        "sensitive": "unknown",
    }


def test_a_wrong_upgrader_is_a_mismatch(made: GitRepository, run_long: RunLong) -> None:
    made.replace(
        "tinyops/upgraders.py", "torch.ops.tinyops.scale(x, factor)", "torch.ops.tinyops.scale(x, 3.0)"
    )
    ran = run_long(made, "verify", "fixtures/test_versioned_scale_v3.ptl")
    assert ran.status == 1
    assert "torch.jit.load: not equal: sample 1: element 0" in ran.out


def test_a_library_that_does_not_import_any_more_keeps_what_the_old_one_made(
    library: GitRepository, run_long: RunLong
) -> None:
    library.replace("tinyops/upgraders.py", "def halve_0_3(", "def halve_of_old(")
    ran = run_long(library, "generate")
    # The schema after the change would have shown that scale is old; its commit does so too.
    assert (ran.status, "2 failed (2 made by this run)" in ran.out) == (1, True)
    assert f"the work tree with {INSTALLED_TODAY} cannot be used: AttributeError" in ran.out
    ran = run_long(library, "verify")
    assert (ran.status, "2 failed (2 found)" in ran.out) == (1, True)
    assert ran.out.count(f"the work tree with {INSTALLED_TODAY} cannot be used: AttributeError") == 1


def test_a_fixture_made_after_the_change_is_refused(library: GitRepository, run_long: RunLong) -> None:
    """The old commit is not old at all: halve has its new meaning there, and the map has the entry."""
    library.git("add", "--all")
    library.commit("tinyops 2.0")
    ran = run_long(library, "generate", "--base", "HEAD", "--operator", "tinyops::scale")
    assert ran.status == 1
    assert "the entry is there already: name a commit from before the change" in ran.out
    assert not (library.root / "fixtures").exists()


def test_an_operator_that_changed_before_its_entry_came_is_refused(
    library: GitRepository, run_long: RunLong
) -> None:
    library.git("add", "tinyops/__init__.py")
    library.commit("the operators change first")
    ran = run_long(library, "generate")
    assert ran.status == 1
    assert "not pre-change: torch 2.13.0" in ran.out
    assert not (library.root / "fixtures" / "test_versioned_scale_v3.ptl").exists()


def test_a_module_that_fails_stops_nobody_else(library: GitRepository, run_long: RunLong) -> None:
    library.replace(
        "fixtures_src/modules.py", "torch.ops.tinyops.scale(x)", "torch.ops.tinyops.no_such_operator(x)"
    )
    ran = run_long(library, "generate")
    assert ran.status == 1
    assert "1 verified, 1 refused" in ran.out
    assert sorted(os.listdir(library.root / "fixtures")) == [
        "test_versioned_halve_v3.ptl",
        "test_versioned_halve_v3.ptl.json",
    ]


def test_a_module_that_does_not_call_its_operator_is_refused(
    library: GitRepository, run_long: RunLong
) -> None:
    library.replace("fixtures_src/modules.py", "torch.ops.tinyops.scale(x)", "x * 2.0")
    ran = run_long(library, "generate", "--operator", "tinyops::scale")
    assert ran.status == 1
    assert "the archive does not call tinyops::scale, it calls aten::mul.Scalar" in ran.out


def test_a_failing_setup_is_one_sentence_with_its_log(library: GitRepository, run_long: RunLong) -> None:
    library.replace("pyproject.toml", BY_COPYING, BY_PIP.replace("install", "instal"))
    ran = run_long(library, "generate")
    assert ran.status == 2
    assert "cannot be built: `pip instal" in ran.err
    log, _, below = ran.err.rsplit("all output: ", 1)[1].partition(")\n")
    assert below == '    ERROR: unknown command "instal" - maybe you meant "install"\n'
    assert "unknown command" in Path(log).read_text()
    os.remove(log)


def test_generate_leaves_the_repository_as_it_was_but_for_the_fixtures(
    library: GitRepository, run_long: RunLong
) -> None:
    def everything() -> dict[str, bytes]:
        return {
            str(path.relative_to(library.root)): path.read_bytes()
            for path in library.root.rglob("*")
            if path.is_file() and not path.is_relative_to(library.root / "fixtures")
        }

    before = everything()
    assert run_long(library, "generate").status == 0
    assert everything() == before
    assert library.git("worktree", "list").count("\n") == 0


def test_an_interruption_leaves_nothing_behind(
    library: GitRepository, start_long: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    library.replace("pyproject.toml", '[["sh"', '[["sleep", "1000"], ["sh"')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = start_long(library, "generate", TMPDIR=str(scratch))
    assert process.stderr is not None
    assert "building" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err.strip().splitlines()[-1]) == (130, "opfixtures: interrupted")
    assert not (library.root / "fixtures").exists()
    assert library.git("worktree", "list").count("\n") == 0
    assert not [path for path in scratch.rglob("*") if path.is_file()]
    assert subprocess.run(["pgrep", "-f", "sleep 1000"], capture_output=True, check=False).stdout == b""


def test_a_disk_that_fills_up_costs_the_row_that_did_not_fit_and_leaves_nothing_half_written(
    library: GitRepository, opfixtures: Callable[..., Ran], checkouts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(new: str, path: str) -> None:
        if path.endswith("scale_v3.ptl") and path.startswith(str(library.root)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "fixtures")
        rename(new, path)

    rename = os.replace
    monkeypatch.setattr("opfixtures.atomic_write.os.replace", full)
    ran = opfixtures(library, "generate", OPFIXTURES_CACHE=checkouts)
    assert ran.status == 1
    assert "refused     tinyops::scale at 4  fixtures/test_versioned_scale_v3.ptl" in ran.out
    assert "it could not be written: No space left on device" in ran.out
    assert "verified    tinyops::halve at 4" in ran.out
    # Of the fixture that did not fit, its record is gone as well.
    assert sorted(os.listdir(library.root / "fixtures")) == [FIXTURES[0], f"{FIXTURES[0]}.json"]
