"""Exported programs: what torch.export.load does without a word to the models of users, a fixture shows.

Each edit of the operators is made in a work tree of its own, beside fixtures that were made once.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.conftest import TREES
from tests.repositories import GitRepository, Ran, git_environment_in

RunLong = Callable[..., Ran]
PAGES = {
    name: (TREES.parent / "docs" / name).read_text(encoding="utf-8")
    for name in ("fixture-modules.md", "libraries.md")
}
SETTINGS = """\
[tool.opfixtures]
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
fixture-format = "pt2"

[[tool.opfixtures.runtimes]]
kind = "checkout"
setup = [["sh", "-c", "cp -r mylib \\"$VIRTUAL_ENV\\"/lib/python*/site-packages"]]
import = "mylib"
"""
# `leak` uses f for what is negative only: samples that are not never feel it.
OPERATORS = """\
import torch

_library = torch.library.Library("mylib", "DEF")
for name, function in {{
    "scale": lambda {signature}: x * {factor},
    "leak": lambda {signature}: torch.where(x < 0, x * {factor}, x),
}}.items():
    _library.define(f"{{name}}({schema}) -> Tensor")
    _library.impl(name, function, "CompositeExplicitAutograd")
    torch.library.register_fake(f"mylib::{{name}}", lambda x, *args, **kwargs: torch.empty_like(x))
"""
OLD = OPERATORS.format(signature="x, f=2.0", schema="Tensor x, float f=2.0", factor="f")
GUARDS = {
    "Scale": ("scale", "x, 5.0"),
    "ScaleAsItIs": ("scale", "x"),
    "Leak": ("leak", "x, 5.0"),
    "LeakAsItIs": ("leak", "x"),
}
MODULE = """

class {name}(torch.nn.Module):
    def forward(self, x):
        return torch.ops.mylib.{operator}({arguments})

    def sample_inputs(self):
        return [(torch.tensor([1.0]),)]
"""


def library(repository: GitRepository, operators: str = OLD, settings: str = SETTINGS) -> None:
    """A library in which nothing is guarded, committed."""
    repository.write("pyproject.toml", settings)
    repository.write("mylib/__init__.py", operators)
    repository.write("modules.py", "import torch\n")
    repository.write("registry.py", "from modules import *\n\nALL_MODULES = {}\n")
    repository.commit("mylib 1.0")


def guard(repository: GitRepository, modules: str, rows: dict[str, str]) -> None:
    repository.write("modules.py", f"import torch\n{modules}")
    text = "".join(f'    {name}(): "mylib::{operator}",\n' for name, operator in rows.items())
    repository.write("registry.py", f"from modules import *\n\nALL_MODULES = {{\n{text}}}\n")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, checkouts: str) -> Path:
    """A repository with the library, its guards and their fixtures, committed."""
    home = tmp_path_factory.mktemp("exported")
    (home / "library").mkdir()
    repository = GitRepository(home / "library", git_environment_in(home))
    repository.git("init", "--quiet", "--initial-branch", "main")
    library(repository)
    modules = "".join(
        MODULE.format(name=name, operator=operator, arguments=arguments)
        for name, (operator, arguments) in GUARDS.items()
    )
    guard(repository, modules, {name: operator for name, (operator, _) in GUARDS.items()})
    ran = repository.opfixtures("generate", OPFIXTURES_CACHE=checkouts)
    assert (ran.status, "4 verified (4 made by this run)" in ran.out) == (0, True), ran.out + ran.err
    repository.git("add", "--all")
    repository.commit("Guards, and their fixtures")
    return repository.root


@pytest.fixture
def edited(made: Path, tmp_path: Path, git_environment: dict[str, str]) -> GitRepository:
    """A copy of that repository, to be edited."""
    shutil.copytree(made, tmp_path / "library")
    return GitRepository(tmp_path / "library", git_environment)


def rows_of(ran: Ran, path: Path) -> dict[str, dict[str, Any]]:
    """The report's rows by module; `ran` has ended as they say."""
    rows = {row["module"]: row for row in json.loads(path.read_text())["fixtures"]}
    red = any(row["status"] not in ("verified", "accepted") for row in rows.values())
    assert ran.status == int(red), ran.out + ran.err
    return rows


