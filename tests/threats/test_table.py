"""The tables of docs/trust.md name tests that are there, and leave out no file of them."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = (FOLDER.parents[1] / "docs" / "trust.md").read_text(encoding="utf-8")
TRUST = PAGE.partition("## Each threat and its test\n")[2].partition("\n## ")[0]


def test_each_test_that_is_named_is_there() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    named = set(re.findall(r"`(test_\w+|Test\w+)`", TRUST))
    assert len(named) > 12
    assert [name for name in named if not re.search(rf"(?:def|class) {name}\b", tests)] == []


def test_each_file_of_tests_is_named() -> None:
    files = {path.name for path in FOLDER.glob("test_*.py")} - {Path(__file__).name}
    assert files == set(re.findall(r"\btest_\w+\.py", TRUST))
