"""What a module does in its own process has no part in what is recorded: a broken upgrader stays a mismatch.

The upgrader of tinyops::scale triples here what doubled before the change. Each module tries to have that recorded.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.defences import ALTERED_APART, OWN_CHILD, VALUE
from tests.repositories import GitRepository, Ran

RunWithout = Callable[..., Ran]

TRIPLES = (
    "import torch\n\nreal = torch.jit.load\n"
    "torch.jit.load = lambda *given: (lambda function: lambda x: function(x) * 1.5)(real(*given))\n"
)
CALLS = """
    def __init__(self):
        super().__init__()
        {statement}

    def forward(self, x):
        return torch.ops.tinyops.scale(x)
"""
PLAIN = "\n    def forward(self, x):\n        return torch.ops.tinyops.scale(x)\n"
MODULE = "class TestVersionedScaleV3(torch.nn.Module):"
SAMPLES = "\n    def sample_inputs(self):\n        return (torch.ones(1, dtype=torch.float32),)\n"


@pytest.fixture
def attack(library: GitRepository) -> Callable[..., GitRepository]:
    """The library with another module for tinyops::scale, and an upgrader that may be broken."""

    def lay(head: str, body: str, *, broken: bool = True) -> GitRepository:
        if broken:
            library.replace(
                "tinyops/upgraders.py", "tinyops.scale(x, factor)", "tinyops.scale(x, factor + 1.0)"
            )
        library.replace("fixtures_src/modules.py", "import torch\n", head)
        library.replace("fixtures_src/modules.py", MODULE + PLAIN, MODULE + body + SAMPLES)
        return library

    return lay


def verdict(ran: Ran) -> str:
    """What became of the fixture of tinyops::scale."""
    (line,) = (line for line in ran.out.splitlines() if "tinyops::scale at 4" in line)
    return line.split()[0]


CASES = [([], "mismatch"), ([OWN_CHILD], "verified")]


@pytest.mark.parametrize(("defences", "told"), CASES)
def test_a_module_replaces_torch_jit_load(
    attack: Callable[..., GitRepository], run_without: RunWithout, defences: list[str], told: str
) -> None:
    library = attack(TRIPLES, PLAIN)
    ran = run_without(library, defences, "generate", "--operator", "tinyops::scale")
    assert (verdict(ran), ran.status) == (told, told != "verified"), ran.out


ANSWERS = """import torch
import base64, json, os, sys

def answer(module):
    frame = sys._getframe()
    while "token" not in frame.f_locals:
        frame = frame.f_back
    pipe, token = frame.f_locals["writer"], frame.f_locals["token"]

    class Honest(torch.nn.Module):
        def forward(self, x):
            return torch.ops.tinyops.scale(x)

    script = torch.jit.script
    def tell(_):
        torch.jit.script = script
        Honest.__qualname__ = Honest.__name__ = "TestVersionedScaleV3"
        scripted = script(Honest())
        scripted._save_for_lite_interpreter("test_versioned_scale_v3.ptl")
        with open("test_versioned_scale_v3.ptl", "rb") as made:
            archive = base64.b64encode(made.read()).decode()
        one = {"tensor": "float32", "shape": [1], "values": [1.0]}
        samples = [{"inputs": [one], "output": {**one, "values": [3.0]}}]
        told = {"samples": samples, "again": [], "backported": None, "archive": archive}
        os.write(pipe, b"\\n" + token + json.dumps(told).encode() + b"\\n")
        os._exit(0)
    torch.jit.script = tell
"""


@pytest.mark.parametrize(("defences", "told"), [([], "refused"), ([OWN_CHILD], "verified")])
def test_a_module_answers_in_the_place_of_its_process(
    attack: Callable[..., GitRepository], run_without: RunWithout, defences: list[str], told: str
) -> None:
    library = attack(ANSWERS, CALLS.format(statement="answer(self)"))
    ran = run_without(library, defences, "generate")
    assert (verdict(ran), ran.status) == (told, told != "verified"), ran.out


@pytest.mark.parametrize(("defences", "told"), [([], "verified"), ([OWN_CHILD], "mismatch")])
def test_a_module_leaves_another_default_type(
    attack: Callable[..., GitRepository], run_without: RunWithout, defences: list[str], told: str
) -> None:
    """No attack: it spoils, by accident, what is recorded of an upgrader that is right."""
    body = CALLS.format(statement="torch.set_default_dtype(torch.float64)").replace(
        "scale(x)", "scale(x) * torch.ones(1)"
    )
    ran = run_without(attack("import torch\n", body, broken=False), defences, "generate")
    assert (verdict(ran), ran.status) == (told, told != "verified"), ran.out


LOOKS_AWAY = """
    def forward(self, x):
        y = torch.ops.tinyops.scale(x)
        return x * 2 + y * 0
"""


@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([VALUE], "verified")])
@pytest.mark.parametrize(
    ("body", "samples"),
    [
        (LOOKS_AWAY, "torch.ones(1)"),
        (LOOKS_AWAY.replace("y * 0", "y * 0 + torch.ops.aten._version(y)"), "torch.ones(1)"),
        (PLAIN, "torch.zeros(3)"),
    ],
)
def test_a_module_does_not_look_at_what_its_operator_gives(
    attack: Callable[..., GitRepository],
    run_without: RunWithout,
    defences: list[str],
    told: str,
    body: str,
    samples: str,
) -> None:
    library = attack("import torch\n", body)
    library.replace("fixtures_src/modules.py", "torch.ones(1, dtype=torch.float32)", samples)
    ran = run_without(library, defences, "generate", "--operator", "tinyops::scale")
    assert (verdict(ran), ran.status) == (told, told != "verified"), ran.out
    assert ("no recorded output depends on what the upgrader gives" in ran.out) is not bool(defences)


COUNTS = """
    def forward(self, x):
        seen = torch.from_file("n", True, 1, dtype=torch.uint8)
        seen.add_(1)
        y = torch.ops.tinyops.halve(x)
        if int(seen) > 1:
            return y * 0
        return torch.floor_divide(x, 2) + y * 0

    def sample_inputs(self):
        return (torch.tensor([5, 7]),)
"""


@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([ALTERED_APART], "verified")])
def test_an_archive_counts_how_often_it_runs(
    library: GitRepository, run_without: RunWithout, defences: list[str], told: str
) -> None:
    """As written it runs first, and without its upgrader second: it need not look at the operator to tell."""
    plain = "\n    def forward(self, x):\n        return torch.ops.tinyops.halve(x)\n"
    library.replace("fixtures_src/modules.py", plain, COUNTS)
    library.replace(
        "tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return torch.floor_divide(x, 3)"
    )
    ran = run_without(library, defences, "generate", "--operator", "tinyops::halve")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out
