"""Fixtures and records, committed to the head branch of a pull request through the Git Data API.

https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from opfixtures.change.projects import configs_above
from opfixtures.pull_request.artifact import MadeFixture
from opfixtures.pull_request.hub import Hub, PullRequest, Refused
from opfixtures.records.record import record_path
from opfixtures.settings.settings_scan import folders_above

MAX_FILES = 200
MAX_BYTES = 25 << 20
# A folder of more is not listed whole.
_MOST_LISTED = 1_000
# Each is asked for its settings.
_MOST_FOLDERS = 64


@dataclass(frozen=True, slots=True)
class Pushed:
    """The id of the commit, or None and `why_not`, half a sentence; `is_there`: the branch has the files already."""

    commit: str | None
    why_not: str = ""
    is_there: bool = False


class _BaseBranch:
    """The tree that a pull request goes to, as a `Snapshot`."""

    name = "the base branch"

    def __init__(self, hub: Hub, commit: str) -> None:
        self._hub, self._commit = hub, commit
        self._read: dict[str, bytes | None] = {}

    def read(self, path: str) -> bytes | None:
        if path not in self._read:
            self._read[path] = self._hub.file(path, self._commit)
        return self._read[path]

    def has(self, path: str) -> bool:
        return self.read(path) is not None


def push_fixtures(hub: Hub, pull: PullRequest, fixtures: Sequence[MadeFixture]) -> Pushed:
    """Commit fixtures and their records upon the head of `pull`, unless it has moved.

    Only folders that settings of the base branch name are written to, and no fixture that the base branch has.

    Raises:
        UserError: the base branch's settings cannot be used.
        GitHubError: GitHub cannot be asked, or refuses to write to a branch of the repository itself.
    """
    is_fork = pull.head_repository != hub.repository
    if pull.head_repository is None or (is_fork and not pull.maintainer_can_modify):
        return Pushed(None, "the fork's branch may not be written to by maintainers")
    if pull.from_default_branch and not is_fork:
        # Whoever may read a repository may open a pull request from its default branch to another.
        return Pushed(None, f"{pull.head_branch} is the default branch, which takes no commit without review")
    paths = {made.result.fixture for made in fixtures if made.may_be_committed and made.result.fixture}
    if len({above for path in paths for above in folders_above(path)}) > _MOST_FOLDERS:
        return Pushed(None, "its fixtures lie in too many folders")
    base = _BaseBranch(hub, pull.base_sha)
    known = {config.fixtures for path in sorted(paths) for config in configs_above(base, path)}
    if not known:
        return Pushed(None, "the base branch has no settings that name a fixtures folder")
    files = _files(hub, pull, sorted(known), fixtures)
    if isinstance(files, str):
        return Pushed(None, files)
    now = hub.pull_request(pull.number)
    if not now.is_open or now.head_sha != pull.head_sha:
        return Pushed(None, "the pull request has moved on")
    try:
        commit = hub.create_commit(pull.head_repository, pull.head_sha, files, _message(files))
        if commit is None:
            return Pushed(None, "the branch has them all", is_there=True)
        hub.move_branch(pull.head_repository, pull.head_branch, commit)
    except Refused as refused:
        if is_fork or refused.status == 422:
            return Pushed(None, f"the branch could not be written to: {refused}")
        raise
    return Pushed(commit)


def was_pushed(hub: Hub, pull: PullRequest, upon: str, fixtures: Sequence[MadeFixture]) -> bool:
    """Whether the head of `pull` is a commit upon `upon` that has all fixtures: what a run made that was killed before
    it could tell. Raises GitHubError."""
    parents: tuple[str, ...] = ()
    # What this token may not read, it has not committed either.
    with suppress(Refused):
        parents = hub.parents(pull.head_repository or "", pull.head_sha)
    if pull.head_repository is None or parents != (upon,):
        return False
    files = {path: data for made in fixtures if made.may_be_committed for path, data in made.files}
    # No branch is moved: what git has no object of yet, it keeps for some days.
    return hub.create_commit(pull.head_repository, pull.head_sha, files, _message(files)) is None


def _files(
    hub: Hub, pull: PullRequest, folders: Sequence[str], fixtures: Sequence[MadeFixture]
) -> dict[str, bytes] | str:
    """The files to commit by path; or why there are none."""
    files: dict[str, bytes] = {}
    for folder in folders:
        published = hub.names(folder, pull.base_sha)
        if len(published) >= _MOST_LISTED:
            return f"{folder} has more files than GitHub lists"
        for made in fixtures:
            path = f"{folder}/{made.name}"
            is_new = published.isdisjoint((made.name, record_path(made.name)))
            if made.may_be_committed and made.result.fixture == path and is_new:
                files |= {path: made.data, record_path(path): made.record_data}
    if not files:
        return f"there is no new fixture for {' or '.join(folders)}"
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        return f"it is more than {MAX_FILES} files or {MAX_BYTES >> 20} MiB"
    return files


def _message(files: dict[str, bytes]) -> str:
    count = sum(not path.endswith(".json") for path in files)
    names = "\n".join(sorted(path.rpartition("/")[2] for path in files))
    return f"Add {count} fixture{'s' * (count > 1)} made before the change\n\n{names}\n"
