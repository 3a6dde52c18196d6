"""CONTRIBUTING.md says what is there, and its rule is one."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations, MapEntry, VersionMap
from opfixtures.declarations.place import Place
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.rules import RULES
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from tests.repositories import config_of
from tests.test_house import STATIONS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_house_has_the_folders_of_the_table_in_their_order() -> None:
    assert tuple(re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE)) == STATIONS


def test_every_file_that_a_recipe_names_is_there() -> None:
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]*)`", PAGE)) | set(re.findall(r"(tests/[\w/.]+)", PAGE))
    folders = ("", "opfixtures", "opfixtures/worker")
    assert [path for path in named if not any((ROOT / one / path).exists() for one in folders)] == []
    assert len(named) > 20


def test_the_rule_that_is_shown_finds_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.setitem(RULES, "OPF116", None)
    names = {"rule": rule, "Severity": Severity, "Change": Change, "NewFinding": NewFinding}
    exec(
        compile(
            "from __future__ import annotations\n" + re.sub("^   ", "", block, flags=re.MULTILINE),
            "page",
            "exec",
        ),
        names,
    )
    entry = MapEntry("aten::gelu", 10, "g" * 81, "aten::gelu(Tensor self) -> Tensor", Place("map", 1, 1))
    change = Change(
        config_of(WorkTreeSnapshot(str(ROOT))),
        before=Declarations(),
        after=Declarations(VersionMap("map", (entry,))),
        touched=frozenset(),
        published=Declarations,
        has_file=lambda _: False,
    )
    shown = RULES["OPF116"]

    (found,) = shown.judge(change, partial(Finding, shown.code, shown.severity))

    assert (found.operator, found.place, found.severity) == ("aten::gelu", entry.place, Severity.WARNING)
    assert shown.page.startswith("An upgrader's name has more than 80 characters.")
