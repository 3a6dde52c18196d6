"""What is wrong where git finds nothing: absent is one thing, unreadable another."""

from __future__ import annotations

import os
from typing import Protocol

from opfixtures.errors import GitError


class Repository(Protocol):
    """What is asked here of `git.Repository`, which comes to this only where git found nothing."""

    @property
    def root(self) -> str: ...

    @property
    def partial(self) -> bool: ...

    def run(self, *args: str) -> bytes: ...

    def ask(self, *args: str) -> bytes | None: ...

    def warnings(self, *args: str) -> list[str]: ...


_UNBORN = "does not have any commits yet"


def unreadable(repository: Repository, oid: str, what: str, *, missing: bool = True) -> GitError:
    """The error for an object that something names, and that is missing here or broken: then it is not `missing`."""
    if missing and repository.partial:
        return GitError(f"{what} is not in this partial clone: `git cat-file -e {oid}` fetches it")
    return GitError(
        f"git cannot read object {oid}, {what}: `git fsck` tells what is broken in this repository"
    )


def why_git_ended(repository: Repository, name: str, what: str) -> GitError:
    """The error for an object, by the `name` git has for it, that `git cat-file --batch` has ended at."""
    try:
        oid = repository.ask("rev-parse", "--verify", "--quiet", name)
    except GitError as error:
        if not repository.partial:
            return error
        advice = "`git fetch --refetch --no-filter` fetches it"
        return GitError(f"{what or name} is not in this partial clone ({error}): {advice}")
    try:
        if oid is not None:
            repository.run("cat-file", "-t", oid.decode().strip())
    except GitError:
        return unreadable(repository, (oid or b"").decode().strip(), what or name)
    return GitError(f"git cannot read {name}: `git fsck` tells what is broken in this repository")


def refuse_broken_name(repository: Repository, rev: str) -> None:
    """Nothing, where `rev` names nothing, or an object that is no commit. An id is no name: it may be elsewhere.

    Raises:
        GitError: a reference of that name is broken, or what it names cannot be read.
    """
    if rev.startswith("-") or (len(rev) in (40, 64) and not rev.strip("0123456789abcdef")):
        return
    oid = repository.ask("rev-parse", "--verify", "--quiet", rev)
    if oid is not None:
        peel(repository, oid.decode().strip(), rev)
    elif rev == "HEAD":
        _refuse_broken_head(repository)
    else:
        _refuse_broken_reference(repository, rev)


def peel(repository: Repository, oid: str, name: str) -> None:
    """Read the object and, where it is a tag, what it is of. Raises GitError about the one that cannot be read."""
    kind = b"tag\n"
    while kind == b"tag\n":
        try:
            kind = repository.run("cat-file", "-t", oid)
            tag = repository.run("cat-file", "tag", oid) if kind == b"tag\n" else b""
        except GitError as error:
            raise unreadable(repository, oid, name) from error
        oid = tag.partition(b"\n")[0].removeprefix(b"object ").decode()


def _refuse_broken_head(repository: Repository) -> None:
    try:
        repository.run("log", "-1", "--format=")
    except GitError as error:
        # https://github.com/git/git/blob/v2.39.5/revision.c, diagnose_missing_default
        if _UNBORN not in str(error):
            raise GitError(f"HEAD cannot be read: `git fsck` tells what is broken ({error})") from error


def _refuse_broken_reference(repository: Repository, rev: str) -> None:
    """Raises GitError where the file of a reference says no id, as one does that a crash has left empty."""
    names = [f"{folder}{rev}" for folder in ("refs/heads/", "refs/tags/", "refs/remotes/")]
    names += [target for name in names if (target := _symbolic_target(repository, name))]
    broken = repository.warnings("for-each-ref", "--format=", "--", *names)
    for name in names:
        if f"ignoring broken ref {name}" in broken:
            raise GitError(f"{rev} cannot be read: {name} is a broken reference, which `git fetch` may mend")


def _symbolic_target(repository: Repository, name: str) -> str:
    """What a symbolic reference leads to; git tells it only where that can be read. Empty where `name` is none."""
    path = os.fsdecode(repository.run("rev-parse", "--git-path", name)[:-1])
    try:
        with open(os.path.join(repository.root, path), encoding="utf-8", errors="replace") as file:
            marker, _, target = file.readline().strip().partition(" ")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""
    return target if marker == "ref:" else ""
