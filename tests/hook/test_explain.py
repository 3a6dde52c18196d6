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
