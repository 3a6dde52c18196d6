"""Every block of code in README and docs is what it says: what no page has played is tried here."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
import tomllib
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import yaml

from docs.pages import parser_of, subcommands
from docs.play import Block, blocks, commands
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.config import read_config

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if path.parent.name != "pictures"),
]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
ALL = [(name, block) for name, text in TEXTS.items() for block in blocks(text)]
# tests/docs/test_start_here.py plays these.
PLAYED = "docs/start/"
LIBRARY = """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
"""


def of(language: str) -> pytest.MarkDecorator:
    """The blocks of a language that no page has played."""
    found = [
        pytest.param(block, id=f"{name}:{block.line}")
        for name, block in ALL
        if block.language == language and not name.startswith(PLAYED)
    ]
    assert found
    return pytest.mark.parametrize("block", found)


def test_every_fence_is_a_block_of_a_language_that_is_tried() -> None:
    for name, text in TEXTS.items():
        assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(list(blocks(text))), name
    assert {block.language for _, block in ALL} == {
        "console",
        "cpp",
        "diff",
        "python",
        "text",
        "toml",
        "yaml",
    }
    for name, block in ALL:
        assert name.startswith(PLAYED) or block.language not in ("cpp", "diff", "text"), (name, block)
        assert not name.startswith(PLAYED) or block.title or block.language == "console", (name, block)


@of("toml")
def test_settings_can_be_used(block: Block, tmp_path: Path) -> None:
    text = block.text if "registry =" in block.text else f"{LIBRARY}\n{block.text}"
    (tmp_path / ".opfixtures.toml").write_text(text, encoding="utf-8")
    config = read_config(WorkTreeSnapshot(str(tmp_path)))
    assert config is not None
    assert config.runtimes or config.waivers or config.accepted_breaks or config.identity_upgraders
    assert tomllib.loads(block.text).keys() == {"tool"}


@of("yaml")
def test_yaml_is_a_workflow_or_names_hooks_that_are_on_offer(block: Block) -> None:
    """tests/action/test_manifest.py has linters look at all workflows, and `act` runs them."""
    read = yaml.safe_load(block.text)
    if isinstance(read, list):
        (step,) = read
        assert step["uses"].startswith("<owner>/opfixtures@")
        assert step["with"].keys() <= yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].keys()
    elif "jobs" not in read:
        offered = {one["id"] for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
        (repository,) = read["repos"]
        assert {hook["id"] for hook in repository["hooks"]} <= offered


def of_opfixtures(block: Block) -> list[list[str]]:
    # Without what the shell takes: a comment, a redirection.
    lines = [re.split(r" [#>|]", command)[0] for command, _ in commands(block.text)]
    return [shlex.split(line)[1:] for line in lines if line.startswith("opfixtures ")]


COMMANDS = [argv for _, block in ALL if block.language == "console" for argv in of_opfixtures(block)]
SPANS = [
    shlex.split(span)
    for text in TEXTS.values()
    for span in re.findall(r"`opfixtures ([a-z][^`]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    if "COMMAND" not in span and "RUNTIME" not in span
]


@pytest.mark.parametrize("argv", [*COMMANDS, *SPANS], ids=shlex.join)
def test_a_command_that_is_shown_is_one(argv: list[str]) -> None:
    assert argv[0] in subcommands()
    parser = parser_of(argv[0])
    with redirect_stderr(io.StringIO()) as told:
        try:
            parser.parse_args(argv[1:])
        except SystemExit:
            # A sentence may name a command without all that it needs.
            assert "the following arguments are required" in told.getvalue(), told.getvalue()


def test_extras_and_targets_are_those_of_the_project() -> None:
    everything = "\n".join(TEXTS.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r"opfixtures\[([a-z]+)\]", everything)) <= project["optional-dependencies"].keys()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:`|^\$ )make ([a-z-]+)", everything, re.MULTILINE))
    assert {"demo", "demo-pytorch", "docs", "bench"} <= targets
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_readme_is_short() -> None:
    assert TEXTS["README.md"].count("\n") <= 120


TRIED = """\
import importlib, sys
import torch

library = torch.library.Library("mylib", "FRAGMENT")
for schema, function in {
    "scale(Tensor x, float factor) -> Tensor": lambda x, factor: x * factor,
    "scale.out(Tensor x, float factor, *, Tensor(a!) out) -> Tensor(a!)": lambda x, f, *, out: out.copy_(x * f),
    "dequantize(Tensor x) -> Tensor": lambda x: x.dequantize(),
    "tile(Tensor x, SymInt n) -> Tensor": lambda x, n: x.repeat(n),
}.items():
    library.define(schema)
    library.impl(schema.partition("(")[0], function, "CompositeExplicitAutograd")
for name in sys.argv[1:]:
    file = importlib.import_module(name)
    (module,) = (one() for one in vars(file).values() if isinstance(one, type))
    samples = module.sample_inputs()
    if isinstance(samples, dict):
        module(**samples)
        continue
    for sample in samples:
        module(*sample)
    if not hasattr(module, "dynamic_shapes"):
        scripted = torch.jit.script(module)
        torch.testing.assert_close(scripted(*samples[0]), module(*module.sample_inputs()[0]))
print(len(sys.argv) - 1, "run")
"""


@pytest.mark.torch
def test_the_fixture_modules_that_are_shown_run_with_their_samples(tmp_path: Path) -> None:
    """Those for `.pt2` alone are exported in tests/end_to_end/test_exported_programs.py; the others script. The witness
    of a sweep is run in tests/end_to_end/test_sweep.py."""
    shown = [block for name, block in ALL if block.language == "python" and not name.startswith(PLAYED)]
    shown = [block for block in shown if not block.text.startswith("# aten::")]
    for block in shown:
        (tmp_path / f"line{block.line}.py").write_text(
            block.text if block.text.startswith("import") else f"import torch\n{block.text}", encoding="utf-8"
        )
    (tmp_path / "tried.py").write_text(TRIED, encoding="utf-8")
    command = (sys.executable, "-W", "ignore", "tried.py", *(f"line{block.line}" for block in shown))
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout == f"{len(shown)} run\n", ran.stderr
    assert len(shown) >= 5
