"""Which projects a repository holds: every folder with settings is one, and every folder with PyTorch's paths below it.

The root is a folder like others, "" by name. Submodules, and what git does not hold, are none.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from opfixtures.change.comparison import (
    Comparison,
    is_index,
    nothing_to_check,
    snapshot_of,
    target_of_work_tree,
)
from opfixtures.errors import ConfigurationError, NothingToCheck, NotInTheIndex
from opfixtures.repository.git_listing import listed, pathspecs
from opfixtures.repository.git_snapshot import GitObjects, GitSnapshot
from opfixtures.repository.snapshot import Snapshot, WorkTreeSnapshot
from opfixtures.settings.config import Config, read_config
from opfixtures.settings.presets import PYTORCH_MAP
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, below, folders_above
from opfixtures.settings.settings_table import excluded_by, has_signs, settings_in

_NAMES = (OWN_FILE, SHARED_FILE, PYTORCH_MAP)
Entries = frozenset[tuple[str, int, str, str]]
"""What the entries of a version map say, each as `MapEntry.text`."""


def projects(
    objects: GitObjects,
    compared: Comparison,
    others: Sequence[Snapshot] = (),
    *,
    everything: bool = False,
) -> list[Comparison]:
    """The comparison for each project of the two states, and of `others` from before; in the order of the folders.

    One that only an earlier state has was taken away; what the settings after exclude counts so too, unless
    `everything` of the state after is to be judged, and nothing else. One that has another folder than before has
    moved: it is compared with where it stood.

    Raises:
        NothingToCheck: no state has a project. NotInTheIndex where the work tree has one.
        GitError, UserError: as `Snapshot.read`.
    """
    states = [compared.after, compared.before, *others]
    after, before, *more = _found(objects, states)
    earlier = dict.fromkeys(folder for one in (before, *more) for folder in one.folders)
    moved = dict(_moved(compared, after.folders, before.folders))
    gone = [folder for folder in earlier if folder not in after.folders and folder not in moved.values()]
    if everything:
        gone = [folder for folder in gone if not _is_in(folder, after.excluded)]
    found = sorted([*after.folders, *gone])
    if not found:
        raise _nothing(objects, states)
    return [replace(compared, folder=folder, moved_from=moved.get(folder)) for folder in found]


def folders_of_work_tree(objects: GitObjects, work_tree: Snapshot) -> list[str]:
    """The folders of the projects in the work tree: those whose settings the index holds, and the root.

    Raises as `projects`.
    """
    (found,) = _found(objects, [work_tree])
    if not found.folders:
        raise _nothing(objects, [work_tree])
    return list(found.folders)


def since_target(objects: GitObjects, work_tree: Snapshot, published: str | None = None) -> list[Comparison]:
    """What the work tree changes since target: a comparison for each of its projects, in the order of the folders.

    Target is the commit `published`, or else what the settings of each project say.

    Raises as `folders_of_work_tree`, and as `target_of_work_tree`.
    """
    since: dict[str | None, list[Comparison]] = {}
    found = []
    for folder in folders_of_work_tree(objects, work_tree):
        target = published or target_of_work_tree(objects, work_tree, folder)
        if target not in since:
            before = snapshot_of(objects, target)
            since[target] = projects(
                objects, Comparison(before, work_tree, base=target or "HEAD", tip="HEAD")
            )
        found += [one for one in since[target] if one.folder == folder]
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    """The folders of the projects in a state, outer ones first, and the folders in which nothing is one, with those in
    them that were `passed_over`."""

    folders: Sequence[str]
    excluded: Sequence[str]
    passed_over: Sequence[str]


def configs_in(objects: GitObjects, state: Snapshot) -> list[Config]:
    """The settings of the projects in a state, as far as they can be used. Raises as `Snapshot.read`."""
    (found,) = _found(objects, [state])
    configs: list[Config] = []
    for folder in found.folders:
        # Whoever judges it says what is wrong.
        with suppress(ConfigurationError):
            configs += filter(None, [read_config(state, folder)])
    return configs


def configs_above(state: Snapshot, path: str) -> list[Config]:
    """The settings of the projects in whose folders the file at `path` would lie.

    For a state that cannot be listed. Raises ConfigurationError, and as `Snapshot.read`.
    """
    found = _found_in(state, [below(folder, name) for folder in folders_above(path) for name in _NAMES])
    return [config for folder in found.folders if (config := read_config(state, folder)) is not None]


def _found(objects: GitObjects, states: Sequence[Snapshot]) -> list[_Found]:
    trees = {id(state): _tree(state) for state in states}
    of_git = [tree for tree in dict.fromkeys(trees.values()) if tree]
    paths = dict(zip(of_git, listed(objects, of_git, _NAMES), strict=True))
    return [_found_in(state, paths.get(trees[id(state)], ())) for state in states]


def _tree(state: Snapshot) -> str:
    """The tree of git that says which files a state may have: of the work tree those that the index has."""
    if isinstance(state, GitSnapshot):
        return state.tree
    return ":0" if isinstance(state, WorkTreeSnapshot) else ""


def _found_in(state: Snapshot, paths: Iterable[str]) -> _Found:
    """The projects of a state that has these files of the names that make one. The root always may be one."""
    names: dict[str, set[str]] = {"": set(_NAMES)}
    for path in paths:
        name = _name_of(path)
        names.setdefault(path[: -len(name) - 1], set()).add(name)
    folders: list[str] = []
    excluded: list[str] = []
    passed_over: list[str] = []
    for folder, here in sorted(names.items()):
        if _is_in(folder, excluded):
            passed_over.append(folder)
            continue
        try:
            # Of what the index does not hold git takes long to say so.
            source, settings = settings_in(state, folder, here)
            excluded += excluded_by(folder, source, settings)
        except ConfigurationError:
            # Whoever reads it says what is wrong.
            folders.append(folder)
            continue
        if settings.keys() - {"exclude"} or (PYTORCH_MAP in here and has_signs(state, folder)):
            folders.append(folder)
    return _Found(folders, excluded, passed_over)


def _name_of(path: str) -> str:
    return next(name for name in _NAMES if f"/{path}".endswith(f"/{name}"))


def _is_in(folder: str, others: Iterable[str]) -> bool:
    return any(f"{folder}/".startswith(f"{other}/") for other in others)


def _moved(
    compared: Comparison, after: Collection[str], before: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The folders of projects that have moved, each with its former one: the new one has all entries of the other."""
    gone = [folder for folder in before if folder not in after]
    new = [folder for folder in after if folder not in before]
    if not (gone and new):
        return
    entries = {folder: entries_of(compared.after, folder) for folder in new}
    for folder in gone:
        wanted = entries_of(compared.before, folder)
        able = [one for one in new if wanted is not None and wanted <= (entries[one] or frozenset())]
        if able:
            name = folder.rpartition("/")[2]
            chosen = next((one for one in able if one.rpartition("/")[2] == name), able[0])
            new.remove(chosen)
            yield chosen, folder


