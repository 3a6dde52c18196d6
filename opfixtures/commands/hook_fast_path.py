"""The hook's answer to most commits, before anything is imported.

`opfixtures check` compares the index with HEAD. Where nothing that it would read differs, nothing is owed, and two
git processes side by side can say so: one lists what makes projects in the index, one what differs. Otherwise they
have said what differs, and where, which saves the whole check other processes.
"""

import os
import sys

from opfixtures.repository.git_environment import ALONE, MERGED, START_NOTHING
from opfixtures.settings.presets import PYTORCH_MAP, SIGNS_OF_PYTORCH
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, Scan, UncertainError

_OF_THE_INDEX = (["check"], ["hook", "pre-commit"], ["hook", "pre-merge-commit"])
# A repository somewhere else than where its `.git` folder is; revisions instead of the index; patterns that are none.
_ELSEWHERE = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_CEILING_DIRECTORIES",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "PRE_COMMIT_FROM_REF",
    "PRE_COMMIT_TO_REF",
)
_SETTINGS = (OWN_FILE, SHARED_FILE)
_NAMES = (*_SETTINGS, PYTORCH_MAP)
_LISTED = ("ls-files", "--stage", "-z", "--")
_DIFFERING = ("diff-index", "--cached", "--name-status", "--no-renames", "-z", "HEAD", "--")
_MOST_BYTES = 1 << 20
# Of git, when it calls a hook of a commit, and of the pre-commit framework.
_SET_FOR_HOOKS = ("GIT_INDEX_FILE", "PRE_COMMIT")
NOTHING_STAGED = """\
opfixtures: note: nothing is staged that is checked here, so nothing was judged
  `git add` a change first; `opfixtures check --from-ref BASE --to-ref HEAD`
  judges what is committed, `opfixtures check --all` all that is declared
"""
"""Of 80 columns: how wide a terminal is, only modules know that nobody imports for this."""

_Held = dict[str, str]
Look = tuple[list[str], list[str]]
"""The paths that differ between HEAD and the index, and the folders of all projects; "" is the root."""


def first_look(argv: list[str]) -> Look | None:
    """What differs of all that `opfixtures ARGV` reads, if that is a check of the index; nothing, and nothing is owed.

    None where one step cannot tell.
    """
    if (
        argv not in _OF_THE_INDEX
        or any(name in os.environ for name in _ELSEWHERE)
        or not hasattr(os, "posix_spawnp")
    ):
        return None
    try:
        return _look(_root(os.getcwd()))
    except (OSError, UnicodeDecodeError, UncertainError):
        return None


def say_that_nothing_is_staged() -> None:
    """Tell on standard error whoever asked what to type instead. A hook may find nothing staged, and is not told."""
    if not any(name in os.environ for name in _SET_FOR_HOOKS):
        sys.stderr.write(NOTHING_STAGED)


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


def _look(root: str) -> Look:
    contents = {name: _content(root, name) for name in _SETTINGS}
    signs = [sign for sign in SIGNS_OF_PYTORCH if os.path.lexists(f"{root}/{sign}")]
    at_root = _scan("", list(contents.values()), bool(signs))
    # Both questions at once, where it is likely that there is nothing more to ask.
    first = [at_root] if at_root.is_project else []
    held, differing = _asked(root, [*_anywhere(_NAMES), *map(_literal, SIGNS_OF_PYTORCH)], first)
    for name, content in contents.items():
        _refuse_other(held.get(name), content)
    if not first and any(sign in held for sign in SIGNS_OF_PYTORCH):
        raise UncertainError
    others = _projects_below(root, held, at_root.excluded)
    projects = first + others
    if others:
        also_held, also_differing = _asked(root, [], others)
        held |= also_held
        differing |= also_differing
    if not projects or any(not held.get(path) for scan in projects for path in scan.required):
        raise UncertainError
    # Other settings and other projects may read what nobody looked at here.
    for path, status in differing.items():
        name = _split(path)[1]
        if name in _SETTINGS or (name and status != "M"):
            raise UncertainError
    return list(differing), [scan.folder for scan in projects]


def _content(root: str, path: str) -> bytes | None:
    """The bytes of a settings file on disk; None where there is none. Raises UncertainError at a link."""
    if os.path.islink(f"{root}/{path}"):
        raise UncertainError
    if not os.path.isfile(f"{root}/{path}"):
        return None
    with open(f"{root}/{path}", "rb") as file:
        return file.read()


