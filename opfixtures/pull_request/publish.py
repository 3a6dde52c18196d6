"""A result on its pull request: the comment, and the fixtures if they are to be committed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from opfixtures.errors import UserError
from opfixtures.pull_request.artifact import Artifact
from opfixtures.pull_request.check_run import NAME, put_check
from opfixtures.pull_request.commit import Pushed, push_fixtures, was_pushed
from opfixtures.pull_request.head import at_commit, check_head, pull_requests_from
from opfixtures.pull_request.hub import GitHubError, Hub, PullRequest, Refused
from opfixtures.pull_request.inputs import AUTHOR
from opfixtures.pull_request.sticky import LIMIT, put_comment
from opfixtures.pull_request.suggestions import put_suggestions
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
    """The numbers of the pull requests that were told; `lacks_commit`: what had to be committed was not."""

    numbers: tuple[int, ...]
    lacks_commit: bool = False


def publication_of(artifact: Artifact, sha: str, run: Run | None) -> Publication:
    """What is to be told of an artifact."""
    evidence = {made.result.fixture or "": (made.archive, made.record) for made in artifact.fixtures}
    return Publication(sha, artifact.result, artifact.findings, evidence, run, artifact.has_patch)


def publish(
    hub: Hub, wanted: Wanted, artifact: Artifact, publication: Publication, tell: Callable[[str], object]
) -> Published | None:
    """Comment on the pull requests of a head, and commit; `tell` is told in lines what became of it.

    Returns None where there is no pull request.

    The comment comes first: what is committed moves the head, and a run that was cut off between had told nobody.

    Raises UserError, which GitHubError is; of several pull requests all are told before.
    """
    check_head(wanted.head, wanted.sha)
    publication = replace(publication, by_job_token=wanted.author == AUTHOR)
    every = pull_requests_from(hub, wanted.head, wanted.number)
    pulls = at_commit(hub, every, wanted.sha, artifact.result.pre_change_commit)
    made = [fixture for fixture in artifact.fixtures if fixture.may_be_committed]
    if not pulls and wanted.commit and made:
        pulls = [pull for pull in every if was_pushed(hub, pull, wanted.sha, made)]
        for pull in pulls:
            pushed = replace(publication, pushed=pull.head_sha, published=_published(hub, pull, publication))
            _comment(hub, pull, wanted, pushed, {pull.head_sha}, tell)
    elif pulls:
        has_committed, publication = _told(hub, pulls, wanted, artifact, publication, tell)
        _check(hub, publication, tell)
        lacks_commit = bool(wanted.is_required and made and not has_committed)
        return Published(tuple(pull.number for pull in pulls), lacks_commit)
    if not pulls:
        tell(f"no open pull request has its head at {wanted.sha[:12]} of {wanted.head}: nothing to publish")
        return None
    return Published(tuple(pull.number for pull in pulls))


def _told(
    hub: Hub,
    pulls: Sequence[PullRequest],
    wanted: Wanted,
    artifact: Artifact,
    publication: Publication,
    tell: Callable[[str], object],
) -> tuple[bool, Publication]:
    """Whether the branch, which all of these have for their head, has what was made; and what is told in the end."""
    has_committed, errors, heads = False, list[UserError](), {wanted.sha}
    for pull in pulls:
        try:
            looked_up = replace(publication, published=_published(hub, pull, publication))
            if publication.pushed:
                _comment(hub, pull, wanted, looked_up, heads, tell)
                continue
            pushed = _publish(hub, pull, wanted, artifact, looked_up, tell)
            has_committed = has_committed or pushed.is_there
            if pushed.commit:
                publication, heads = replace(publication, pushed=pushed.commit), {*heads, pushed.commit}
        except Refused as refused:
            is_fork = pull.head_repository != hub.repository
            if is_fork and wanted.has_second and refused.status == 403:
                why = "is from a fork, this token may not write: the second workflow publishes"
                tell(f"pull request {pull.number} {why}")
                continue
            errors.append(refused)
        except UserError as error:
            errors.append(error)
    if errors:
        for one in errors[:-1]:
            tell(f"error: {one}")
        raise errors[-1]
    return has_committed, publication


def _suggest(
    hub: Hub, pull: PullRequest, wanted: Wanted, publication: Publication, tell: Callable[[str], object]
) -> None:
    try:
        written = put_suggestions(hub, pull, publication.result.suggestions, wanted.author)
        if written:
            tell(f"pull request {pull.number}: {written} suggestion{'s' * (written > 1)} written")
    except GitHubError as error:
        # The comment says how it is mended too.
        tell(f"pull request {pull.number}: no suggestions: {error}")


def _check(hub: Hub, publication: Publication, tell: Callable[[str], object]) -> None:
    try:
        if not publication.nothing_owed and put_check(hub, publication):
            tell(f"check run {NAME} written at {publication.head[:12]}")
    except GitHubError as error:
        # The comment says the same.
        tell(f"no check run written: {error}")


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


def _comment(
    hub: Hub,
    pull: PullRequest,
    wanted: Wanted,
    told: Publication,
    heads: set[str],
    tell: Callable[[str], object],
) -> None:
    markdown = result_markdown(told, LIMIT)
    outcome = put_comment(
        hub, pull.number, markdown, author=wanted.author, heads=heads, only_update=told.nothing_owed
    )
    tell(f"pull request {pull.number}: comment {outcome}")


def _publish(
    hub: Hub,
    pull: PullRequest,
    wanted: Wanted,
    artifact: Artifact,
    publication: Publication,
    tell: Callable[[str], object],
) -> Pushed:
    """What became of the commit, if one was asked for: whether the branch has what was made."""
    _comment(hub, pull, wanted, publication, {wanted.sha}, tell)
    _suggest(hub, pull, wanted, publication, tell)
    if not (wanted.commit and any(fixture.may_be_committed for fixture in artifact.fixtures)):
        return Pushed(None)
    pushed = push_fixtures(hub, pull, artifact.fixtures)
    if pushed.commit is None:
        tell(f"pull request {pull.number}: nothing committed: {pushed.why_not}")
        told = replace(publication, why_not_pushed=pushed.why_not)
        _comment(hub, pull, wanted, told, {wanted.sha}, tell)
        return pushed
    tell(f"pull request {pull.number}: fixtures committed with {pushed.commit[:12]}")
    told = replace(publication, pushed=pushed.commit)
    _comment(hub, pull, wanted, told, {wanted.sha, pushed.commit}, tell)
    return replace(pushed, is_there=True)
