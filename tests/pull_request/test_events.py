"""From an event to what is to be done, on GitHub's own examples of events."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from opfixtures.errors import UserError
from opfixtures.pull_request.events import Activity, Dispatch, Mode, Task, activity_of
from opfixtures.pull_request.payload import is_branch

Examples = dict[str, list[dict[str, Any]]]
BASE, HEAD = "a" * 40, "b" * 40


def no_pull_request(number: int) -> object:
    raise AssertionError(f"pull request {number} was asked for")


def of(
    event: str,
    payload: object,
    mode: Mode = Mode.GENERATE,
    asked: Dispatch | None = None,
    pull_requests: Callable[[int], object] = no_pull_request,
) -> Activity:
    return activity_of(event, payload, mode, asked or Dispatch(), pull_requests)


@pytest.fixture
def opened(examples: Examples) -> dict[str, Any]:
    """A pull request that was opened, from a branch of the same repository."""
    return copy.deepcopy(examples["pull_request"][0])


@pytest.fixture
def fork(opened: dict[str, Any]) -> dict[str, Any]:
    """The same from a fork."""
    head = opened["pull_request"]["head"]
    head["repo"]["id"] += 1
    head["user"]["login"] = "somebody"
    return opened


def test_a_pull_request_is_checked_and_its_fixtures_made(opened: dict[str, Any]) -> None:
    pull = opened["pull_request"]
    assert of("pull_request", opened) == Activity(
        Task.GENERATE,
        base=pull["base"]["sha"],
        head=pull["head"]["sha"],
        branch=f"{pull['head']['user']['login']}:{pull['head']['ref']}",
        number=pull["number"],
    )


def test_only_what_changes_the_head_or_asks_for_a_review_counts(examples: Examples) -> None:
    tasks: dict[str, set[Task]] = {}
    for payload in examples["pull_request"]:
        tasks.setdefault(payload["action"], set()).add(of("pull_request", payload).task)
    doing = {action for action, found in tasks.items() if found == {Task.GENERATE}}
    assert doing == {"opened", "synchronize", "reopened", "ready_for_review"}
    assert all(found == {Task.NOTHING} for action, found in tasks.items() if action not in doing)


def test_a_fork_is_generated_for_and_told_of_by_another_workflow(fork: dict[str, Any]) -> None:
    activity = of("pull_request", fork, Mode.ALL)
    assert (activity.task, activity.fork) == (Task.GENERATE, True)
    assert "workflow_run" in activity.reason
    assert activity.branch == f"somebody:{fork['pull_request']['head']['ref']}"


def test_a_deleted_repository_was_a_fork(fork: dict[str, Any]) -> None:
    fork["pull_request"]["head"] |= {"repo": None, "user": None}
    activity = of("pull_request", fork)
    assert (activity.fork, activity.branch) == (True, None)


def test_a_merge_group_is_checked_and_proven(examples: Examples) -> None:
    payload = examples["merge_group"][0]
    group = payload["merge_group"]
    assert of("merge_group", payload) == Activity(
        Task.GENERATE, base=group["base_sha"], head=group["head_sha"]
    )
    assert of("merge_group", payload | {"action": "destroyed"}).task is Task.NOTHING


PUSH = {
    "ref": "refs/heads/topic",
    "before": BASE,
    "after": HEAD,
    "deleted": False,
    "repository": {"default_branch": "main"},
}


def test_a_push_is_what_came_between_before_and_after(examples: Examples) -> None:
    assert of("push", PUSH) == Activity(Task.GENERATE, base=BASE, head=HEAD)
    for payload in examples["push"]:
        expected = Task.NOTHING if payload["deleted"] or "/tags/" in payload["ref"] else Task.GENERATE
        if payload["ref"] == "refs/heads/master" and not payload["before"].strip("0"):
            expected = Task.NOTHING
        assert of("push", payload).task is expected, payload["ref"]


@pytest.mark.parametrize(
    ("difference", "task", "base"),
    [
        ({"before": "0" * 40}, Task.GENERATE, "main"),
        ({"before": "0" * 40, "ref": "refs/heads/main"}, Task.NOTHING, None),
        ({"deleted": True, "after": "0" * 40}, Task.NOTHING, None),
        ({"ref": "refs/tags/v1"}, Task.NOTHING, None),
    ],
)
def test_a_new_branch_starts_from_the_default_branch(
    difference: dict[str, Any], task: Task, base: str | None
) -> None:
    activity = of("push", PUSH | difference)
    assert (activity.task, activity.base) == (task, base)


DISPATCH = {"repository": {"default_branch": "main"}, "inputs": None}


def test_a_dispatch_looks_the_pull_request_up(fork: dict[str, Any]) -> None:
    pull = fork["pull_request"]
    asked = Dispatch(number=pull["number"])
    found = {pull["number"]: pull}.__getitem__
    activity = of("workflow_dispatch", DISPATCH, asked=asked, pull_requests=found)
    assert (activity.task, activity.head) == (Task.GENERATE, pull["head"]["sha"])
    with pytest.raises(UserError, match="is of one commit: give `head`"):
        of("workflow_dispatch", DISPATCH, Mode.PUBLISH, asked, found)
    with pytest.raises(UserError, match="for 77: try again"):
        of("workflow_dispatch", DISPATCH, asked=Dispatch(number=77), pull_requests=lambda _: pull)


def test_a_dispatch_compares_two_revisions() -> None:
    assert of("workflow_dispatch", DISPATCH, asked=Dispatch(head=HEAD)).base == "main"
    assert of("workflow_dispatch", DISPATCH, asked=Dispatch(head=HEAD, base=BASE)).base == BASE
    assert of("workflow_dispatch", DISPATCH, Mode.PUBLISH, Dispatch(head=HEAD)).task is Task.NOTHING


@pytest.mark.parametrize("mode", [Mode.GENERATE, Mode.PUBLISH])
def test_a_dispatch_by_number_is_about_one_commit(fork: dict[str, Any], mode: Mode) -> None:
    """What was made for one head is told of none that was pushed since."""
    pull = fork["pull_request"] | {"number": 7}
    head = pull["head"]["sha"]
    same = of("workflow_dispatch", DISPATCH, mode, Dispatch(number=7, head=head), lambda _: pull)
    assert (same.task.value, same.head) == (mode.value, head)
    moved = of("workflow_dispatch", DISPATCH, mode, Dispatch(number=7, head=HEAD), lambda _: pull)
    assert moved.task is Task.NOTHING
    assert moved.reason == f"pull request 7 has moved on from {HEAD[:12]} to {head[:12]}: dispatch this again"


@pytest.mark.parametrize(
    ("event", "mode", "asked", "why"),
    [
        (
            "pull_request_target",
            Mode.GENERATE,
            Dispatch(),
            "secrets and a token that can write: run `mode: generate`",
        ),
        ("workflow_run", Mode.ALL, Dispatch(), "would execute a pull request's code there: run"),
        ("workflow_run", Mode.GENERATE, Dispatch(), "`mode: generate` would execute"),
        ("workflow_run", Mode.PLAN, Dispatch(), "would execute"),
        (
            "workflow_dispatch",
            Mode.ALL,
            Dispatch(number=7),
            "pull request 7 comes from a fork.*mode: generate",
        ),
        ("workflow_dispatch", Mode.ALL, Dispatch(head=HEAD), "may be a fork's.*name a pull-request"),
        ("workflow_dispatch", Mode.GENERATE, Dispatch(number=7, base="main"), "leave base empty"),
        ("workflow_dispatch", Mode.GENERATE, Dispatch(), "needs a pull-request, or base and head"),
        ("workflow_dispatch", Mode.GENERATE, Dispatch(head="main"), "full id of a commit"),
        ("workflow_dispatch", Mode.GENERATE, Dispatch(head=HEAD, base="--all"), "base must be a branch"),
        ("release", Mode.ALL, Dispatch(), "release is no event that opfixtures knows"),
        ("", Mode.ALL, Dispatch(), "no event is no event"),
    ],
)
def test_what_is_refused_says_why_and_what_is_safe(
    fork: dict[str, Any], event: str, mode: Mode, asked: Dispatch, why: str
) -> None:
    pull = fork["pull_request"] | {"number": 7}
    with pytest.raises(UserError, match=why):
        of(event, DISPATCH, mode, asked, lambda _: pull)


def test_a_completed_run_is_published_by_what_the_event_itself_says(examples: Examples) -> None:
    payload = copy.deepcopy(next(one for one in examples["workflow_run"] if one["action"] == "completed"))
    run = payload["workflow_run"]
    assert of("workflow_run", payload, Mode.PUBLISH).task is Task.NOTHING
    run |= {"event": "pull_request", "pull_requests": [{"number": 666}]}
    run["head_repository"]["id"] += 1
    owner = run["head_repository"]["owner"]["login"]
    assert of("workflow_run", payload, Mode.PUBLISH) == Activity(
        Task.PUBLISH,
        head=run["head_sha"],
        branch=f"{owner}:{run['head_branch']}",
        fork=True,
        run=run["id"],
    )
    assert of("workflow_run", payload | {"action": "requested"}, Mode.PUBLISH).task is Task.NOTHING
    run["head_repository"] = None
    gone = of("workflow_run", payload, Mode.PUBLISH)
    assert (gone.task, gone.reason) == (Task.NOTHING, "the fork that the run was for is gone")


def test_a_result_is_published_by_a_later_job_of_the_same_run(opened: dict[str, Any]) -> None:
    activity = of("pull_request", opened, Mode.PUBLISH)
    assert (activity.task, activity.number) == (Task.PUBLISH, opened["number"])
    closed = of("pull_request", opened | {"action": "closed"}, Mode.PUBLISH)
    assert closed.task is Task.NOTHING
    pushed = of("push", PUSH, Mode.PUBLISH)
    assert (pushed.task, pushed.reason) == (Task.NOTHING, "push is about no pull request")


def test_a_forks_own_run_cannot_publish(fork: dict[str, Any]) -> None:
    activity = of("pull_request", fork, Mode.PUBLISH)
    assert activity.task is Task.NOTHING
    assert "whose token cannot write" in activity.reason


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("pull_request", None),
        ("pull_request", []),
        ("pull_request.base.sha", "HEAD"),
        ("pull_request.head.sha", "b" * 39),
        ("pull_request.head.sha", "b" * 40 + "\n"),
        ("pull_request.head.ref", "--upload-pack=x"),
        ("pull_request.head.ref", "a\nb"),
        ("pull_request.head.ref", "a:b"),
        ("pull_request.head.ref", "a" * 300),
        ("pull_request.head.ref", 7),
        ("pull_request.head.user.login", "a/b"),
        ("pull_request.head.repo.id", "1"),
        ("pull_request.number", True),
        ("pull_request.number", -1),
        ("action", None),
        ("action", "opened\n::warning::"),
    ],
)
def test_a_payload_is_read_strictly(opened: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    place = opened
    for parent in parents:
        place = place[parent]
    place[last] = value
    with pytest.raises(UserError, match=rf"^pull_request\.{path} is not .*GITHUB_EVENT_PATH"):
        of("pull_request", opened)


def test_a_flag_is_true_or_false_and_an_event_an_object() -> None:
    with pytest.raises(UserError, match=r"push\.deleted is not true or false: 'no'"):
        of("push", PUSH | {"deleted": "no"})
    with pytest.raises(UserError, match="push is not an object"):
        of("push", [])


@pytest.mark.parametrize("name", ["main", "a/b-c", "gh-readonly-queue/main/pr-1", "ünïcode", "a@b"])
def test_branches(name: str) -> None:
    assert is_branch(name)


@pytest.mark.parametrize(
    "name",
    ["", "-a", "a/-b", "a b", "a..b", "a.lock", ".a", "a/", "/a", "a//b", "@", "a@{1}", "a~1", "a\x1bb"],
)
def test_what_git_takes_for_something_else_is_no_branch(name: str) -> None:
    assert not is_branch(name)
