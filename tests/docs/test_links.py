"""Every link leads somewhere, on the site as on GitHub, and every page is reached."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from markdown.extensions.toc import slugify

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if path.parent.name != "pictures"]
ALL = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md")), *PAGES]
LINK = re.compile(r"!?\[(?:[^\]]|\](?!\())*\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(path: Path) -> frozenset[str]:
    """The headings of a page by the names that both the site and GitHub give them."""
    titles = [re.sub(r"[`*]", "", one) for one in re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)]
    on_github = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    return frozenset({slugify(title, "-") for title in titles} & on_github)


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_what_is_there(path: Path) -> None:
    for link in LINK.findall(prose(path)):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.exists(), link
        # The site has nothing of what is outside of it.
        assert DOCS not in path.parents or DOCS in there.parents, link
        assert not anchor or anchor in anchors(there), link


def test_the_navigation_has_every_page_once() -> None:
    def named(entries: list) -> list[str]:
        return [
            name
            for entry in entries
            for value in entry.values()
            for name in ([value] if isinstance(value, str) else named(value))
        ]

    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    assert sorted(named(navigation)) == [str(path.relative_to(DOCS)) for path in PAGES]


def test_readme_leads_to_every_page() -> None:
    linked = {(ROOT / link).resolve() for link in LINK.findall(prose(ROOT / "README.md"))}
    assert [path for path in PAGES if path not in linked] == []
