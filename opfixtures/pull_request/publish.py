"""A result on its pull request: the comment, and the fixtures if they are to be committed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from opfixtures.pull_request.artifact import Artifact
from opfixtures.pull_request.commit import push_fixtures
from opfixtures.pull_request.head import find_pull_request
from opfixtures.pull_request.hub import GitHubError, Hub, PullRequest, Refused
from opfixtures.pull_request.sticky import LIMIT, put_comment
from opfixtures.report.result_markdown import Publication, Run, result_markdown

_MOST_COMMITS = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to publish where: `head` is `owner:branch` and `sha` its commit, as the event has them.

    `author` is the login whose comment it is, `commit` whether to commit the fixtures too. `number` is the pull
    request's where the event is to be trusted for it, `has_second` says that another workflow publishes for forks,
    `is_required` that what was made has to be committed.
    """

    head: str
    sha: str
    author: str
    commit: bool
    number: int | None = None
    has_second: bool = False
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """The number of the pull request that was told; `lacks_commit`: what had to be committed was not."""

    number: int
    lacks_commit: bool = False


def publication_of(artifact: Artifact, sha: str, run: Run | None) -> Publication:
    """What is to be told of an artifact."""
    evidence = {made.result.fixture or "": (made.archive, made.record) for made in artifact.fixtures}
    return Publication(sha, artifact.result, artifact.findings, evidence, run, artifact.has_patch)


def publish(
    hub: Hub, wanted: Wanted, artifact: Artifact, publication: Publication, tell: Callable[[str], object]
) -> Published | None:
    """Comment on the pull request, and commit; `tell` is told in lines what became of it.

    Returns None where there is no pull request.

    The comment comes first: what is committed moves the head, and a run that was cut off between would not find its
    pull request again.

    Raises UserError, which GitHubError is.
    """
    pull = find_pull_request(hub, wanted.head, wanted.sha, wanted.number)
    if pull is None:
        tell(f"no open pull request has its head at {wanted.sha[:12]} of {wanted.head}: nothing to publish")
        return None
    try:
        looked_up = replace(publication, published=_published(hub, pull, publication))
        has_committed = _publish(hub, pull, wanted, artifact, looked_up, tell)
    except Refused as refused:
        is_fork = pull.head_repository != hub.repository
        if not (is_fork and wanted.has_second and refused.status == 403):
            raise
        tell(
            f"pull request {pull.number} is from a fork, this token may not write: the second workflow publishes"
        )
        has_committed = False
    made = [fixture for fixture in artifact.fixtures if fixture.may_be_committed]
    return Published(pull.number, lacks_commit=bool(wanted.is_required and made and not has_committed))


def _published(hub: Hub, pull: PullRequest, publication: Publication) -> dict[str, bool]:
    """Which pre-change commits GitHub knows to be in the base branch: the artifact's word alone proves none."""
    named = (fixture.pre_change_commit for fixture in publication.result.fixtures)
    commits = {commit for commit in named if commit}
    found = {}
    # Without `contents: read` GitHub shows no history of a private repository. The comment can do without.
    with suppress(GitHubError):
        for commit in sorted(commits)[:_MOST_COMMITS]:
            found[commit] = hub.has_ancestor(commit, pull.base_sha)
    return found


def _publish(
    hub: Hub,
    pull: PullRequest,
    wanted: Wanted,
    artifact: Artifact,
    publication: Publication,
    tell: Callable[[str], object],
) -> bool:
    """Whether the branch has what was made."""

    def comment(told: Publication, heads: set[str]) -> None:
        markdown = result_markdown(told, LIMIT)
        outcome = put_comment(
            hub, pull.number, markdown, author=wanted.author, heads=heads, only_update=told.nothing_owed
        )
        tell(f"pull request {pull.number}: comment {outcome}")

    comment(publication, {wanted.sha})
    if not (wanted.commit and any(fixture.may_be_committed for fixture in artifact.fixtures)):
        return False
    pushed = push_fixtures(hub, pull, artifact.fixtures)
    if pushed.commit is None:
        tell(f"pull request {pull.number}: nothing committed: {pushed.why_not}")
        comment(replace(publication, why_not_pushed=pushed.why_not), {wanted.sha})
        return pushed.is_there
    tell(f"pull request {pull.number}: fixtures committed with {pushed.commit[:12]}")
    comment(replace(publication, pushed=pushed.commit), {wanted.sha, pushed.commit})
    return True
