"""`opfixtures status`: where every operator stands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.projects import folders_of_work_tree
from opfixtures.change.read_change import read_change
from opfixtures.commands.fixture_snapshot import FixtureSnapshot
from opfixtures.commands.loudness import add_loudness
from opfixtures.errors import UserError
from opfixtures.proving.result import FixtureResult
from opfixtures.report.screen import USUAL, columns, screen_of, wrapped
from opfixtures.report.status import Folder, status_of
from opfixtures.repository.commit_days import commit_days
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, Snapshot, WorkTreeSnapshot

_BELIEVED = (
    "a replay believes the records, as verify does: `opfixtures generate --all` makes the fixtures again"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures status` takes."""
    command.description = (
        "Show where every operator of the version map stands in the work tree, staged or not, and "
        "what belongs to none. It informs and ends with status 0; `check` is what refuses. With --replay it ends with "
        "status 1 where a fixture is not green, as verify does."
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    command.add_argument(
        "--replay",
        action="store_true",
        help="replay the fixtures too, as verify does, and show what came of it",
    )
    add_loudness(command)


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.format, replay=options.replay, loudness=options.loudness)


def run(report: str, *, replay: bool = False, loudness: int = USUAL) -> int:
    """Print the status of the work tree as `text` or `json`; the exit status is 0 whatever is missing.

    With `replay` it is 1 where a fixture is not green.

    Raises RuntimeUnavailable or GitError if it is to `replay` and a post-change runtime cannot be had.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        changes = {
            folder: read_change(
                objects, Comparison(EmptySnapshot(), work_tree, base=None, tip=None, folder=folder)
            )
            for folder in folders_of_work_tree(objects, work_tree)
        }
    fixtures = FixtureSnapshot(repository.root)
    results, told, unavailable = (
        _replayed(repository, list(changes.values()), fixtures, loudness) if replay else ([], "", None)
    )
    by_path = {one.fixture: one for one in results if one.fixture}
    projects = {
        folder: status_of(change, _folder(repository, change, fixtures, by_path))
        for folder, change in changes.items()
    }
    if report == "json":
        from opfixtures.report.status_json import status_json

        sys.stdout.write(status_json(projects) + "\n")
    else:
        from opfixtures.report.status_text import status_text

        sys.stdout.write(status_text(projects, screen_of(os.environ, sys.stdout, loudness)))
    if told:
        width = columns(os.environ, sys.stderr)
        sys.stderr.writelines(f"{line}\n" for line in wrapped(f"opfixtures: {told}", width))
    if unavailable is not None:
        raise unavailable
    return int(any(result.failed for result in results))


def _folder(
    repository: Repository,
    change: Change,
    fixtures: WorkTreeSnapshot,
    results: Mapping[str, FixtureResult],
) -> Folder:
    """The folder of a project's fixtures; `results` are by path."""
    path = change.config.fixtures
    return Folder(fixtures.names(path), fixtures.read, commit_days(repository, path), results)


def _replayed(
    repository: Repository, changes: Sequence[Change], fixtures: Snapshot, loudness: int
) -> tuple[list[FixtureResult], str, UserError | None]:
    from opfixtures.commands.common import as_settings_say, new_tools, refuse_problems
    from opfixtures.commands.verify import beside_target, fixtures_there, replayed

    for change in changes:
        refuse_problems(change)
    found = [(change, list(fixtures_there(change, fixtures))) for change in changes]
    with new_tools(repository, loudness) as tools, beside_target(repository) as beside:
        parts, unavailable = replayed(found, tools, beside=beside)
    told = [_BELIEVED, beside.problem] if parts else []
    return as_settings_say(parts), "; ".join(filter(None, told)), unavailable
