"""What a module does in its own process has no part in what is recorded: a broken upgrader stays a mismatch.

The upgrader of tinyops::scale triples here what doubled before the change. Each module tries to have that recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from opfixtures.records.record import dump_record, load_record
from tests.defences import ADDED_ARGUMENT, ALTERED_APART, IN_MEMORY, INPUTS_AFTER, NAMES, OWN_CHILD, VALUE
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


LOOKS_AT_GRADIENT = """
    def forward(self, x):
        w = x.clone()
        w.requires_grad_(True)
        y = torch.ops.tinyops.scale(w)
        if y.requires_grad:
            return x * 2
        return x * 3
"""


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([VALUE], "verified")])
@pytest.mark.parametrize(
    ("body", "samples"),
    [
        (LOOKS_AWAY, "torch.ones(1)"),
        (LOOKS_AWAY.replace("y * 0", "y * 0 + torch.ops.aten._version(y)"), "torch.ones(1)"),
        (LOOKS_AWAY.replace("y * 0", "y.size(0) - 1"), "torch.ones(1)"),
        (LOOKS_AT_GRADIENT, "torch.ones(1)"),
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


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([VALUE], "verified")])
@pytest.mark.parametrize("gives", ["tinyops.scale(x, factor).sum().expand_as(x)", "x"])
def test_an_upgrader_gives_what_cannot_be_multiplied_in_place(
    attack: Callable[..., GitRepository],
    run_without: RunWithout,
    defences: list[str],
    told: str,
    gives: str,
) -> None:
    """All its elements share one place, or it is the argument itself."""
    library = attack("import torch\n", LOOKS_AWAY.replace("x * 2 + y * 0", "x + y.size(0)"))
    library.replace(
        "tinyops/upgraders.py",
        "torch.ops.tinyops.scale(x, factor + 1.0)",
        f"torch.ops.{gives}" if "." in gives else gives,
    )
    ran = run_without(library, defences, "generate", "--operator", "tinyops::scale")
    assert (verdict(ran), ran.status) == (told, told != "verified"), ran.out


LOOKS_AT_VERSION = """
    def forward(self, x):
        y = torch.ops.tinyops.scale(x)
        if torch.ops.aten._version(y) < 2:
            return x * 3
        return x * 2
"""


@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([VALUE], "verified")])
def test_an_upgrader_works_in_place_and_a_module_looks_at_that_alone(
    attack: Callable[..., GitRepository], run_without: RunWithout, defences: list[str], told: str
) -> None:
    """No multiple has its version: one time that differs as well, and shows nothing."""
    library = attack("import torch\n", LOOKS_AT_VERSION)
    twice = "x.clone().mul_(factor).mul_(1)"
    library.replace(
        "tinyops/upgraders.py", "torch.ops.tinyops.scale(x, factor + 1.0)", twice.replace("factor", "5")
    )
    changed = library.read("tinyops/__init__.py")
    library.git("checkout", "--quiet", "HEAD", "tinyops/__init__.py")
    library.replace("tinyops/__init__.py", "return x * factor", f"return {twice}")
    library.git("commit", "--quiet", "--message", "in place", "tinyops/__init__.py")
    library.write("tinyops/__init__.py", changed)
    ran = run_without(library, defences, "generate", "--operator", "tinyops::scale")
    assert (verdict(ran), ran.status) == (told, told != "verified"), ran.out
    assert ("cannot be seen by multiplying that" in ran.out) is not bool(defences)


HALVES = "\n    def forward(self, x):\n        return torch.ops.tinyops.halve(x)\n"
COUNTS = """
    def forward(self, x):
        seen = torch.from_file("n", True, 1, dtype=torch.uint8)
        seen.add_(1)
        y = torch.ops.tinyops.halve(x)
        if 4 < int(seen) and int(seen) < 8:
            return y * 0
        return torch.floor_divide(x, 2) + y * 0

    def sample_inputs(self):
        return (torch.tensor([5, 7]),)
"""


@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([ALTERED_APART], "verified")])
def test_an_archive_counts_how_often_it_runs(
    library: GitRepository, run_without: RunWithout, defences: list[str], told: str
) -> None:
    """It runs four times as it is, then without its upgrader, and last with a multiple that is the same."""
    library.replace("fixtures_src/modules.py", HALVES, COUNTS)
    library.replace(
        "tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return torch.floor_divide(x, 3)"
    )
    ran = run_without(library, defences, "generate", "--operator", "tinyops::halve")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out


READS_ITSELF = """
    def __init__(self):
        super().__init__()
        self.version = 0

    @torch.jit.export
    def __getstate__(self):
        return (self.training, 0)

    @torch.jit.export
    def __setstate__(self, state: Tuple[bool, int]) -> None:
        self.training = state[0]
        data = torch.ops.aten.from_file("archive", True, 20000, dtype=torch.uint8)
        # The name of the version record, and a version of 4 behind it.
        self.version = int(((data[:-2] == 110) & (data[1:-1] == 52) & (data[2:] == 10)).any())

    def forward(self, x):
        return torch.ops.tinyops.halve(x) + self.version

    def sample_inputs(self):
        return (torch.tensor([1.0, 2.0]),)
