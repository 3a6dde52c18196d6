"""`opfixtures new` with a pre-change runtime to ask: what it finds, and what it says where it finds nothing."""

import sys

import pytest

from opfixtures.commands import new_samples
from opfixtures.worker.observations import OperatorSeen
from tests.repositories import GitRepository

pytestmark = pytest.mark.torch
SETTINGS = """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
"""
RUNTIME = """
[[tool.opfixtures.runtimes]]
kind = "{kind}"
{keys}
"""


@pytest.fixture
def tree(new_repository, opfixtures):
    """Makes a repository with these runtimes, in which `new` runs for an operator with an old schema."""

    def make(runtime="", version_map="OPERATOR_VERSIONS = {}\n", settings=""):
        files = {
            ".opfixtures.toml": SETTINGS + settings + runtime,
            "map.py": version_map,
            "registry.py": "from modules import *\n\nALL_MODULES = {}\n",
            "modules.py": "import torch\n",
        }
        repository: GitRepository = new_repository(files)
        return repository, lambda *args: opfixtures(repository, "new", *args)

    return make


def interpreter(**keys):
    lines = "".join(f'{key.replace("_", "-")} = "{value}"\n' for key, value in keys.items())
    return RUNTIME.format(kind="interpreter", keys=f'python = "{sys.executable}"\n{lines}')


def notes(ran):
    assert ran.status == 0, ran.err
    return [line.removeprefix("note: ") for line in ran.out.splitlines() if line.startswith("note: ")]


def test_what_runs_gets_samples_and_what_does_not_is_left_out(tree):
    repository, new = tree(interpreter())
    ran = new(
        "aten::clamp",
        "--old-schema",
        CLAMP,
        "--apply",
    )
    [note] = notes(ran)
    assert note.startswith(
        "aten::clamp: TestVersionedClampDefaultsV3 is left out: nothing that was tried runs ("
    )
    assert "At least one of 'min' or 'max' must not be None" in note
    assert "TestVersionedClampDefaults" not in repository.read("modules.py")
    assert "def sample_inputs(self):" in repository.read("modules.py")


@pytest.mark.parametrize(
    ("runtime", "why"),
    [
        ("", "no runtime in the settings serves operator version 3"),
        (interpreter().replace(sys.executable, "/nowhere/python"), "there is no Python '/nowhere/python'"),
        (interpreter(**{"import": "not_there"}), "No module named 'not_there'"),
    ],
)
def test_without_a_runtime_there_are_no_samples_and_it_is_said(tree, runtime, why):
    _, new = tree(runtime)
    [note] = notes(new("aten::relu", "--old-schema", "relu(Tensor self) -> Tensor"))
    assert note.startswith("aten::relu: its pre-change runtime cannot be had: ")
    assert why in note


