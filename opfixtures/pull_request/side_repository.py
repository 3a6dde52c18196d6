"""The change as a repository of its own: what is published, and on it one commit with the tree that is checked out.

A workflow checks out one commit without history. The commit that it starts from is fetched alone, and without the
files that nobody reads. Not into the user's clone: a filtered fetch would turn that into a partial one. The
repository beside it borrows the clone's objects, and goes when the job is done.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from opfixtures.change.projects import configs_in
from opfixtures.change.releases import fetches_no_tags
from opfixtures.errors import GitError, UserError
from opfixtures.pull_request.events import Activity
from opfixtures.pull_request.patient_git import fetch
from opfixtures.pull_request.payload import OBJECT_ID
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.runtimes.side_checkout import HARMLESS, beside, configured
from opfixtures.settings.config import Config
from opfixtures.settings.presets import PYTORCH_MAP, PYTORCH_MODULES, PYTORCH_PATHS
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE

_DEPTHS = (50, 500, 5000, 2**31 - 1)
# What a pull request's .gitattributes may ask for, and nobody needs to read declarations.
_PLAIN = {
    **HARMLESS,
    "core.autocrlf": "false",
    "core.symlinks": "true",
    "filter.lfs.process": "",
    "filter.lfs.smudge": "",
    "filter.lfs.required": "false",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
}
# Without a `/` in front or between, a pattern holds in every folder.
_ANYWHERE = (OWN_FILE, SHARED_FILE, f"**/{PYTORCH_MAP}")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where commits come from: `compare` answers where two commits meet, and raises UserError where it cannot.

    `server` is the address that gets `token`; `tell` is called with what a reader of the log should know.
    """

    compare: Callable[[str, str], str]
    server: str
    token: str
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Side:
    """The repository beside the user's. `base` is the id of the commit that the change starts from: target."""

    repository: Repository
    base: str


def make_side(user: Repository, activity: Activity, around: Surroundings, folder: str) -> Side:
    """The change of `activity` in a new repository at `folder`.

    Raises:
        GitError: a commit cannot be had.
        UserError: the commit that is checked out is not the change's.
    """
    has_origin = b"origin" in user.run("remote").split()
    origin = os.fsdecode(user.run("remote", "get-url", "origin")).strip() if has_origin else ""
    environment = _git_settings(origin, around)
    side = beside(user, folder, environment)
    _stay_shallow(user, side)
    if origin:
        # A relative path is meant from the clone.
        origin = os.path.join(user.root, origin) if os.path.isdir(os.path.join(user.root, origin)) else origin
        side.run("remote", "add", "origin", origin)
    _take_tags(user, side)
    checked_out = _checked_out(user, activity)
    configs = _configs(user, checked_out)
    _take_upstreams(user, side, configs)
    whole = any(spec.kind == "checkout" for config in configs for spec in config.runtimes)
    base = _base(side, activity, checked_out, around, whole)
    _fetch(side, base, whole)
    return _with_change(side, base, checked_out, configs, whole)


def _git_settings(origin: str, around: Surroundings) -> Mapping[str, str]:
    settings = dict(_PLAIN)
    if around.token and around.server and origin.startswith(f"{around.server}/"):
        # As actions/checkout hands it to git; in no file and on no command line.
        secret = base64.b64encode(f"x-access-token:{around.token}".encode()).decode()
        settings[f"http.{around.server}/.extraheader"] = f"AUTHORIZATION: basic {secret}"
    return configured({}, settings)


def _stay_shallow(user: Repository, side: Repository) -> None:
    """History ends in the side repository where it ends in the user's."""
    if user.shallow:
        path = os.fsdecode(user.run("rev-parse", "--git-path", "shallow")[:-1])
        shutil.copyfile(os.path.join(user.root, path), os.path.join(side.root, ".git", "shallow"))


def _take_tags(user: Repository, side: Repository) -> None:
    """What is tagged in the user's clone is tagged here: the tags tell what releases have."""
    listed = user.run("for-each-ref", "--format=create %(refname) %(objectname)", "refs/tags")
    side.run("update-ref", "--stdin", stdin=listed)
    if fetches_no_tags(user):
        side.run("config", "remote.origin.tagOpt", "--no-tags")


def _take_upstreams(user: Repository, side: Repository, configs: Iterable[Config]) -> None:
    """What a fork follows is known here under the name that it has in the user's clone."""
    for name in {config.upstream for config in configs if config.upstream}:
        oid = user.resolve(name)
        ref = user.ask("rev-parse", "--symbolic-full-name", name) if oid else None
        if oid and ref:
            side.run("update-ref", os.fsdecode(ref).strip(), oid)


def _checked_out(user: Repository, activity: Activity) -> str:
    """The id of HEAD. Raises UserError if that is neither the activity's head nor GitHub's merge of it."""
    head = user.resolve("HEAD")
    if head is None or activity.head not in (head, *_parents(user, head)[1:]):
        raise UserError(
            f"{(head or 'nothing')[:12]} is checked out, and the event is about {(activity.head or '')[:12]}:"
            " let actions/checkout have that commit, or the pull request's merge commit"
        )
    return head