def folders_in(objects: GitObjects, states: Sequence[Snapshot]) -> list[str]:
    """The folders of the projects in some states. Raises GitError, and as `Snapshot.read`."""
    return [folder for found in _found(objects, states) for folder in found.folders]


def entries_of(state: Snapshot, folder: str) -> Entries | None:
    """What the entries of a project's version map say, or without a map the rows of its registry; None without such a
    file, or settings to find it."""
    from opfixtures.declarations.registry import read_registry
    from opfixtures.declarations.version_map import read_version_map

    try:
        config = read_config(state, folder)
    except ConfigurationError:
        return None
    source = state.read(config.first_file) if config else None
    if config is None or source is None:
        return None
    if not config.version_map:
        return frozenset(
            (row.operator, 0, row.module, "") for row in read_registry(config.registry, source).rows
        )
    return frozenset(entry.text for entry in read_version_map(config.version_map, source).entries)


def _nothing(objects: GitObjects, states: Sequence[Snapshot]) -> NothingToCheck:
    """The error where there is no project."""
    after, *earlier = states
    folder = _excluded_project(objects, after)
    if folder is not None:
        return NothingToCheck(
            f"nothing to check: `exclude` in the settings leaves out {folder}, and no other folder of {after.name} has "
            f"[tool.opfixtures]"
        )
    path = _in_work_tree_alone(objects) if is_index(after) or not isinstance(after, GitSnapshot) else None
    if path is None:
        return nothing_to_check(*earlier, after)
    from shlex import quote

    return NotInTheIndex(
        f"nothing to check: {path} is not in the index as it stands in the work tree: `git add {quote(path)}`"
    )


def _excluded_project(objects: GitObjects, state: Snapshot) -> str | None:
    """The first folder with settings of a project, of those in which nothing is one."""
    (found,) = _found(objects, [state])
    for folder in found.passed_over:
        with suppress(ConfigurationError):
            if settings_in(state, folder)[1].keys() - {"exclude"}:
                return folder
    return None


def _in_work_tree_alone(objects: GitObjects) -> str | None:
    """The first file in the work tree that would make a project if the index had it."""
    repository = objects.repository
    options = ("--cached", "--others", "--exclude-standard", "-z")
    paths = os.fsdecode(repository.run("ls-files", *options, "--", *pathspecs(_NAMES))).split("\0")[:-1]
    work_tree = WorkTreeSnapshot(repository.root)
    for folder in _found_in(work_tree, paths).folders:
        try:
            path, _ = settings_in(work_tree, folder)
        except ConfigurationError:
            path = None
        if path is None:
            return next(one for name in _NAMES if work_tree.has(one := below(folder, name)))
        return path
    return None
