"""The site is built without a warning and asks nothing of the network; its search works in pages opened as files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = (sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run((*BUILD, str(folder)), cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=\"([^\"]+)", text)
        loaded += re.findall(r"<link(?![^>]*rel=\"(?:next|prev|canonical)\")[^>]*\shref=\"([^\"]+)", text)
        assert [one for one in loaded if re.match(r"(?:\w+:)?//", one)] == [], page
    styles = "".join(style.read_text(encoding="utf-8") for style in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)]*", styles) == []


def test_no_script_of_ours_is_on_the_site(site: Path) -> None:
    assert [path for path in site.rglob("*") if path.suffix in (".py", ".md", ".pyc")] == []


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no browser")
def test_search_finds_in_a_page_that_is_opened_as_a_file(site: Path, tmp_path: Path) -> None:
    options = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}")
    offline = ("--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=30000", "--dump-dom")
    address = f"{(site / 'index.html').as_uri()}?q=shadowed"
    shown = subprocess.run(("chromium", *options, *offline, address), capture_output=True, text=True).stdout
    assert "md-search-result__item" in shown
    assert "limits.html" in shown.partition("md-search-result__list")[2]
