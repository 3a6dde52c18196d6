"""The hook's answer to most commits, before anything is imported.

`opfixtures check` compares the index with HEAD. Where nothing that it would read differs, nothing is owed,
and one git process can say so. Every doubt is answered with no: then the whole check runs.
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


def nothing_changed(argv: list[str]) -> bool:
    """Whether `opfixtures ARGV` is a check of the index in which nothing it reads differs from HEAD.

    False also where one step cannot tell. A file that git was told to assume unchanged is believed to be so.
    """
    if (
        argv not in _OF_THE_INDEX
        or any(name in os.environ for name in _ELSEWHERE)
        or not hasattr(os, "posix_spawnp")
    ):
        return False
    try:
        root = _root(os.getcwd())
        return _unchanged(root, paths_to_watch(root))
    except (OSError, UnicodeDecodeError, UncertainError):
        return False


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


def _unchanged(root: str, paths: list[str]) -> bool:
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
        differs = os.read(receiver, 1)
    finally:
        os.close(receiver)
        if sender != -1:
            os.close(sender)
    return os.waitpid(process, 0)[1] == 0 and not differs
