"""README and docs say what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from opfixtures import cli
from opfixtures.proving.result import Facts, LoaderFacts
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings import config, runtime_spec

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
ALL = "\n".join((README, *PAGES.values()))


def help_of(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    with pytest.raises(SystemExit):
        cli.main([*args, "--help"])
    return capsys.readouterr().out


def test_the_table_of_commands_has_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    there = re.findall(r"^    ([a-z-]+)(?: |$)", help_of(capsys), re.MULTILINE)
    said = re.findall(r"^\| `opfixtures ([a-z-]+)", README, re.MULTILINE)
    assert sorted(said) == sorted(there) != []


def test_every_option_that_is_named_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    commands = (
        "init",
        "check",
        "new",
        "status",
        "generate",
        "verify",
        "sweep",
        "renumber",
        "install-hooks",
        "cache",
    )
    helps = "".join(help_of(capsys, command) for command in commands)
    table = README[README.index("## Commands") : README.index("## In a workflow")]
    named = set(re.findall(r"`(--[a-z-]+)", table))
    assert named
    assert {option for option in named if option not in helps} == set()


def test_extras_make_targets_and_the_hook_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r"opfixtures\[([a-z]+)\]", ALL)) <= project["optional-dependencies"].keys()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z-]+)`", ALL)):
        assert f"\n{target}:" in makefile
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    for hook in re.findall(r"- id: (\S+)", README):
        assert f"- id: {hook}\n" in hooks


def test_readme_links_every_page_and_no_link_leads_nowhere() -> None:
    linked = set(re.findall(r"\]\(docs/([a-z-]+\.md)\)", README))
    assert linked == set(PAGES) != set()
    for folder, text in ((ROOT, README), *((ROOT / "docs", page) for page in PAGES.values())):
        for path in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (folder / path).exists(), path


def test_every_setting_is_described() -> None:
    page = PAGES["configuration.md"]
    table = page[page.index("| key |") : page.index("| a runtime |")]
    assert set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) == set(config._KEYS)
    rest = page[page.index("| a runtime |") :]
    assert {key for key in runtime_spec._RUNTIME_KEYS if not re.search(rf"`{key}\b", rest)} == set()
    assert {kind for kind in runtime_spec.KINDS if f'`kind = "{kind}"`' not in rest} == set()


def test_the_settings_that_are_shown_can_be_used(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGES["configuration.md"], re.DOTALL)
    (tmp_path / ".opfixtures.toml").write_text("\n".join(blocks), encoding="utf-8")
    shown = config.read_config(WorkTreeSnapshot(str(tmp_path)))
    assert shown is not None
    assert [runtime.kind for runtime in shown.runtimes] == ["checkout"]
    assert [waiver.key for waiver in shown.waivers] == ["aten::full"]
    assert [one.how.value for one in shown.accepted_breaks] == ["other results", "raises", "does not load"]


def test_every_fact_is_explained() -> None:
    rows = re.findall(r"^\| ([a-z, -]+) \|", PAGES["fixtures.md"], re.MULTILINE)
    named = {name.replace("-", "_") for row in rows for name in row.split(", ")} - {"fact", "status", "___"}
    facts = {*Facts.__dataclass_fields__, *LoaderFacts.__dataclass_fields__} - {"loaders"}
    assert named == facts
