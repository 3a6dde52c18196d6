"""`opfixtures sweep`: a library of two commits, and two releases of torch."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from opfixtures import report
from tests.action_fixtures import RESULT_SCHEMA, Project
from tests.end_to_end.conftest import TREES, overlay
from tests.releases import python_of
from tests.repositories import GitRepository, Ran

pytestmark = pytest.mark.torch
SCHEMA = json.loads((Path(report.__file__).parent / "schemas/sweep.schema.json").read_text())
OPERATORS = "tinyops/__init__.py"


@pytest.fixture
def tinyops(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """tinyops 1.0, and then another body, another dtype, a refactoring, an argument with a default, an overload."""
    repository = new_repository(name="library")
    overlay(repository, TREES / "library" / "before")
    repository.replace(
        "pyproject.toml", 'fixtures = "fixtures"', f'fixtures = "fixtures"\noperators = ["{OPERATORS}"]'
    )
    for name in ("body", "same", "longer"):
        define(repository, f"{name}(Tensor x) -> Tensor", f"def _{name}(x):\n    return x * 3\n")
    # What its calls import registers operators of torch's own.
    custom = '@torch.library.custom_op("tinyops::custom", mutates_args=())\n'
    custom += "def custom(x: torch.Tensor) -> torch.Tensor:\n    return x * 2\n"
    end = "from . import upgraders"
    repository.replace(OPERATORS, end, f"{custom}\n\n{end}")
    repository.git("add", "--all")
    repository.commit("tinyops 1.0")
    repository.replace(OPERATORS, "def _body(x):\n    return x * 3", "def _body(x):\n    return x * 3 + 1")
    repository.replace(OPERATORS, "x / 2 if x.is_floating_point() else x // 2", "x / 2")
    repository.replace(OPERATORS, "def _same(x):\n    return x * 3", "def _same(x):\n    return x + x + x")
    repository.replace(OPERATORS, '"longer(Tensor x) -> Tensor"', '"longer(Tensor x, int more=0) -> Tensor"')
    repository.replace(
        OPERATORS, "def _longer(x):\n    return x * 3", "def _longer(x, more=0):\n    return x * 3 + more"
    )
    define(
        repository, "scale.by(Tensor x, Tensor by) -> Tensor", "def _by(x, by):\n    return x * by\n", "_by"
    )
    repository.git("add", "--all")
    repository.commit("tinyops 1.1")
    return repository


def define(repository: GitRepository, schema: str, body: str, function: str = "") -> None:
    """Add an operator to the library."""
    name = schema.partition("(")[0]
    end = "from . import upgraders"
    repository.replace(
        OPERATORS,
        end,
        f'_library.define("{schema}")\n\n\n{body}\n\n'
        f'_library.impl("{name}", {function or f"_{name}"}, "CompositeExplicitAutograd")\n\n{end}',
    )


def statuses(path: Path) -> dict[str, str]:
    told = json.loads(path.read_text())
    jsonschema.validate(told, SCHEMA)
    return {one["operator"]: one["status"] for one in told["operators"]}


def test_a_body_and_a_dtype_that_changed_are_found_and_what_no_old_model_notices_is_not(
    tinyops: GitRepository, run_long: Callable[..., Ran], tmp_path: Path
) -> None:
    path = tmp_path / "sweep.json"
    ran = run_long(tinyops, "sweep", "--old", "HEAD~1", "--new", "HEAD", "--report", str(path))
    assert statuses(path) == {
        "tinyops::scale": "same",
        "tinyops::halve": "dtype",
        "tinyops::body": "values",
        "tinyops::same": "same",
        "tinyops::longer": "same",
        "tinyops::custom": "same",
    }, ran.err
    assert ran.status == 1
    assert (
        "2 changed, 0 of them in the version map\n  dtype   tinyops::halve  int64 then, float32 now\n"
        in ran.out
    )


def test_witnesses_show_the_change_in_both_releases_and_a_second_sweep_asks_nothing_again(
    new_repository: Callable[..., GitRepository], run_long: Callable[..., Ran], tmp_path: Path
) -> None:
    repository = new_repository({"README.md": "Nothing.\n"})
    sides = ("sweep", "--old", "torch-1.11.0", "--new", "torch-2.13.0")
    report = tmp_path / "sweep.json"
    globs = [f"--operator=aten::{name}" for name in ("floor_divide", "clamp", "symeig")]
    ran = run_long(repository, *sides, *globs, f"--report={report}", releases=True)
    assert statuses(report) == {
        "aten::floor_divide": "values",
        "aten::clamp": "dtype",
        "aten::symeig": "gone",
    }, ran.err
    scripts = {one["operator"]: one["witness"] for one in json.loads(report.read_text())["operators"]}
    shown_in_docs = (Path(__file__).parents[2] / "docs/sweep.md").read_text()
    assert f"```python\n{scripts['aten::floor_divide']}```\n" in shown_in_docs
    for operator, script in scripts.items():
        old, new = (shown(python_of(release), script, tmp_path) for release in ("1.11.0", "2.13.0"))
        assert old
        assert old != new
        assert operator != "aten::floor_divide" or (old in shown_in_docs and new in shown_in_docs)
        assert bool(new) == (operator != "aten::symeig")
        assert sum(bool(line) for line in script.splitlines()) <= 11, "ten and the comment on top"
    page = tmp_path / "sweep.html"
    again = run_long(repository, *sides, "--witness", "aten::clamp", f"--report={page}", releases=True)
    assert again.out == scripts["aten::clamp"]
    assert "made 2 of 2 [====================] 100 %" in again.err.splitlines()[1], again.err
    assert "aten::clamp" in page.read_text()


def shown(python: str, script: str, folder: Path) -> str:
    """What a witness prints behind the version of torch; nothing where it fails."""
    path = folder / "witness.py"
    path.write_text(script)
    done = subprocess.run(
        (python, "-W", "ignore", path), cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.partition(" ")[2] if done.returncode == 0 else ""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--old", "nightly", "--new", "torch-2.13.0"), "'nightly' is no release"),
        (("--old", "HEAD~9", "--new", "HEAD"), "'HEAD~9' is no release"),
        (("--old", "HEAD", "--new", "HEAD", "--workers", "0"), "--workers takes a number from 1"),
        (("--old", "HEAD", "--new", "HEAD", "--project", "tinyops"), "there are no settings in tinyops"),
        (("--old", "HEAD", "--new", "HEAD", "--project", ".."), "is not in this repository"),
        (("--old", "HEAD", "--new", "HEAD", "--report", "."), "which is no file: name one"),
        (
            ("--old", "HEAD", "--new", "HEAD", "--witness", "a::b", "--operator", "a::*"),
            "leave --operator out",
        ),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(tinyops, opfixtures, args, said):
    ran = opfixtures(tinyops, "sweep", *args)
    assert ran.status == 2
    assert said in ran.err


# What an operator does now, and what is said of it.
ENDING = {
    "segv": ("import ctypes; ctypes.string_at(0)", "sample 1: crashed: SIGSEGV"),
    "aborts": ("import os; os.abort()", "sample 1: crashed: SIGABRT"),
    "leaves": ("import os; os._exit(0)", "sample 1: exited before it was done"),
    "fails": ("import os; os._exit(3)", "sample 1: exited with status 3 before it was done"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "sample 1: crashed: SIGKILL"),
    "some": (
        "import ctypes; return x + 1 if x.is_floating_point() else ctypes.string_at(0)",
        "sample 3: crashed: SIGSEGV",
    ),
}


def crashing(repository: GitRepository, now: dict[str, str]) -> None:
    """Add operators that add one, and in a second commit do this."""
    for name in now:
        define(repository, f"{name}(Tensor x) -> Tensor", f"def _{name}(x):\n    return x + 1  # {name}\n")
    repository.git("add", "--all")
    repository.commit("what is safe")
    for name, body in now.items():
        repository.replace(OPERATORS, f"return x + 1  # {name}", body)
    repository.git("add", "--all")
    repository.commit("what is not")


@pytest.mark.thorough
def test_an_operator_that_ends_the_process_costs_no_other_and_its_witness_shows_it(
    tinyops: GitRepository, run_long: Callable[..., Ran], tmp_path: Path
) -> None:
    said = "return print('raw', flush=True) or x + 1"
    crashing(tinyops, {**{name: body for name, (body, _) in ENDING.items()}, "talks": said})
    path = tmp_path / "sweep.json"
    ran = run_long(tinyops, "sweep", "--old=HEAD~1", "--new=HEAD", f"--report={path}")
    rows = {
        one["operator"].removeprefix("tinyops::"): one for one in json.loads(path.read_text())["operators"]
    }
    assert {name: rows[name]["detail"] for name in ENDING} == {
        name: detail for name, (_, detail) in ENDING.items()
    }, ran.err
    assert {one["status"] for name, one in rows.items() if name in ENDING} == {"crash"}
    assert {one["status"] for name, one in rows.items() if name not in ENDING} == {"same"}
    assert ran.status == 1
    assert rows["some"]["inputs"][0]["tensor"] == "int64"
    assert "model(torch.tensor([[-9, 5], [-1, -7]]))" in rows["some"]["witness"]


@pytest.mark.thorough
def test_an_operator_that_never_ends_or_takes_all_memory_costs_no_other(
    tinyops: GitRepository, run_long: Callable[..., Ran], tmp_path: Path
) -> None:
    eats = "y = [x]\n    while True:\n        y.append(torch.ones(1 << 22))"
    crashing(tinyops, {"loops": "while True:\n        pass", "eats": eats})
    path = tmp_path / "sweep.json"
    ran = run_long(tinyops, "sweep", "--old=HEAD~1", "--new=HEAD", f"--report={path}")
    told = statuses(path)
    assert told.pop("tinyops::loops") == "crash", ran.err
    assert told.pop("tinyops::eats") in ("crash", "raises")
    assert set(told.values()) == {"same"}


def test_without_a_checkout_in_the_settings_no_commit_can_be_swept(new_repository, opfixtures):
    ran = opfixtures(new_repository({"README.md": "Nothing.\n"}), "sweep", "--old", "HEAD", "--new", "HEAD")
    assert ran.status == 2
    assert "to sweep a commit, the settings need a runtime of kind `checkout`" in ran.err


def test_the_action_tells_what_changed_and_a_waiver_softens_it(
    tinyops: GitRepository,
    new_repository: Callable[..., GitRepository],
    tmp_path: Path,
    checkouts: str,
) -> None:
    tinyops.git("switch", "--quiet", "--create", "topic")
    tinyops.git("branch", "--force", "main", "HEAD~1")
    for name in ("allowFilter", "allowAnySHA1InWant"):
        tinyops.git("config", f"uploadpack.{name}", "true")
    tinyops.write("pyproject.toml", tinyops.read("pyproject.toml") + WAIVER)
    job = new_repository(name="job")
    job.git("remote", "add", "origin", f"file://{tinyops.root}")
    (tmp_path / "runner").mkdir()
    project = Project(tinyops, job, tmp_path / "runner")
    payload = project.open()
    done = project.run("pull_request", payload, OPFIXTURES_CACHE=checkouts, OPFIXTURES_SWEEP="true")
    RESULT_SCHEMA.validate(done.report)
    found = {one["operator"]: one for one in done.report["findings"] if one["code"].startswith("sweep.")}
    assert {name: (one["code"], one["severity"]) for name, one in found.items()} == {
        "tinyops::body": ("sweep.values", "note"),
        "tinyops::halve": ("sweep.dtype", "error"),
    }, done.out + done.err
    assert found["tinyops::halve"]["path"] == OPERATORS
    line = tinyops.read(OPERATORS).splitlines()[found["tinyops::halve"]["line"] - 1]
    assert '"halve(Tensor x) -> Tensor"' in line
    assert done.status == 1
    assert "title=sweep.dtype tinyops" in done.out
    assert "tinyops::halve" in done.summary
    assert "gives another dtype" in done.summary
    assert "(waived until 2999-12-31: meant)" in done.summary


@pytest.mark.thorough
def test_exported_programs_are_swept_between_releases_that_read_each_other(
    new_repository: Callable[..., GitRepository], run_long: Callable[..., Ran], tmp_path: Path
) -> None:
    report = tmp_path / "sweep.json"
    sides = ("--old", "torch-2.7.1", "--new", "torch-2.13.0", "--format", "pt2")
    globs = ("--operator", "aten::add.Tensor", "--operator", "aten::gelu")
    repository = new_repository({"README.md": "Nothing.\n"})
    ran = run_long(repository, "sweep", *sides, *globs, f"--report={report}", releases=True)
    assert statuses(report) == {"aten::add.Tensor": "same", "aten::gelu": "same"}, ran.err
    assert json.loads(report.read_text())["format"] == "pt2"


WAIVER = """
[tool.opfixtures.waivers]
"tinyops::body" = { codes = ["sweep.values"], reason = "meant", expires = 2999-12-31 }
"""
