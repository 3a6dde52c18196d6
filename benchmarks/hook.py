"""How long the hook takes, next to a Python that does nothing.

    python benchmarks/hook.py [--runs N] [--command PATH]

Runs the installed `opfixtures check` in a repository of PyTorch's size and shape: with an untouched version
map, and with one that an entry was added to. Prints medians of N interleaved runs and their ratios to
`python -c pass`. Exit status 1 where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
# PyTorch in 2026: files in its index, operators in its version map.
FILES = 15_000
OPERATORS = 18
BARE = "python -c pass"
LIMITS = {BARE: 1.0, "untouched map": 3.0, "changed map": 8.0}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the hook")
    parser.add_argument("--runs", type=int, default=30, help="default: %(default)s")
    installed = Path(sys.executable).with_name("opfixtures")
    parser.add_argument("--command", default=str(installed), help="default: the one beside this Python")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        medians = measure(Path(folder), options.command, options.runs)
    ratios = {name: median / medians[BARE] for name, median in medians.items()}
    print(f"{'median of ' + str(options.runs):<16} {'ms':>7} {'ratio':>6} {'limit':>6}")
    for name, median in medians.items():
        print(f"{name:<16} {median * 1000:7.1f} {ratios[name]:6.2f} {LIMITS[name]:6.1f}")
    return int(any(ratio > LIMITS[name] for name, ratio in ratios.items()))


def measure(folder: Path, command: str, runs: int) -> dict[str, float]:
    """Seconds, by what was run."""
    check = (command, "check")
    untouched, changed = repository(folder / "untouched"), repository(folder / "changed")
    add_entry(changed)
    what = {
        BARE: ((sys.executable, "-c", "pass"), untouched, 0),
        "untouched map": (check, untouched, 0),
        "changed map": (check, changed, 1),
    }
    # pip compiles what it installs; an editable install may be kept from that.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    seconds: dict[str, list[float]] = {name: [] for name in what}
    # The first round fills caches and is not counted.
    for count in range(runs + 1):
        for name, (arguments, root, status) in what.items():
            start = time.perf_counter()
            done = subprocess.run(
                arguments, cwd=root, env=environment, stdout=subprocess.DEVNULL, check=False
            )
            elapsed = time.perf_counter() - start
            if done.returncode != status:
                raise SystemExit(f"{arguments} ended with {done.returncode} instead of {status}")
            if count:
                seconds[name].append(elapsed)
    return {name: statistics.median(values) for name, values in seconds.items()}


def repository(root: Path) -> Path:
    """A repository with PyTorch's paths and as many files, all committed, one of them staged again."""
    names = [f"Operator{number}" for number in range(OPERATORS)]
    entries = "".join(
        f'    {{"aten::op{n}", {{{{10, "op{n}_0_9", "aten::op{n}(Tensor self) -> Tensor"}}}}}},\n'
        for n in range(OPERATORS)
    )
    rows = "".join(f'    Test{name}V9(): "aten::op{n}",\n' for n, name in enumerate(names))
    module = "class Test{}V9(torch.nn.Module):\n    def forward(self, x):\n        return x\n\n\n"
    files = {
        VERSION_MAP: f"std::unordered_map<std::string, std::vector<UpgraderEntry>> map({{\n{entries}}});\n",
        REGISTRY: f"ALL_MODULES = {{\n{rows}}}\n",
        MODULES: "import torch\n\n\n" + "".join(module.format(name) for name in names),
        "pyproject.toml": "[build-system]\nrequires = []\n",
        **{f"folder{n % 500}/below{n % 7}/file{n}.cpp": f"{n}\n" for n in range(FILES)},
    }
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(
        root, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "first"
    )
    (root / "folder0/below0/file0.cpp").write_text("more\n")
    git(root, "add", "--all")
    return root


def add_entry(root: Path) -> None:
    """Add an entry to the version map and stage it."""
    file = root / VERSION_MAP
    entry = '    {"aten::added", {{11, "added_0_10", "aten::added(Tensor self) -> Tensor"}}},\n'
    file.write_text(file.read_text().replace("});", entry + "});"))
    git(root, "add", VERSION_MAP)


def git(root: Path, *args: str) -> None:
    """Run git in a repository; it must succeed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(("git", *args), cwd=root, env=environment, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