"""


@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([IN_MEMORY], "verified")])
def test_an_archive_reads_in_its_own_file_that_it_is_altered(
    library: GitRepository, run_without: RunWithout, defences: list[str], told: str
) -> None:
    library.replace("fixtures_src/modules.py", "import torch\n", "import torch\nfrom typing import Tuple\n")
    library.replace("fixtures_src/modules.py", HALVES, READS_ITSELF)
    library.replace("tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return x * 0")
    ran = run_without(library, defences, "generate", "--operator", "tinyops::halve")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out


DEFAULT_MORE = [([], "unproven"), ([ADDED_ARGUMENT], "verified")]


@pytest.mark.parametrize(("defences", "told"), DEFAULT_MORE)
def test_an_upgrader_leaves_an_argument_that_is_new_to_its_default(
    library: GitRepository, run_without: RunWithout, defences: list[str], told: str
) -> None:
    """Old models had no clamp, and have one now. The module is an honest one, whose outputs do not reach it."""
    old, new = "scale(Tensor x, float factor)", "scale(Tensor x, float factor=2.0, bool clamp=True)"
    library.replace("tinyops/__init__.py", old, new)
    library.replace("tinyops/__init__.py", "def _scale(x, factor)", "def _scale(x, factor=2.0, clamp=True)")
    library.replace("tinyops/__init__.py", "return x * factor", "return (x * factor).clamp(-100, 100)")
    ran = run_without(library, defences, "generate", "--operator", "tinyops::scale")
    assert (verdict(ran), ran.status) == (told, told != "verified"), ran.out


@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([NAMES], "verified")])
def test_raising_disables_the_upgrader_of_another_operator(
    library: GitRepository, run_without: RunWithout, defences: list[str], told: str
) -> None:
    """No attack: the code of a `.pt` names no overloads. The archive fails for scale where it is raised for halve."""
    library.replace("pyproject.toml", "[tool.opfixtures]\n", '[tool.opfixtures]\nfixture-format = "pt"\n')
    both = HALVES.replace("halve(x)", "halve(torch.ops.tinyops.scale(x))")
    library.replace("fixtures_src/modules.py", HALVES, both + SAMPLES)
    library.replace("tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return x * 0")
    ran = run_without(library, defences, "generate", "--operator", "tinyops::halve")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out


def test_the_settings_of_a_branch_say_that_an_upgrader_changes_nothing(
    library: GitRepository, run_long: RunWithout
) -> None:
    """That is somebody's word: the row tells whose, and the run that target does not say so."""
    library.replace("fixtures_src/modules.py", HALVES, HALVES + SAMPLES)
    library.replace("tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return x * 0")
    settings = library.read("pyproject.toml")
    library.write(
        "pyproject.toml", settings + '\n[tool.opfixtures.identity-upgraders]\nhalve_0_3 = "I say so"\n'
    )
    ran = run_long(library, "generate", "--operator", "tinyops::halve", "--report", "r.json")
    word = "pyproject.toml says that halve_0_3 changes nothing: I say so"
    assert (ran.status, word in ran.out, word in library.read("r.json")) == (0, True, True)
    assert "has other `identity-upgraders` than target: this branch says so of halve_0_3" in ran.out


def test_the_settings_of_a_branch_accept_what_it_breaks(
    attack: Callable[..., GitRepository], run_long: RunWithout
) -> None:
    """That is somebody's word, too: the row tells whose. It covers no fixture that nobody reproduced."""
    library = attack("import torch\n", PLAIN)
    said = 'how = "other results", release = "tinyops 2.0", reason = "I say so"'
    table = f'\n[tool.opfixtures.accepted-breaks]\n"tinyops::scale" = {{ {said} }}\n'
    library.write("pyproject.toml", library.read("pyproject.toml") + table)
    ran = run_long(library, "generate", "--operator", "tinyops::scale", "--report", "r.json")
    word = "I say so (pyproject.toml says so, of this branch: target's settings do not)"
    assert (ran.status, verdict(ran), word in ran.out) == (0, "accepted", True), ran.out
    assert '"by_branch": true' in library.read("r.json")
    assert "has other `accepted-breaks` than target: this branch says so of tinyops::scale" in ran.out

    path = library.root / "fixtures" / "test_versioned_scale_v3.ptl.json"
    record = load_record(path.read_bytes())
    forged = {**record.samples[0], "output": record.samples[0]["inputs"][0]}
    path.write_bytes(dump_record(replace(record, samples=(forged, *record.samples[1:]))))
    ran = run_long(library, "generate", "--operator", "tinyops::scale")
    assert (ran.status, verdict(ran), word in ran.out) == (1, "mismatch", False), ran.out
    assert "not reproduced: " in ran.out


@pytest.mark.parametrize(("defences", "told"), [([], "mismatch"), ([INPUTS_AFTER], "verified")])
def test_an_upgrader_does_not_write_into_the_argument(
    in_place: GitRepository, run_without: RunWithout, defences: list[str], told: str
) -> None:
    """What it gives is right. The module is an honest one, and its inputs are made from their types."""
    ran = run_without(in_place, defences, "generate", "--operator", "tinyops::scale_")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out
    assert ("in the inputs after the run: value 0: element 0: " in ran.out) is not bool(defences)


@pytest.mark.parametrize(("defences", "told"), [([], "unproven"), ([VALUE], "verified")])
def test_a_guard_does_not_look_at_what_its_operator_gives(
    library: GitRepository, run_without: RunWithout, defences: list[str], told: str
) -> None:
    """It gives something else after the change, and no entry says so."""
    entries, _, _ = library.read("tinyops/operator_versions.py").partition("    # 2.0: integers")
    library.write("tinyops/operator_versions.py", entries + "}\n")
    library.replace("tinyops/__init__.py", "return x / 2", "return x * 17")
    away = HALVES.replace(
        "return torch.ops.tinyops.halve(x)", "y = torch.ops.tinyops.halve(x)\n        return x + y.size(0)"
    )
    library.replace("fixtures_src/modules.py", HALVES, away)
    ran = run_without(library, defences, "generate", "--operator", "tinyops::halve")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out
    assert ("no recorded output depends on what the operator gives" in ran.out) is not bool(defences)
