"""A pull request in a real repository and its remote; and what workflows run beside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.action.act import CACHE as CACHE
from tests.action.act import ROOT as ROOT
from tests.action.act import Server
from tests.github_server import Description, GitHub, GitHubServer, Token
from tests.repositories import MODULES, PYTORCH_TREE, REGISTRY, VERSION_MAP, GitRepository


@pytest.fixture(scope="session")
def npm() -> Path:
    """The folder of what the tests take from npm."""
    subprocess.run(("make", "--silent", ".venv/npm"), cwd=ROOT, check=True)
    return ROOT / ".venv/npm/node_modules"


@pytest.fixture(scope="session")
def examples(npm: Path) -> dict[str, list[dict[str, Any]]]:
    """GitHub's own examples of payloads, by event."""
    text = (npm / "@octokit/webhooks-examples/api.github.com/index.json").read_text(encoding="utf-8")
    return {one["name"]: one["examples"] for one in json.loads(text)}


SCHEMAS = ROOT / "opfixtures/report/schemas"
ONLY_BEFORE = """\
[tool.opfixtures]
preset = "pytorch"

[[tool.opfixtures.runtimes]]
kind = "release"
torch = "1.11.0"
python = "3.8"
"""
RESULT_SCHEMA = jsonschema.Draft202012Validator(
    json.loads((SCHEMAS / "result.schema.json").read_text(encoding="utf-8")),
    registry=Registry().with_resource(
        "findings.schema.json",
        Resource.from_contents(json.loads((SCHEMAS / "findings.schema.json").read_text(encoding="utf-8"))),
    ),
)
GELU = '    {{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},\n'
HARDSWISH = '     {"aten::hardswish", {{11, "hardswish_0_10", "aten::hardswish(Tensor self) -> Tensor"}}},\n'
HARDSWISH_MODULE = """

class TestVersionedHardswishV10(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.hardswish(x)
"""
HARDSWISH_ROW = '    TestVersionedHardswishV10(): "aten::hardswish",\n}'


@dataclass(frozen=True)
class Done:
    """What a step of a workflow left behind."""

    status: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str
    result: Path

    @property
    def report(self) -> Any:
        """What `result.json` says."""
        return json.loads((self.result / "result.json").read_text(encoding="utf-8"))


