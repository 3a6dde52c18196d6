"""Real libraries, each with its last release before a change as the pre-change runtime.

    python benchmarks/libraries.py [torchao] [torchvision]

For each a repository is made whose work tree installs the release with the change, and registers an upgrader for it;
the fixture is made by the release before, which `packages` name. Prints what `opfixtures generate` says, and ends with
1 where a fixture is not verified. The first run downloads the releases: torchao's have 6 MB, torchvision's come with
two releases of torch, of 750 MB each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tree import git


@dataclass(frozen=True)
class Library:
    """A library and one operator that changed: as `new` has it, made by `old`, each beside a torch that it supports.

    `name` is the wrapper's. `forward` is the fixture module's body, `samples` its inputs.
    """

    name: str
    old: str
    new: str
    old_torch: str
    new_torch: str
    imported: str
    operator: str
    old_schema: str
    upgrader: str
    forward: str
    samples: str


LIBRARIES = {
    "torchao": Library(
        name="aohistory",
        old="torchao==0.11.0",
        new='["pip", "install", "--quiet", "--no-deps", "torchao==0.14.1"]',
        old_torch='torch = "2.13.0"\npython = "3.11"',
        new_torch='torch = "2.13.0"\npython = "3.11"',
        imported="torchao.quantization.quant_primitives",
        operator="torchao::quantize_affine",
        old_schema=(
            "torchao::quantize_affine(Tensor input, SymInt[] block_size, Tensor scale, Tensor? zero_point, ScalarType"
            " output_dtype, Scalar? quant_min=None, Scalar? quant_max=None, str zero_point_domain='INT') -> Tensor"
        ),
        upgrader='''\
def quantize_affine_0_3(input: Tensor, block_size: List[int], scale: Tensor, zero_point: Optional[Tensor],
    output_dtype: int, quant_min: Optional[number]=None, quant_max: Optional[number]=None,
    zero_point_domain: str="INT") -> Tensor:
  if zero_point_domain == "NONE":
    zeros = torch.zeros_like(scale)
    return torch.ops.torchao.quantize_affine(input, block_size, scale, zeros, output_dtype, quant_min, quant_max)
  return torch.ops.torchao.quantize_affine(input, block_size, scale, zero_point, output_dtype, quant_min, quant_max)
''',
        forward='''\
    def forward(self, x, scale):
        return torch.ops.torchao.quantize_affine(x, [1, 4], scale, None, torch.int8, -128, 127, "NONE")
''',
        samples="[(torch.linspace(-1.0, 1.0, 8).reshape(2, 4), torch.tensor([0.1, 0.2]))]",
    ),
    "torchvision": Library(
        name="visionhistory",
        old="torchvision==0.7.0",
        new=(
            '["pip", "install", "--quiet", "--no-deps", "torchvision==0.13.1"],'
            ' ["pip", "install", "--quiet", "pillow", "requests"]'
        ),
        old_torch='torch = "1.6.0"\npython = "3.8"',
        new_torch='torch = "1.12.1"\npython = "3.8"',
        imported="torchvision",
        operator="torchvision::deform_conv2d",
        old_schema=(
            "torchvision::deform_conv2d(Tensor _0, Tensor _1, Tensor _2, Tensor _3, int _4, int _5, int _6, int _7,"
            " int _8, int _9, int _10, int _11) -> (Tensor _0)"
        ),
        upgrader='''\
def deform_conv2d_0_3(input: Tensor, weight: Tensor, offset: Tensor, bias: Tensor, stride_h: int, stride_w: int,
    pad_h: int, pad_w: int, dil_h: int, dil_w: int, groups: int, offset_groups: int) -> Tensor:
  mask = torch.zeros([input.size(0), 0], dtype=input.dtype)
  return torch.ops.torchvision.deform_conv2d(input, weight, offset, mask, bias, stride_h, stride_w, pad_h, pad_w,
    dil_h, dil_w, groups, offset_groups, False)
''',
        forward='''\
    def forward(self, x, weight, offset, bias):
        return torch.ops.torchvision.deform_conv2d(x, weight, offset, bias, 1, 1, 0, 0, 1, 1, 1, 1)
''',
        samples=(
            "[(torch.linspace(0.0, 1.0, 16).reshape(1, 1, 4, 4), torch.linspace(-1.0, 1.0, 4).reshape(1, 1, 2, 2),"
            " torch.full([1, 8, 3, 3], 0.25), torch.tensor([0.5]))]"
        ),
    ),
}  # fmt: skip
REGISTERS = Path(__file__).parents[1] / "demo" / "library" / "change" / "tinyops" / "upgraders.py"
PROJECT = """\
[build-system]
requires = ["flit_core>=3.11,<4"]
build-backend = "flit_core.buildapi"

[project]
name = "{name}"
version = "1"
description = "Which operators of a library changed."

[tool.opfixtures]
version-map = "{name}/operator_versions.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"

[[tool.opfixtures.runtimes]]
operator-versions = "<=3"
kind = "release"
{old_torch}
packages = ["{old}"]
import = "{imported}"

[[tool.opfixtures.runtimes]]
operator-versions = ">=4"
kind = "checkout"
{new_torch}
setup = [{new}, ["pip", "install", "--quiet", "--no-deps", "."]]
import = "{name}"
"""


def files_of(library: Library) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The files of the repository before the change, and those that the change brings, by path."""
    base = library.operator.partition("::")[2]
    name = f"TestVersioned{base.title().replace('_', '')}V3"
    entry = {"bumped_at_version": 4, "upgrader_name": f"{base}_0_3", "old_schema": library.old_schema}
    # What the demonstration's library has, with another upgrader.
    head, _, rest = REGISTERS.read_text().partition('UPGRADERS = """')
    _, _, tail = rest.partition('"""')
    registers = f"{head}UPGRADERS = '''\n{library.upgrader}'''{tail}"
    before = {
        f"{library.name}/__init__.py": f"import {library.imported}\n",
        f"{library.name}/operator_versions.py": "OPERATOR_VERSIONS = {}\n",
        "registry.py": "ALL_MODULES = {}\n",
        "modules.py": "import torch\n",
    }
    after = {
        "pyproject.toml": PROJECT.format(**vars(library)),
        f"{library.name}/__init__.py": f"import {library.imported}\nfrom . import upgraders\n",
        f"{library.name}/operator_versions.py": f"OPERATOR_VERSIONS = {json.dumps({library.operator: [entry]})}\n",
        f"{library.name}/upgraders.py": registers,
        "registry.py": f'from modules import *\n\nALL_MODULES = {{{name}(): "{library.operator}"}}\n',
        "modules.py": (
            f"import torch\n\n\nclass {name}(torch.nn.Module):\n{library.forward}\n"
            f"    def sample_inputs(self):\n        return {library.samples}\n"
        ),
    }
    return before, after


def main(names: Sequence[str]) -> int:
    """Try the libraries of these names; returns the exit status."""
    status = 0
    for name in names or LIBRARIES:
        before, after = files_of(LIBRARIES[name])
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            git(root, "init", "--quiet")
            for files in (before, after):
                for path, text in files.items():
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).write_text(text)
                if files is before:
                    git(root, "add", "--all")
                    git(root, "commit", "--quiet", "--message", "before")
            print(f"== {name}", flush=True)
            command = [sys.executable, "-m", "opfixtures", "generate"]
            status |= subprocess.run(command, cwd=root, check=False).returncode
            for record in sorted(root.glob("fixtures/*.json")):
                print(os.path.basename(record), json.dumps(json.loads(record.read_bytes())["runtime"]))
    return int(bool(status))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
