"""`opfixtures status`: where every operator stands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.projects import folders_of_work_tree
from opfixtures.change.read_change import read_change
from opfixtures.commands.fixture_snapshot import FixtureSnapshot
from opfixtures.commands.loudness import add_loudness
from opfixtures.errors import UserError
from opfixtures.proving.result import FixtureResult
from opfixtures.report.screen import USUAL, screen_of, write_error
from opfixtures.report.status import Folder, Status, status_of
from opfixtures.repository.commit_days import commit_days
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, WorkTreeSnapshot

if TYPE_CHECKING:
    from opfixtures.commands.status_replays import Replayed

FORMATS = ("text", "json", "html")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures status` takes."""
    command.description = (
        "Show where every operator of the version map stands in the work tree, staged or not, and "
        "what belongs to none. It informs and ends with status 0; `check` is what refuses. With --replay it ends with "
        "status 1 where a fixture is not green, as verify does."
    )
    command.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="html is a page of one file, for a browser (default: %(default)s)",
    )
    command.add_argument(
        "--replay",
        action="store_true",
        help="replay the fixtures too, as verify does, and show what came of it",
    )
    command.add_argument(
        "--runtime",
        metavar="NAME",
        action="append",
        default=[],
        help="load the fixtures in this runtime of the settings too, and show who loads what: once for each runtime",
    )
    command.add_argument(
        "--results",
        metavar="FILE",
        help="show the verdicts of a report that generate or verify wrote, and replay nothing for them",
    )
    add_loudness(command)


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.format, options.replay, options.runtime, options.results, loudness=options.loudness)


def run(
    report: str,
    replay: bool = False,
    runtimes: Sequence[str] = (),
    results: str | None = None,
    *,
    loudness: int = USUAL,
) -> int:
    """Print the status of the work tree as one of `FORMATS`; the exit status is 0 whatever is missing.

    With `replay` it is 1 where a fixture is not green. What comes of fixtures in `runtimes` is shown, and no verdict;
    the verdicts in the file `results` are shown as they are.

    Raises RuntimeUnavailable or GitError if a runtime is needed and cannot be had, UserError for one that the settings
    do not have.
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
    if replay and results is not None:
        raise UserError("--replay and --results both say what came of fixtures: give one of them")
    told = {} if results is None else _results(results)
    seen = None
    if replay or runtimes:
        from opfixtures.commands.status_replays import replays

        seen = replays(
            repository, list(changes.values()), fixtures, judged=replay, runtimes=runtimes, loudness=loudness
        )
    projects = {
        folder: status_of(change, _folder(repository, change, fixtures, seen, told))
        for folder, change in changes.items()
    }
    for part in _report(report, repository, projects, changes, fixtures, runtimes, loudness):
        sys.stdout.write(part)
    if seen is None:
        return 0
    if seen.told:
        write_error(f"opfixtures: {'; '.join(seen.told)}")
    if seen.unavailable is not None:
        raise seen.unavailable
    return int(seen.failed)


def _report(
    report: str,
    repository: Repository,
    projects: Mapping[str, Status],
    changes: Mapping[str, Change],
    fixtures: WorkTreeSnapshot,
    runtimes: Sequence[str],
    loudness: int,
) -> Iterator[str]:
    if report == "json":
        from opfixtures.report.status_json import status_json

        yield status_json(projects) + "\n"
    elif report == "html":
        from opfixtures.report.status_html import About, Project, status_html

        told = [Project(name, status, changes[name], fixtures.read) for name, status in projects.items()]
        about = About(os.path.basename(repository.root), repository.resolve("HEAD"), tuple(runtimes))
        yield status_html(told, about)
    else:
        from opfixtures.report.status_text import status_text

        yield status_text(projects, screen_of(os.environ, sys.stdout, loudness))
        if runtimes:
            from opfixtures.report.loads_text import loads_text

            yield "\n" + loads_text(
                (one for status in projects.values() for one in status.fixtures), runtimes
            )


def _results(path: str) -> Mapping[str, FixtureResult]:
    """What a report of `generate` or `verify` says of fixtures, by path. Raises UserError."""
    from opfixtures.pull_request.result_reader import MAX_BYTES, ResultError, read_result

    try:
        with open(path, "rb") as stream:
            result, _ = read_result(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}: name a report of generate or verify"
        ) from error
    except ResultError as error:
        raise UserError(f"{path} is no report of generate or verify: {error}") from error
    return {one.fixture: one for one in result.fixtures if one.fixture}


def _folder(
    repository: Repository,
    change: Change,
    fixtures: WorkTreeSnapshot,
    seen: Replayed | None,
    told: Mapping[str, FixtureResult],
) -> Folder:
    """The folder of a project's fixtures, with what was replayed, or else is told of them."""
    path = change.config.fixtures
    results, loads = (seen.results or told, seen.loads) if seen else (told, {})
    return Folder(fixtures.names(path), fixtures.read, commit_days(repository, path), results, loads)
