"""A library's last release as the pre-change runtime: its wheel has the old operators, the work tree the new ones."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from tests.end_to_end.conftest import INSTALLED_TODAY, TREES, branched
from tests.end_to_end.test_library import FIXTURES, loader_facts, report
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
DOCS = TREES.parent / "docs" / "libraries.md"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with what was released of tinyops before the change."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    add_wheel(folder)
    return folder


def add_wheel(folder: Path, more: str = "") -> None:
    tree, info = TREES / "library" / "before" / "tinyops", "tinyops-1.0.dist-info"
    members = {f"tinyops/{path.name}": path.read_text() for path in sorted(tree.glob("*.py"))}
    members["tinyops/__init__.py"] += more
    members |= {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tinyops\nVersion: 1.0\nRequires-Dist: torch>=2\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / "tinyops-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in members.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in members))


@pytest.fixture
def released(library: GitRepository) -> GitRepository:
    """The library with the runtimes that the docs show: its last release for what was before version 4."""
    settings, shown = library.read("pyproject.toml"), DOCS.read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", shown, re.DOTALL | re.MULTILINE)
    (runtimes,) = (block for block in blocks if "packages" in block)
    library.write("pyproject.toml", settings[: settings.index("[[tool")] + runtimes)
    return library


@pytest.fixture
def run(run_long: RunLong, wheels: Path) -> RunLong:
    """Runs a command that finds the wheels too."""
    links = f"{os.environ.get('PIP_FIND_LINKS', '')} {wheels.as_uri()}".strip()
    return lambda repository, *args, **environment: run_long(
        repository, *args, PIP_FIND_LINKS=links, **environment
    )


def test_the_wheel_makes_the_fixtures_and_the_work_tree_replays_them(
    released: GitRepository, run: RunLong, tmp_path: Path
) -> None:
    ran = run(released, "generate", "--report", str(tmp_path / "report.json"))

    assert ran.status == 0, ran.out + ran.err
    rows = report(tmp_path / "report.json")
    made_by = "tinyops 1.0 with torch 2.13.0"
    for row in rows.values():
        assert (row["status"], row["runtime"]) == ("verified", made_by)
        assert row["replayed_by"] == f"the work tree with {INSTALLED_TODAY}"
        assert loader_facts(row) == {"loads": "yes", "equal": "yes", "applied": "yes", "sensitive": "yes"}
    schema = json.loads((files("opfixtures") / "report" / "schemas" / "record.schema.json").read_text())
    records = {}
    for name in FIXTURES:
        records[name] = json.loads(released.read(f"fixtures/{name}.json"))
        jsonschema.validate(records[name], schema)
    halve, scale = (records[name] for name in FIXTURES)
    assert scale["pre_change"]["proven_by"] == ["schema", "operator-version"]
    # Its schema is the same as ever: only the version map of the work tree tells the two apart.
    assert halve["pre_change"]["proven_by"] == ["operator-version"]
    assert halve["pre_change"]["commit"] is None
    (package,) = halve["runtime"]["packages"]
    assert (package["name"], package["version"]) == ("tinyops", "1.0")
    assert scale["runtime"] == halve["runtime"]


@pytest.mark.thorough
def test_the_branch_is_reproduced_by_the_same_wheel_and_not_by_other_files_of_it(
    released: GitRepository, run: RunLong, wheels: Path, tmp_path: Path
) -> None:
    assert run(released, "generate").status == 0
    branched(released)
    ran = run(released, "generate")
    assert (ran.status, "2 verified (2 made again)" in ran.out) == (0, True), ran.out + ran.err

    # An index that gives other files for the same version: 1.0 now rounds otherwise.
    other = "\n\n_library.impl('halve', lambda x: x * 7, 'CPU')\n"
    add_wheel(wheels, other)
    elsewhere = {"OPFIXTURES_CACHE": str(tmp_path / "cache"), "UV_NO_CACHE": "1"}
    ran = run(released, "generate", "--operator", "tinyops::halve", **elsewhere)
    assert ran.status == 1
    assert "mismatch    tinyops::halve" in ran.out
    assert "not reproduced: torch 2.13.0+cpu gives other outputs: sample 1" in ran.out


def test_without_a_recipe_for_the_work_tree_nothing_is_replayed_by_the_release(
    released: GitRepository, run: RunLong
) -> None:
    settings = released.read("pyproject.toml")
    released.write("pyproject.toml", settings[: settings.rindex("[[tool")])
    ran = run(released, "generate", "--operator", "tinyops::scale")
    assert ran.status == 1
    assert 'nothing builds the work tree to replay with: add a runtime of kind "checkout"' in ran.out


@pytest.mark.thorough
def test_a_release_from_after_the_change_is_refused(
    released: GitRepository, run: RunLong, wheels: Path
) -> None:
    wheel = wheels / "tinyops-1.0-py3-none-any.whl"
    wheel.unlink()
    tree = TREES / "library" / "change" / "tinyops"
    with zipfile.ZipFile(wheels / "tinyops-2.0-py3-none-any.whl", "w") as file:
        for path in tree.glob("*.py"):
            file.write(path, f"tinyops/{path.name}")
        info = "tinyops-2.0.dist-info"
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinyops\nVersion: 2.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "tinyops/__init__.py,,\n")
    released.replace("pyproject.toml", "tinyops==1.0", "tinyops==2.0")
    ran = run(released, "generate")
    assert ran.status == 1
    assert "not pre-change: torch 2.13.0+cpu has tinyops::scale(Tensor x, float factor)" in ran.out
    assert "not pre-change: the version map of torch 2.13.0+cpu bumps tinyops::halve at 4" in ran.out
