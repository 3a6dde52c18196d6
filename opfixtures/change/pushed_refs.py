"""What a push changes: every ref of it, beside what the remote has.

git tells its pre-push hook on stdin, a line a ref: `<local ref> <local oid> <remote ref> <remote oid>`
(https://git-scm.com/docs/githooks#_pre_push).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from opfixtures.change.comparison import Comparison, no_common_ancestor
from opfixtures.change.projects import projects
from opfixtures.errors import ConfigurationError, GitError, UserError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot
from opfixtures.settings.config import read_config


@dataclass(frozen=True, slots=True)
class PushedRef:
    """One ref of a push. An oid has 40 or 64 digits; zeros alone stand for a ref that is not there, locally
    for one that the push deletes."""

    local_oid: str
    remote_ref: str
    remote_oid: str


def pushed_refs(lines: bytes) -> Iterator[PushedRef]:
    """The refs that git names to its pre-push hook. Raises UserError where a line is none of git's."""
    text = lines.decode("utf-8", "surrogateescape")
    # A name may hold what Python takes for the end of a line.
    for line in re.split("\r?\n", text.rstrip("\r\n")) if text else ():
        # What is pushed may be an expression with blanks in it.
        words = line.rsplit(" ", 3)
        if len(words) != 4:
            raise UserError(f"{line[:80]!r} is no line of git's to a pre-push hook: let git call this hook")
        _, local_oid, remote_ref, remote_oid = words
        yield PushedRef(local_oid, remote_ref, remote_oid)


def pushed_changes(objects: GitObjects, ref: PushedRef, remote: str) -> list[Comparison]:
    """What the push changes of `ref` at `remote`, a name or a URL: a comparison for each project.

    All that is there if the remote has nothing of it; none where no commit is pushed: the ref is deleted, or names
    a file.

    Raises:
        NothingToCheck: there is no project, neither in what is pushed nor in what the remote has.
        GitError: this clone is shallow, and what the remote has lies beyond its end; or what is pushed cannot be
            read.
    """
    tip = _pushed_commit(objects, ref)
    if tip is None:
        return []
    try:
        since = _pushed(objects, ref, remote, tip, None)
    except GitError:
        # A target that the settings name may be nearer.
        since = Comparison(EmptySnapshot(), objects.commit(tip), base=None, tip=None)
    changes = []
    for one in projects(objects, since):
        pushed = _pushed(objects, ref, remote, tip, _target_named(one))
        changes.append(replace(pushed, folder=one.folder, moved_from=one.moved_from))
    return changes


def _target_named(one: Comparison) -> str | None:
    try:
        config = read_config(one.after, one.folder)
    except ConfigurationError:
        # Whoever judges it says what is wrong.
        return None
    return config.target if config else None


def _pushed(objects: GitObjects, ref: PushedRef, remote: str, tip: str, target: str | None) -> Comparison:
    after = objects.commit(tip)
    base = _base(objects, tip, (ref.remote_oid, target or "origin/HEAD", f"refs/remotes/{remote}/HEAD"))
    base = base or _left_off(objects.repository, tip, remote)
    if base is not None:
        return Comparison(objects.commit(base), after, base, tip)
    if objects.repository.shallow:
        raise no_common_ancestor(objects.repository, ref.remote_ref, remote)
    return Comparison(EmptySnapshot(), after, base=None, tip=None)


def _pushed_commit(objects: GitObjects, ref: PushedRef) -> str | None:
    """The id of the commit that is pushed, None where none is. Raises GitError where it cannot be read."""
    if not ref.local_oid.strip("0"):
        return None
    tip = objects.resolve(ref.local_oid)
    if tip is None:
        # A tag of it, or the commit itself, may be here in name alone.
        from opfixtures.repository.git_damage import peel

        peel(objects.repository, ref.local_oid, ref.remote_ref)
    return tip


def _base(objects: GitObjects, tip: str, revs: tuple[str, ...]) -> str | None:
    """The merge base of `tip` and the first of `revs` that is here and shares history with it."""
    known = (oid for oid in map(objects.resolve, revs) if oid is not None)
    bases = (oid if oid == tip else objects.repository.merge_base(oid, tip) for oid in known)
    return next(filter(None, bases), None)


def _left_off(repository: Repository, tip: str, remote: str) -> str | None:
    """The last commit of `tip`'s history on any branch of the remote, as far as this clone knows them."""
    lines = repository.run("rev-list", "--boundary", tip, "--not", f"--remotes={remote}").decode().split()
    boundary = [line[1:] for line in lines if line.startswith("-")]
    if lines and not boundary:
        return None
    return repository.merge_base(tip, *boundary) if boundary else tip
