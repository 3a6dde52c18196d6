"""A wrong upgrader fails the fixtures of its operator and no other; without upgraders the sensitive ones fail."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.corpus.conftest import TODAY, NewCorpus, Row, Verify

JIT = "torch.jit.load"
UPGRADERS = {
    operator: entry.upgrader_name
    for operator, entries in sorted(torch._C._get_operator_version_map().items())
    for entry in entries
}
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


@pytest.fixture(scope="module")
def mutated(
    tmp_path_factory: pytest.TempPathFactory, new_corpus: NewCorpus, verify: Verify
) -> dict[str, list[Row]]:
    """What verify says with each wrong upgrader, by operator, and without any, under "none"."""
    environment = tmp_path_factory.mktemp("mutations") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "torch.pth").write_text(str(Path(torch.__file__).parents[1]))
    runtimes = {"none": "none"} | {operator: f"wrong_{name}" for operator, name in UPGRADERS.items()}
    settings = ""
    for operator, name in runtimes.items():
        source = NONE if operator == "none" else WRONG.format(upgrader=UPGRADERS[operator])
        (packages / f"{name}.py").write_text(source)
        settings += TODAY.format(name=name, python=environment / "bin" / "python") + f'import = "{name}"\n'
    corpus = new_corpus(settings)
    with ThreadPoolExecutor() as pool:
        rows = pool.map(lambda name: verify(corpus, name), runtimes.values())
        return dict(zip(runtimes, rows, strict=True))


def test_a_wrong_upgrader_fails_the_fixtures_of_its_operator_and_no_other(
    mutated: dict[str, list[Row]], today: list[Row]
) -> None:
    for operator in UPGRADERS:
        failed = {row.fixture for row in mutated[operator] if row.fact(JIT, "equal") == "no"}
        assert failed == {row.fixture for row in today if row.operator == operator}
        assert all(row.status == "mismatch" for row in mutated[operator] if row.fixture in failed)


def test_without_upgraders_the_sensitive_fixtures_differ_and_none_is_verified(
    mutated: dict[str, list[Row]], today: list[Row]
) -> None:
    differ = {row.fixture for row in mutated["none"] if row.fact(JIT, "equal") == "no"}

    assert differ == {row.fixture for row in today if row.fact(JIT, "sensitive") == "yes"}
    for row in mutated["none"]:
        # Without its upgrader an archive of linspace or logspace does not load, and no marker can be looked for.
        assert row.fact(JIT, "applied") == ("no" if row.fact(JIT, "loads") == "yes" else "unknown")
        assert row.status == "mismatch"
