"""What action.yml asks the Python of a workflow, which has no opfixtures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from opfixtures.runtimes import torch_folders


def told(python: str) -> list[str]:
    """What a Python says of its torch."""
    command = (python, "-I", str(torch_folders.__file__))
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_python_with_torch_names_its_folder_first() -> None:
    folders = told(sys.executable)
    assert os.path.isfile(os.path.join(folders[0], "torch", "__init__.py"))
    assert len(set(folders)) == len(folders)
    assert {os.path.basename(folder) for folder in folders} <= {"site-packages", "dist-packages"}


def test_a_python_without_torch_names_none(tmp_path: Path) -> None:
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")), check=True)
    assert told(str(tmp_path / "env" / "bin" / "python")) == []
