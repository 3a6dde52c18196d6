"""What is installed, as its users install it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from opfixtures.report.html import SHARED_SCRIPTS, SHARED_STYLES
from opfixtures.report.status_html import SCRIPTS, STYLES
from tests.repositories import GitRepository

ROOT = Path(__file__).parents[1]
INSIDE = sorted((ROOT / "opfixtures" / "worker" / "inside").glob("*.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("opfixtures-*.whl"))


def test_the_base_install_needs_nothing_but_itself(
    wheel: Path, pytorch: GitRepository, tmp_path: Path
) -> None:
    """`--no-index`: pip would fail over any requirement."""
    env = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", str(env)], check=True)
    pip = [str(env / "bin" / "pip"), "--disable-pip-version-check"]
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PIP_FIND_LINKS")}
    subprocess.run([*pip, "install", "--quiet", "--no-index", str(wheel)], check=True, env=own)
    listed = subprocess.run([*pip, "list", "--format", "json"], check=True, capture_output=True, env=own)
    assert {package["name"] for package in json.loads(listed.stdout)} - {"pip", "setuptools"} == {
        "opfixtures"
    }

    command = [str(env / "bin" / "opfixtures"), "check", "--all"]
    done = subprocess.run(command, cwd=pytorch.root, env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "opfixtures: no problems found\n"), done.stderr

    # git may be called by an editor, which knows nothing of the environment.
    subprocess.run([str(env / "bin" / "opfixtures"), "install-hooks"], cwd=pytorch.root, check=True, env=own)
    commit = ["git", "commit", "--allow-empty", "--message", "x"]
    elsewhere = {**pytorch.environment, "PATH": os.defpath, "PYTHONPATH": ""}
    done = subprocess.run(commit, cwd=pytorch.root, env=elsewhere, capture_output=True, text=True, check=True)
    assert "opfixtures: no problems found\n" in done.stdout + done.stderr


def test_the_wheel_brings_the_worker_the_hooks_and_the_schemas(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert INSIDE
    assert {
        *(f"opfixtures/worker/inside/{path.name}" for path in INSIDE),
        *(f"opfixtures/report/{name}" for name in (*SHARED_STYLES, *SHARED_SCRIPTS, *STYLES, *SCRIPTS)),
        "opfixtures/report/schemas/cache.schema.json",
        "opfixtures/report/schemas/config.schema.json",
        "opfixtures/report/schemas/findings.schema.json",
        "opfixtures/report/schemas/new.schema.json",
        "opfixtures/report/schemas/record.schema.json",
        "opfixtures/report/schemas/result.schema.json",
        "opfixtures/report/schemas/status.schema.json",
        "opfixtures/commands/hooks/pre-commit",
        "opfixtures/commands/hooks/pre-merge-commit",
        "opfixtures/commands/hooks/pre-push",
        "opfixtures/py.typed",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "demo/"))]
