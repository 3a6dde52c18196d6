"""Checks a commit or the work tree out beside the user's repository, which is only read.

A linked worktree would be registered in the user's `.git` and stay there after a kill. A repository of its
own that borrows the user's objects (gitrepository-layout, `objects/info/alternates`) leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping

from opfixtures.errors import GitError
from opfixtures.repository.git import Repository, without_git
from opfixtures.settings.sources import Sources

_LINK = b"120000 "


def work_tree_state(repository: Repository, scratch: str) -> tuple[str, str]:
    """The tree id of the work tree as it stands, untracked files that are not ignored included.

    Files are taken as they are, without filters. Of a submodule, which no checkout has, only its commit is read.

    Returns the id and the object directory, below `scratch`, that holds what the user's does not. The user's
    index and objects are left as they are. Raises GitError.
    """
    objects = os.path.join(scratch, "objects")
    index = os.path.join(scratch, "index")
    os.makedirs(objects)
    aside = with_own_index(
        repository,
        index,
        GIT_OBJECT_DIRECTORY=objects,
        GIT_ALTERNATE_OBJECT_DIRECTORIES=_quoted(repository.object_directory),
    )
    submodules = _submodules(repository)
    # git would ask what changed in them with the configuration of each.
    aside.run("add", "--all", "--", ".", *(f":(exclude,top,literal){path}" for path in submodules))
    aside.run("update-index", "-z", "--index-info", stdin=b"".join(_gitlinks(repository, submodules)))
    return aside.run("write-tree").decode().strip(), objects


def content_of(repository: Repository, tree: str, sources: Sources, *borrowed: str) -> str:
    """A hash of the files of a commit or tree that are `sources`, or that a link among these leads to: their paths,
    modes and contents.

    `borrowed` are further object directories that hold them. Raises GitError as `check_out` does.
    """
    aside = Repository(
        repository.root,
        {
            **repository.environment,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(map(_quoted, borrowed)),
        },
        repository.object_format,
        repository.shallow,
    )
    try:
        listed = aside.run("ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")
    except GitError as error:
        raise _with_advice(repository, tree, error) from error
    # "mode type id", a tab and the path.
    paths = {os.fsdecode(line.partition(b"\t")[2]): line for line in listed if line}
    links = {path: line.split()[2] for path, line in paths.items() if line.startswith(_LINK)}
    with_links = sources.following(_texts(aside, links))
    counted = (line for path, line in paths.items() if with_links.has(path))
    return hashlib.sha256(b"\0".join(counted)).hexdigest()


def _texts(repository: Repository, links: Mapping[str, bytes]) -> dict[str, str]:
    """What each link says, by path; `links` are the ids of their blobs. One git reads them all: there may be thousands.

    Raises GitError where one is missing.
    """
    oids = b"".join(oid + b"\n" for oid in links.values())
    told, texts = repository.run("cat-file", "--batch", stdin=oids) if links else b"", dict[str, str]()
    for path in links:
        # "id blob size", a line break, the text, and another one.
        head, _, told = told.partition(b"\n")
        if not head.endswith(b" missing"):
            size = int(head.split()[2])
            texts[path], told = os.fsdecode(told[:size]), told[size + 1 :]
    if len(texts) < len(links):
        raise GitError(f"git has no {min(links.keys() - texts.keys())}")
    return texts


def with_own_index(repository: Repository, index: str, **environment: str) -> Repository:
    """The same repository, whose git has a copy of the index at the path `index`, and reads files as they are: it may
    write its index, and starts nothing. Its environment has more in it. Raises GitError."""
    own_index = os.fsdecode(repository.run("rev-parse", "--git-path", "index")[:-1])
    own_index = os.path.join(repository.root, own_index)
    if os.path.exists(own_index):
        # git compares time stamps with it, and reads only the files that changed.
        shutil.copy2(own_index, index)
    harmless = configured(without_filters(repository).environment, HARMLESS)
    return Repository(
        repository.root,
        {**harmless, **environment, "GIT_INDEX_FILE": index},
        repository.object_format,
        repository.shallow,
    )


def without_filters(repository: Repository) -> Repository:
    """The same repository, whose git reads files as they are: a filter is any program (gitattributes)."""
    keys = (repository.ask("config", "--name-only", "-z", "--get-regexp", r"^filter\.") or b"").split(b"\0")
    names = {os.fsdecode(key).rpartition(".")[0] for key in keys[:-1]}
    off = {"clean": "", "smudge": "", "process": "", "required": "false"}
    settings = {f"{name}.{key}": value for name in sorted(names) for key, value in off.items()}
    environment = configured(repository.environment, settings)
    return Repository(repository.root, environment, repository.object_format, repository.shallow)


def _submodules(repository: Repository) -> list[str]:
    lines = repository.run("ls-files", "--stage", "-z").split(b"\0")
    return [os.fsdecode(line.partition(b"\t")[2]) for line in lines if line.startswith(b"160000 ")]


def _gitlinks(repository: Repository, submodules: list[str]) -> Iterator[bytes]:
    """What the index has to say of submodules as they stand, as `git update-index --index-info` reads it."""
    for path in submodules:
        folder = os.path.join(repository.root, path)
        mode, oid = "160000", None
        if os.path.lexists(os.path.join(folder, ".git")):
            oid = Repository.discover(folder, without_git(repository.environment)).resolve("HEAD")
        elif not os.path.lexists(folder):
            mode, oid = "0", "0" * (64 if repository.object_format == "sha256" else 40)
        # One that was never checked out stays as it is.
        if oid is not None:
            yield os.fsencode(f"{mode} {oid}\t{path}\0")


# Writing an index runs a hook and may start a daemon.
HARMLESS = {"core.hooksPath": os.devnull, "core.fsmonitor": "false"}


def configured(environment: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The environment with more settings for git (git-config, GIT_CONFIG_COUNT), after those it has."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    start = int(count) if count.isdigit() else 0
    configured = {**environment, "GIT_CONFIG_COUNT": str(start + len(settings))}
    for number, (key, value) in enumerate(settings.items(), start):
        configured |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return configured


def check_out(repository: Repository, tree: str, folder: str, *borrowed: str) -> None:
    """Write the files of a commit or tree into `folder`, a repository of its own with one commit.

    The user's configuration has no part in it: no hooks, no filters, no line endings but those git holds.
    `borrowed` are further object directories that hold them. Raises GitError, also where a partial or shallow
    clone lacks objects.
    """
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    side = beside(repository, folder, alone, *borrowed)
    try:
        commit = side.run("commit-tree", f"{tree}^{{tree}}", "-m", f"checkout of {tree}").decode().strip()
        side.run("checkout", "--quiet", "--detach", commit)
        if side.run("ls-files", "--deleted"):
            # checkout ends well all the same.
            raise GitError("git checkout left files out")
    except GitError as error:
        raise _with_advice(repository, tree, error) from error


def _with_advice(repository: Repository, tree: str, error: GitError) -> GitError:
    """The error, with what brings the objects that a partial or shallow clone may lack."""
    if not (repository.shallow or repository.partial):
        return error
    advice = "git fetch --refetch --no-filter" if repository.partial else "git fetch --unshallow"
    return GitError(f"this clone lacks objects of {tree[:12]}: `{advice}` brings them ({error})")


def beside(repository: Repository, folder: str, settings: Mapping[str, str], *borrowed: str) -> Repository:
    """A new repository in `folder` that borrows the objects of `repository`, and those of `borrowed` directories.

    Its git gets `settings` beside the user's environment, in which nothing is git's. Raises GitError.
    """
    own = without_git(repository.environment) | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "opfixtures",
        "GIT_AUTHOR_EMAIL": "opfixtures@localhost",
        "GIT_COMMITTER_NAME": "opfixtures",
        "GIT_COMMITTER_EMAIL": "opfixtures@localhost",
        **settings,
    }
    os.makedirs(folder)
    side = Repository(folder, own, repository.object_format, shallow=False)
    side.run("init", "--quiet", "--template=", f"--object-format={repository.object_format}")
    info = os.path.join(folder, ".git", "objects", "info")
    os.makedirs(info, exist_ok=True)
    with open(os.path.join(info, "alternates"), "wb") as alternates:
        for path in (repository.object_directory, *borrowed):
            alternates.write(os.fsencode(_quoted(path)) + b"\n")
    return side


def _quoted(path: str) -> str:
    """A path as git reads it in a list of object directories, where `"` and `:` have a meaning."""
    if not any(character in path for character in '":\n\\'):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
