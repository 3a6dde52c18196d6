"""README's workflows as they would be pasted, run by `act` on this machine: real torch, no GitHub, no Docker.

Third-party actions are stand-ins: a checkout that fetches one commit, a cache that has what this machine has, and
artifacts in a folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.action.conftest import CACHE, HARDSWISH, HARDSWISH_MODULE, HARDSWISH_ROW, ROOT
from tests.action.test_manifest import FILES, blocks, read, steps
from tests.conftest import MODULES, REGISTRY, VERSION_MAP, GitRepository

STAND_INS = Path(__file__).parent / "stand_ins"
OUT_OF_REACH = "http://127.0.0.1:9"
GELU_OUT = '"aten::gelu.out(Tensor self, *, Tensor(a!) out) -> Tensor"}}}'


@dataclass(frozen=True)
class Server:
    """A folder of repositories, `owner/name`, and of what workflows leave behind."""

    folder: Path
    library: GitRepository

    def change(self, *trees: str) -> None:
        """A branch `topic` with these trees of the demonstration."""
        self.library.git("switch", "--quiet", "--create", "topic")
        for tree in trees:
            shutil.copytree(ROOT / "demo/pytorch" / tree, self.library.root, dirs_exist_ok=True)
        self.library.git("add", "--all")

    def open(self) -> tuple[str, str]:
        """Commit the branch as pull request 7, merged as GitHub does; base and head."""
        head = self.library.commit("the change")
        self.library.git("switch", "--quiet", "--detach", "main")
        self.library.git("merge", "--quiet", "--no-ff", "--no-edit", head)
        self.library.git("update-ref", "refs/pull/7/merge", "HEAD")
        return self.library.git("rev-parse", "main"), head

    def act(
        self, event: str, payload: object, workflow: str, api: str = OUT_OF_REACH, token: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a workflow of README, with `<owner>/opfixtures` as it stands here, and GitHub's API at `api`."""
        work = GitRepository(self.folder / "work", self.library.environment)
        shutil.rmtree(work.root, ignore_errors=True)
        work.root.mkdir()
        work.git("init", "--quiet", "--initial-branch", "main")
        work.git("remote", "add", "origin", "https://github.com/octo/library.git")
        work.write(".github/workflows/fixtures.yml", workflow.replace("<owner>", "owner"))
        work.commit()
        (self.folder / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        command = [os.path.join(os.path.dirname(sys.executable), "act"), event]
        command += [f"--eventpath={self.folder / 'event.json'}", "--platform=ubuntu-latest=-self-hosted"]
        command += ["--pull=false", "--no-cache-server", "--no-skip-checkout", "--action-offline-mode"]
        command += [f"--action-cache-path={self.folder / 'act'}"]
        command += [f"--local-repository={name}={path}" for name, path in self._actions().items()]
        command += [f"--secret=GITHUB_TOKEN={token}"] if token else []
        told = {"API_URL": api, "SERVER_URL": OUT_OF_REACH, "REPOSITORY": "octo/library"}
        command += [f"--env=GITHUB_{name}={value}" for name, value in told.items()]
        os.makedirs(CACHE, exist_ok=True)
        command += [f"--env=STAND_IN_SERVER={self.folder}", f"--env=STAND_IN_CACHE={CACHE}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return subprocess.run(
            command, cwd=work.root, env=environment, capture_output=True, text=True, check=False
        )

    def _actions(self) -> dict[str, str]:
        texts = "".join(path.read_text(encoding="utf-8") for path in FILES)
        pinned = re.findall(r"uses: actions/([a-z-]+)\S*@([0-9a-f]{40})", texts)
        actions = {f"actions/{name}@{commit}": str(STAND_INS / name) for name, commit in pinned}
        return {**actions, "owner/opfixtures@v1": str(self.folder / "owner/opfixtures")}

    def results(self) -> dict[str, dict[str, str]]:
        """Of each artifact, what became of each operator."""
        found = {}
        for path in sorted((self.folder / "artifacts").glob("*/result.json")):
            rows = json.loads(path.read_text(encoding="utf-8"))["fixtures"]
            found[path.parent.name] = {row["operator"]: row["status"] for row in rows}
        return found


@pytest.fixture(scope="module")
def opfixtures_itself(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a checkout of this project has, as it stands in the work tree."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    folder = tmp_path_factory.mktemp("itself")
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def server(new_repository: Callable[..., GitRepository], tmp_path: Path, opfixtures_itself: Path) -> Server:
    """A library with PyTorch's paths and one published operator, and opfixtures."""
    for owner in ("octo", "owner"):
        (tmp_path / owner).mkdir()
    library = new_repository(name="octo/library")
    shutil.copytree(ROOT / "demo/pytorch/before", library.root, dirs_exist_ok=True)
    library.git("add", "--all")
    library.commit("before")
    itself = new_repository(name="owner/opfixtures")
    shutil.copytree(opfixtures_itself, itself.root, dirs_exist_ok=True, symlinks=True)
    itself.git("add", "--all")
    itself.commit("opfixtures")
    itself.git("tag", "v1")
    for repository in (library, itself):
        repository.git("config", "uploadpack.allowFilter", "true")
        repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    return Server(tmp_path, library)


def opened(base: str, head: str) -> dict[str, Any]:
    pull = {
        "number": 7,
        "base": {"sha": base, "ref": "main", "repo": {"id": 1}},
        "head": {"sha": head, "ref": "topic", "repo": {"id": 1}, "user": {"login": "octocat"}},
    }
    return {"action": "opened", "number": 7, "pull_request": pull, "repository": REPOSITORY}


REPOSITORY = {"id": 1, "full_name": "octo/library", "default_branch": "main"}


def test_a_pull_request_that_bumps_nothing(server: Server) -> None:
    server.change()
    server.library.write("README.md", "another text\n")
    done = server.act("pull_request", opened(*server.open()), blocks()[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "opfixtures: nothing to do" in done.stdout
    assert server.results() == {"opfixtures-result": {}}


def test_a_pull_request_of_a_branch_with_a_fixture_to_make_and_one_to_refuse(server: Server) -> None:
    server.change("change", "entries")
    server.library.replace(VERSION_MAP, f"{GELU_OUT}", f"{GELU_OUT},\n{HARDSWISH.rstrip()[:-1]}")
    done = server.act("pull_request", opened(*server.open()), blocks()[0])
    assert done.returncode == 1
    assert server.results() == {
        "opfixtures-result": {
            "aten::gelu": "verified",
            "aten::gelu.out": "verified",
            "aten::hardswish": "refused",
        }
    }
    assert f"::error file={VERSION_MAP},line=" in done.stdout
    assert 'set-output:: refused=["aten::hardswish"]' in done.stdout
    server.library.git("switch", "--quiet", "topic")
    server.library.git("apply", str(server.folder / "artifacts/opfixtures-result/fixtures.patch"))
    made = server.library.git("ls-files", "--others").splitlines()
    assert [os.path.basename(path) for path in made] == [
        "test_versioned_gelu_out_v9.ptl",
        "test_versioned_gelu_out_v9.ptl.json",
        "test_versioned_gelu_v9.ptl",
        "test_versioned_gelu_v9.ptl.json",
    ]


def test_a_dispatch_with_a_job_for_each_of_two_runtimes(server: Server) -> None:
    server.change("change", "entries")
    library = server.library
    library.replace(VERSION_MAP, f"{GELU_OUT}", f"{GELU_OUT},\n{HARDSWISH.rstrip()[:-1]}")
    library.write(MODULES, library.read(MODULES) + HARDSWISH_MODULE)
    library.replace(REGISTRY, "}", HARDSWISH_ROW)
    base, head = server.open()
    payload = {"ref": "refs/heads/main", "repository": REPOSITORY, "inputs": {"base": base, "head": head}}
    done = server.act("workflow_dispatch", payload, blocks()[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.results() == {
        "opfixtures-plan": {},
        "opfixtures-part-torch-1.11.0": {"aten::gelu": "verified", "aten::gelu.out": "verified"},
        "opfixtures-part-torch-2.13.0": {"aten::hardswish": "generated"},
    }
    cached = (server.folder / "cache.log").read_text(encoding="utf-8").split()
    assert ("restore" in cached, "save" in cached) == (True, False)


def test_what_is_handed_to_a_third_party_are_inputs_that_its_stand_in_has() -> None:
    """And `inputs.yml` beside the stand-ins holds those of the real ones, as their action.yml has them."""
    real = yaml.safe_load((STAND_INS / "inputs.yml").read_text(encoding="utf-8"))
    handed: dict[str, set[str]] = {}
    for manifest in [*map(read, FILES), *map(yaml.safe_load, blocks())]:
        for step in steps(manifest):
            name, _, commit = step.get("uses", "").partition("@")
            if name.startswith("actions/"):
                handed.setdefault(f"{name}@{commit}", set()).update(step.get("with", {}))
    assert set(handed) == set(real)
    for used, inputs in handed.items():
        assert inputs <= set(real[used]), used
        stand_in = STAND_INS / used.partition("@")[0].removeprefix("actions/") / "action.yml"
        if stand_in.exists():
            assert inputs <= set(read(stand_in)["inputs"]) <= set(real[used]), used
