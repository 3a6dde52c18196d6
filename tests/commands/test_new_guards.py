"""`opfixtures new --guard` on real repositories, without a runtime and with one to ask."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from opfixtures import report
from opfixtures.commands.guard_sources import Unknown, as_seen
from opfixtures.runtimes import Runtime
from opfixtures.worker.observations import OperatorSeen
from tests.repositories import GitRepository, Ran

SCHEMA = json.loads((Path(report.__file__).parent / "schemas/new.schema.json").read_text())
OPS = """\
import torch

lib = torch.library.Library("vistools", "DEF")
lib.define("sharpen(Tensor x, float amount=1.0) -> Tensor")
lib.define("blur(Tensor x) -> Tensor")
lib.define("blur.v2(Tensor x, SymInt n) -> Tensor")
lib.define("none(Tensor x) -> Tensor")
"""
SETTINGS = """\
[tool.opfixtures]
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
fixture-format = ["pt2"]
operators = ["ops.py"]
"""
MAP = 'version-map = "map.py"\n'
LIBRARY = {
    ".opfixtures.toml": SETTINGS,
    "registry.py": "from modules import *\n\nALL_MODULES = {}\n",
    "modules.py": "import torch\n",
    "ops.py": OPS,
}
OF_ALL = [
    "SharpenGuard",
    "SharpenGuardDefaults",
    "BlurGuard",
    "BlurV2Guard",
    "NoneGuard",
]
RUNTIME = f'\n[[tool.opfixtures.runtimes]]\nkind = "interpreter"\npython = "{sys.executable}"\n'


class Guarding:
    """A repository in which `new --guard` runs."""

    def __init__(self, repository: GitRepository, opfixtures: Callable[..., Ran]) -> None:
        self.repository = repository
        self.read = repository.read
        self._opfixtures = opfixtures

    def write(self, path: str, text: str) -> None:
        (self.repository.root / path).write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        assert old in self.read(path)
        self.write(path, self.read(path).replace(old, new))

    def run(self, *args: str, samples: bool = False) -> Ran:
        asked = () if samples else ("--no-samples",)
        return self._opfixtures(self.repository, "new", "--guard", *asked, *args)

    def state(self) -> dict[str, str]:
        return {path: self.read(path) for path in self.repository.git("ls-files").splitlines()}

    def rows(self) -> list[str]:
        lines = self.read("registry.py").splitlines()
        return [line.strip() for line in lines if line.startswith("    ")]

    def new(self, *args: str, samples: bool = False) -> str:
        """What it says: first without writing, then written, then with nothing left to write."""
        before = self.state()
        shown = self.run(*args, samples=samples)
        assert (shown.status, shown.err if not samples else "") == (0, "")
        assert self.state() == before
        written = self.run(*args, "--apply", "-v", samples=samples)
        assert written.status == 0
        head, _, _ = written.out.partition("\n--- a/")
        assert shown.out.partition("\n--- a/")[0] == head
        after = self.state()
        assert after != before
        assert self.run(*args, "--apply", samples=samples).out.endswith("opfixtures: nothing to add\n")
        assert self.state() == after
        return head

    def refused(self, *args: str, samples: bool = False) -> str:
        before = self.state()
        ran = self.run(*args, "--apply", samples=samples)
        assert (ran.status, ran.out) == (2, "")
        assert self.state() == before
        return ran.err.removeprefix("opfixtures: error: ").rstrip("\n")

    def notes(self, *args: str) -> list[str]:
        ran = self.run(*args, "--apply", samples=True)
        assert ran.status == 0, ran.err
        lines = ran.out.splitlines()
        return [line.removeprefix("note: ") for line in lines if line.startswith("note: ")]


@pytest.fixture
def made(
    new_repository: Callable[..., GitRepository], opfixtures: Callable[..., Ran]
) -> Callable[..., Guarding]:
    """Makes the library's repository, with other files or settings."""

    def make(settings: str = SETTINGS, **files: str) -> Guarding:
        others = {f"{name}.py": text for name, text in files.items()}
        tree = {**LIBRARY, ".opfixtures.toml": settings, **others}
        return Guarding(new_repository(tree), opfixtures)

    return make


@pytest.fixture
def library(made: Callable[..., Guarding]) -> Guarding:
    """The library, whose fixtures are exported programs alone."""
    return made()


def with_runtime(
    runtime: str = RUNTIME, ops: str = "torch.library.define('aten::relu', '(Tensor self) -> Tensor')"
) -> dict[str, str]:
    """A library of operators that any torch has, with a runtime to ask."""
    return {"settings": SETTINGS + runtime, "ops": f"import torch\n{ops}\n"}


