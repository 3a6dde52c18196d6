"""Witnesses: scripts that show a change."""

from __future__ import annotations

import ast

import pytest

from opfixtures.commands.sweep import _show_witness
from opfixtures.sweep.judgement import Replay, Verdict, judge
from opfixtures.sweep.swept import Sweep, Swept
from opfixtures.sweep.witness import Sides, witness

RELEASES = Sides("torch 1.11.0", "torch 2.13.0", "1.11.0+cpu", "2.13.0+cpu")
COMMITS = Sides("commit 1", "commit 2", "2.13.0", "2.13.0", "mylib")
OTHER = {"output": 2.0, "difference": "element 0: 1.0 then, 2.0 now"}


@pytest.fixture
def script(replay):
    """The witness of a replay, which is Python."""

    def make(sides, told, fixture_format="pt"):
        one = replay(told)
        verdict = judge("aten::abs", [one.made], [one], is_there=True)
        text = witness("aten::abs", verdict, sides, fixture_format) or ""
        ast.parse(text)
        return text

    return make


def test_it_saves_the_model_in_the_old_release_and_loads_it_in_any(script):
    assert script(RELEASES, OTHER) == WITNESS


def test_of_one_torch_the_library_is_imported_and_the_first_run_saves(script):
    text = script(COMMITS, OTHER)
    assert "import os\nimport mylib\nimport torch\n" in text
    assert 'if not os.path.exists("aten_abs.pt"):\n' in text


def test_exported_programs_are_saved_and_loaded_as_such(script):
    text = script(RELEASES, OTHER, "pt2")
    assert 'torch.export.save(torch.export.export(AbsGuard(), inputs), "aten_abs.pt2")' in text
    assert 'torch.export.load("aten_abs.pt2").module()' in text


def test_what_changed_in_the_inputs_is_shown_there(script):
    told = {"output": 1.0, "difference": "in the inputs after the run: element 0: 1.0 then, 2.0 now"}
    assert script(RELEASES, told).endswith("print(torch.__version__, model(*inputs), inputs)\n")


def test_without_a_model_there_is_none():
    assert witness("aten::abs", Verdict("no-model", "no kernel"), RELEASES, "pt") is None


WITNESS = """\
# aten::abs: run this with torch 1.11.0, then with torch 2.13.0, in one folder.
import torch

class AbsGuard(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.abs(input)

inputs = (torch.tensor([-1.0]),)
if torch.__version__.startswith("1.11.0"):
    torch.jit.save(torch.jit.script(AbsGuard()), "aten_abs.pt")
model = torch.jit.load("aten_abs.pt")
torch.manual_seed(0)
print(torch.__version__, model(*inputs))
"""


def test_what_is_said_of_it_is_harmless_for_a_terminal(made, capsys):
    one = Replay(made(1), {"refused": "\x1b[31m\x07"})
    verdict = judge("aten::abs", [one.made], [one], is_there=True)
    text = witness("aten::abs", verdict, RELEASES, "pt")
    sweep = Sweep(RELEASES, "pt", [Swept("aten::abs", verdict, "", "", False, text)], {}, (0.0, 0.0))
    _show_witness(sweep, "aten::abs")
    assert capsys.readouterr().err == "aten::abs: crash \\x1b[31m\\x07\n"
