"""A stand-in for GitHub with one pull request from a fork."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from opfixtures.archives.formats import JIT, LITE
from opfixtures.pull_request.client import Client
from opfixtures.pull_request.retries import Retries
from opfixtures.pull_request.transport import Transport
from opfixtures.records.record import Record, load_record
from tests.github_server import Description, GitHub, GitHubServer, Pull, Token

CORPUS = Path(__file__).parents[2] / "fixtures"
MADE = ("test_versioned_gelu_v9.ptl", "test_versioned_linspace_out_v7.ptl")

SETTINGS = b"""\
[tool.opfixtures]
version-map = "map.cpp"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "test/fixtures"
"""
MAY_COMMENT = Token(permissions={"pull_requests": "write", "contents": "read"})
MAY_COMMIT = Token(permissions={"pull_requests": "write", "contents": "write"})
MAY_CHECK = Token(permissions={"pull_requests": "write", "contents": "write", "checks": "write"})
READ_ONLY = Token(permissions={"pull_requests": "read", "contents": "read"})


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in needs none of the pauses that GitHub asks for; test_transport.py looks at these."""
    monkeypatch.setattr("opfixtures.pull_request.transport._PAUSE", 0)
    monkeypatch.setattr("opfixtures.pull_request.transport._PAUSE_OF_WRITES", 0)


@pytest.fixture(scope="session")
def description() -> Description:
    """GitHub's own description of its REST API."""
    return Description()


@pytest.fixture
def hub(tmp_path: Path) -> GitHub:
    """owner/repo with pull request 7 from somebody/repo, and 8 from a branch of its own."""
    hub = GitHub(tmp_path / "github")
    hub.commit("main", {".opfixtures.toml": SETTINGS, "test/fixtures/old.ptl": b"published"})
    hub.fork("somebody/repo")
    hub.commit("patch-1", {"map.cpp": b"a change"}, "somebody/repo")
    hub.commit("change", {"map.cpp": b"another change"})
    hub.pulls[7] = Pull(7, "somebody/repo", "patch-1")
    hub.pulls[8] = Pull(8, "owner/repo", "change")
    hub.tokens = {"comments": MAY_COMMENT, "commits": MAY_COMMIT, "checks": MAY_CHECK, "reads": READ_ONLY}
    return hub


@pytest.fixture
def server(hub: GitHub, description: Description) -> Iterator[GitHubServer]:
    """Serves `hub`, and at the end nothing of GitHub's description was broken."""
    with GitHubServer(hub, description).running() as running:
        yield running
    assert running.broken == []


def made_row(record: Record) -> dict[str, Any]:
    """What `generate --report` says of the fixture with this record."""
    yes = {"value": "yes", "reason": ""}
    loader = {"loads": yes, "equal": {"value": "yes", "reason": "1 sample"}, "applied": yes, "sensitive": yes}
    return {
        "operator": record.entry.operator,
        "bumped_at_version": record.entry.bumped_at_version,
        "upgrader_name": record.entry.upgrader_name,
        "module": record.module.name,
        "fixture": f"test/fixtures/{record.archive.file}",
        "made": "by this run",
        "status": "verified",
        "reason": "",
        "runtime": record.runtime.name,
        "replayed_by": "torch 2.13.0",
        "pre_change_commit": "86" * 20,
        "synthetic": [],
        "waived": "",
        "accepted": None,
        "facts": {
            "pre-change": {"value": "yes", "reason": ", ".join(record.pre_change.proven_by)},
            "covers": {"value": "yes", "reason": "it ran"},
            "reproduced": {"value": "yes", "reason": "its outputs were recorded by this run"},
            "loaders": {JIT: loader, LITE: loader},
        },
    }


REFUSED_ROW = {
    "operator": "aten::stft",
    "bumped_at_version": 11,
    "upgrader_name": "stft_0_10",
    "module": "TestVersionedStftV10",
    "fixture": "test/fixtures/test_versioned_stft_v10.ptl",
    "made": None,
    "status": "refused",
    "reason": "RuntimeError: it does not script\n  return tomorrow(x)",
    "runtime": "torch-2.13.0",
    "replayed_by": None,
    "pre_change_commit": "86" * 20,
    "synthetic": [],
    "waived": "",
    "accepted": None,
    "facts": None,
}
FINDING = {
    "code": "OPF201",
    "severity": "error",
    "operator": "aten::stft",
    "message": "aten::stft has no fixture entry",
    "hint": 'add this row to the registry:\n    TestVersionedStftV10(): "aten::stft",',
    "path": "registry.py",
    "line": 3,
    "column": 1,
}


@pytest.fixture
def result() -> dict[str, Any]:
    """A result as JSON: two fixtures that were made and verified, and one that was refused."""
    records = [load_record((CORPUS / f"{name}.json").read_bytes()) for name in MADE]
    rows = [*map(made_row, records), dict(REFUSED_ROW)]
    return {"schema": 3, "pre_change_commit": "86" * 20, "fixtures": rows, "findings": [dict(FINDING)]}


def patch_of(folder: Path, files: dict[str, bytes], *more: str) -> bytes:
    """What git says of `files`, added to a tree with `setup.py`, and of what the commands `more` do there."""

    def git(*args: str) -> bytes:
        return subprocess.run(("git", *args), cwd=folder, check=True, capture_output=True).stdout

    git("init", "--quiet", ".")
    # As the Action writes its patch.
    (folder / ".git/info").mkdir(exist_ok=True)
    (folder / ".git/info/attributes").write_text("* -diff\n")
    (folder / "setup.py").write_text("import torch\n" * 20)
    git("add", "--all")
    tree = git("write-tree").decode().strip()
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    for command in more:
        subprocess.run(("sh", "-c", command), cwd=folder, check=True)
    git("add", "--all")
    return git("diff", "--cached", "--binary", "--full-index", "--find-renames", tree)


@pytest.fixture(scope="session")
def patch(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The patch of the fixtures that were made."""
    paths = [f"{name}{ending}" for name in MADE for ending in ("", ".json")]
    made = {f"test/fixtures/{path}": (CORPUS / path).read_bytes() for path in paths}
    return patch_of(tmp_path_factory.mktemp("patch"), made)


@pytest.fixture
def files(result: dict[str, Any], patch: bytes) -> dict[str, bytes]:
    """The files of an artifact, with fixtures that real releases made."""
    fixtures = {f"fixtures/{name}": (CORPUS / name).read_bytes() for name in MADE}
    records = {f"fixtures/{name}.json": (CORPUS / f"{name}.json").read_bytes() for name in MADE}
    return {
        "result.json": json.dumps(result).encode(),
        "fixtures.patch": patch,
        **fixtures,
        **records,
    }


@dataclass
class Clock:
    """A clock that only sleeping moves; `slept` are seconds."""

    now: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: GitHubServer, clock: Clock) -> Iterator[Callable[..., Client]]:
    """Makes clients for owner/repo with a token, that wait on `clock`."""
    with ExitStack() as opened:

        def make(token: str = "comments", seconds: float = 300.0) -> Client:
            transport = Transport(server.url, token)
            opened.callback(transport.close)
            return Client(transport, "owner/repo", Retries(seconds, lambda: clock.now, clock.sleep))

        yield make