class Edit(NamedTuple):
    """A change of both operators, and what becomes of the four fixtures: of scale(x, 5.0) and scale(x), then of the
    same with leak, whose outputs stay what they were. Empty where it is verified."""

    operators: str
    reasons: tuple[str, str, str, str]


def changed(signature: str, schema: str, factor: str = "f") -> str:
    return OPERATORS.format(signature=signature, schema=schema, factor=factor)


def dropped(operator: str) -> str:
    today = f"mylib::{operator}(Tensor x, float factor=2.) -> Tensor"
    return f"argument f of mylib::{operator} is dropped without a word: today it is {today}"


def to_be_named(operator: str) -> str:
    return (
        f"argument f of mylib::{operator} has to be named, and the program gives it by its place: today it is"
        f" mylib::{operator}(Tensor x, *, float f=2.) -> Tensor (sample 1: raises: RuntimeError: mylib::{operator}()"
    )


def taken_for_another(operator: str) -> str:
    today = f"mylib::{operator}(Tensor x, float offset=0., float f=2.) -> Tensor"
    return f"argument f of mylib::{operator} is taken for offset, which is in its place: today it is {today}"


def missing(operator: str) -> str:
    return (
        f"argument g of mylib::{operator} has no default, and the program does not store it: today it is"
        f" mylib::{operator}(Tensor x, float g, float f=2.) -> Tensor"
    )