class TestWithoutARuntime:
    def test_an_operator_gets_modules_and_rows_and_nothing_else(self, library: Guarding) -> None:
        said = library.new("vistools::sharpen")
        assert said.splitlines() == [
            "vistools::sharpen",
            "target:  sharpen(Tensor x, float amount=1.0) -> Tensor",
            "+ modules.py  SharpenGuard",
            "+ modules.py  SharpenGuardDefaults",
            "+ registry.py row of SharpenGuard",
            "+ registry.py row of SharpenGuardDefaults",
        ]
        assert library.rows() == [
            'SharpenGuard(): "vistools::sharpen",',
            'SharpenGuardDefaults(): "vistools::sharpen",',
        ]
        ran = library.run("vistools::sharpen")
        assert ran.out == (
            "vistools::sharpen\nhas a guard: SharpenGuard, SharpenGuardDefaults\nopfixtures: nothing to add\n"
        )

    @pytest.mark.parametrize("map_of", ["", MAP])
    def test_all_operators_get_one_with_a_version_map_and_without(
        self, made: Callable[..., Guarding], map_of: str
    ) -> None:
        settings = (SETTINGS + map_of).replace(
            'fixture-format = ["pt2"]\n', "" if map_of else 'fixture-format = ["pt2"]\n'
        )
        library = made(settings, map="OPERATOR_VERSIONS = {}\n")
        library.new("--all")
        assert [row.partition("(")[0] for row in library.rows()] == OF_ALL
        assert library.read("map.py") == "OPERATOR_VERSIONS = {}\n"

    def test_what_has_a_row_or_an_entry_gets_none(self, made: Callable[..., Guarding]) -> None:
        old = '"upgrader_name": "blur_0_3", "old_schema": "vistools::blur(Tensor x) -> Tensor"'
        entry = f'{{"bumped_at_version": 4, {old}}}'
        library = made(
            SETTINGS + MAP,
            map=f'OPERATOR_VERSIONS = {{"vistools::blur": [{entry}]}}\n',
            registry='from modules import *\n\nALL_MODULES = {\n    Own(): "vistools::none",\n}\n',
            modules="import torch\n\n\nclass Own(torch.nn.Module):\n    pass\n",
        )
        assert library.refused("vistools::blur") == (
            "vistools::blur is in the version map, and its fixtures are those of its entries: "
            "`opfixtures new vistools::blur` adds what they lack"
        )
        library.new("--all")
        assert [row.partition("(")[0] for row in library.rows()] == [
            "Own",
            "SharpenGuard",
            "SharpenGuardDefaults",
            "BlurV2Guard",
        ]

    def test_names_are_unique(self, made: Callable[..., Guarding]) -> None:
        ops = OPS + 'more = torch.library.Library("more", "DEF")\nmore.define("blur(Tensor x) -> Tensor")\n'
        library = made(ops=ops, modules="import torch\n\n\nclass BlurV2Guard:\n    pass\n")
        library.new("--all")
        names = [row.partition("(")[0] for row in library.rows()]
        assert names == [*OF_ALL[:3], "BlurV2Guard2", "NoneGuard", "BlurGuard2"]

    def test_programs_get_an_object(self, library: Guarding) -> None:
        found = json.loads(library.run("vistools::blur", "--format", "json").out)
        jsonschema.validate(found, SCHEMA)
        assert (found["operators"], found["notes"]) == ([], [])
        assert found["guards"] == [
            {
                "operator": "vistools::blur",
                "schema": "vistools::blur(Tensor x) -> Tensor",
                "added": [
                    {"path": "modules.py", "what": "BlurGuard"},
                    {"path": "registry.py", "what": "row of BlurGuard"},
                ],
            }
        ]
        library.run("vistools::blur", "--apply")
        found = json.loads(library.run("vistools::blur", "--format", "json").out)
        jsonschema.validate(found, SCHEMA)
        assert found["guards"] == [{"operator": "vistools::blur", "schema": None, "added": []}]

    def test_the_schema_is_targets(self, library: Guarding) -> None:
        library.replace("ops.py", "float amount=1.0", "int amount")
        assert "target:  sharpen(Tensor x, float amount=1.0) -> Tensor" in library.new("vistools::sharpen")

    def test_what_target_lacks_or_tells_in_two_ways_is_named(self, library: Guarding) -> None:
        library.replace("ops.py", '"none(', '"fresh(')
        reason = "target declares no such operator, and a guard is made by target's operator: "
        assert library.refused("vistools::fresh") == f"vistools::fresh: {reason}commit it first"
        assert library.refused("vistools::nine") == f"vistools::nine: {reason}correct its name"
        assert f"note: vistools::fresh: {reason}commit it first\n" in library.run("--all").out
        library.write("ops.py", OPS + 'lib.define("blur(Tensor x, int n) -> Tensor")\n')
        library.repository.git("add", "--all")
        library.repository.commit()
        assert "declared here and in ops.py:5:12, and not alike" in library.refused("vistools::blur")

    def test_what_cannot_be_read_is_told_and_does_not_stop_the_rest(
        self, made: Callable[..., Guarding]
    ) -> None:
        twice = 'lib.define("twice(Tensor x, int x) -> Tensor")\n'
        library = made(ops=f"{OPS}{twice}lib.define(SCHEMA)\n")
        ran = library.run("--all", "--apply")
        assert ran.status == 0
        assert (
            "note: ops.py:9:12: only a run can tell a schema of vistools here: write a string literal: an operator "
            "that cannot be read here gets a guard by its name: `opfixtures new OPERATOR --guard`\n"
        ) in ran.out
        twice = "vistools::twice: it takes two arguments called x, and no function of Python can"
        assert f"note: {twice}\n" in ran.out
        assert library.refused("vistools::twice") == twice
        assert [row.partition("(")[0] for row in library.rows()] == OF_ALL

    def test_a_map_that_cannot_be_read_may_have_the_operator(self, made: Callable[..., Guarding]) -> None:
        library = made(SETTINGS + MAP, map="OPERATOR_VERSIONS = make()\n")
        assert library.refused("--all").endswith("(nothing is written before)")

    def test_what_does_not_go_together_is_said(self, library: Guarding) -> None:
        said = "--guard is of an operator as target has it: leave --behaviour and --old-schema out"
        assert library.refused("vistools::blur", "--behaviour") == said
        assert library.refused("vistools::blur", "--old-schema", "blur() -> ()") == said


