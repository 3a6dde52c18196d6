"""What the docs say and the program knows is the same: findings, commands, settings, the Action, the benchmarks."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from docs.pages import DOCS, pages, parser_of, subcommands
from opfixtures.errors import ConfigurationError
from opfixtures.proving.result import Facts, LoaderFacts
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.rules import RULES
from opfixtures.settings import config, runtime_spec
from opfixtures.settings.config_table import Table
from opfixtures.settings.described import RUNTIME_SETTINGS, SETTINGS

WRITTEN = pages()


@pytest.mark.parametrize("path", sorted(WRITTEN), ids=lambda path: path.stem)
def test_a_page_is_what_would_be_written(path: Path) -> None:
    """Else `make docs` writes it. Another Python may set braces and spaces of a usage in another way."""
    assert path.read_text(encoding="utf-8").split() == WRITTEN[path].split()


def test_each_rule_and_each_command_has_its_section() -> None:
    findings, commands = WRITTEN[DOCS / "findings.md"], WRITTEN[DOCS / "commands.md"]
    assert re.findall(r"^## (OPF\d+)$", findings, re.MULTILINE) == sorted(RULES)
    assert re.findall(r"^## (\S+)$", commands, re.MULTILINE) == list(subcommands())
    for name in subcommands():
        section = commands.partition(f"## {name}\n")[2].partition("\n## ")[0]
        options = {option for action in parser_of(name)._actions for option in action.option_strings}
        for option in options - {"-h", "--help", "--debug"}:
            assert re.search(rf"[` ]{option}[` ,]", section), (name, option)


def test_each_setting_is_described_once() -> None:
    assert sorted(one.key for one in SETTINGS) == sorted(config._KEYS)
    assert sorted(one.key for one in RUNTIME_SETTINGS) == sorted(runtime_spec._RUNTIME_KEYS)
    (kinds,) = (one.means for one in RUNTIME_SETTINGS if one.key == "kind")
    assert set(re.findall(r'`kind = "(\w+)"`', kinds)) == set(runtime_spec.KINDS)


def test_the_examples_of_all_settings_together_are_settings(tmp_path: Path) -> None:
    """Each example sets its own key, and all can stand in one file."""
    for one in (*SETTINGS, *RUNTIME_SETTINGS):
        assert tomllib.loads(one.example).keys() == {one.key}
    lines = "\n".join(one.example for one in SETTINGS)
    (tmp_path / ".opfixtures.toml").write_text(f"[tool.opfixtures]\n{lines}\n", encoding="utf-8")
    shown = config.read_config(WorkTreeSnapshot(str(tmp_path)))
    assert shown is not None
    assert (len(shown.runtimes), len(shown.waivers), len(shown.accepted_breaks)) == (1, 1, 1)


@pytest.mark.parametrize("kind", runtime_spec.KINDS)
def test_the_examples_of_a_runtime_are_one_of_each_kind(kind: str) -> None:
    examples = {key: value for one in RUNTIME_SETTINGS for key, value in tomllib.loads(one.example).items()}
    of_others = runtime_spec._OF_OTHER_KINDS[kind]
    entry = {key: value for key, value in examples.items() if key not in of_others} | {"kind": kind}
    if kind == "interpreter":
        entry |= {"python": "python3"}
    (runtime,) = runtime_spec.read_runtimes(Table({"runtimes": [entry]}, "page"))
    assert (runtime.kind, runtime.name) == (kind, "old")
    with pytest.raises(ConfigurationError):
        runtime_spec.read_runtimes(
            Table({"runtimes": [entry | dict.fromkeys(of_others, "x") | {"no": 1}]}, "page")
        )


def test_every_fact_and_every_verdict_is_explained() -> None:
    page = (DOCS / "fixtures.md").read_text(encoding="utf-8")
    table = page.partition("## Facts\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z, -]+) \|", table, re.MULTILINE)
    named = {name.replace("-", "_") for row in rows for name in row.split(", ")} - {"fact", "___"}
    facts = {*Facts.__dataclass_fields__, *LoaderFacts.__dataclass_fields__} - {"loaders"}
    assert named == facts
