"""The change as a repository of its own, beside checkouts as workflows have them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from opfixtures.change.releases import fetches_no_tags
from opfixtures.errors import GitError, UserError
from opfixtures.pull_request.events import Activity, Task
from opfixtures.pull_request.side_repository import Side, Surroundings, fetch_history, make_side
from opfixtures.repository.git import Repository
from tests.action_fixtures import CACHE, Project
from tests.end_to_end.conftest import TREES, overlay
from tests.github_server import GitHubServer
from tests.repositories import VERSION_MAP, GitRepository


def no_answer(base: str, head: str) -> str:
    raise UserError(f"nobody compares {base} and {head}")


@pytest.fixture
def make(project: Project, tmp_path: Path) -> Callable[..., Side]:
    """Makes the side repository of the project's job."""

    def run(base: str, head: str, **around: str) -> Side:
        user = Repository.discover(str(project.job.root), project.job.environment)
        surroundings = Surroundings(no_answer, around.get("server", ""), around.get("token", ""), print)
        activity = Activity(Task.GENERATE, base=base, head=head)
        return make_side(user, activity, surroundings, str(tmp_path / "side"))

    return run


def test_only_what_is_read_is_fetched_and_written(project: Project, make: Callable[..., Side]) -> None:
    project.upstream.write("README.md", "another text, that on main is in no clone of the change\n")
    project.add_hardswish()
    project.open()
    before = (project.job.git("count-objects", "-v"), project.job.git("config", "--list"))
    side = make(project.base, project.head)
    root = Path(side.repository.root)
    assert (root / VERSION_MAP).exists()
    assert not (root / "README.md").exists()
    assert not (root / "main.txt").exists()
    assert side.repository.partial
    history = side.repository.run("log", "--format=%H").decode().split()
    assert history[1:] == [side.base] == [project.base]
    missing = side.repository.run("rev-list", "--objects", "--missing=print", project.base).decode()
    assert f"?{project.upstream.git('rev-parse', f'{project.base}:README.md')}" in missing
    assert (project.job.git("count-objects", "-v"), project.job.git("config", "--list")) == before


@pytest.mark.parametrize(
    ("operators", "written"),
    [
        (["aten/src/ATen/native/native_functions.yaml"], ["aten/src/ATen/native/native_functions.yaml"]),
        (["csrc/**/*.cpp", "ops [1]/a?.yaml"], ["csrc/a.cpp", "csrc/deep/er/b.cpp", "ops [1]/ab.yaml"]),
    ],
)
def test_what_declares_operators_is_written_too(
    project: Project, make: Callable[..., Side], operators: list[str], written: list[str]
) -> None:
    settings = f'[tool.opfixtures]\npreset = "pytorch"\noperators = {json.dumps(operators)}\n'
    project.upstream.write(".opfixtures.toml", settings)
    for path in (*written, "csrc/a.txt", "ops [1]/abc.yaml", "ops 1/ab.yaml"):
        project.upstream.write(path, "// nothing\n")
    project.add_hardswish()
    project.open()
    root = Path(make(project.base, project.head).repository.root)
    found = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    folders = ("aten/", "csrc/", "ops")
    assert sorted(path for path in found if path.startswith(folders)) == written


def test_a_full_clone_needs_no_remote(project: Project, make: Callable[..., Side]) -> None:
    project.add_hardswish()
    project.open(depth=None, merged=False)
    fork_point = project.job.git("merge-base", project.base, project.head)
    project.job.git("remote", "remove", "origin")
    assert make(project.base, project.head).base == fork_point


def test_what_releases_have_is_known_there_as_in_the_clone(
    project: Project, make: Callable[..., Side]
) -> None:
    project.add_hardswish()
    project.open(depth=None, merged=False)
    project.job.git("tag", "v1.0", project.base)
    project.job.git("tag", "--annotate", "--message", "a release", "v1.1", project.base)
    project.job.git("config", "remote.origin.tagOpt", "--no-tags")
    side = make(project.base, project.head).repository
    listed = ("for-each-ref", "refs/tags")
    assert side.run(*listed).decode().strip() == project.job.git(*listed)
    assert not side.shallow
    assert fetches_no_tags(side)


@pytest.mark.parametrize("name", ["upstream/main", "upstream/gone"])
def test_what_a_fork_follows_is_here_as_well(project: Project, make: Callable[..., Side], name: str) -> None:
    settings = f'[tool.opfixtures]\npreset = "pytorch"\nupstream = "{name}"\n'
    project.upstream.write(".opfixtures.toml", settings)
    project.open(depth=None, merged=False)
    project.job.git("update-ref", "refs/remotes/upstream/main", project.base)
    side = make(project.base, project.head).repository
    assert side.resolve(name) == (project.base if name == "upstream/main" else None)


def test_a_checkout_of_one_commit_does_not_know_it(project: Project, make: Callable[..., Side]) -> None:
    project.add_hardswish()
    project.open()
    side = make(project.base, project.head).repository
    assert side.shallow
    assert not fetches_no_tags(side)


def test_history_is_fetched_where_it_is_asked_for(project: Project, make: Callable[..., Side]) -> None:
    first = project.upstream.git("rev-list", "--max-parents=0", "main")
    project.upstream.write("README.md", "more\n")
    project.upstream.commit()
    project.add_hardswish()
    project.open()
    side = make(project.base, project.head)
    assert side.repository.resolve(first) is None
    fetch_history(side)
    assert side.repository.resolve(first) == first
    side.repository.run("remote", "remove", "origin")
    fetch_history(side)