@dataclass
class Project:
    """A repository on a server, a branch of it that is a pull request, and the job that has its merge checked out."""

    upstream: GitRepository
    job: GitRepository
    folder: Path
    base: str = ""
    head: str = ""

    def add_hardswish(self, *, entry: bool = True) -> None:
        """Bump an operator on the branch, with its fixture entry or without."""
        self.upstream.replace(VERSION_MAP, GELU, GELU + HARDSWISH)
        if entry:
            self.upstream.write(MODULES, self.upstream.read(MODULES) + HARDSWISH_MODULE)
            self.upstream.replace(REGISTRY, "}", HARDSWISH_ROW)

    def open(self, *, merged: bool = True, depth: int | None = 1) -> dict[str, Any]:
        """Commit what is staged on the branch, check it out as actions/checkout does; the pull request's payload.

        `merged`: GitHub's merge with main is checked out, else the head. Main goes on meanwhile.
        """
        upstream = self.upstream
        upstream.commit("a step")
        self.head = upstream.commit("the change")
        upstream.git("update-ref", "refs/pull/7/head", self.head)
        upstream.git("switch", "--quiet", "main")
        upstream.write("main.txt", "main goes on\n")
        self.base = upstream.commit("main goes on")
        upstream.git("switch", "--quiet", "--detach")
        upstream.git("merge", "--quiet", "--no-ff", "--no-edit", self.head)
        upstream.git("update-ref", "refs/pull/7/merge", "HEAD")
        self.check_out("refs/pull/7/merge" if merged else "refs/pull/7/head", depth)
        return self.pull_request()

    def pull_request(self) -> dict[str, Any]:
        """The payload of a pull request that was opened."""
        pull = {
            "number": 7,
            "base": {"sha": self.base, "ref": "main", "repo": {"id": 1}},
            "head": {"sha": self.head, "ref": "topic", "repo": {"id": 1}, "user": {"login": "octocat"}},
        }
        return {"action": "opened", "pull_request": pull}

    def check_out(self, ref: str, depth: int | None = 1) -> None:
        """As actions/checkout: this ref, so deep, and no branch."""
        deep = () if depth is None else (f"--depth={depth}",)
        refs = () if depth else ("+refs/heads/*:refs/remotes/origin/*",)
        self.job.git("fetch", "--quiet", "--no-tags", *deep, "origin", f"+{ref}:refs/remotes/pull", *refs)
        self.job.git("checkout", "--quiet", "--detach", "refs/remotes/pull")

    def run(self, event: str, payload: object, **environment: str) -> Done:
        """The step that action.yml runs, with GitHub out of reach unless the environment says where it is."""
        result = self.folder / "result"
        files = {name: self.folder / name for name in ("event.json", "output", "summary")}
        files["event.json"].write_text(json.dumps(payload), encoding="utf-8")
        for name in ("output", "summary"):
            files[name].write_text("", encoding="utf-8")
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(files["event.json"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_REPOSITORY": "octo/library",
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "GITHUB_SERVER_URL": "http://127.0.0.1:9",
            "GITHUB_WORKSPACE": str(self.job.root),
            "OPFIXTURES_RESULT": str(result),
            "OPFIXTURES_MODE": "generate",
            "OPFIXTURES_CACHE": CACHE,
            "PYENV_ROOT": os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")),
            **environment,
        }
        elsewhere = GitRepository(self.folder, self.job.environment)
        ran = elsewhere.opfixtures("action", **variables)
        summary = files["summary"].read_text(encoding="utf-8")
        return Done(ran.status, ran.out, ran.err, _outputs(files["output"]), summary, result)


def _outputs(path: Path) -> dict[str, str]:
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    found = {}
    for line in lines:
        name, _, end = line.partition("<<")
        found[name] = next(lines)
        assert next(lines) == end
    return found


def published_gelu() -> dict[str, str | bytes]:
    """The fixture of gelu with its record, as torch 1.11.0 made it."""
    names = ("test_versioned_gelu_v9.ptl", "test_versioned_gelu_v9.ptl.json")
    return {f"test/jit/fixtures/{name}": (ROOT / "fixtures" / name).read_bytes() for name in names}


@pytest.fixture
def project(new_repository: Callable[..., GitRepository], tmp_path: Path) -> Project:
    """A tree with PyTorch's paths on main; a branch `topic` is checked out where a change is made."""
    upstream = new_repository({**PYTORCH_TREE, **published_gelu()}, name="upstream")
    for name in ("allowFilter", "allowAnySHA1InWant"):
        upstream.git("config", f"uploadpack.{name}", "true")
    upstream.git("switch", "--quiet", "--create", "topic")
    job = new_repository(name="job")
    job.git("remote", "add", "origin", f"file://{upstream.root}")
    folder = tmp_path / "runner"
    folder.mkdir()
    return Project(upstream, job, folder)


@pytest.fixture(scope="session")
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


Serves = Callable[..., Server]


@pytest.fixture
def serves(new_repository: Callable[..., GitRepository], tmp_path: Path, opfixtures_itself: Path) -> Serves:
    """Makes a server with a demonstration's tree before the change, and opfixtures."""

    def serve(demonstration: str, cache: str) -> Server:
        trees = ROOT / "demo" / demonstration
        for owner in ("octo", "owner"):
            (tmp_path / owner).mkdir()
        library = new_repository(name="octo/library")
        itself = new_repository(name="owner/opfixtures")
        for repository, tree in ((library, trees / "before"), (itself, opfixtures_itself)):
            shutil.copytree(tree, repository.root, dirs_exist_ok=True, symlinks=True)
            repository.git("add", "--all")
            repository.commit("before")
            repository.git("config", "uploadpack.allowFilter", "true")
            repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
        itself.git("tag", "v0.1.0")
        return Server(tmp_path, library, trees, cache)

    return serve


@pytest.fixture
def server(serves: Serves) -> Server:
    """A library with PyTorch's paths and one published operator, and opfixtures."""
    return serves("pytorch", CACHE)


MAY_WRITE = Token(permissions={"pull_requests": "write", "contents": "write"})
READS = Token(permissions={"pull_requests": "read", "contents": "read"})


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubServer]:
    """GitHub's API; at the end nothing of GitHub's own description of it was broken."""
    hub = GitHub(tmp_path / "github", "octo/library")
    hub.tokens = {"writes": MAY_WRITE, "reads": READS}
    with GitHubServer(hub, Description()).running() as running:
        yield running
    assert running.broken == []
