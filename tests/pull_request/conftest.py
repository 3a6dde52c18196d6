"""A stand-in for GitHub with one pull request from a fork."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_server import Description, GitHub, GitHubServer, Pull, Token

SETTINGS = b"""\
[tool.opfixtures]
version-map = "map.cpp"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "test/fixtures"
"""
MAY_COMMENT = Token(permissions={"pull_requests": "write", "contents": "read"})
MAY_COMMIT = Token(permissions={"pull_requests": "write", "contents": "write"})
READ_ONLY = Token(permissions={"pull_requests": "read", "contents": "read"})


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
    hub.tokens = {"comments": MAY_COMMENT, "commits": MAY_COMMIT, "reads": READ_ONLY}
    return hub


@pytest.fixture
def server(hub: GitHub, description: Description) -> Iterator[GitHubServer]:
    """Serves `hub`, and at the end nothing of GitHub's description was broken."""
    with GitHubServer(hub, description).running() as running:
        yield running
    assert running.broken == []