def test_without_a_map_no_entry_is_added(library: Guarding, opfixtures: Callable[..., Ran]) -> None:
    ran = opfixtures(library.repository, "new", "vistools::blur", "--behaviour")
    assert ran.err == (
        "opfixtures: error: the settings name no version map, so vistools::blur can have a guard and no entry: "
        "`opfixtures new vistools::blur --guard`\n"
    )
    ran = opfixtures(library.repository, "new", "--all")
    assert ran.err == (
        "opfixtures: error: the settings name no version map, so no entry lacks anything: "
        "`opfixtures new --guard --all` adds what operators without an entry lack\n"
    )


@pytest.mark.torch
class TestARuntimeIsAsked:
    @pytest.mark.thorough
    def test_for_samples_that_export(self, made: Callable[..., Guarding]) -> None:
        library = made(**with_runtime())
        assert "+ modules.py  ReluGuard with sample inputs" in library.new("aten::relu", samples=True)
        assert library.read("modules.py").count("torch.tensor(") == 1

    def test_for_each_and_what_it_lacks_is_named(self, made: Callable[..., Guarding]) -> None:
        ops = (
            "torch.library.define('aten::relu', '(Tensor self) -> Tensor')\n"
            "torch.library.define('aten::nowhere', '(Tensor self) -> Tensor')\n"
            "torch.library.define('aten::is_floating_point', '(Tensor self) -> bool')\n"
        )
        library = made(**with_runtime(ops=ops))
        nowhere, constant = library.notes("--all")
        lacks = (
            "aten::nowhere: interpreter has no such operator, and a guard is made by target's operator: "
            "register it when the library is imported"
        )
        assert nowhere == lacks
        assert constant == (
            "aten::is_floating_point: no guard is added: nothing that was tried runs "
            "(torch.export does not call aten::is_floating_point here, it calls nothing)"
        )
        assert library.rows() == ['ReluGuard(): "aten::relu",']
        assert library.refused("aten::nowhere", samples=True) == lacks
        [note] = library.notes("aten::is_floating_point")
        assert note.startswith(
            "aten::is_floating_point: IsFloatingPointGuard needs sample_inputs() of yours: "
        )
        assert "class IsFloatingPointGuard(" in library.read("modules.py")

    def test_for_both_formats_at_once(self, made: Callable[..., Guarding]) -> None:
        ops = (
            "torch.library.define('aten::clamp', '(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor')\n"
            "torch.library.define('aten::is_floating_point', '(Tensor self) -> bool')"
        )
        both = (SETTINGS + MAP).replace('["pt2"]', '["ptl", "pt2"]') + RUNTIME
        library = made(both, ops=f"import torch\n{ops}\n", map="OPERATOR_VERSIONS = {}\n")
        clamp, constant = library.notes("--all")
        assert clamp.startswith("aten::clamp: ClampGuardDefaults is left out: nothing that was tried runs (")
        assert constant.startswith(
            "aten::is_floating_point: IsFloatingPointGuard becomes no .pt2: torch.export does not call "
        )
        assert [row.partition("(")[0] for row in library.rows()] == ["ClampGuard", "IsFloatingPointGuard"]

    @pytest.mark.parametrize(
        ("runtime", "why"),
        [
            ("", "no runtime is configured for the newest operators: add one to `runtimes` in the settings"),
            (RUNTIME.replace(sys.executable, "/nowhere/python"), "there is no Python '/nowhere/python'"),
            (RUNTIME + 'import = "not_there"\n', "No module named 'not_there'"),
        ],
    )
    def test_and_where_it_cannot_be_had_that_is_said(
        self, made: Callable[..., Guarding], runtime: str, why: str
    ) -> None:
        library = made(**with_runtime(runtime))
        [note] = library.notes("--all")
        assert note.startswith("aten::relu: ")
        assert why in note
        assert library.rows() == []
        [again] = library.notes("aten::relu")
        assert again == note
        assert library.rows() == ['ReluGuard(): "aten::relu",']
        assert "sample_inputs" not in library.read("modules.py")
        assert why in library.refused("aten::undeclared", samples=True)

    def test_and_where_it_ends_in_the_search_that_is_said(
        self, made: Callable[..., Guarding], tmp_path: Path
    ) -> None:
        python = tmp_path / "python"
        python.write_text(
            f'#!/bin/sh\n[ -e {tmp_path}/asked ] && exit 1\ntouch {tmp_path}/asked\nexec {sys.executable} "$@"\n'
        )
        python.chmod(0o755)
        library = made(**with_runtime(RUNTIME.replace(sys.executable, str(python))))
        [note] = library.notes("--all")
        assert note.startswith("aten::relu: ")
        assert " cannot be used: " in note
        assert library.rows() == []

    def test_a_checkout_of_no_commit_is_none(
        self, new_repository: Callable[..., GitRepository], opfixtures: Callable[..., Ran]
    ) -> None:
        repository = new_repository(name="fresh")
        tree = {
            **LIBRARY,
            ".opfixtures.toml": f'{SETTINGS}\n[[tool.opfixtures.runtimes]]\nkind = "checkout"\nsetup = [["true"]]\n',
        }
        for path, text in tree.items():
            repository.write(path, text)
        ran = opfixtures(repository, "new", "--guard", "--all")
        assert (ran.status, ran.err) == (0, "")
        assert (
            "note: vistools::sharpen and 3 more: the runtime that makes guards cannot be had: there is no commit yet, "
            "and a guard is made by target's operator: commit the library first\n"
        ) in ran.out
        assert "opfixtures: nothing to add\n" in ran.out


