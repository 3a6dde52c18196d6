"""What GitHub holds: repositories, pull requests, comments, tokens."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

BOT = "github-actions[bot]"
Access = Literal["read", "write"]


@dataclass(frozen=True)
class Token:
    """Whom a token speaks for, and what it may do, by permission and in which repositories (none: in all)."""

    login: str = BOT
    permissions: dict[str, Access] = field(default_factory=dict)
    repositories: tuple[str, ...] = ()


@dataclass
class Pull:
    """A pull request. Its head's commit is what the branch has."""

    number: int
    head_repository: str
    head_branch: str
    base_branch: str = "main"
    state: Literal["open", "closed"] = "open"
    maintainer_can_modify: bool = False


@dataclass
class Comment:
    """A comment on a pull request."""

    id: int
    number: int
    author: str
    body: str


class Refused(Exception):
    """A request that GitHub answers with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class GitHub:
    """One repository with its forks, as GitHub has them. `lock` is held while a request is carried out."""

    def __init__(self, root: Path, name: str = "owner/repo") -> None:
        self.root, self.name = root, name
        self.pulls: dict[int, Pull] = {}
        self.comments: dict[int, Comment] = {}
        self.review_comments: dict[int, dict[str, Any]] = {}
        self.checks: dict[int, dict[str, Any]] = {}
        self.tokens: dict[str, Token] = {}
        self.lock = threading.RLock()
        self._last_comment = 0
        self._run("init", "--quiet", "--bare", "--initial-branch=main", str(self.folder(name)))

    def folder(self, repository: str) -> Path:
        """The bare repository of that name."""
        return self.root / f"{repository}.git"

    def fork(self, name: str) -> None:
        """Fork the repository."""
        self._run("clone", "--quiet", "--bare", str(self.folder(self.name)), str(self.folder(name)))

    def comment(self, number: int, author: str, body: str) -> Comment:
        """Add a comment."""
        self._last_comment += 1
        comment = Comment(self._last_comment, number, author, body)
        self.comments[comment.id] = comment
        return comment

    def head(self, pull: Pull) -> str:
        """The id of the commit at a pull request's head."""
        return self.git(pull.head_repository, "rev-parse", f"refs/heads/{pull.head_branch}").decode().strip()

    def git(self, repository: str, *args: str, stdin: bytes = b"", **environment: str) -> bytes:
        """What git prints. Raises Refused with 404 if it fails."""
        if not self.folder(repository).is_dir():
            raise Refused(404, "Not Found")
        return self._run("-C", str(self.folder(repository)), *args, stdin=stdin, **environment)

    def commit(self, branch: str, files: dict[str, bytes | None], repository: str = "") -> str:
        """Commit files to a branch, which is made if need be; None takes a file out. The commit's id."""
        repository = repository or self.name
        ref = f"refs/heads/{branch}"
        parents = self.git(repository, "for-each-ref", "--format=%(objectname)", ref).decode().split()
        parents = parents or self.git(repository, "rev-list", "-1", "--all").decode().split()
        blobs = {path: data if data is None else self.blob(repository, data) for path, data in files.items()}
        tree = self.tree(repository, parents[0] if parents else None, blobs)
        flags = [flag for parent in parents for flag in ("-p", parent)]
        commit = self.git(repository, "commit-tree", tree, *flags, "-m", "a commit").decode().strip()
        self.git(repository, "update-ref", ref, commit)
        return commit

    def blob(self, repository: str, data: bytes) -> str:
        """The id of a blob with these bytes."""
        return self.git(repository, "hash-object", "-w", "--stdin", stdin=data).decode().strip()

    def tree(self, repository: str, base: str | None, blobs: dict[str, str | None]) -> str:
        """The id of a tree: that of `base` with these blobs by path; None takes a path out."""
        with tempfile.TemporaryDirectory() as scratch:
            index: dict[str, Any] = {"GIT_INDEX_FILE": os.path.join(scratch, "index")}
            if base is not None:
                self.git(repository, "read-tree", base, **index)
            lines = [
                f"100644 {blob}\t{path}" if blob else f"0 {'0' * 40}\t{path}" for path, blob in blobs.items()
            ]
            self.git(
                repository, "update-index", "--index-info", stdin="\n".join(lines).encode() + b"\n", **index
            )
            return self.git(repository, "write-tree", **index).decode().strip()

    def _run(self, *args: str, stdin: bytes = b"", **environment: str) -> bytes:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        names = {f"GIT_{who}_NAME": BOT for who in ("AUTHOR", "COMMITTER")}
        mails = {f"GIT_{who}_EMAIL": "bot@example.org" for who in ("AUTHOR", "COMMITTER")}
        done = subprocess.run(
            ("git", *args), input=stdin, capture_output=True, env={**ours, **names, **mails, **environment}
        )
        if done.returncode:
            raise Refused(404, f"Not Found ({done.stderr.decode(errors='replace').strip()})")
        return done.stdout