def test_a_branch_is_the_remotes(project: Project, make: Callable[..., Side]) -> None:
    project.add_hardswish()
    project.open(depth=None, merged=False)
    assert make("main", project.head).base == project.job.git("merge-base", project.base, project.head)


def test_unrelated_histories_do_not_meet(project: Project, make: Callable[..., Side]) -> None:
    project.add_hardswish()
    project.open(merged=False)
    tree = project.upstream.git("rev-parse", f"{project.base}^{{tree}}")
    elsewhere = project.upstream.git("commit-tree", tree, "-m", "another root")
    project.upstream.git("update-ref", "refs/heads/elsewhere", elsewhere)
    with pytest.raises(GitError, match=r"elsewhere and .* have no common ancestor"):
        make("elsewhere", project.head)


def test_a_token_goes_to_its_own_server_alone(project: Project, make: Callable[..., Side]) -> None:
    project.open()
    side = make(project.base, project.head, server="file://", token="ghs_x")
    secret = base64.b64encode(b"x-access-token:ghs_x").decode()
    assert f"AUTHORIZATION: basic {secret}" in side.repository.environment.values()
    assert secret not in (Path(side.repository.root) / ".git/config").read_text(encoding="utf-8")


def test_another_server_gets_no_token(project: Project, make: Callable[..., Side]) -> None:
    project.open()
    side = make(project.base, project.head, server="https://github.example", token="ghs_x")
    assert not any("AUTHORIZATION" in value for value in side.repository.environment.values())


def test_a_push_is_judged_from_what_was_there_before(project: Project) -> None:
    project.add_hardswish(entry=False)
    project.open(merged=False)
    payload = {
        "ref": "refs/heads/topic",
        "before": project.upstream.git("rev-parse", "topic~2"),
        "after": project.head,
        "deleted": False,
    }
    done = project.run("push", payload)
    assert (done.status, json.loads(done.outputs["refused"])) == (1, ["aten::hardswish"]), done.err


def test_what_the_change_starts_from_comes_from_github_with_the_jobs_token(
    project: Project, github: GitHubServer
) -> None:
    """After a checkout of the head alone: GitHub says where it starts, and git fetches that commit."""
    project.upstream.write("README.md", "another text\n")
    project.add_hardswish(entry=False)
    payload = project.open(merged=False)
    fork_point = project.upstream.git("merge-base", project.base, project.head)
    repository = str(github.hub.folder("octo/library"))
    project.upstream.git("push", "--quiet", repository, f"{project.base}:refs/heads/main", "topic")
    project.job.git("remote", "set-url", "origin", f"{github.url}/octo/library")
    here = {"GITHUB_SERVER_URL": github.url, "GITHUB_API_URL": github.url}

    done = project.run("pull_request", payload, OPFIXTURES_TOKEN="reads", **here)

    assert (done.status, done.outputs["pre-change-commit"]) == (1, fork_point), done.err
    assert json.loads(done.outputs["changed-operators"]) == ["aten::hardswish"]
    assert "git fetches history" not in done.out
    asked = [request.path for request in github.requests]
    assert asked == [f"/repos/octo/library/compare/{project.base}...{project.head}"]

    refused = project.run("pull_request", payload, OPFIXTURES_TOKEN="nobody", **here)
    assert refused.status == 2
    assert "nobody" not in refused.out + refused.err


@pytest.mark.sampled(1)
@pytest.mark.parametrize("merged", [True, False])
def test_a_library_is_built_from_the_commit_before_and_from_the_change(
    new_repository: Callable[..., GitRepository], tmp_path: Path, merged: bool
) -> None:
    """Its whole tree is needed twice, in a checkout of one commit, also where GitHub does not say where it starts."""
    upstream = new_repository({"README.md": "tinyops\n"}, name="upstream")
    overlay(upstream, TREES / "library" / "before")
    upstream.git("add", "--all")
    upstream.commit("tinyops 1.0")
    upstream.git("switch", "--quiet", "--create", "topic")
    for tree in ("change", "entries"):
        overlay(upstream, TREES / "library" / tree)
    upstream.git("add", "--all")
    job = new_repository(name="job")
    job.git("remote", "add", "origin", "../upstream")
    folder = tmp_path / "runner"
    folder.mkdir()
    project = Project(upstream, job, folder)
    payload = project.open(merged=merged)
    done = project.run("pull_request", payload, OPFIXTURES_CACHE=str(tmp_path / "cache"))
    assert done.status == 1, done.err + done.out
    assert "2 fixtures to commit, both proven: old models keep their results" in done.summary
    base = project.base if merged else upstream.git("rev-parse", "main~1")
    assert f"- made by: `commit {base[:12]}" in done.summary
    assert len(json.loads(done.outputs["generated"])) == 2


def test_a_build_of_the_pull_request_replays_what_no_release_can(project: Project) -> None:
    """Here it is the newest release again, which says that it has no version 11."""
    project.add_hardswish()
    python = os.path.join(CACHE, "releases/torch-2.13.0-python-3.11-default/env/bin/python")
    done = project.run(
        "pull_request", project.open(), OPFIXTURES_CACHE=CACHE, OPFIXTURES_POST_CHANGE_PYTHON=python
    )
    assert done.status == 1, done.err
    assert f"replaying 2 fixtures with torch of {python}" in done.err
