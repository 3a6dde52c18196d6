"""The hook's answer to most commits, before anything is imported.

`opfixtures check` compares the index with HEAD. Where nothing that it would read differs, nothing is owed,
and one git process can say so. Otherwise it has said what differs, which saves the whole check another process.
"""

import os

from opfixtures.settings_scan import UncertainError, paths_to_watch

_OF_THE_INDEX = (["check"], ["hook", "pre-commit"], ["hook", "pre-merge-commit"])
# A repository somewhere else than where its `.git` folder is; revisions instead of the index.
_ELSEWHERE = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_CEILING_DIRECTORIES",
    "PRE_COMMIT_FROM_REF",
    "PRE_COMMIT_TO_REF",
)
MERGED = "GITHEAD_"
"""How a variable begins that `git merge` sets for each head it merges, and ends with that head's id."""
# Untracked and ignored files count: a version map that git does not hold is one that a check does not find.
_STATUS = (
    "--no-optional-locks",
    "--literal-pathspecs",
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=all",
    "--ignored=matching",
    "--no-renames",
    "--ignore-submodules=all",
    "--",
)
_MOST_BYTES = 1 << 16


def differing(argv: list[str]) -> list[str] | None:
    """The paths that differ between HEAD, the index and the work tree, of those that `opfixtures ARGV` reads, if it
    is a check of the index. From the root, and some more; none: nothing is owed.

    None where one step cannot tell. A file that git was told to assume unchanged is believed to be so.
    """
    if (
        argv not in _OF_THE_INDEX
        or any(name in os.environ for name in _ELSEWHERE)
        or not hasattr(os, "posix_spawnp")
    ):
        return None
    try:
        root = _root(os.getcwd())
        return _differing(root, paths_to_watch(root))
    except (OSError, UnicodeDecodeError, UncertainError):
        return None


def _root(folder: str) -> str:
    """The folder at or above `folder` that holds `.git`, if that is a plain one."""
    while not os.path.lexists(f"{folder}/.git"):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            raise UncertainError
    # A sparse checkout has files that the work tree does not show.
    if not os.path.isfile(f"{folder}/.git/HEAD") or os.path.exists(f"{folder}/.git/info/sparse-checkout"):
        raise UncertainError
    # What equals HEAD may still differ from what a merge brings.
    if os.path.exists(f"{folder}/.git/MERGE_HEAD") or any(name.startswith(MERGED) for name in os.environ):
        raise UncertainError
    return folder


def _differing(root: str, paths: list[str]) -> list[str]:
    receiver, sender = os.pipe()
    try:
        process = os.posix_spawnp(
            "git",
            ["git", "-C", root, *_STATUS, *paths],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, sender, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
        os.close(sender)
        sender = -1
        with open(receiver, "rb", closefd=False) as stream:
            lines = stream.read(_MOST_BYTES)
    finally:
        os.close(receiver)
        if sender != -1:
            os.close(sender)
    # Of a longer answer the end is missing.
    if os.waitpid(process, 0)[1] != 0 or len(lines) == _MOST_BYTES:
        raise UncertainError
    # Each line is two letters, a space and a path.
    return [os.fsdecode(line[3:]) for line in lines.split(b"\0")[:-1]]
