"""Which two states a command compares, and the change between them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from opfixtures.errors import ConfigurationError, GitError, NothingToCheck
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects, GitSnapshot
from opfixtures.repository.snapshot import EmptySnapshot, Snapshot
from opfixtures.settings.config import Config, read_config
from opfixtures.settings.presets import PYTORCH_PATHS
from opfixtures.settings.settings_scan import ASKED_FOR, OWN_FILE, SHARED_FILE
from opfixtures.values import dataclass, replace

DEFAULT_TARGET = "origin/HEAD"
"""What is published, where no settings name a target."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two states of a repository, or of the project in one `folder` of it: "" is the root.

    `tip` is a revision: the commit that `after` is, or that the index builds on. `base` is the commit that
    `before` is. Both are None where nothing is published yet. `differing` are paths outside of which both are
    the same, as far as a check reads them, and no settings differ; None where nobody looked. `target` is target's
    id, where that is known without the settings. `moved_from` is the folder that the project had earlier, None where
    it had no other.
    """

    before: Snapshot
    after: Snapshot
    base: str | None
    tip: str | None
    differing: Sequence[str] | None = None
    target: str | None = None
    folder: str = ""
    moved_from: str | None = None


def staged(objects: GitObjects, differing: Sequence[str] | None = None) -> Comparison:
    """The index against HEAD: what the next commit changes."""
    return Comparison(objects.head(), objects.index(ASKED_FOR), base="HEAD", tip="HEAD", differing=differing)


def sides(objects: GitObjects, differing: Sequence[str] | None = None) -> list[Comparison]:
    """What the next commit changes beside HEAD, and for the commit of a merge beside each commit that it merges."""
    first = staged(objects, differing)
    return [first, *(Comparison(objects.commit(oid), first.after, oid, oid) for oid in objects.merged())]


def answering(objects: GitObjects, several: Sequence[Comparison]) -> Sequence[Comparison]:
    """The sides of a project's merge that the merge answers for; only what is new beside all of them is its own.

    What target has published is nothing that a merge brings: it is compared with the sides that are part of
    target. Where none is, it is compared with each.
    """
    if len(several) == 1:
        return several
    config = _named_in(several)
    branch = objects.resolve((config and config.target) or DEFAULT_TARGET)
    if branch is None:
        # Target is HEAD then.
        return several[:1]
    upstream = objects.resolve(config.upstream) if config and config.upstream else None
    if upstream is not None:
        # What it has published is nothing that a fork's merge brings either.
        others = (one for one in several[1:] if not _is_part(objects.repository, upstream, one.tip))
        several = [several[0], *others]
    return [one for one in several if _is_part(objects.repository, branch, one.tip)] or several


def _named_in(several: Sequence[Comparison]) -> Config | None:
    """The settings that name target and upstream for all of these."""
    for one in several:
        # A side may be without the project.
        with suppress(NothingToCheck):
            return settings_of(one)[0]
    return None


def _is_part(repository: Repository, branch: str, tip: str | None) -> bool:
    return tip is not None and repository.merge_base(branch, tip) == repository.resolve(tip)


def between(objects: GitObjects, from_ref: str, to_ref: str) -> Comparison:
    """`to_ref` against the merge base of both: what a branch changes.

    Raises:
        GitError: a revision is not here, or this clone holds no common ancestor.
    """
    repository = objects.repository
    start, tip = commit_of(repository, from_ref), commit_of(repository, to_ref)
    base = repository.merge_base(start, tip)
    if base is None:
        raise no_common_ancestor(repository, from_ref, to_ref)
    return Comparison(objects.commit(base), objects.commit(tip), base, tip)


def no_common_ancestor(repository: Repository, a: str, b: str) -> GitError:
    """The error for two states that share no history in this clone."""
    advice = "`git fetch --unshallow` brings more of it" if repository.shallow else "compare other ones"
    return GitError(f"no common ancestor of {a} and {b} in this history: {advice}")


def commit_of(repository: Repository, rev: str) -> str:
    """The id of the commit `rev` names. Raises GitError where there is none here."""
    oid = repository.resolve(rev)
    if oid is None:
        raise GitError(f"{rev} names no commit in this clone: correct it, or {fetching(repository, rev)}")
    return oid


def fetching(repository: Repository, rev: str) -> str:
    """What to do where a clone of one branch, or of little history, has no `rev`."""
    remote, _, branch = rev.partition("/")
    remotes = repository.run("remote").decode("utf-8", "surrogateescape").split("\n")
    if branch and remote in remotes:
        return f"`git fetch {remote} {branch}:refs/remotes/{rev}` fetches it"
    if remotes[0] and len(rev) in (40, 64) and not rev.strip("0123456789abcdef"):
        return f"`git fetch {remotes[0]} {rev}` fetches it"
    return "`git fetch` it first"


def target_of_work_tree(objects: GitObjects, work_tree: Snapshot, folder: str = "") -> str | None:
    """The id of the commit that holds what is published, beside which the work tree stands: target.

    The settings in `folder` name it.

    Returns:
        None before the first commit.

    Raises:
        GitError: the settings name a target that is not here, or that shares no history with HEAD.
        UserError: as `read_change`.
    """
    compared = Comparison(objects.head(), work_tree, base="HEAD", tip="HEAD", folder=folder)
    return target_of(objects, compared, *settings_of(compared))[0]


def snapshot_of(objects: GitObjects, commit: str | None) -> Snapshot:
    """The commit of that id; the empty tree for none, which is before the first."""
    return objects.commit(commit) if commit else EmptySnapshot()


def target_of(
    objects: GitObjects, compared: Comparison, before: Config, after: Config
) -> tuple[str | None, str | None]:
    """Target's commit and the tip of the branch it is a part of.

    The settings before the change name that branch, else it is `origin/HEAD`: a change that named its own tip
    would have nothing to answer for. Where there is none, `before` is published.
    """
    if compared.target is not None:
        return compared.target, compared.target
    if compared.tip is None or compared.base is None:
        return None, None
    branch, tip = objects.resolve(before.target or DEFAULT_TARGET), objects.resolve(compared.tip)
    base = branch if branch == tip else None
    if branch and tip and base is None:
        base = objects.repository.merge_base(branch, tip)
    # A change may be the one that mends the name.
    if base is None and before.target and tip and before.target == after.target:
        raise GitError(
            f"target {before.target!r} of {before.source} is not in this clone, or shares no history with "
            f"{compared.after.name}: `git fetch` it first, or correct `target`"
        )
    base, branch = (base, branch) if base else (objects.resolve(compared.base),) * 2
    return base, branch


def settings_of(compared: Comparison) -> tuple[Config, Config]:
    """The settings before the change and after; the others where a side is without. Raises NothingToCheck where both
    are, ConfigurationError where those after cannot be used."""
    after, before = read_config(compared.after, compared.folder), earlier_settings(compared, compared.before)
    if after is not None:
        return before or after, after
    if before is None:
        raise nothing_to_check(compared.before, compared.after)
    return before, replace(before, named=(), is_gone=True)


def nothing_to_check(*snapshots: Snapshot) -> NothingToCheck:
    """The error for trees without a project: it says what was looked for, and where."""
    names = list(dict.fromkeys(snapshot.name for snapshot in snapshots))
    where = f"in {names[0]}" if len(names) == 1 else f"neither in {' nor in '.join(names)}"
    return NothingToCheck(
        f"nothing to check: no [tool.opfixtures] in {SHARED_FILE} or {OWN_FILE} of any folder and no "
        f"{PYTORCH_PATHS['version-map']} below one, {where}"
    )


def earlier_settings(compared: Comparison, snapshot: Snapshot) -> Config | None:
    """The project's settings in an earlier state; None where it has none that can be used."""
    found = _tolerantly(snapshot, compared.folder)
    if found is None and compared.moved_from is not None:
        found = _tolerantly(snapshot, compared.moved_from)
    return found


def _tolerantly(snapshot: Snapshot, folder: str) -> Config | None:
    # A change may be the one that mends the settings.
    try:
        return read_config(snapshot, folder)
    except ConfigurationError:
        return None


def is_index(snapshot: Snapshot) -> bool:
    """Whether it is the index."""
    return isinstance(snapshot, GitSnapshot) and snapshot.tree == ":0"
