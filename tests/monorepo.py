"""The files of libraries and of PyTorch trees in folders of one repository."""

import json

from tests.repositories import PYTORCH_TREE, zipped_archive

SETTINGS = """\
[tool.opfixtures]
version-map = "tinyops/versions.py"
registry = "fixtures_src/registry.py"
fixture-modules = ["fixtures_src/modules.py"]
fixtures = "fixtures"
"""
PACKAGE, SUB, TREE = "packages/tinyops", "sub", "third_party/pytorch"
MAP = f"{PACKAGE}/tinyops/versions.py"


def version_map(**bumps):
    """A library's version map with an entry of `tiny::NAME` at each version."""
    entries = {
        f"tiny::{name}": [
            {
                "bumped_at_version": version,
                "upgrader_name": f"{name}_0_{version - 1}",
                "old_schema": f"tiny::{name}(Tensor x) -> Tensor",
            }
        ]
        for name, version in bumps.items()
    }
    return f"OPERATOR_VERSIONS = {json.dumps(entries, indent=4)}\n"


def library_files(folder, settings="pyproject.toml", **bumps):
    """The files of a library below a folder, with a fixture entry and a fixture for each entry."""
    modules = [(name.capitalize(), name, version - 1) for name, version in bumps.items()]
    rows = "".join(f'    {cls}V{last}(): "tiny::{name}",\n' for cls, name, last in modules)
    body = (
        "\n\nclass {}V{}(torch.nn.Module):\n    def forward(self, x):\n        return torch.ops.tiny.{}(x)\n"
    )
    files = {
        settings: SETTINGS,
        "tinyops/versions.py": version_map(**bumps),
        "tinyops/ops.py": "",
        "fixtures_src/registry.py": f"ALL_MODULES = {{\n{rows}}}\n",
        "fixtures_src/modules.py": "import torch\n"
        + "".join(body.format(c, last, n) for c, n, last in modules),
    }
    files |= {f"fixtures/{n}_v{last}.ptl": zipped_archive(3, f"tiny::{n}") for _, n, last in modules}
    return {f"{folder}/{path}" if folder else path: text for path, text in files.items()}


def pytorch_below(folder):
    return {f"{folder}/{path}": content for path, content in PYTORCH_TREE.items()}
