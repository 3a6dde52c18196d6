"""Real git repositories, the command line run in them, and the smallest tree with PyTorch's paths."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from opfixtures import cli
from opfixtures.repository.snapshot import Snapshot
from opfixtures.settings.config import Config, read_config

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"


def zipped_archive(version: int, *operators: str, bytecode: bool = True) -> bytes:
    """An archive in the layout of torch 1.5.1, stamped `version`, with a method that calls these operators."""
    rows = tuple((name, overload) for name, _, overload in (one.partition(".") for one in operators))
    code = (("instructions", ()), ("operators", rows), ("constants", ()), ("types", ()), ("register_size", 2))
    members = {
        "m/version": b"%d\n" % version,
        "m/data.pkl": b"\x80\x02N.",
        "m/code/__torch__.py": "".join(f"torch.{name[6:]}(x)\n" for name, _ in rows).encode(),
        "m/bytecode.pkl": pickle.dumps((("__torch__.M.forward", code),), protocol=2),
    }
    if not bytecode:
        del members["m/bytecode.pkl"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


PYTORCH_TREE: dict[str, str | bytes] = {
    VERSION_MAP: """\
#include <torch/csrc/jit/operator_upgraders/version_map.h>

namespace torch::jit {

static std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap(
    {{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},
    });

} // namespace torch::jit
""",
    REGISTRY: """\
from test.jit.fixtures_srcs.fixtures_src import *  # noqa: F403

ALL_MODULES = {
    TestVersionedGeluV9(): "aten::gelu",
}
""",
    MODULES: """\
import torch


class TestVersionedGeluV9(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)
""",
    "test/jit/fixtures/test_versioned_gelu_v9.ptl": zipped_archive(3, "aten::gelu"),
    "README.md": "A tree with PyTorch's paths.\n",
}


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str


def git_environment_in(home: Path) -> dict[str, str]:
    """An environment in which git knows who commits, and nothing of this machine's configuration."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    person = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2026-01-01T00:00:00Z"))
    }
    package = str(Path(cli.__file__).parents[1])
    apart = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": package}
    # A text is looked for in one line, however long; tests of the width say another.
    return {**ours, **person, **apart, "COLUMNS": "9999"}


class GitRepository:
    """A real repository. Its git sees no configuration but its own."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment

    def git(self, *args: str) -> str:
        """Run git at the root; it must succeed."""
        command = ("git", *args)
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file and stage it."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--", path)

    def read(self, path: str) -> str:
        """The text of a file of the work tree."""
        return (self.root / path).read_text(encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file and stage it."""
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def commit(self, message: str = "a commit") -> str:
        """Commit what is staged, hooks left out; returns the commit's id."""
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def opfixtures(self, *args: str, folder: str = ".", **environment: str) -> Ran:
        """Run the command line in a process of its own."""
        done = subprocess.run(
            (sys.executable, "-m", "opfixtures", *args),
            cwd=self.root / folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


def config_of(snapshot: Snapshot, folder: str = "") -> Config:
    """The settings of a project that has some."""
    config = read_config(snapshot, folder)
    assert config is not None
    return config
