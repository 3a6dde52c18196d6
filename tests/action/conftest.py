"""Events as GitHub sends them, and a pull request in a real repository and its remote."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def npm() -> Path:
    """The folder of what the tests take from npm."""
    subprocess.run(("make", "--silent", ".venv/npm"), cwd=ROOT, check=True)
    return ROOT / ".venv/npm/node_modules"


@pytest.fixture(scope="session")
def examples(npm: Path) -> dict[str, list[dict[str, Any]]]:
    """GitHub's own examples of payloads, by event."""
    text = (npm / "@octokit/webhooks-examples/api.github.com/index.json").read_text(encoding="utf-8")
    return {one["name"]: one["examples"] for one in json.loads(text)}
