"""One browser for all tests of this folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.action_fixtures import ROOT
from tests.browser.browser import Browser


@pytest.fixture(scope="session")
def browser(npm: Path) -> Iterator[Browser]:
    """Chromium."""
    subprocess.run(("make", "--silent", ".venv/chromium"), cwd=ROOT, check=True)
    browser = Browser(npm, ROOT / ".venv/chromium")
    yield browser
    browser.close()
