"""A page says what a finding means, why it matters, what happened once, how to mend it and how to waive it."""

import re
import subprocess
import sys
import tomllib

import pytest

from opfixtures.rules import RULES

NOT_TO_BE_WAIVED = {"OPF101", "OPF206", "OPF401"}
PAGES = pytest.mark.parametrize("code", sorted(RULES))


@pytest.fixture
def page(opfixtures, pytorch):
    """The paragraphs of the page of a code."""

    def explain(code):
        return opfixtures(pytorch, "explain", code).out.split("\n\n")

    return explain


@PAGES
def test_a_page_begins_with_what_and_why(page, code):
    head, what, why, *_ = page(code)
    assert head == f"{code} ({RULES[code].severity})"
    assert what.endswith(".")
    assert "\n" not in what
    assert len(why) > 150


@PAGES
def test_a_page_tells_what_happened_once(page, code):
    prose = "\n\n".join(part for part in page(code) if not part.startswith("    "))
    assert re.search(r"pytorch/pytorch#[0-9]{5}|PyTorch's", prose)


@PAGES
def test_a_page_says_how_to_mend_it_and_then_how_to_waive_it(page, code):
    parts = page(code)
    [mend] = [number for number, part in enumerate(parts) if "To mend it" in part]
    [waive] = [
        number for number, part in enumerate(parts) if "waive it" in part or "cannot be waived" in part
    ]
    assert mend < waive


@PAGES
def test_the_lines_that_waive_it_do(page, code, pytorch, opfixtures):
    last = page(code)[-1]
    if code in NOT_TO_BE_WAIVED:
        assert last.startswith("It cannot be waived: ")
        return
    assert tomllib.loads(last)["tool"]["opfixtures"]["waivers"]["aten::gelu"]["codes"] == [code]
    pytorch.write(".opfixtures.toml", f'[tool.opfixtures]\npreset = "pytorch"\n{last}')
    assert opfixtures(pytorch, "check").err == ""


SHOWN = """
import unittest
import torch
from torch.jit.mobile import _load_for_lite_interpreter

pytorch_test_dir = "."

class Gelu(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)

class Shown(unittest.TestCase):
    assertEqual = staticmethod(torch.testing.assert_close)

TEST

torch.jit.script(Gelu())._save_for_lite_interpreter("jit/fixtures/test_versioned_gelu_v9.ptl")
unittest.main()
"""


def test_that_of_a_missing_fixture_shows_the_test_that_pytorchs_guide_wants(page, tmp_path):
    text = "\n\n".join(page("OPF301"))
    assert "test/jit/test_save_load_for_op_version.py" in text
    shown = text.partition("in the record:\n\n")[2].partition("\n\nTo waive")[0]
    (tmp_path / "jit/fixtures").mkdir(parents=True)
    (tmp_path / "shown.py").write_text(SHOWN.replace("TEST", shown))
    command = (sys.executable, "-W", "ignore", "shown.py")
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr.strip().endswith("OK")) == (0, True)
    assert "Ran 1 test" in ran.stderr


SECOND_BUMP = """
import io, sys, zipfile
import torch

library = torch.library.Library("opfixtures_explain", "DEF")
library.define("second(Tensor x) -> Tensor")
library.impl("second", lambda x: x + 100, "CPU")
SCHEMA = "opfixtures_explain::second(Tensor x) -> Tensor"
NAMES = {8: "second_0_7", 10: "second_0_9"}

class Model(torch.nn.Module):
    def forward(self, x):
        return torch.ops.opfixtures_explain.second(x)

saved = io.BytesIO()
torch.jit.save(torch.jit.script(Model()), saved)
torch.jit.load(io.BytesIO(saved.getvalue()))

def stamped(version):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved.getvalue())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"%d" % version if name.endswith("/version") else old.read(name))
    return io.BytesIO(out.getvalue())

for bump, name in NAMES.items():
    text = f"def {name}(x: Tensor) -> Tensor:\\n  return x + {bump}\\n"
    graph = torch.jit.CompilationUnit(text).find_function(name).graph
    torch._C._test_only_populate_upgraders({name: str(graph)})
for bump in map(int, sys.argv[1:]):
    entry = torch._C._UpgraderEntry(bump, NAMES[bump], SCHEMA)
    torch._C._test_only_add_entry_to_op_version_map("opfixtures_explain::second", entry)
print([int(torch.jit.load(stamped(version))(torch.zeros(1))) for version in (3, 7, 8, 9, 10)])
ranges = torch._C._get_upgrader_ranges("opfixtures_explain::second")
print([(one.min_version, one.max_version) for one in ranges])
"""


@pytest.mark.parametrize(
    ("order", "applied", "ranges"),
    [
        (("8", "10"), [8, 8, 10, 10, 100], [(0, 7), (8, 9)]),
        (("10", "8"), [10, 10, 10, 10, 100], [(0, 9), (10, 7)]),
    ],
)
def test_what_the_pages_say_of_a_second_bump_is_what_torch_does(order, applied, ranges, page, tmp_path):
    """PyTorch's guide shows 12 before 8, and `linspace_0_11`; torch 2.13 loads models of 0 to 10 alone."""
    (tmp_path / "second_bump.py").write_text(SECOND_BUMP)
    command = (sys.executable, "-W", "ignore", str(tmp_path / "second_bump.py"), *order)
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == f"{applied}\n{ranges}\n"
    assert "12 before 8" in "\n\n".join(page("OPF102"))
    assert "`linspace_0_11`" in "\n\n".join(page("OPF103"))
    assert "`linspace_8_11`" in "\n\n".join(page("OPF103"))


def test_that_of_a_taken_back_entry_says_what_stays_true(page):
    text = " ".join("\n\n".join(page("OPF109")).split())
    assert "Once 12 has landed, 11 cannot be taken back that way: it stays given out" in text
    assert "Expire date: 06/02/2022" in text
    assert "180 days" in text


def test_without_a_code_every_rule_is_a_line(opfixtures, pytorch, page):
    ran = opfixtures(pytorch, "explain")
    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert [line.split()[0] for line in lines] == sorted(RULES)
    for line in lines:
        head, _, what = line.partition(": ")
        assert page(head.split()[0])[:2] == [head, what]


def test_what_a_sweep_finds_is_explained_too(pytorch, opfixtures):
    ran = opfixtures(pytorch, "explain", "SWEEP.values")
    assert ran.status == 0
    assert ran.out.startswith(
        "sweep.values (error)\n\nAn operator gives something else in models from before"
    )
    assert 'codes = ["sweep.values"]' in ran.out