def _scan(folder: str, contents: list[bytes | None], pytorch: bool) -> Scan:
    texts = [content.decode() for content in contents if content and b"opfixtures" in content]
    return Scan(folder, texts, pytorch)


def _projects_below(root: str, held: _Held, excluded: list[str]) -> list[Scan]:
    """The projects in folders of the index. Raises UncertainError where the settings on disk are others."""
    folders = {folder for folder, name in map(_split, held) if folder and name}
    projects = []
    closed = tuple(f"{one}/" for one in excluded)
    for folder in sorted(folders):
        if f"{folder}/".startswith(closed):
            continue
        contents = {f"{folder}/{name}": _content(root, f"{folder}/{name}") for name in _SETTINGS}
        for path, content in contents.items():
            _refuse_other(held.get(path), content)
        scan = _scan(folder, list(contents.values()), f"{folder}/{PYTORCH_MAP}" in held)
        closed += tuple(f"{one}/" for one in scan.excluded)
        projects += [scan] if scan.is_project else []
    return projects


def _split(path: str) -> tuple[str, str]:
    """A folder, and which of the files it has that make projects; empty names for another file."""
    name = next((name for name in _NAMES if path == name or path.endswith(f"/{name}")), "")
    return (path[: -len(name) - 1], name) if name else ("", "")


def _refuse_other(oid: str | None, content: bytes | None) -> None:
    """Refuse settings on disk that are not those in the index, of that id."""
    if oid is None:
        # Without the word it holds none, whether git has it or not.
        if content is not None and b"opfixtures" in content:
            raise UncertainError
    elif content is None or oid != _object_id(content, len(oid)):
        raise UncertainError


def _object_id(content: bytes, length: int) -> str:
    """The id git would give to a file: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    blob = b"blob %d\0%b" % (len(content), content)
    if length == 40:
        # What hashlib imports would cost as much as the rest of this file.
        from _sha1 import sha1  # type: ignore[import-not-found]

        return str(sha1(blob).hexdigest())
    from hashlib import sha256

    return sha256(blob).hexdigest()


def _anywhere(names: tuple[str, ...]) -> list[str]:
    return [spec for name in names for spec in (_literal(name), f"*/{name}")]


def _literal(path: str) -> str:
    return f":(literal){path}"


def _asked(root: str, also: list[str], scans: list[Scan]) -> tuple[_Held, dict[str, str]]:
    """Of the index what it holds of the files that these need, and of `also`, by path: the id of a file, nothing for a
    link or a submodule. And how it differs from HEAD in what they read, and in what makes projects."""
    required = [_literal(path) for scan in scans for path in scan.required]
    commands = [[*_LISTED, *also, *required]]
    if scans:
        watched = [_literal(path) for scan in scans for path in scan.watched]
        watched += [f":(glob){path}" for scan in scans for path in scan.globs]
        commands.append([*_DIFFERING, *_anywhere(_NAMES), *watched])
    lines, *words = (output.split("\0")[:-1] for output in _outputs(root, commands))
    held: _Held = {}
    for line in lines:
        about, _, path = line.partition("\t")
        mode, oid, _ = about.split(" ")
        held[path] = oid if mode.startswith("100") else ""
    return held, {
        path: status
        for of_watched in words
        for status, path in zip(of_watched[::2], of_watched[1::2], strict=True)
    }


def _outputs(root: str, commands: list[list[str]]) -> list[str]:
    """What git prints for each of these commands, which run side by side."""
    started: list[tuple[int, int]] = []
    try:
        started.extend(_started(root, command) for command in commands)
        outputs = []
        for _, receiver in started:
            with open(receiver, "rb", closefd=False) as stream:
                outputs.append(stream.read(_MOST_BYTES))
    finally:
        for _, receiver in started:
            os.close(receiver)
        statuses = [os.waitpid(process, 0)[1] for process, _ in started]
    # Of a longer answer the end is missing.
    if any(statuses) or any(len(output) == _MOST_BYTES for output in outputs):
        raise UncertainError
    return [os.fsdecode(output) for output in outputs]


def _started(root: str, command: list[str]) -> tuple[int, int]:
    """A git process, and the file descriptor to read what it prints from."""
    receiver, sender = os.pipe()
    try:
        process = os.posix_spawnp(
            "git",
            ["git", "-C", root, *START_NOTHING, *command],
            {**os.environ, **ALONE},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, sender, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
    except OSError:
        os.close(receiver)
        raise
    finally:
        os.close(sender)
    return process, receiver