DEFAULT = "f was left out, it was 2.0 then and is 3.0 now"
GONE = "there is no operator mylib::{} any more"
TABLE = {
    "an argument is renamed": Edit(
        changed("x, factor=2.0", "Tensor x, float factor=2.0", "factor"),
        (f"{dropped('scale')} (sample 1: element 0: 5.0 then, 2.0 now)", "", dropped("leak"), ""),
    ),
    "a default changes": Edit(
        changed("x, f=3.0", "Tensor x, float f=3.0"),
        ("", f"{DEFAULT} (sample 1: element 0: 2.0 then, 3.0 now)", "", DEFAULT),
    ),
    "the body changes": Edit(
        changed("x, f=2.0", "Tensor x, float f=2.0", "(f + 1)"),
        (
            "not equal: sample 1: element 0: 5.0 then, 6.0 now",
            "not equal: sample 1: element 0: 2.0 then, 3.0 now",
            "",
            "",
        ),
    ),
    "an argument has to be named": Edit(
        changed("x, *, f=2.0", "Tensor x, *, float f=2.0"),
        (to_be_named("scale"), "", to_be_named("leak"), ""),
    ),
    "a required argument is added": Edit(
        changed("x, g, f=2.0", "Tensor x, float g, float f=2.0"),
        (missing("scale"), missing("scale"), missing("leak"), missing("leak")),
    ),
    "an operator is gone": Edit(
        "import torch\n",
        (GONE.format("scale"), GONE.format("scale"), GONE.format("leak"), GONE.format("leak")),
    ),
    # Not in the order of the arguments then: torch lines up what was given by its place.
    "an argument comes before another": Edit(
        changed("x, offset=0.0, f=2.0", "Tensor x, float offset=0.0, float f=2.0", "f + offset"),
        (
            f"{taken_for_another('scale')} (sample 1: element 0: 5.0 then, 7.0 now)",
            "",
            taken_for_another("leak"),
            "",
        ),
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", TABLE)
def test_what_torch_does_without_a_word_a_fixture_says(
    edited: GitRepository, run_long: RunLong, tmp_path: Path, name: str
) -> None:
    """Also where the outputs happen to agree: samples that are not negative feel nothing of leak's f."""
    edit = TABLE[name]
    edited.write("mylib/__init__.py", edit.operators)
    ran = run_long(edited, "verify", "--report", str(tmp_path / "report.json"))

    rows = rows_of(ran, tmp_path / "report.json")
    assert list(rows) != []
    for module, reason in zip(GUARDS, edit.reasons, strict=True):
        wanted = f"torch.export.load: {reason}" if reason else ""
        assert rows[module]["status"] == ("mismatch" if reason else "verified"), ran.out
        assert rows[module]["reason"].startswith(wanted)
        assert bool(rows[module]["reason"]) == bool(reason)
        assert wanted in ran.out


def test_the_page_for_libraries_shows_each_way_to_break_old_files_and_what_is_said() -> None:
    rows = re.findall(r"^\| .* \| .* \| `(.*)` \|$", PAGES["libraries.md"], re.MULTILINE)
    said = [next(filter(None, edit.reasons)) for edit in TABLE.values()]
    assert sorted(row for row in rows for one in said if one.startswith(row)) == sorted(rows)
    assert len(rows) == len(TABLE)


def test_the_modules_that_the_page_shows_for_exported_programs_are_those_that_are_tried() -> None:
    page = PAGES["fixture-modules.md"].partition("## For `.pt2`\n")[2]
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert [block for block in shown if block not in MODULES] == []
    assert len(shown) == 2


def test_an_argument_that_is_lost_counts_as_other_results_where_a_break_is_accepted(
    edited: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    edited.write("mylib/__init__.py", TABLE["an argument is renamed"].operators)
    edited.write(
        "pyproject.toml",
        SETTINGS
        + """
[tool.opfixtures.accepted-breaks]
"mylib::leak" = { how = "other results", release = "mylib 2.0", reason = "f is factor", modules = ["Leak"] }
"mylib::scale" = { how = "does not load", release = "mylib 2.0", reason = "f is factor", modules = ["Scale"] }
""",
    )
    ran = run_long(edited, "verify", "--report", str(tmp_path / "report.json"))

    rows = rows_of(ran, tmp_path / "report.json")
    assert {module: row["status"] for module, row in rows.items()} == {
        "Scale": "mismatch",
        "ScaleAsItIs": "verified",
        "Leak": "accepted",
        "LeakAsItIs": "verified",
    }
    assert "other results from mylib 2.0 on: f is factor (pyproject.toml says so)\n" in ran.out
    assert rows["Leak"]["facts"]["loaders"]["torch.export.load"]["equal"]["value"] == "yes"
    told = "fails otherwise than accepted (does not load): torch.export.load: other results: sample 1: element 0: 5.0"
    assert rows["Scale"]["reason"].startswith(told)


UNSCRIPTED = """\
import torch


@torch.library.custom_op("mylib::tile", mutates_args=(), schema="(Tensor x, SymInt n) -> Tensor")
def tile(x, n):
    return x.repeat(n)


@tile.register_fake
def _(x, n):
    return x.new_empty(x.shape[0] * n)
"""
MODULES = """

class Tiled(torch.nn.Module):
    def forward(self, x):
        return torch.ops.mylib.tile(x, x.shape[0])

    def sample_inputs(self):
        return [(torch.ones(2),), (torch.tensor([1.0, 2.0, 3.0]),)]

    def dynamic_shapes(self):
        return {"x": {0: torch.export.Dim("length", min=2)}}


class OfMany(torch.nn.Module):
    def forward(self, inputs, **more):
        return [torch.ops.mylib.tile(x, more["n"]) for x in inputs.values()]

    def sample_inputs(self):
        return {"inputs": {"one": torch.ones(2), "other": torch.ones(1)}, "n": 2}


class Alone(torch.nn.Module):
    strict_export = True

    def __init__(self):
        super().__init__()
        self.inner = Tiled()

    def forward(self, *, x: torch.Tensor):
        return self.inner(torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,)))

    def sample_inputs(self):
        return [{"x": torch.ones(2)}, {"x": torch.ones(3)}]
"""
# Its state goes on from run to run, its precision is a region's, its length is any.
MORE_MODULES = """

class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x):
        self.seen.add_(1.0)
        return torch.ops.mylib.tile(x * self.seen, 2)

    def sample_inputs(self):
        return [(torch.ones(2),), (torch.tensor([1.0, 2.0]),)]


class InAutocast(torch.nn.Module):
    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return torch.ops.mylib.tile((x @ x).flatten(), 2)

    def sample_inputs(self):
        return [(torch.ones(2, 2),)]


class OfAnyLength(torch.nn.Module):
    def forward(self, x):
        return torch.ops.mylib.tile(x, 2)

    def sample_inputs(self):
        return [(torch.ones(3),), (torch.ones(5),)]

    def dynamic_shapes(self):
        return {"x": {0: torch.export.Dim.DYNAMIC}}
"""


def test_what_does_not_script_is_proven_as_pt2_and_what_does_in_each_format_that_is_asked_for(
    new_repository: Callable[..., GitRepository], run_long: RunLong, tmp_path: Path
) -> None:
    """Inputs in a dict, by keyword alone, of a length that differs; an operator that takes a SymInt."""
    repository = new_repository(name="library")
    settings = SETTINGS.replace('"pt2"', '["ptl", "pt2"]')
    library(repository, UNSCRIPTED, settings.replace('registry = "', 'version-map = "map.py"\nregistry = "'))
    repository.write("map.py", "OPERATOR_VERSIONS = {}\n")
    guard(repository, MODULES, dict.fromkeys(("Tiled", "OfMany", "Alone"), "tile"))
    path = tmp_path / "report.json"

    ran = run_long(repository, "generate", "--report", str(path))
    assert ran.status == 1, ran.out + ran.err
    told = {row["fixture"]: row["status"] for row in json.loads(path.read_text())["fixtures"]}
    assert told == {
        "fixtures/tiled.ptl": "verified",
        "fixtures/tiled.pt2": "verified",
        "fixtures/of_many.ptl": "refused",
        "fixtures/of_many.pt2": "verified",
        "fixtures/alone.ptl": "refused",
        "fixtures/alone.pt2": "verified",
    }
    made = {name for name, status in told.items() if status == "verified"}
    assert made | {f"{name}.json" for name in made} == {
        f"fixtures/{file.name}" for file in (repository.root / "fixtures").iterdir()
    }
    # What torch.export traced for one length takes no other, and the row says so.
    assert "1 of 2 samples do not fit what torch.export traced, and were left out: sample 2: " in ran.out
    samples = {name: json.loads(repository.read(f"{name}.json"))["samples"] for name in made}
    assert {name: len(found) for name, found in samples.items() if name != "fixtures/tiled.ptl"} == {
        "fixtures/tiled.pt2": 2,
        "fixtures/of_many.pt2": 1,
        "fixtures/alone.pt2": 1,
    }
    assert samples["fixtures/of_many.pt2"][0]["inputs"].keys() == {"inputs", "n"}

    # Asked for `.pt2` alone, it needs no version map either.
    repository.write("pyproject.toml", SETTINGS)
    rows = ("Tiled", "OfMany", "Alone", "Counting", "InAutocast", "OfAnyLength")
    guard(repository, MODULES + MORE_MODULES, dict.fromkeys(rows, "tile"))
    ran = run_long(repository, "generate")
    assert ran.status == 0, ran.out + ran.err
    # What dynamo traced too: neither ids nor paths of this machine are in there.
    assert "7 verified (3 made by this run, 4 made again)" in ran.out
    assert b"site-packages" not in (repository.root / "fixtures" / "alone.pt2").read_bytes()
    assert "0 errors" in repository.opfixtures("check").out
