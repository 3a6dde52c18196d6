"""`opfixtures renumber`: give the entries of a branch the next free version, in all files at once."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from opfixtures.atomic_write import remove_half_written
from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.numbering import numbering_of
from opfixtures.change.projects import since_target
from opfixtures.change.read_change import read_change
from opfixtures.commands.as_it_was_read import refuse_other
from opfixtures.commands.nearest import ALIKE, did_you_mean
from opfixtures.commands.renumber_journal import finish, write
from opfixtures.declarations.read import read_sources
from opfixtures.errors import UserError
from opfixtures.records.record import MAX_BYTES as MOST_OF_A_RECORD
from opfixtures.renumber.choose import choose
from opfixtures.renumber.left_over import left_over, mentions, replaced_names, stale_fixtures
from opfixtures.renumber.records import renumbered_records
from opfixtures.report.diff_text import diff_text
from opfixtures.report.screen import write_line
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import Snapshot, WorkTreeSnapshot
from opfixtures.settings.settings_scan import ASKED_FOR, below
from opfixtures.synthesis.renumbering import Renumbering
from opfixtures.synthesis.rewrite import rewrite

_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
# git separated line and text by `:` even with -z, up to 2.20.
_HIT = re.compile(rb"([^\0\n]+)\0([0-9]+)[\0:](\w+)\n")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures renumber` takes."""
    command.add_argument(
        "--operator",
        metavar="OP",
        action="append",
        default=[],
        help="only this one, even where it looks like a backfill; repeatable",
    )
    command.add_argument("--apply", action="store_true", help="write the files (default: show the diff)")


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.operator, apply=options.apply)


