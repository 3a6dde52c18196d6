"""torch scripts the lines that are a function, or the module is refused."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from opfixtures.declarations.module_source import excerpt
from opfixtures.declarations.scripted_source import why_scripted_otherwise

ROOT = Path(__file__).parents[2]
MODULE = '''\
import torch

class M(torch.nn.Module):
    """As it was:
    def forward(self, x): return x
    """
{}
'''


@pytest.mark.parametrize(
    "method",
    [
        "    def forward(self, x):\n        return x",
        "    def forward(self, x): return x",
        "    def forward (\n        self,\n        x,\n    ):\n        return x  # def",
        "    @torch.jit.export\n    # told\n    def forward(self, x):\n        return x",
        "    @f(\n        1,\n    )\n    def forward(self, x):\n        return x",
        "    def forward(self, x):\n        def inner():\n            return x\n        return inner()",
        '    def sample_inputs(self):\n        return """\nat the begin of a line\n"""',
        "    async def forward(self):\n        pass",
        "    def größe(self):\n        pass",
        "    key = sorted(x, key=lambda one: one)",
        "    key = sorted(\n        x,\n        key=lambda: 1,\n    )",
        "    if A:\n        def forward(self): pass\n    else:\n        def forward(self):\n            pass",
        "    def forward(self, x):\n        return x\n        # behind\n    # it\n\n    x = 1",
        "    def classify(self):\n        return 1\n\n    classified = 1",
    ],
)
def test_what_is_found(method: str) -> None:
    assert why_scripted_otherwise(MODULE.format(method)) == ""


@pytest.mark.parametrize(
    "method",
    [
        "    def\\\n    forward(self, x):\n        return x",
        "    def \\\n    forward(self, x):\n        return x",
        "    def\fforward(self, x):\n        return x",
        "    def  forward(self, x):\n        return x",
        "    def \ufb00orward(self, x):\n        return x",
        "    async\\\n    def forward(self, x):\n        return x",
        "\f    def forward(self, x):\n        return x",
        "    @\\\n    f\n    def\\\n    forward(self, x):\n        return x",
        "    @f\n    def\\\n    forward(self, x):\n        return x",
        '    @f("""\n            def""")\n    def forward(self, x):\n        return x',
        "    @f(\n        default=1,\n    )\n    def forward(self, x):\n        return x",
        "    forward = lambda\\\n    self, x: x",
        "    forward = (lambda\n    self, x: x)",
        '    text = """\nclass M:\n    x = 1\n"""',
        "    # told\n    # class\n    text = '''\n  class M'''",
    ],
)
def test_what_may_be_other_lines(method: str) -> None:
    assert why_scripted_otherwise(MODULE.format(method))


def test_what_python_cannot_parse_is_no_answer() -> None:
    for body in ("x +", "x + " * 100_000 + "x"):
        with pytest.raises(SyntaxError):
            why_scripted_otherwise(MODULE.format(f"    def forward(self, x): return {body}"))


def test_what_nests_as_deep_as_python_parses_is_refused_at_worst() -> None:
    why_scripted_otherwise(MODULE.format("    def forward(self, x): return " + "x + " * 900 + "x"))
    why_scripted_otherwise(MODULE.format("    def forward(self, x): return " + "-" * 900 + "x"))


def test_what_inspect_finds_has_to_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Older ones stop at a `lambda` in a decorator."""
    method = "    @f((1), (lambda: 1))\n    def forward(self, x):\n        return x"
    assert why_scripted_otherwise(MODULE.format(method)) == ""
    monkeypatch.setattr(inspect, "getblock", lambda lines: lines[:1])
    assert "has to begin with `def forward(`" in why_scripted_otherwise(MODULE.format(method))


def test_it_says_which_line() -> None:
    assert why_scripted_otherwise(MODULE.format("    def\\\n    forward(self, x): return x")) == (
        "`def\\` has to begin with `def forward(`, and decorators with `@`"
    )


@pytest.mark.parametrize("path", sorted(ROOT.glob("fixtures_src/**/*.py")), ids=lambda path: path.name)
def test_the_modules_of_this_project_are_found(path: Path) -> None:
    assert why_scripted_otherwise(path.read_text(encoding="utf-8")) == ""


def test_an_excerpt_is_looked_at_and_no_neighbour() -> None:
    text = MODULE.format("    def forward(self, x): return x") + "def\\\n  other(): pass\n"
    assert why_scripted_otherwise(excerpt(text, "M")) == ""
    assert why_scripted_otherwise(text)
