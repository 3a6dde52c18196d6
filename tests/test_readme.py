"""The README says what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from opfixtures import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def help_of(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    with pytest.raises(SystemExit):
        cli.main([*args, "--help"])
    return capsys.readouterr().out


def test_the_table_of_commands_has_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    there = re.findall(r"^    ([a-z-]+)(?: |$)", help_of(capsys), re.MULTILINE)
    said = re.findall(r"^\| `opfixtures ([a-z-]+)", README, re.MULTILINE)
    assert sorted(said) == sorted(there) != []


def test_every_option_that_is_named_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    commands = ("check", "status", "generate", "verify", "renumber", "install-hooks")
    helps = "".join(help_of(capsys, command) for command in commands)
    table = README[README.index("## Commands") : README.index("## In a workflow")]
    named = set(re.findall(r"`(--[a-z-]+)", table))
    assert named
    assert {option for option in named if option not in helps} == set()


def test_extras_make_targets_and_the_hook_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r"opfixtures\[([a-z]+)\]", README)) <= project["optional-dependencies"].keys()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z-]+)`", README)):
        assert f"\n{target}:" in makefile
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    for hook in re.findall(r"- id: (\S+)", README):
        assert f"- id: {hook}\n" in hooks
