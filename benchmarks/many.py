"""How long 200 new fixtures of one release take, next to a loop as PyTorch's own generator has it.

    python benchmarks/many.py [--runs N]

`test/jit/fixtures_srcs/generate_models.py` of PyTorch scripts each module and saves it, all in one process that may do
what it likes. The loop here does that in the same torch, and runs each module on the samples. `opfixtures generate`
makes the same 200, each in two processes of its own, records the outputs, and replays each in four of the torch of
today. What these forks alone take is measured beside it. Exit status 1 where the ratio is above its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, report
from releases import release
from tree import git

MADE_BY, TODAY = "1.11.0", "2.13.0"
SETTINGS = f"""\
[tool.opfixtures]
version-map = "version_map.cpp"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"

[[tool.opfixtures.runtimes]]
operator-versions = "<=9"
kind = "release"
torch = "{MADE_BY}"
python = "3.8"

[[tool.opfixtures.runtimes]]
operator-versions = ">=10"
kind = "release"
torch = "{TODAY}"
python = "3.11"
"""
VERSION_MAP = """\
std::unordered_map<std::string, std::vector<UpgraderEntry>> map({
%s});
"""
ENTRY = '    {"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},\n'
MODULE = """

class TestVersionedGelu{number}V9(torch.nn.Module):
    def forward(self, x):
        return torch._C._nn.gelu(x)

    def sample_inputs(self):
        return [(torch.tensor([-3.0, -0.5, 0.0, 0.5, 3.0]),)]
"""
LOOP = """\
import os, sys, tempfile
import torch
sys.path.insert(0, os.getcwd())
import modules
with tempfile.TemporaryDirectory() as folder:
    for name in [name for name in dir(modules) if name.startswith("Test")]:
        module = getattr(modules, name)()
        scripted = torch.jit.script(module)
        for inputs in module.sample_inputs():
            scripted(*inputs)
        scripted._save_for_lite_interpreter(os.path.join(folder, name + ".ptl"))
"""
# What no isolation can do without: a process that has torch, forked as often as there are processes for a fixture.
FORKS = """\
import gc, os, sys
import torch
gc.freeze()
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
"""
FIXTURES = 200
OWN, MADE = "PyTorch's loop, 200", "generate 200"
LIMITS = {MADE: (OWN, 1.0)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the making of many fixtures")
    parser.add_argument("--runs", type=int, default=1, help="default: %(default)s")
    installed = Path(sys.executable).with_name("opfixtures")
    parser.add_argument("--command", default=str(installed), help="default: the one beside this Python")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        root = gelu_repository(Path(name, "many"), FIXTURES)
        commands = {
            OWN: Command((release(MADE_BY).python, "-W", "ignore", "-c", LOOP), root),
            f"torch {MADE_BY} forked twice for each": forked(MADE_BY, 2 * FIXTURES, root),
            f"torch {TODAY} forked 4 times for each": forked(TODAY, 4 * FIXTURES, root),
            MADE: Command((options.command, "generate", "--all", "--regenerate"), root),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


def forked(torch: str, times: int, root: Path) -> Command:
    """A process that imports torch, and forks so often what ends at once."""
    return Command((release(torch).python, "-W", "ignore", "-c", FORKS, str(times)), root)


def gelu_repository(root: Path, modules: int) -> Path:
    """A repository whose first commit has no entry, and whose second one has gelu's with so many modules."""
    (root / "fixtures").mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch", "main")
    for step, (entry, count) in enumerate((("", 0), (ENTRY, modules))):
        numbers = range(1, count + 1)
        rows = "".join(f'    TestVersionedGelu{number}V9(): "aten::gelu",\n' for number in numbers)
        texts = {
            ".opfixtures.toml": SETTINGS,
            "version_map.cpp": VERSION_MAP % entry,
            "registry.py": f"ALL_MODULES = {{\n{rows}}}\n",
            "modules.py": "import torch\n" + "".join(MODULE.format(number=number) for number in numbers),
        }
        for path, text in texts.items():
            (root / path).write_text(text)
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", f"step {step}")
    return root


if __name__ == "__main__":
    raise SystemExit(main())