def run(operators: Collection[str], *, apply: bool) -> int:
    """Print the diff and what is left to do; with `apply` write the files.

    Raises:
        UserError: a file is in conflict or cannot be read, a name would not be clear; or as `read_change`.
        OSError: a file could not be written; then none is changed.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    finished = finish(repository, apply=apply)
    if finished:
        sys.stdout.write(
            f"opfixtures: {finished} file{'s' * (finished != 1)} written, which an earlier run had left\n"
        )
        return 0
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        since = since_target(objects, work_tree)
        changes = [read_change(objects, one) for one in since]
        sources = [read_sources(work_tree, change.config) for change in changes]
        for change, of_change in zip(changes, sources, strict=True):
            for folder in {change.config.fixtures, *map(os.path.dirname, of_change)}:
                remove_half_written(os.path.join(repository.root, folder))
            _refuse_conflicts(of_change)
            _refuse_problems(change)
        _refuse_unknown(changes, operators)
        chosen = [choose(change, operators) for change in changes]
        for compared, change, renumbering in zip(since, changes, chosen, strict=True):
            _refuse_unstaged(objects, compared, change, renumbering, operators)
    read_record = WorkTreeSnapshot(repository.root, MOST_OF_A_RECORD).read
    planned = [
        _project(change, renumbering, of_change, read_record)
        for change, of_change, renumbering in zip(changes, sources, chosen, strict=True)
        if renumbering is not None
    ]
    if not planned:
        sys.stdout.write("opfixtures: nothing to renumber\n")
        return 0
    for one in planned:
        sys.stdout.write(diff_text(one.sources, one.files) + "\n")
    for one in planned:
        for line in _moves(one.renumbering):
            write_line(sys.stdout, line)
    for one in planned:
        mentioned = _mentions(repository, one, work_tree, [change.config.folder for change in changes])
        for line in left_over(one.change.config, one.renumbering, work_tree.has, mentioned):
            write_line(sys.stdout, f"still to do: {line}")
    files = {path: content for one in planned for path, content in one.files.items()}
    end = "to change: run again with --apply to write it"
    if apply:
        read = {path: content for one in planned for path, content in one.sources.items()}
        refuse_other(repository.root, files, read)
        write(repository, files)
        end = "written"
    sys.stdout.write(f"opfixtures: {len(files)} file{'s' * (len(files) != 1)} {end}\n")
    return 0


def _refuse_unstaged(
    objects: GitObjects,
    compared: Comparison,
    change: Change,
    renumbering: Renumbering | None,
    operators: Collection[str],
) -> None:
    """A check reads the index: what it says of a version has to be what this command says."""
    staged = read_change(objects, replace(compared, after=objects.index(ASKED_FOR)))
    if _said(staged) == _said(change):
        return
    of_index = None if staged.version_map.problems else choose(staged, operators)
    if _numbers(of_index) != _numbers(renumbering):
        path, header = change.version_map.path, change.after.versions()
        files = " ".join(map(quote, [path, *([header.path] if header else [])]))
        raise UserError(
            f"{path} needs other versions in the index, which `opfixtures check` reads, than in the work tree: "
            f"`git add {files}` first"
        )


def _said(change: Change) -> object:
    return change.version_map.entries, change.version_map.problems, change.after.versions()


def _numbers(renumbering: Renumbering | None) -> object:
    return renumbering and (_moves(renumbering), renumbering.produced, renumbering.maximum)


@dataclass(frozen=True, slots=True)
class _Project:
    """A project that is renumbered: `sources` are its files as they are, `files` those that change, as they will be."""

    change: Change
    renumbering: Renumbering
    sources: Mapping[str, bytes]
    files: Mapping[str, bytes]


def _project(
    change: Change,
    renumbering: Renumbering,
    sources: Mapping[str, bytes],
    read_record: Callable[[str], bytes | None],
) -> _Project:
    files = rewrite(change, renumbering, sources)
    records = renumbered_records(change.config, renumbering, read_record)
    before = {path: content for path, (content, _) in records.items()}
    after = {path: content for path, (_, content) in records.items()}
    return _Project(change, renumbering, {**sources, **before}, {**files, **after})


def _refuse_conflicts(sources: Mapping[str, bytes]) -> None:
    for path, source in sources.items():
        if marker := _CONFLICT.search(source):
            line = source.count(b"\n", 0, marker.start()) + 1
            raise UserError(
                f"{path}:{line}: a conflict begins or ends here: resolve it, keep the entries of both sides, "
                "and then renumber"
            )


def _refuse_problems(change: Change) -> None:
    """A place that could not be read may hold one of the numbers."""
    after = change.after
    files = (change.version_map, after.upgraders(), after.versions(), change.registry, after.modules)
    for problem in (problem for file in files if file is not None for problem in file.problems):
        raise UserError(f"{problem.place}: {problem.message} (nothing is renumbered before)")


def _refuse_unknown(changes: Sequence[Change], operators: Collection[str]) -> None:
    judged = {entry.operator for change in changes for entry in numbering_of(change).judged}
    for operator in operators:
        if operator not in judged:
            maps = " or ".join(change.version_map.path for change in changes)
            meant = did_you_mean(operator, judged, ALIKE) or ": give the full name of one that it adds"
            raise UserError(f"this branch adds no entry of {operator} to {maps}{meant}")


def _moves(renumbering: Renumbering) -> list[str]:
    return [
        f"{one.entry.operator} at {one.entry.bumped_at_version} becomes {one.version}: {one.why}"
        for one in renumbering.moved
    ]


def _mentions(
    repository: Repository, one: _Project, work_tree: Snapshot, folders: Sequence[str]
) -> list[str]:
    """Where the names that were replaced are still said: in the files as they will be, and in all others of the
    project's folder that are no other project's."""
    names = replaced_names(one.renumbering)
    config = one.change.config
    passed = {path for row in one.renumbering.rows for path in stale_fixtures(config, row, work_tree.has)}
    passed.update(one.files, filter(None, [config.mobile_upgraders]))
    passed.update(
        folder
        for folder in folders
        if folder.startswith(below(config.folder, "")) and folder != config.folder
    )
    wanted = [option for name in sorted(names) for option in ("-e", name)]
    where = [f":(top,literal){config.folder}"] if config.folder else []
    elsewhere = [f":(exclude,top,literal){path}" for path in sorted(passed)]
    options = ("--untracked", "-I", "-F", "-w", "-o", "-n", "-z")
    found = repository.ask("grep", *options, *wanted, "--", *where, *elsewhere) if wanted else None
    hits = [
        f"{os.fsdecode(path)}:{int(line)} says {name.decode()}"
        for path, line, name in _HIT.findall(found or b"")
    ]
    return list(dict.fromkeys([*mentions(one.files, names), *hits]))