@pytest.mark.parametrize("returned", ["(Tensor, Tensor)", "Tensor[]"])
def test_a_runtime_is_not_asked_for_what_torch_cannot_upgrade(tree, tmp_path, returned):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexit 1\n")
    python.chmod(0o755)
    _, new = tree(interpreter().replace(sys.executable, str(python)))
    ran = new("aten::parted", "--old-schema", f"aten::parted(Tensor x) -> {returned}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("opfixtures: error: torch cannot upgrade aten::parted, which returns ")
    assert not (tmp_path / "asked").exists()
    assert new("aten::parted", "--old-schema", "aten::parted(Tensor x) -> Tensor").status == 0
    assert (tmp_path / "asked").exists()


def test_what_is_wrong_with_one_of_several_is_said_before_a_runtime_is_asked_for_another(tree, tmp_path):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexit 1\n")
    python.chmod(0o755)
    repository, new = tree(
        interpreter().replace(sys.executable, str(python)), settings='operators = ["ops.yaml"]\n'
    )
    repository.write("ops.yaml", "- func: relu(Tensor self) -> Tensor\n")
    repository.commit()
    repository.write("ops.yaml", "- func: relu(Tensor self, int n) -> Tensor\n")
    ran = new("aten::relu", "aten::relx")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "opfixtures: error: there is no operator aten::relx: did you mean aten::relu?\n"
    repository.write("registry.py", "ALL_MODULES = dict()\nALL_MODULES[1] = 2\n")
    assert new("aten::relu").status == 2
    assert not (tmp_path / "asked").exists()


def test_a_runtime_is_asked_once_what_it_knows_of_all_that_are_named(tree, monkeypatch):
    repository, new = tree(interpreter(), settings='operators = ["ops.yaml"]\n')
    repository.write("ops.yaml", "- func: a1(Tensor self) -> Tensor\n- func: a2(Tensor self) -> Tensor\n")
    repository.commit()
    repository.write("ops.yaml", "- func: a1(Tensor x) -> Tensor\n- func: a2(Tensor x) -> Tensor\n")
    asked = []

    def operators_in(_, operators, __):
        asked.append(list(operators))
        return {one: OperatorSeen(None, None, False) for one in operators}

    monkeypatch.setattr(new_samples, "operators_in", operators_in)
    ran = new("aten::a1", "aten::a2", "--behaviour")
    assert ran.status == 0, ran.err
    assert asked == [["aten::a1", "aten::a2"]]


def test_an_operator_that_the_runtime_lacks_is_named(tree):
    _, new = tree(interpreter())
    [note] = notes(new("aten::nothing", "--old-schema", "nothing(Tensor self) -> Tensor"))
    assert note.startswith("aten::nothing: ")
    assert note.endswith(" has no such operator")


def test_what_never_runs_needs_samples_of_its_author(tree):
    repository, new = tree(interpreter())
    ran = new("aten::convolution_overrideable", "--old-schema", OVERRIDEABLE, "--apply")
    [note] = notes(ran)
    assert note.startswith(
        "aten::convolution_overrideable: TestVersionedConvolutionOverrideableV3 needs sample_inputs() of yours: "
        "nothing that was tried runs ("
    )
    assert "class TestVersionedConvolutionOverrideableV3(" in repository.read("modules.py")


LEAKY = "leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor"
RRELU = (
    "rrelu(Tensor self, Scalar lower=0.125, Scalar upper=0.5, bool training=False, Generator? generator=None)"
)
RRELU += " -> Tensor"


@pytest.mark.parametrize(
    ("old", "now", "left"),
    [
        (LEAKY, LEAKY.replace("0.01", "0.02"), None),
        (RRELU, RRELU.replace(", Generator? generator=None", ""), "generator"),
    ],
)
def test_the_argument_that_changed_gets_a_value_other_than_its_default_or_it_is_said(tree, old, now, left):
    repository, new = tree(interpreter(), settings='operators = ["ops.yaml"]\n')
    repository.write("ops.yaml", f"- func: {old}\n")
    repository.git("add", "--all")
    repository.commit()
    repository.write("ops.yaml", f"- func: {now}\n")
    ran = new(f"aten::{old.partition('(')[0]}", "--apply")
    said = [
        f"aten::{old.partition('(')[0]}: nothing that runs gives {left}, which changed, another value than the "
        "default: add such a sample to sample_inputs(), or old models that pass one are not tried"
    ]
    assert notes(ran) == (said if left else [])
    assert "def sample_inputs(self):" in repository.read("modules.py")
    assert "0.01" not in repository.read("modules.py")


def test_of_an_entry_that_stands_the_samples_are_kept_that_a_release_tells_apart(tree):
    """The interpreter has the change already: floats divide as ever, whole numbers do not."""
    entry = (
        '{"bumped_at_version": 4, "upgrader_name": "div_Tensor_0_3", '
        '"old_schema": "aten::div.Tensor(Tensor self, Tensor other) -> Tensor"}'
    )
    version_map = f'OPERATOR_VERSIONS = {{"aten::div.Tensor": [{entry}]}}\n'
    repository, new = tree(interpreter(), version_map)
    assert notes(new("--all", "--apply")) == []
    text = repository.read("modules.py")
    # It is no pre-change runtime: all come out alike with the upgrader and without, and all are kept.
    assert "0.625" in text


CLAMP = "clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor"
OVERRIDEABLE = (
    "convolution_overrideable(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, "
    "SymInt[] dilation, bool transposed, SymInt[] output_padding, SymInt groups) -> Tensor"
)
