"""README is played to the letter, from an empty folder: a clone, the hook, the commands, and the demonstrations."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.play import Block, Session, blocks, commands, environment

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCKS = list(blocks(README.read_text(encoding="utf-8")))
PUBLISHED = "https://github.com/<owner>/opfixtures"
BEFORE, CHANGE = (ROOT / "demo/pytorch" / name for name in ("before", "change"))


def block_with(text: str) -> Block:
    """The one block of README that has it."""
    (found,) = (one for one in BLOCKS if text in one.text)
    return found


@pytest.fixture
def clone(opfixtures_itself: Path, tmp_path: Path) -> Path:
    """What README is beside: this tree, committed, with the tag that README names."""
    session = Session(opfixtures_itself, environment())
    tag = re.search(r"rev: (\S+)", block_with("opfixtures-check").text)
    assert tag is not None
    for command in (
        "git init --quiet",
        "git add --all",
        "git commit --quiet -m all",
        f"git tag --force {tag[1]}",
    ):
        subprocess.run(("bash", "-c", command), cwd=session.folder, env=session.environment, check=True)
    subprocess.run(
        ("git", "clone", "--quiet", opfixtures_itself, tmp_path / "opfixtures"),
        env=session.environment,
        check=True,
    )
    return tmp_path / "opfixtures"


def test_the_blocks_are_those_that_are_played() -> None:
    """The workflow is run in tests/action/test_workflows.py, as all blocks of docs/workflows.md are."""
    assert [one.language for one in BLOCKS] == ["console", "yaml", "yaml", "console"]
    assert yaml_is_of_workflows(block_with("runs-on:").text)


def yaml_is_of_workflows(text: str) -> bool:
    """Whether docs/workflows.md, whose blocks are run, has this workflow too."""
    return text in {one.text for one in blocks((ROOT / "docs/workflows.md").read_text(encoding="utf-8"))}


def test_the_hook_and_the_commands_do_what_readme_says(clone: Path, tmp_path: Path) -> None:
    """The hook is installed by the pre-commit framework from the clone, and the commands from its environment."""
    own = {**environment(str(tmp_path / "cache")), "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    folder = tmp_path / "tree"
    hooks = block_with("opfixtures-check")
    assert hooks.language == "yaml"
    subprocess.run(("cp", "-r", BEFORE, folder), check=True)
    (folder / ".pre-commit-config.yaml").write_text(
        hooks.text.replace(PUBLISHED, str(clone)), encoding="utf-8"
    )

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("bash", "-c", command),
            cwd=folder,
            env=own,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    for command in ("git init --quiet", f"{sys.executable} -m pre_commit install", "git add --all"):
        assert run(command).returncode == 0, command
    committed = run("git commit --quiet -m before")
    assert committed.returncode == 0, committed.stderr
    subprocess.run(("cp", "-r", f"{CHANGE}/.", folder), check=True)
    refused = run("git commit --quiet --all -m gelu")
    # The first hook writes what the second one asks for, and stages nothing.
    assert refused.returncode == 1
    assert "2 files written: look at them, and stage them" in refused.stderr
    assert "error OPF201: aten::gelu" in " ".join(refused.stderr.split())
    passed = run("git add --all && git commit -m gelu")
    assert passed.returncode == 0, passed.stderr

    installs, *told = (command for command, _ in commands(block_with("pip install").text))
    assert installs == "pip install 'opfixtures[generate]'"
    for command in told:
        name = command.partition("#")[0].strip()
        # To make and to replay them takes an old release: tests/docs/test_start_here.py does.
        ran = run(f"{name} --dry-run" if name == "opfixtures generate" else name)
        assert ran.returncode == 0, (command, ran.stderr, ran.stdout)
    assert [one.partition("#")[0].strip() for one in told] == ["opfixtures generate", "opfixtures verify"]


@pytest.mark.thorough
@pytest.mark.torch
def test_the_demonstrations_run_in_a_fresh_clone(clone: Path) -> None:
    """As README has them: make sets up an environment of its own, for which it asks an index."""
    for command, _ in commands(block_with("make demo").text):
        ran = subprocess.run(
            ("bash", "-c", command),
            cwd=clone,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        assert "OPF" in ran.stdout


@pytest.mark.thorough
def test_what_readme_installs_has_what_its_commands_need(clone: Path, tmp_path: Path) -> None:
    """From the clone, with the extra that README names; the index is asked for the rest."""
    (install, *_) = (command for command, _ in commands(block_with("pip install").text))
    install = install.replace("'opfixtures", f"'{clone}").replace("pip ", "env/bin/pip --quiet ", 1)
    for command in (
        f"{sys.executable} -m venv env",
        install,
        "env/bin/opfixtures generate --help",
        "env/bin/uv --version",
    ):
        ran = subprocess.run(
            ("bash", "-c", command), cwd=tmp_path, env=environment(), capture_output=True, text=True
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
