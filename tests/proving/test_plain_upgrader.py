"""An upgrader is known to compile in C++ where it says no more of torch than that it calls operators."""

from __future__ import annotations

import pytest

from opfixtures.proving.plain_upgrader import why_unusual

BODY = "def f(x: Tensor, out: Optional[int]):\n  {}\n"


@pytest.mark.parametrize(
    "line",
    [
        "return torch.relu(x)",
        "return torch.relu(torch.relu(x), out=out)  # told: torch.__config__",
        "return x.true_divide(x, rounding_mode='trunc')",
        "return torch.zeros([0]).to(device=torch.device('cpu'))",
        "if isinstance(out, float):\n    return float(x)\n  return [one for one in (x, x)]",
        "return {'torch': x}['torch']",
    ],
)
def test_what_calls_operators_is_plain(line: str) -> None:
    assert why_unusual("f", BODY.format(line)) == ""


@pytest.mark.parametrize(
    "line",
    [
        "return torch.__config__.torch.relu(x)",
        "return torch.__name__",
        "return len(torch.__name__)",
        "return torch.relu",
        "return torch",
        "return torch(x)",
        "torch = x",
        "return torch.nn.functional.relu(x)",
        "return torch.ops(x)",
        "return torch.ops.relu(x)",
        "return torch.ops.aten.relu(x)",
        "return torch.ops.prim.abs(-1)",
        "return torch.ops.tiny.scale(x)",
        "n = torch.ops.tiny",
        "n = torch.ops.tiny.scale",
        "return torch.ops.tiny.scale.out.more(x)",
        "return x.__class__",
        "return __torch__",
        "return (lambda torch: torch.relu(x))(x)",
        "return torch.relu(x).__class__(x)",
        "return x.to(__x=1)",
        "return x if",
        'return "a\\\\n"',
        'return "\xe9"',
        "return x\t",
        "return x\n\ndef g(x: Tensor):\n  return x",
        "return " + "(" * 1000 + "x" + ")" * 1000,
        "return x" + ".a" * 3000 + "()",
    ],
)
def test_all_else_is_not(line: str) -> None:
    assert why_unusual("f", BODY.format(line))


@pytest.mark.parametrize(
    "text", ["", "f = 1\n", "@g\ndef f(x: int):\n  return x\n", "async def f():\n  pass\n"]
)
def test_it_is_one_function_of_that_name(text: str) -> None:
    assert why_unusual("f", text) == "it is not one function, f"
    assert why_unusual("g", BODY.format("return x")) == "it is not one function, g"


@pytest.mark.parametrize(
    ("default", "is_plain"),
    [
        ("None", True),
        ("'a'", True),
        ("bool(1)", False),
        ("torch.abs(-1)", False),
        ("None, *, y: int = int(1)", False),
    ],
)
def test_a_default_is_a_literal(default: str, is_plain: bool) -> None:
    """C++ computes it when it compiles the text, and no graph has it."""
    text = BODY.format("return x").replace("[int])", f"[int] = {default})")
    assert (why_unusual("f", text) == "") is is_plain


def test_a_comment_that_names_an_encoding_is_a_comment() -> None:
    text = "# coding: raw_unicode_escape\n" + BODY.format("return torch.relu(x)")
    assert why_unusual("f", text) == ""


def test_what_is_longer_than_any_is_not_parsed() -> None:
    assert why_unusual("f", BODY.format("x\n  " * 50_000)) == "it has more than 100000 characters"
