"""Sample inputs as text, and that the text makes the values again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.synthesis.module_text import module_text
from opfixtures.synthesis.modules import modules_for
from opfixtures.synthesis.sample_text import sample_text, value_text

SHAPED = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
from opfixtures.worker.inside import values, worlds
made = [worlds.tensor_of(dtype, shape, place) for dtype in worlds.DTYPES for shape in worlds.SHAPES.values()
        for place in (0, 4)]
made += [worlds.indices((2, 6)), worlds.positive((2, 2)), worlds.tensor_of("float", (3, 4)).double()]
print(json.dumps([values.to_json(one) for one in made]))
"""
EVALUATED = """
import json, sys, torch
sys.path.insert(0, sys.argv[1])
from opfixtures.worker.inside import values
print(json.dumps([values.to_json(eval(text)) for text in json.load(sys.stdin)]))
"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (-1, "-1"),
        ("a'b", '"a\'b"'),
        ('a"b\\', "'a\"b\\\\'"),
        ({"float": 0.5}, "0.5"),
        ({"complex": [1.5, 2.0]}, "(1.5 + 2j)"),
        ({"device": "cpu"}, 'torch.device("cpu")'),
        ([1, {"float": 2.0}], "[1, 2.0]"),
        ({"tensor": "float32", "shape": [0], "values": []}, "torch.empty(0)"),
        ({"tensor": "int64", "shape": [0, 3], "values": []}, "torch.empty([0, 3], dtype=torch.int64)"),
        ({"tensor": "float32", "shape": [], "values": [0.5]}, "torch.tensor(0.5)"),
        ({"tensor": "int32", "shape": [1, 2], "values": [1, 2]}, "torch.tensor([[1, 2]], dtype=torch.int32)"),
        ({"tensor": "float32", "shape": [1], "values": ["nan"]}, 'torch.tensor([float("nan")])'),
    ],
)
def test_a_value_is_written_as_python_has_it(value: object, text: str) -> None:
    assert value_text(value) == text


def test_no_text_is_made_up() -> None:
    with pytest.raises(ValueError, match="no text is known for"):
        value_text({"dtype": "float32"})


def test_a_sample_is_a_tuple_in_one_line_or_an_input_a_line() -> None:
    assert sample_text([1]) == "(1,)"
    assert sample_text([]) == "()"
    assert sample_text([1, "a" * 70]) == f'(\n    1,\n    "{"a" * 70}",\n)'


def test_a_long_list_has_an_element_a_line() -> None:
    long = "a" * 40
    assert sample_text([[long, long]]) == f'(\n    [\n        "{long}",\n        "{long}",\n    ],\n)'


@pytest.mark.torch
def test_the_text_makes_the_same_value_again_and_large_ones_are_short(tmp_path: Path) -> None:
    root = "."
    made = json.loads(
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SHAPED, root], check=True, capture_output=True
        ).stdout
    )
    texts = [value_text(one) for one in made]
    again = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EVALUATED, root],
        input=json.dumps(texts).encode(),
        check=True,
        capture_output=True,
    ).stdout
    assert json.loads(again) == made
    # Each by itself and beside another, in a module as ruff would have it at any length of a line.
    module = modules_for(parse_schema("x::y(Tensor a) -> Tensor"), "TestYV3")[0]
    samples = [sample_text(values) for one in made for values in ([one], [one, 1], [[one, one], "a"])]
    (tmp_path / "modules.py").write_text(f"import torch\n\n\n{module_text(module, samples)}")
    for line_length in ("79", "88", "100", "140"):
        ruff = ["format", "--isolated", "--no-cache", "--diff", "--line-length", line_length, "modules.py"]
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *ruff], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
    assert (
        max(len(text) for text, one in zip(texts, made, strict=True) if "complex" not in one["tensor"]) < 110
    )
