"""From an event to what is to be done. Pure.

Fixture modules are their author's code: `generate` executes them. What decides here is who that is, and what the
job that asks may own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from opfixtures.errors import UserError
from opfixtures.pull_request.answer import Answer
from opfixtures.pull_request.payload import OBJECT_ID, Payload, is_branch


class Task(StrEnum):
    """What an event asks for. `GENERATE` checks first, and proves what is there."""

    NOTHING = "nothing"
    GENERATE = "generate"
    PUBLISH = "publish"


class Mode(StrEnum):
    """What a job is there for: the input `mode`. `PLAN` names the runtimes of a matrix and makes nothing."""

    PLAN = "plan"
    GENERATE = "generate"
    PUBLISH = "publish"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What was typed into the form of a dispatch: a pull request's number, or two revisions; None where left empty.

    Beside a number, `head` is the commit that the pull request's head has to be.
    """

    number: int | None = None
    base: str | None = None
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What is to be done.

    `base` is the revision that holds what is published (a commit's id, or a branch of the repository), `head` the
    id of the commit that the change ends with. `branch` is `owner:branch` of the head. `number` is the pull
    request's, where the event is to be trusted for it, `run` the id of the run that made the result. `reason` says
    why there is nothing to do, or why nothing will be published.
    """

    task: Task
    reason: str = ""
    base: str | None = None
    head: str | None = None
    branch: str | None = None
    fork: bool = False
    number: int | None = None
    run: int | None = None


_PULL_REQUEST_ACTIONS = ("opened", "synchronize", "reopened", "ready_for_review")
_PAIR = "run `mode: generate` on pull_request, and `mode: publish` on workflow_run (README, fork-safe pair)"

PullRequests = Callable[[int], object]
"""GitHub's description of a pull request by its number, an object as in a pull_request event."""


def activity_of(
    event: str, payload: object, mode: Mode, asked: Dispatch, pull_requests: PullRequests
) -> Activity:
    """What the event `event` asks of a job in `mode`.

    `pull_requests` is called for a dispatch with a number, and may raise UserError.

    Raises:
        UserError: the event is refused, with the reason and the safe way; or its payload is not as GitHub sends it.
    """
    if event == "pull_request_target":
        raise UserError(
            "pull_request_target gives a pull request's code the repository's secrets and a token that can write:"
            f" {_PAIR}"
        )
    told = Payload(payload, event)
    if event == "workflow_run":
        return _of_workflow_run(told, mode)
    if event == "workflow_dispatch":
        return _of_dispatch(told, mode, asked, pull_requests)
    activity = _of_change(event, told)
    if mode is not Mode.PUBLISH or activity.task is Task.NOTHING:
        return activity
    # The job that made the result comes before this one in the same run.
    why_not = activity.reason or ("" if activity.number else f"{event} is about no pull request")
    return replace(activity, task=Task.NOTHING if why_not else Task.PUBLISH, reason=why_not)


def _of_change(event: str, told: Payload) -> Activity:
    if event == "pull_request":
        action = told.text("action")
        if action not in _PULL_REQUEST_ACTIONS:
            return Activity(Task.NOTHING, f"a pull request was {action.replace('_', ' ')}")
        return _of_pull_request(told.object("pull_request"))
    if event == "merge_group":
        return _of_merge_group(told)
    if event == "push":
        return _of_push(told)
    known = "pull_request, merge_group, push, schedule, workflow_dispatch, workflow_run"
    raise UserError(f"{event or 'no event'} is no event that opfixtures knows: use one of {known}")


def _of_pull_request(pull: Payload) -> Activity:
    base, head = pull.object("base"), pull.object("head")
    # The repository of a head is null once a fork was deleted: what is not known to be ours is a fork's.
    same = head.has("repo") and head.object("repo").number("id") == base.object("repo").number("id")
    account = head.object("user").owner("login") if head.has("user") else None
    return Activity(
        Task.GENERATE,
        reason="" if same else f"it comes from a fork, whose token cannot write: {_PAIR}",
        base=base.commit("sha"),
        head=head.commit("sha"),
        branch=f"{account}:{head.branch('ref')}" if account else None,
        fork=not same,
        number=pull.number("number"),
    )


def _of_merge_group(told: Payload) -> Activity:
    if told.text("action") != "checks_requested":
        return Activity(Task.NOTHING, f"a merge group was {told.text('action').replace('_', ' ')}")
    group = told.object("merge_group")
    return Activity(Task.GENERATE, base=group.commit("base_sha"), head=group.commit("head_sha"))


def _of_push(told: Payload) -> Activity:
    ref = told.text("ref")
    if not ref.startswith("refs/heads/"):
        return Activity(Task.NOTHING, f"{ref} is no branch")
    if told.flag("deleted"):
        return Activity(Task.NOTHING, f"{ref} was deleted")
    before, after = told.commit("before"), told.commit("after")
    if before.strip("0"):
        return Activity(Task.GENERATE, base=before, head=after)
    branch = told.object("repository").branch("default_branch")
    if ref == f"refs/heads/{branch}":
        return Activity(Task.NOTHING, f"{ref} is new: nothing was published before")
    return Activity(Task.GENERATE, base=branch, head=after)


def _of_dispatch(told: Payload, mode: Mode, asked: Dispatch, pull_requests: PullRequests) -> Activity:
    if asked.number is not None:
        if asked.base:
            raise UserError("a dispatch has a pull-request, or base and head: leave base empty")
        found = _of_pull_request(Answer(pull_requests(asked.number), f"pull request {asked.number}"))
        if found.number != asked.number:
            raise UserError(f"GitHub answered with pull request {found.number} for {asked.number}: try again")
        if found.fork and mode is Mode.ALL:
            raise UserError(
                f"pull request {asked.number} comes from a fork, and a dispatched job with `mode: all` has a token"
                " that can write: use `mode: generate` in a job that may only read, and"
                " `mode: publish` in another (README, dispatch)"
            )
        if asked.head and asked.head != found.head:
            # Jobs of one run are about one commit, whatever is pushed meanwhile.
            moved = f"pull request {asked.number} has moved on from {asked.head[:12]}"
            return Activity(Task.NOTHING, f"{moved} to {(found.head or '')[:12]}: dispatch this again")
        if mode is Mode.PUBLISH and not asked.head:
            raise UserError(
                f"what was made for pull request {asked.number} is of one commit: give `head`, an output of the job"
                " that made it"
            )
        # The token of a dispatch is the repository's own, whoever wrote the pull request.
        found = replace(found, reason="")
        return found if mode is not Mode.PUBLISH else replace(found, task=Task.PUBLISH)
    if not asked.head or not OBJECT_ID.fullmatch(asked.head):
        raise UserError(
            "a dispatch needs a pull-request, or base and head, where head is the full id of a commit"
        )
    base = asked.base or told.object("repository").branch("default_branch")
    if not (OBJECT_ID.fullmatch(base) or is_branch(base)):
        raise UserError("base must be a branch or the full id of a commit")
    if mode is Mode.PUBLISH:
        return Activity(Task.NOTHING, "no pull request was named: there is none to tell")
    # Nobody says whose commit it is: GitHub serves those of forks from the same repository.
    if mode is Mode.ALL:
        raise UserError(
            "the head of a dispatch may be a fork's, and `mode: all` has a token that can write:"
            " name a pull-request, or use `mode: generate` in a job that may only read"
        )
    return Activity(Task.GENERATE, base=base, head=asked.head)


def _of_workflow_run(told: Payload, mode: Mode) -> Activity:
    if mode is not Mode.PUBLISH:
        raise UserError(
            f"workflow_run has the repository's secrets and a token that can write, `mode: {mode}` would execute a"
            f" pull request's code there: {_PAIR}"
        )
    run = told.object("workflow_run")
    if told.text("action") != "completed":
        return Activity(Task.NOTHING, "the run is not completed")
    if run.text("event") != "pull_request":
        return Activity(Task.NOTHING, f"the run was for {run.text('event')}, not for a pull request")
    if not run.has("head_repository"):
        return Activity(Task.NOTHING, "the fork that the run was for is gone")
    repository = run.object("head_repository")
    same = repository.number("id") == told.object("repository").number("id")
    return Activity(
        Task.PUBLISH,
        head=run.commit("head_sha"),
        branch=f"{repository.object('owner').owner('login')}:{run.branch('head_branch')}",
        fork=not same,
        run=run.number("id"),
    )
