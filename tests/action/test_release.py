"""What a release is told to be: the tag, the package and the changelog have to say the same."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from opfixtures import __version__

ROOT = Path(__file__).parents[2]
PACKAGE = '__version__ = "1.2.3"\n'
CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n- more\n\n## 1.2.3 (2027-01-02)\n\n- a\n- b\n\n"
    "## 1.2.2 (2026-12-01)\n\n- c\n"
)


@pytest.fixture
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / ".github/release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_notes_are_its_own_section(release: ModuleType) -> None:
    assert release.notes("v1.2.3", PACKAGE, CHANGELOG) == "- a\n- b\n"


@pytest.mark.parametrize(
    ("tag", "changelog", "why"),
    [
        ("v1.2.2", CHANGELOG, "tag v1.2.2 is not v1.2.3"),
        ("1.2.3", CHANGELOG, "tag 1.2.3 is not v1.2.3"),
        ("v1.2.3", CHANGELOG.replace("1.2.3", "1.2.4"), "no section `## 1.2.3"),
        ("v1.2.3", CHANGELOG.replace("- a\n- b\n", ""), "no section `## 1.2.3"),
        ("v1.2.3", CHANGELOG.replace(" (2027-01-02)", ""), "no section `## 1.2.3"),
    ],
)
def test_what_does_not_agree_is_no_release(release: ModuleType, tag: str, changelog: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        release.notes(tag, PACKAGE, changelog)


def test_this_tree_is_none_before_its_changelog_says_so(
    release: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main([f"v{__version__}"]) == 1
    assert capsys.readouterr().err == f"CHANGELOG.md has no section `## {__version__} (YYYY-MM-DD)`\n"