def _parents(repository: Repository, commit: str) -> list[str]:
    """The parents as the commit names them, there or not: a shallow clone hides them from git log."""
    header = repository.run("cat-file", "commit", commit).split(b"\n\n", 1)[0]
    return [line[7:].decode() for line in header.split(b"\n") if line.startswith(b"parent ")]


def _base(side: Repository, activity: Activity, checked_out: str, around: Surroundings, whole: bool) -> str:
    """The id of the commit that what is checked out starts from."""
    published = activity.base or ""
    if checked_out != activity.head:
        # GitHub's merge: what it has from target was never the pull request's.
        return _parents(side, checked_out)[0]
    # There are no branches here, and a name of one may be a short id too.
    local = side.resolve(published) if OBJECT_ID.fullmatch(published) else None
    found = side.merge_base(local, checked_out) if local else None
    if found:
        return found
    try:
        return around.compare(published, checked_out)
    except UserError as error:
        around.tell(f"{error}: git fetches history until the commits meet")
        return _met(side, published, checked_out, whole)


def _met(side: Repository, published: str, head: str, whole: bool) -> str:
    """The merge base by history, of which more and more is fetched. Raises GitError."""
    for depth in _DEPTHS:
        fetch(side, *_fetching(depth, whole), "origin", published, head)
        tip = side.run("rev-parse", "FETCH_HEAD").decode().strip()
        found = side.merge_base(tip, head)
        if found:
            return found
    raise GitError(f"{published} and {head[:12]} have no common ancestor: compare other ones")


def _fetch(side: Repository, commit: str, whole: bool) -> None:
    if side.resolve(commit):
        return
    fetch(side, *_fetching(1, whole), "origin", commit)


def fetch_history(side: Side) -> None:
    """Fetch all commits that the change starts from; nothing where the clone came from nowhere. Raises GitError."""
    if b"origin" in side.repository.run("remote").split():
        fetch(side.repository.that_fetches(), *_fetching(_DEPTHS[-1], True), "origin", side.base)


def _fetching(depth: int, whole: bool) -> tuple[str, ...]:
    filters = () if whole else ("--filter=blob:none",)
    return ("--quiet", "--no-tags", f"--depth={depth}", *filters)


def _configs(repository: Repository, commit: str) -> list[Config]:
    with GitObjects(repository) as objects:
        return configs_in(objects, objects.commit(commit))


def _with_change(
    side: Repository, base: str, checked_out: str, configs: Sequence[Config], whole: bool
) -> Side:
    """Check out the commit that adds to `base` what is checked out."""
    message = f"tree of {checked_out}"
    commit = side.run("commit-tree", f"{checked_out}^{{tree}}", "-p", base, "-m", message).decode().strip()
    if not whole:
        side.run("config", "core.sparseCheckout", "true")
        _sparsely(side, _paths(configs))
        # One request brings all files of a checkout; reading them one by one would ask for each.
        side.run("checkout", "--quiet", "--detach", base)
        _sparsely(side, _paths([*configs, *_configs(side, base)]))
        side.run("read-tree", "-mu", "HEAD")
    side.run("checkout", "--quiet", "--detach", commit)
    return Side(Repository.discover(side.root, side.environment), base)


def _paths(configs: Iterable[Config]) -> Iterator[str]:
    """What is read of a tree whose projects have these settings, beside what may make a project of a folder: paths, and
    patterns as git has them."""
    yield from map(_literally, (*PYTORCH_PATHS.values(), *PYTORCH_MODULES))
    for config in configs:
        own = (config.version_map, config.upgraders, config.registry, config.fixtures, config.versions)
        mobile = (config.mobile_upgraders, config.mobile_upgraders_generator)
        yield from map(_literally, filter(None, (*own, *mobile, *config.fixture_modules)))
        # These may be globs, and mean what git takes them for.
        yield from (_literally(path, also="*?") for path in config.operators)


def _sparsely(side: Repository, paths: Iterable[str]) -> None:
    """Name what a checkout writes (git-sparse-checkout; the patterns are those of gitignore)."""
    lines = sorted({*_ANYWHERE, *(f"/{path}" for path in paths)})
    folder = os.path.join(side.root, ".git", "info")
    os.makedirs(folder, exist_ok=True)
    with open(
        os.path.join(folder, "sparse-checkout"), "w", encoding="utf-8", errors="surrogateescape"
    ) as stream:
        stream.writelines(f"{line}\n" for line in lines)


def _literally(path: str, also: str = "") -> str:
    """The pattern for a path, in which the characters of `also` may stand for others."""
    special = set("\\*?[ ").difference(also)
    return "".join(f"\\{one}" if one in special else one for one in path)
