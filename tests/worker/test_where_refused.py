"""A module that is refused: where its author finds what failed, and what is left out of what torch says."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from opfixtures.declarations.lines_of_file import line_in_file, line_of_class
from opfixtures.declarations.module_source import excerpt
from opfixtures.making import export
from opfixtures.worker.observations import Exported
from opfixtures.worker.packing import PACKAGE
from opfixtures.worker.told import exported
from opfixtures.worker.told_place import told_place

_candidate: Any = export._candidate
# The first line is the import that each gets.
HELPER = "def helper(x):\n    return torch.mm(x, torch.ones(9, 9))\n"
MODULE = "class M(torch.nn.Module):\n    def forward(self, x):\n        {body}\n"
SAMPLES = "    def sample_inputs(self):\n        return [(torch.ones(2, 2),), (torch.ones(2, 3),)]\n"
# By key: the source, and sample, line and function.
WHERE = {
    "the second sample": (MODULE.format(body="return torch.mm(x, x)") + SAMPLES, (2, 4, "forward")),
    "a function beside it": (HELPER + MODULE.format(body="return helper(x)") + SAMPLES, (1, 3, "helper")),
    "when it is made": (
        "class M(torch.nn.Module):\n    def __init__(self):\n        no",
        (None, 4, "__init__"),
    ),
    "its samples": (
        MODULE.format(body="return x") + "    def sample_inputs(self):\n        return no\n",
        (None, 6, "sample_inputs"),
    ),
    "no script": (MODULE.format(body="return nowhere(x)"), (None, 4, "")),
    "an import": ("import no_such_package", (None, 2, "")),
    "torch's name twice": (
        MODULE.format(body='raise RuntimeError("RuntimeError: no")') + SAMPLES,
        (1, 4, "forward"),
    ),
}
EXPORTED = {
    "a function beside it": (HELPER + MODULE.format(body="return helper(x)") + SAMPLES, (1, 3, "helper")),
    "depends on data": (
        MODULE.format(body="return x if x.sum() > 0 else -x") + SAMPLES,
        (1, 4, "forward"),
    ),
}
# What ends the process tells nothing itself.
ENDED = {
    "crashes in its samples": (
        "import os\n"
        + MODULE.format(body="return x")
        + "    def sample_inputs(self):\n        os.abort()\n        return [(torch.ones(2),)]\n",
        ("crashed: SIGABRT", None, "sample_inputs"),
    ),
    "hangs in the second": (
        MODULE.format(
            body="while bool(x.shape[0] == 2 and x.shape[1] == 3):\n            x = x + 1\n        return x"
        )
        + SAMPLES,
        ("did not end within 4 seconds", 2, ""),
    ),
    "crashes before": (
        "import os\n" + MODULE.format(body="return x") + "    def __init__(self):\n        os.abort()\n",
        ("crashed: SIGABRT", None, ""),
    ),
}
FORGED = {
    "a number": "e.__dict__['_opfixtures_sample'] = 10**400",
    "what no JSON has": "e.__dict__['_opfixtures_sample'] = e",
}


@pytest.fixture(scope="module")
def refused(new_modules):
    modules = new_modules()
    for key, (source, _) in WHERE.items():
        modules.add(key, source)
    for key, (source, _) in EXPORTED.items():
        modules.add(f"{key}.pt2", source, file="m.pt2")
    for key, statement in FORGED.items():
        modules.add(key, f"e = ValueError('forged')\n{statement}\nraise e")
    return {key: exported(told) for key, told in modules.export().rows.items()}


@pytest.mark.parametrize(
    ("key", "where"),
    [
        *((key, where) for key, (_, where) in WHERE.items()),
        *((f"{key}.pt2", one) for key, (_, one) in EXPORTED.items()),
    ],
)
def test_sample_and_the_authors_last_frame_are_told(refused, key, where):
    one = refused[key]
    assert (one.sample, one.line, one.function) == where
    assert one.refusal


def test_of_a_process_that_ended_it_is_told_what_it_was_in(new_modules):
    modules = new_modules()
    for key, (source, _) in ENDED.items():
        modules.add(key, source)
    seen = {key: exported(told) for key, told in modules.export(seconds=4).rows.items()}
    assert {key: (one.refusal, one.sample, one.function) for key, one in seen.items()} == {
        key: expected for key, (_, expected) in ENDED.items()
    }


def test_what_is_torchs_own_is_left_out(refused):
    for one in refused.values():
        assert not any(
            words in one.refusal for words in ("code/__torch__", "TORCH_LOGS", "TORCHDYNAMO", 'File "/')
        )
    twice = refused["torch's name twice"].refusal
    assert twice.startswith("RuntimeError: no\n")
    assert twice.endswith("<--- HERE")


@pytest.mark.parametrize("key", FORGED)
def test_a_forged_sample_is_none(refused, key):
    assert (refused[key].refusal, refused[key].sample) == ("ValueError: forged", None)


@pytest.mark.parametrize(
    "told", [None, [], {"sample": 0, "line": -1}, {"sample": True, "function": "a b"}, {"line": "4"}]
)
def test_what_is_of_no_expected_form_is_not_told(told):
    assert told_place(told) == {}


@pytest.mark.usefixtures("worker")
def test_the_frames_of_torch_and_of_the_worker_are_taken_out_of_a_text():
    text = (
        "failed:\n\nfrom user code:\n"
        '   File "/site/torch/nn/modules/module.py", line 1778, in _call_impl\n'
        "    return forward_call(*args)\n           ^^^^^\n"
        '   File "<fixture module>", line 5, in forward\n'
        "    return helper(x)\n"
        '  File "/tmp/worker.zip/opfixtures_worker/exporting.py", line 1, in f\n'
    )
    own = '   File "<fixture module>", line 5, in forward\n    return helper(x)'
    kept = f"RuntimeError: failed:\n\nfrom user code:\n{own}"
    assert importlib.import_module(f"{PACKAGE}.reasons").whole(RuntimeError(text)) == kept


FILE = '''\
"""A file."""
import torch


def other():
    pass


@decorated
class M(torch.nn.Module):

    def forward(self, x):
        return x
'''


def test_a_line_of_an_excerpt_is_that_of_its_file():
    text = excerpt(FILE.replace("@decorated\n", ""), "M")
    line = text.splitlines().index("        return x") + 1
    assert line_in_file(FILE.replace("@decorated\n", ""), text, line) == 12
    assert line_in_file(FILE, FILE, 13) == 13
    assert line_in_file(FILE, text, 99) is None
    assert line_in_file("(", text, line) is None
    assert (line_of_class(FILE, "M"), line_of_class(FILE, "N")) == (10, None)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            Exported(refusal="no", sample=2, line=3, function="forward"),
            "mods.py:12: M, in forward, sample 2: no",
        ),
        (Exported(refusal="no", line=99, function="forward"), "mods.py:9: M: no"),
        (Exported(refusal="crashed: SIGABRT"), "mods.py:9: M: crashed: SIGABRT"),
        (
            Exported(refusal="crashed: SIGABRT", function="sample_inputs"),
            "mods.py:9: M, in sample_inputs: crashed: SIGABRT",
        ),
    ],
)
def test_a_row_says_class_file_sample_and_frame(seen, said):
    source = FILE.replace("@decorated\n", "")
    text = "\n".join(["class M(torch.nn.Module):\n", *source.splitlines()[-2:], ""])
    owner = SimpleNamespace(row=SimpleNamespace(module="M"), path="fixtures/m.ptl")
    planned: Any = SimpleNamespace(module_path="mods.py", file_text=source, source=text, owner=owner)
    seen = Exported(
        refusal=seen.refusal, sample=seen.sample, function=seen.function, line=seen.line and seen.line + 1
    )
    assert _candidate(planned, None, None, seen).reason == said
