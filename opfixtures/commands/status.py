"""`opfixtures status`: where every operator stands."""

from __future__ import annotations

import argparse
import os
import sys

from opfixtures.archive import MAX_BYTES
from opfixtures.changes import Change
from opfixtures.commit_days import commit_days
from opfixtures.comparison import Comparison, read_change
from opfixtures.errors import UserError
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.result import FixtureResult
from opfixtures.snapshot import EmptySnapshot, Snapshot, WorkTreeSnapshot
from opfixtures.status import Folder, status_of


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


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.format, replay=options.replay)


def run(report: str, *, replay: bool = False) -> int:
    """Print the status of the work tree as `text` or `json`; the exit status is 0 whatever is missing.

    With `replay` it is 1 where a fixture is not green.

    Raises RuntimeUnavailable or GitError if it is to `replay` and a post-change runtime cannot be had.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    with GitObjects(repository) as objects:
        work_tree = WorkTreeSnapshot(repository.root)
        change = read_change(objects, Comparison(EmptySnapshot(), work_tree, base=None, tip=None))
    fixtures = WorkTreeSnapshot(repository.root, largest=MAX_BYTES)
    results, unavailable = _replayed(repository, change, fixtures) if replay else ([], None)
    folder = Folder(
        fixtures.names(change.config.fixtures),
        fixtures.read,
        commit_days(repository, change.config.fixtures),
        {one.fixture: one for one in results if one.fixture},
    )
    status = status_of(change, folder)
    if report == "json":
        from opfixtures.report.status_json import status_json

        sys.stdout.write(status_json(status) + "\n")
    else:
        from opfixtures.report.status_text import status_text

        sys.stdout.write(status_text(status))
    if unavailable is not None:
        raise unavailable
    return int(any(result.failed for result in results))


def _replayed(
    repository: Repository, change: Change, fixtures: Snapshot
) -> tuple[list[FixtureResult], UserError | None]:
    from opfixtures.clock import today
    from opfixtures.commands.common import refuse_problems, upgrader_texts, workshop
    from opfixtures.commands.replays import sources_of
    from opfixtures.commands.verify import fixtures_there
    from opfixtures.post_change import PostChange
    from opfixtures.verify import verify
    from opfixtures.waivers import waive_replay

    refuse_problems(change)
    with workshop(repository) as tools:
        after = PostChange(change.config, upgrader_texts(change))
        own = tools.building(sources_of(change.config))
        results, unavailable = verify(list(fixtures_there(change, fixtures)), after, own)
    day = today()
    return [waive_replay(result, change.config.waivers, day) for result in results], unavailable
