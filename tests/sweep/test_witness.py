"""Witnesses: scripts that show a change."""

from __future__ import annotations

import ast

import pytest

from opfixtures.commands.sweep import _show_witness
from opfixtures.sweep.judgement import Replay, Verdict, judge
from opfixtures.sweep.swept import Sweep, Swept
from opfixtures.sweep.witness import Sides, witness
from tests.sweep.conftest import tensor

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
    assert 'torch.export.save(torch.export.export(AbsGuard(), (input,)), "aten_abs.pt2")' in text
    assert 'torch.export.load("aten_abs.pt2").module()' in text


def test_what_changed_in_the_inputs_is_shown_there(script):
    told = {"output": 1.0, "difference": "in the inputs after the run: element 0: 1.0 then, 2.0 now"}
    text = script(RELEASES, told)
    assert "input = torch.tensor([-1.0])\n" in text
    assert text.endswith("print(torch.__version__, model(input), input)\n")


def test_of_a_model_that_does_not_load_the_shortest_sample_is_shown(made):
    one = made(1.0, 2.0)
    one.samples[0]["inputs"] = [tensor(*range(9))]
    verdict = judge("aten::abs", [one], [Replay(one, {"load_error": "no"})], is_there=True)
    assert "model(torch.tensor([-1.0])))\n" in (witness("aten::abs", verdict, RELEASES, "pt") or "")


def test_inputs_that_do_not_fit_in_the_call_have_names_that_hide_nothing(replay):
    one = replay(OTHER, schema="aten::y(Tensor self, Tensor print, Tensor out, float by) -> Tensor")
    long = tensor(*(n + 0.0625 for n in range(1, 9)))
    one.made.samples[0]["inputs"] = [
        long,
        long,
        {"tensor": "float32", "shape": [0], "values": []},
        {"float": 2.0},
    ]
    text = witness("aten::y", judge("aten::y", [one.made], [one], is_there=True), RELEASES, "pt") or ""
    ast.parse(text)
    assert "def forward(input, print, out):\n    return torch.ops.aten.y(input, print, out, 2.0)\n" in text
    assert "\ninput = torch.tensor([1.0625" in text
    assert "\nprint_ = torch.tensor([1.0625" in text
    assert text.endswith("print(torch.__version__, model(input, print_, torch.empty(0)))\n")


def test_only_what_may_draw_random_numbers_is_given_a_seed(replay):
    one = replay(OTHER)
    for operator, seeded in (("aten::abs", False), ("aten::rand_like", True), ("mylib::abs", True)):
        verdict = judge(operator, [one.made], [one], is_there=True)
        text = witness(operator, verdict, RELEASES, "pt") or ""
        assert ("torch.manual_seed(0)\nprint(" in text) == seeded


def test_it_has_ten_lines_at_most_where_the_operator_takes_one_tensor(script):
    for sides, fixture_format in ((RELEASES, "pt"), (RELEASES, "pt2"), (COMMITS, "pt")):
        lines = [one for one in script(sides, OTHER, fixture_format).splitlines() if one and one[0] != "#"]
        assert len(lines) <= 10
        assert max(map(len, lines)) <= 100


def test_without_a_model_there_is_none():
    assert witness("aten::abs", Verdict("no-model", "no kernel"), RELEASES, "pt") is None


WITNESS = """\
# aten::abs: run with torch 1.11.0, then with torch 2.13.0, in one folder.
import torch


def forward(input):
    return torch.ops.aten.abs(input)


if torch.__version__.startswith("1.11.0"):
    torch.jit.script(forward).save("aten_abs.pt")
model = torch.jit.load("aten_abs.pt")
print(torch.__version__, model(torch.tensor([-1.0])))
"""


def test_what_is_said_of_it_is_harmless_for_a_terminal(made, capsys):
    one = Replay(made(1), {"refused": "\x1b[31m\x07"})
    verdict = judge("aten::abs", [one.made], [one], is_there=True)
    text = witness("aten::abs", verdict, RELEASES, "pt")
    sweep = Sweep(RELEASES, "pt", [Swept("aten::abs", verdict, "", "", False, text)], {}, (0.0, 0.0))
    _show_witness(sweep, "aten::abs")
    assert capsys.readouterr().err == "aten::abs: crash \\x1b[31m\\x07\n"
