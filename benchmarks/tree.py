"""Repositories with PyTorch's paths, as large as wanted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
# PyTorch in 2026: operators in its version map, files in its index.
OPERATORS = 18
FILES = 15_000


def repository(
    root: Path, operators: int = OPERATORS, files: int = FILES, folder: str = ".", settings: str = ""
) -> Path:
    """One entry, row and module an operator below `folder`, and other files beside it, all committed; one is staged."""
    names = [f"Operator{number}" for number in range(operators)]
    entries = "".join(
        f'    {{"aten::op{n}", {{{{10, "op{n}_0_9", "aten::op{n}(Tensor self) -> Tensor"}}}}}},\n'
        for n in range(operators)
    )
    rows = "".join(f'    Test{name}V9(): "aten::op{n}",\n' for n, name in enumerate(names))
    module = "class Test{}V9(torch.nn.Module):\n    def forward(self, x):\n        return x\n\n\n"
    version_map = f"std::unordered_map<std::string, std::vector<UpgraderEntry>> map({{\n{entries}}});\n"
    texts = {
        f"{folder}/{VERSION_MAP}": version_map,
        f"{folder}/{REGISTRY}": f"ALL_MODULES = {{\n{rows}}}\n",
        f"{folder}/{MODULES}": "import torch\n\n\n" + "".join(module.format(name) for name in names),
        "pyproject.toml": "[build-system]\nrequires = []\n",
        **({".opfixtures.toml": settings} if settings else {}),
        **{f"folder{n % 500}/below{n % 7}/file{n}.cpp": f"{n}\n" for n in range(files)},
    }
    for path, text in texts.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    (root / "folder0/below0/file0.cpp").parent.mkdir(parents=True, exist_ok=True)
    (root / "folder0/below0/file0.cpp").write_text("more\n")
    git(root, "add", "--all")
    return root


def add_entries(root: Path, count: int = 1) -> None:
    """Add entries of as many operators to the version map and stage them."""
    file = root / VERSION_MAP
    entries = "".join(
        f'    {{"aten::added{n}", {{{{11, "added{n}_0_10", "aten::added{n}(Tensor self) -> Tensor"}}}}}},\n'
        for n in range(count)
    )
    file.write_text(file.read_text().replace("});", entries + "});"))
    git(root, "add", VERSION_MAP)


def git(root: Path, *args: str) -> None:
    """Run git in a repository; it must succeed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    person = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(("git", *person, *args), cwd=root, env=environment, check=True)
