"""A wrong upgrader fails the fixtures of its operator and no other; without upgraders the sensitive ones fail."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from tests.corpus.conftest import REPORT, TODAY, Entry, NewCorpus, Row, Verify

JIT = "torch.jit.load"
# Imported as an operator module before any fixture is loaded. The map of upgraders fills when a module is.
WRONG = '''
import io, torch

buffer = io.BytesIO()
torch.jit.save(torch.jit.script(torch.nn.Identity()), buffer)
buffer.seek(0)
torch.jit.load(buffer)
graph, end, result = str(torch._C._dump_upgraders_map()["{upgrader}"]).rstrip().rpartition("  return (")
wrong = graph + """  %one : int = prim::Constant[value=1]()
  %wrong : Tensor = aten::add(""" + result.rstrip(")") + """, %one, %one)
  return (%wrong)
"""
torch._C._test_only_remove_upgraders({{"{upgrader}": ""}})
torch._C._test_only_populate_upgraders({{"{upgrader}": wrong}})
'''
NONE = """
import torch

for operator in list(torch._C._get_operator_version_map()):
    torch._C._test_only_remove_entry_to_op_version_map(operator)
"""


Mutated = dict[str, list[Row]]


@pytest.fixture(scope="module")
def mutated(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    new_corpus: NewCorpus,
    verify: Verify,
    torch_map: list[Entry],
) -> Mutated:
    """What verify says with each wrong upgrader, by operator, and without any, under "none"."""
    environment = tmp_path_factory.mktemp("mutations") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    torch = find_spec("torch")
    assert torch is not None
    assert torch.origin is not None
    (packages / "torch.pth").write_text(os.path.dirname(os.path.dirname(torch.origin)))
    sources = {entry.operator: WRONG.format(upgrader=entry.upgrader_name) for entry in torch_map} | {
        "none": NONE
    }
    names = {operator: f"mutation_{number}" for number, operator in enumerate(sources)}
    for operator, name in names.items():
        (packages / f"{name}.py").write_text(sources[operator])
    python = environment / "bin" / "python"
    runtimes = (TODAY.format(name=name, python=python) + f'import = "{name}"\n' for name in names.values())
    corpus = new_corpus("".join(runtimes))
    with ThreadPoolExecutor() as pool:
        rows = pool.map(lambda name: verify(corpus, name), names.values())
        found = dict(zip(names, rows, strict=True))
    pytestconfig.stash[REPORT] = [line(entry, found) for entry in torch_map]
    return found


def differ(rows: list[Row]) -> set[str]:
    """The fixtures that gave other outputs than were recorded."""
    return {row.fixture for row in rows if row.fact(JIT, "equal") == "no"}


def line(entry: Entry, found: Mutated) -> str:
    """A line of the report on mutations."""
    own = {row.fixture for row in found["none"] if row.operator == entry.operator}
    wrong = differ(found[entry.operator])
    return (
        f"{entry.operator:<22}  a wrong {entry.upgrader_name:<19} fails {len(wrong & own)} of its {len(own)} fixtures"
        f" and {len(wrong - own)} others; without it {len(differ(found['none']) & own)} differ"
    )


def test_a_wrong_upgrader_fails_the_fixtures_of_its_operator_and_no_other(
    mutated: Mutated, torch_map: list[Entry], today: list[Row]
) -> None:
    for entry in torch_map:
        rows = mutated[entry.operator]
        assert differ(rows) == {row.fixture for row in today if row.operator == entry.operator}
        assert all(row.status == "mismatch" for row in rows if row.operator == entry.operator)


def test_without_upgraders_the_sensitive_fixtures_differ_and_none_is_verified(
    mutated: Mutated, today: list[Row]
) -> None:
    assert differ(mutated["none"]) == {row.fixture for row in today if row.fact(JIT, "sensitive") == "yes"}
    for row in mutated["none"]:
        # Without its upgrader an archive of linspace or logspace does not load, and no marker can be looked for.
        assert row.fact(JIT, "applied") == ("no" if row.fact(JIT, "loads") == "yes" else "unknown")
        assert row.status == "mismatch"
