"""What the other tests rest on: the stand-in behaves as GitHub's description and git say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from github import Auth, Github, GithubException

from tests.github_server import Fault, GitHub, GitHubServer, Request


@pytest.fixture
def api(server: GitHubServer) -> Iterator[Github]:
    api = Github(
        auth=Auth.Token("commits"),
        base_url=server.url,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    yield api
    api.close()


def test_git_clones_from_it_with_a_token(server: GitHubServer, tmp_path: Path) -> None:
    url = server.url.replace("//", "//x-access-token:{}@") + "/owner/repo.git"
    clone = ("git", "clone", "--quiet", "--filter=blob:none")
    alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0"}
    subprocess.run((*clone, url.format("reads"), str(tmp_path / "c")), check=True, env=alone)
    assert (tmp_path / "c" / "test" / "fixtures" / "old.ptl").read_bytes() == b"published"
    refused = subprocess.run(
        (*clone, url.format("nobody"), str(tmp_path / "d")), env=alone, capture_output=True, text=True
    )
    assert "Authentication failed" in refused.stderr


def test_every_page_of_a_list_is_found(api: Github, hub: GitHub) -> None:
    for number in range(65):
        hub.comment(7, "somebody", f"comment {number}")

    comments = api.get_repo("owner/repo").get_pull(7).get_issue_comments()

    assert [comment.body for comment in comments] == [f"comment {number}" for number in range(65)]


def test_a_repository_is_what_git_says(api: Github, hub: GitHub) -> None:
    repository = api.get_repo("owner/repo")
    compared = repository.compare("main", "change")
    files = repository.get_contents("test/fixtures", ref="change")

    assert compared.merge_base_commit.sha == hub.git("owner/repo", "rev-parse", "main").decode().strip()
    assert isinstance(files, list)
    assert [file.path for file in files] == ["test/fixtures/old.ptl"]
    settings = repository.get_contents(".opfixtures.toml")
    assert not isinstance(settings, list)
    assert settings.decoded_content.startswith(b"[tool")


def test_what_breaks_the_description_is_told(api: Github, server: GitHubServer) -> None:
    requester = api.requester
    requester.requestJsonAndCheck("GET", "/repos/owner/repo/pulls", parameters={"sate": "open"})
    requester.requestJsonAndCheck(
        "PATCH", "/repos/owner/repo/git/refs/heads/change", input=_head(server) | {"force": 1}
    )

    told, server.broken = server.broken, []

    assert told == [
        "GET /repos/owner/repo/pulls: unknown parameter sate",
        "PATCH /repos/owner/repo/git/refs/heads/change: $.force: 1 is not of type 'boolean'",
    ]


def _head(server: GitHubServer) -> dict[str, str]:
    return {"sha": server.hub.head(server.hub.pulls[8])}


@pytest.mark.parametrize(("carried_out", "comments"), [(True, 1), (False, 0)])
def test_a_fault_is_injected_before_or_after_the_work(
    api: Github, server: GitHubServer, carried_out: bool, comments: int
) -> None:
    def first_write(request: Request) -> Fault | None:
        return Fault(502, carried_out) if request.nth_write == 0 else None

    server.inject = first_write
    pull = api.get_repo("owner/repo").get_pull(7)

    with pytest.raises(GithubException, match="502"):
        pull.create_issue_comment("a comment")

    assert len(server.hub.comments) == comments
    assert server.writes == ["POST /repos/owner/repo/issues/7/comments"]
