"""git that fetches from a server that fails for a while."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opfixtures.errors import GitError
from opfixtures.pull_request import patient_git
from opfixtures.repository.git import Repository
from tests.github_server import GitHubServer
from tests.repositories import GitRepository


@pytest.mark.parametrize(
    ("statuses", "slept", "fails"),
    [
        ([503, 429], [1.0, 5.0], False),
        ([0], [1.0], False),
        ([500] * 9, [1.0, 5.0, 20.0], True),
        ([404], [], True),
        ([403], [], True),
    ],
)
def test_it_tries_again_where_that_may_help(
    server: GitHubServer,
    new_repository: Callable[..., GitRepository],
    monkeypatch: pytest.MonkeyPatch,
    statuses: list[int],
    slept: list[float],
    fails: bool,
) -> None:
    here = new_repository({"a": "b"})
    here.git("config", "http.extraheader", "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46cmVhZHM=")
    paused: list[float] = []
    monkeypatch.setattr("opfixtures.pull_request.patient_git.time.sleep", paused.append)
    left = list(statuses)
    server.git_fault = lambda: left.pop(0) if left else None
    repository = Repository.discover(str(here.root), here.environment).that_fetches()

    def fetch() -> None:
        patient_git.fetch(repository, "--quiet", f"{server.url}/owner/repo", "main")

    if fails:
        with pytest.raises(GitError):
            fetch()
    else:
        fetch()
    assert paused == slept