class TestInAMonorepo:
    def test_each_operator_goes_to_its_own_project(
        self, new_repository: Callable[..., GitRepository], opfixtures: Callable[..., Ran]
    ) -> None:
        one = {f"one/{path}": text for path, text in LIBRARY.items()}
        two = {f"two/{path}": text.replace("vistools", "other") for path, text in LIBRARY.items()}
        repository = new_repository({**one, **two})
        ran = opfixtures(repository, "new", "--guard", "--no-samples", "--apply", "other::blur")
        assert ran.status == 0, ran.err
        assert 'BlurGuard(): "other::blur",' in repository.read("two/registry.py")
        assert "Guard" not in repository.read("one/registry.py")
        ran = opfixtures(repository, "new", "--guard", "--no-samples", "--apply", "--all")
        assert repository.read("one/registry.py").count("Guard") == len(OF_ALL)
        assert repository.read("two/registry.py").count("Guard") == len(OF_ALL)


def test_a_schema_that_cannot_be_read_is_told() -> None:
    """Of a torch to come: all that is in those of today is read."""
    seen = OperatorSeen("x::y(Novelty z) -> Tensor", None, False)
    nobody: Any = None
    assert as_seen(nobody, "x::y", seen, Runtime("interpreter", "here", "python")) == Unknown(
        "its schema cannot be read (Novelty is not a type): x::y(Novelty z) -> Tensor"
    )
