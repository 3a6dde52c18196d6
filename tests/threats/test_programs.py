"""Code in an exported program, which torch executes when it loads or runs it: the reader refuses it before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opfixtures.archives.exported_program import read_exported_program
from opfixtures.archives.model import ArchiveError
from tests.archives.programs import NEW, OLD, calling, edited, program, with_members
from tests.repositories import GitRepository, Ran

# Loads each as a worker would that did not look, and runs it: what executes leaves a file.
LOAD = """
import sys, torch
for path in sys.argv[1:]:
    try:
        torch.export.load(path).module()(torch.ones(4, 3), 3.0, [torch.ones(3), 2])
    except BaseException:
        pass
"""


def size_calls(root: Any, where: str) -> None:
    sizes = root["graph_module"]["graph"]["tensor_values"]["x"]["sizes"]
    sizes[0]["as_expr"]["expr_str"] = f"__import__('os').mkdir({where!r})"


def guard_calls(root: Any, where: str) -> None:
    root["guards_code"] = [f"__import__('os').mkdir({where!r}) or True"]


def key_calls(root: Any, where: str) -> None:
    """A key of the keyword inputs stands in the head of the function that torch generates, and in a set in its body."""
    leaf: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
    key = f"""b:"'#"=__import__('os').mkdir({where!r})\n"""
    none = {"type": "builtins.tuple", "context": "null", "children_spec": []}
    named = {"type": "builtins.dict", "context": json.dumps([key]), "children_spec": [leaf]}
    spec = [1, {"type": "builtins.tuple", "context": "null", "children_spec": [none, named]}]
    root["graph_module"]["module_call_graph"][0]["signature"].update(
        in_spec=json.dumps(spec), forward_arg_names=[]
    )


ATTACKS: dict[str, Callable[[str], bytes]] = {
    "a pickle": lambda where: with_members(OLD, {"serialized_state_dict.pt": calling(os.mkdir, where)}),
    "a pickle of the new layout": lambda where: with_members(
        NEW, {"model/data/constants/model.pt": calling(os.mkdir, where)}
    ),
    "an expression": lambda where: edited(NEW, lambda root: size_calls(root, where)),
    "a key of a dict": lambda where: edited(NEW, lambda root: key_calls(root, where)),
    "a guard": lambda where: edited(NEW, lambda root: guard_calls(root, where)),
}


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives of all attacks, each loaded once by torch itself."""
    folder = tmp_path_factory.mktemp("programs")
    for name, make in ATTACKS.items():
        (folder / f"{name}.pt2").write_bytes(make(os.fspath(folder / name)))
    paths = [os.fspath(folder / f"{name}.pt2") for name in ATTACKS]
    subprocess.run([sys.executable, "-W", "ignore", "-c", LOAD, *paths], check=True, capture_output=True)
    return folder


@pytest.mark.torch
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_program_holds_code(laid: Path, attack: str) -> None:
    assert (laid / attack).is_dir(), "torch alone executes it"
    with pytest.raises(ArchiveError):
        read_exported_program((laid / f"{attack}.pt2").read_bytes())


SETTINGS = """\
[tool.opfixtures]
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
fixture-format = ["pt2"]

[[tool.opfixtures.runtimes]]
kind = "interpreter"
python = "{python}"
"""
MODULES = """\
import torch


class Gelu(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)

    def sample_inputs(self):
        return [(torch.ones(3),)]
"""


@pytest.mark.torch
def test_a_branch_brings_a_program_that_holds_code(
    new_repository: Callable[..., GitRepository], run_long: Callable[..., Ran], tmp_path: Path
) -> None:
    where, repository = tmp_path / "executed", new_repository()
    files = {
        ".opfixtures.toml": SETTINGS.format(python=sys.executable),
        "modules.py": MODULES,
        "registry.py": 'from modules import Gelu\n\nALL_MODULES = {\n    Gelu(): "aten::gelu",\n}\n',
    }
    for name, text in files.items():
        (repository.root / name).write_text(text)
    (repository.root / "fixtures").mkdir()
    fixture = repository.root / "fixtures" / "gelu.pt2"
    fixture.write_bytes(ATTACKS["a guard"](os.fspath(where)))
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "a guard")
    for command in ("verify", "generate"):
        ran = run_long(repository, command, "--report", os.fspath(tmp_path / "report.json"))
        (row,) = json.loads((tmp_path / "report.json").read_text())["fixtures"]
        assert (ran.status, row["status"]) == (1, "mismatch")
        assert row["reason"].startswith("not a readable archive: its program has a guards_code")
        assert not where.exists()
    fixture.write_bytes(program(NEW))
    ran = run_long(repository, "verify", "--report", os.fspath(tmp_path / "report.json"))
    (row,) = json.loads((tmp_path / "report.json").read_text())["fixtures"]
    assert row["reason"].startswith("not compared: no recorded outputs"), "one that is read is replayed"
