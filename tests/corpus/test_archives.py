"""Archives read without torch say what each torch says that can be asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opfixtures.archives.archive import read_archive
from opfixtures.runtimes.cache import cache_root
from opfixtures.runtimes.release import obtain_release
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.version_range import VersionRange
from tests.corpus.conftest import FIXTURES

# Releases that have _export_operator_list and the corpus is made or replayed by; 1.5.1 has none.
RELEASES = ("1.9.1", "1.11.0", "today")
ASK = """
import json, sys, torch, torch.jit.mobile as mobile
says = {}
for path in sys.argv[1:]:
    try:
        says[path] = {"operators": sorted(mobile._export_operator_list(mobile._load_for_lite_interpreter(path)))}
        if hasattr(mobile, "_get_model_ops_and_info"):
            info = mobile._get_model_ops_and_info(path)
            says[path]["arguments"] = {name: info[name].num_schema_args for name in info}
    except RuntimeError as error:
        says[path] = {"error": str(error)}
print(json.dumps(says))
"""
EXPORT = """
import sys, torch
class Several(torch.nn.Module):
    def forward(self, x, n: int):
        y = torch.full([n, 2], 0.5) + x
        return torch.div(y, 2) * torch.div(y, y), torch.add(y, y, alpha=2)
torch.jit.script(Several())._save_for_lite_interpreter(sys.argv[1])
"""


def python_of(release: str) -> str:
    if release == "today":
        return sys.executable
    spec = RuntimeSpec("release", release, VersionRange(), release, "3.8", None, (), None)
    return obtain_release(spec, os.environ, cache_root(os.environ), lambda _: None).python


def run(folder: Path, python: str, source: str, *args: str) -> str:
    # TorchScript reads the source of a class from its file.
    (folder / "script.py").write_text(source)
    command = (python, "-W", "ignore", str(folder / "script.py"), *args)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("release", RELEASES)
def test_operators_and_argument_counts_are_those_that_torch_finds(release: str, tmp_path: Path) -> None:
    python, own = python_of(release), tmp_path / "own.ptl"
    run(tmp_path, python, EXPORT, str(own))
    paths = [*FIXTURES, own]
    says: dict[str, dict[str, Any]] = json.loads(run(tmp_path, python, ASK, *map(str, paths)))

    for path in paths:
        archive, told = read_archive(path.read_bytes()), says[str(path)]
        if "error" in told:
            # 1.9.1 has no aten::gelu.out.
            assert (release, archive.operators) == ("1.9.1", frozenset({"aten::gelu.out"})), told
            continue
        assert archive.operators == set(told["operators"])
        counts = told.get("arguments", {})
        assert archive.bytecode_version is not None
        if archive.bytecode_version >= 6:
            assert {(name, count) for name, count in counts.items() if count is not None} <= archive.arguments


def test_the_archives_of_the_first_lite_interpreter_are_read_too(tmp_path: Path) -> None:
    own = tmp_path / "own.ptl"
    run(tmp_path, python_of("1.5.1"), EXPORT, str(own))

    archive = read_archive(own.read_bytes())

    assert (archive.version, archive.bytecode_version) == (2, 3)
    assert {"aten::full", "aten::div.Tensor", "aten::add.Tensor"} <= archive.operators
