"""Archives that a real torch exported, torch's own word on them, and values and records of every form."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import pytest
from hypothesis import strategies as st

from opfixtures.records.member_forms import ALTERED, PROOFS
from opfixtures.records.record import (
    Record,
    RecordedAlteration,
    RecordedArchive,
    RecordedEntry,
    RecordedModule,
    RecordedPackage,
    RecordedProof,
    RecordedRuntime,
)
from opfixtures.records.recorded_values import DTYPES, LAYOUTS, NO_NUMBERS
from opfixtures.records.tolerances import WIDEST
from opfixtures.settings.runtime_spec import KINDS

EXPORT = '''
import base64, json
import torch, torch.jit.mobile
from torch.utils import bundled_inputs
from typing import Dict, List

class Gelu(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)

class WithSubmodule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Gelu()
        self.linear = torch.nn.Linear(2, 2)
    def forward(self, x, y):
        return self.inner(self.linear(x)) / y

class WithControlFlow(torch.nn.Module):
    def forward(self, x, n: int):
        for i in range(n):
            if bool(x.sum() > i):
                x = torch.full([n], 0.5)
            else:
                x = torch.linspace(0, 1, n)
        return x

class CallsNothing(torch.nn.Module):
    def forward(self, x):
        return x

class WithConstants(torch.nn.Module):
    """All that the pickler writes: more memo entries than a byte counts, long integers, strings, tensors."""
    def __init__(self):
        super().__init__()
        self.table = torch.ones(3)
        self.sizes = [3, -1]
    def forward(self, x, key: str = "", big: int = 9876543210, z: complex = 1 + 2j):
        names: Dict[str, List[float]] = {"": [1.5, float("inf")]}
        texts = [MANY_TEXTS]
        y = x.to(torch.float64, copy=False).reshape(self.sizes) + self.table + x * 0.5
        zeros = torch.zeros([2], device="cpu", dtype=torch.int64)
        return y, names, texts, zeros, big * -70000, key == "ünï\\n", z

class SeveralMethods(torch.nn.Module):
    @torch.jit.export
    def other(self, x):
        return torch.logspace(0, 1, 3) + x
    def forward(self, x):
        return torch.ops.aten.mul(x, 2)

def load(path):
    return torch.jit.mobile._load_for_lite_interpreter(path)

exported = {}
def export(name, scripted):
    path = name + ".ptl"
    scripted._save_for_lite_interpreter(path)
    operators = sorted(torch.jit.mobile._export_operator_list(load(path)))
    with open(path, "rb") as stream:
        exported[name] = [base64.b64encode(stream.read()).decode(), operators]

for module in (Gelu, WithSubmodule, WithControlFlow, CallsNothing, WithConstants, SeveralMethods):
    scripted = torch.jit.script(module().eval())
    if module is WithConstants:
        scripted = torch.jit.freeze(scripted)
    export(module.__name__, scripted)

bundled = torch.jit.script(Gelu())
bundled_inputs.augment_model_with_bundled_inputs(bundled, [(torch.ones(2),), (torch.zeros(3),)])
export("WithBundledInputs", bundled)
print(json.dumps(exported))
'''.replace("MANY_TEXTS", ", ".join(f'"text {number}"' for number in range(300)))


@dataclass(frozen=True)
class Exported:
    """An archive, and the operators that torch itself finds in it."""

    data: bytes
    operators: frozenset[str]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Archives of several modules, by the name of the module's class."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "export.py").write_text(EXPORT, encoding="utf-8")
    command = (sys.executable, "-W", "ignore", "export.py")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout).items()
    return {name: Exported(base64.b64decode(data), frozenset(found)) for name, (data, found) in rows}


@pytest.fixture(scope="session")
def zipped() -> Callable[..., bytes]:
    """Makes a zip archive of these members."""

    def make(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", compression) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return out.getvalue()

    return make


INT64 = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(NO_NUMBERS)
PAIRS = st.lists(NUMBERS, min_size=2, max_size=2)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ELEMENTS = {
    "bool": st.booleans(),
    "float16": st.sampled_from([0.5, -0.0, 65504.0, *NO_NUMBERS]),
    "float32": st.floats(width=32, allow_nan=False),
    "float64": NUMBERS,
    "complex128": PAIRS,
    "uint8": st.integers(0, 255),
    "int8": st.integers(-128, 127),
    "int64": INT64,
}


@st.composite
def tensors(draw: st.DrawFn) -> dict[str, Any]:
    dtype = draw(st.sampled_from(sorted(ELEMENTS)))
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    elements = ELEMENTS[dtype].map(
        lambda value: str(value) if value in (float("inf"), -float("inf")) else value
    )
    size = prod(shape)
    return {"tensor": dtype, "shape": shape, "values": draw(st.lists(elements, min_size=size, max_size=size))}


LEAVES = (
    st.none()
    | st.booleans()
    | INT64
    | TEXTS
    | tensors()
    | st.fixed_dictionaries({"float": NUMBERS})
    | st.fixed_dictionaries({"complex": PAIRS})
    | st.fixed_dictionaries({"dtype": st.sampled_from(sorted(DTYPES))})
    | st.fixed_dictionaries({"device": st.sampled_from(["cpu", "meta", "cuda:1"])})
    | st.fixed_dictionaries({"layout": st.sampled_from(sorted(LAYOUTS))})
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.fixed_dictionaries({"tuple": st.lists(inner, max_size=4)})
        | st.lists(st.tuples(TEXTS, inner).map(list), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: {"dict": pairs}
        )
    ),
    max_leaves=8,
)


@pytest.fixture(scope="session")
def values() -> st.SearchStrategy[Any]:
    """Values of every form that a record has."""
    return VALUES


@pytest.fixture(scope="session")
def records() -> st.SearchStrategy[Record]:
    """Records with anything in them that a record can hold."""
    sha256 = st.text("0123456789abcdef", min_size=64, max_size=64)
    positive = st.integers(1, 2**63 - 1)
    not_negative = st.integers(0, 2**63 - 1)
    commit = st.none() | st.text("0123456789abcdef", min_size=40, max_size=40)
    samples = st.lists(
        st.fixed_dictionaries({"inputs": st.lists(VALUES, max_size=3), "output": VALUES}), min_size=1
    )
    proofs = st.lists(st.sampled_from(PROOFS), min_size=1).map(tuple)
    alterations = st.lists(
        st.builds(RecordedAlteration, st.sampled_from(ALTERED), not_negative, not_negative, TEXTS)
    ).map(tuple)
    tolerances = st.dictionaries(
        st.sampled_from(sorted(WIDEST)), st.tuples(st.floats(0, 1e-12), st.floats(0, 1e-14))
    )
    texts = st.lists(TEXTS).map(tuple)
    packages = st.lists(st.builds(RecordedPackage, TEXTS, TEXTS, sha256)).map(tuple)
    return st.builds(
        Record,
        st.builds(RecordedEntry, TEXTS, positive, TEXTS, TEXTS)
        | st.builds(RecordedEntry, TEXTS, st.none(), st.none(), TEXTS),
        st.builds(RecordedModule, TEXTS, TEXTS, sha256),
        st.builds(RecordedArchive, TEXTS, sha256, positive, not_negative, st.none() | not_negative, texts),
        st.builds(RecordedRuntime, st.sampled_from(KINDS), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, packages),
        st.builds(RecordedProof, commit, proofs, TEXTS, st.none() | not_negative),
        alterations,
        tolerances,
        samples.map(tuple),
    )


@pytest.fixture(scope="session")
def gelu_record() -> Record:
    """A record as `generate` makes it."""
    return Record(
        RecordedEntry("aten::gelu", 10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"),
        RecordedModule("TestVersionedGeluV9", "test/fixtures_src.py", "12" * 32),
        RecordedArchive("test_versioned_gelu_v9.ptl", "ab" * 32, 2308, 3, 7, ("aten::gelu",)),
        RecordedRuntime("release", "torch 1.11.0", "1.11.0+cu102", "bc2c6eda", "3.8.18", "Linux-x86_64"),
        RecordedProof("86" * 20, ("schema", "operator-version"), "aten::gelu(Tensor self) -> Tensor", 9),
        (RecordedAlteration("bytecode version", 7, 5, "lite applies the upgrader to 5"),),
        {"float32": (5e-06, 1e-07)},
        (
            {
                "inputs": [
                    {"tensor": "float32", "shape": [2, 2], "values": [-1.25, 0.5, "nan", "-inf"]},
                    True,
                    2,
                ],
                "output": {"tensor": "float32", "shape": [12], "values": [0.13206231594085693] * 12},
            },
        ),
    )
