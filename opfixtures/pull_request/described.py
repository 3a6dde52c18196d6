"""What GitHub's answers describe, as values of ours."""

from __future__ import annotations

from opfixtures.pull_request.answer import Answer, read_list
from opfixtures.pull_request.hub import Check, Comment, PullRequest, ReviewComment


def names_of(answer: object, folder: str) -> frozenset[str]:
    """The names of what lies in a folder; of a file its own."""
    # Git has no empty folders.
    if answer == []:
        raise Answer.wrong(folder, "a file, or a folder with something in it", answer)
    entries = read_list(answer, folder) if isinstance(answer, list) else [Answer(answer, folder)]
    return frozenset(one.string("name") for one in entries)


def comment_of(one: Answer) -> Comment:
    """A comment."""
    # The account of an author may be gone, and a text may be left out.
    user = one.optional("user")
    return Comment(
        one.number("id"), user.string("login") if user else "", one.string("body") if one.has("body") else ""
    )


def pull_request_of(pull: Answer) -> PullRequest:
    """A pull request."""
    head, base = pull.object("head"), pull.object("base")
    # A fork may be deleted.
    repository = head.optional("repo")
    branch = head.string("ref")
    return PullRequest(
        number=pull.number("number"),
        is_open=pull.string("state") == "open",
        head_sha=head.commit("sha"),
        head_branch=branch,
        head_repository=repository.repository("full_name") if repository else None,
        from_default_branch=repository is not None and branch == repository.string("default_branch"),
        base_sha=base.commit("sha"),
        maintainer_can_modify=pull.flag("maintainer_can_modify"),
    )


def review_comment_of(one: Answer) -> ReviewComment:
    """A comment on a line of a diff."""
    user, line = one.optional("user"), one.number("line") if one.has("line") else None
    author = user.string("login") if user else ""
    return ReviewComment(one.number("id"), author, one.string("body"), one.string("path"), line)


def check_body(check: Check) -> dict[str, object]:
    """What GitHub is told of a check run."""
    told: dict[str, object] = {
        "name": check.name,
        "external_id": check.name,
        "status": "completed",
        "conclusion": check.conclusion,
        "output": {"title": check.title, "summary": check.summary},
    }
    return told if check.url is None else {**told, "details_url": check.url}
